// One field as people see it, and what their keys mean; for the page of fields and the form of a record alike.

// Nothing may tell which text is the machine's: the field is re-keyed blind, or two readings stand against each other.
export const neutral = (task) => task.blind || task.disputed;

// The reading with its doubtful letters marked.
export function showSegments(line, task, texts) {
  line.replaceChildren();
  for (const [text, doubtful] of task.segments) {
    const part = document.createElement(doubtful ? "u" : "span");
    part.textContent = text;
    if (doubtful) part.title = texts.doubt_help;
    line.append(part);
  }
  if (!task.segments.length && task.state === "read") line.textContent = texts.machine_nothing;
}

// The readings or boxes to choose from, with their digits; calls choose(index).
export function showChoices(list, task, choose) {
  list.replaceChildren();
  task.choices.forEach((text, index) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const key = document.createElement("kbd");
    key.textContent = String(index + 1);
    button.type = "button";
    button.append(key, text);
    button.addEventListener("click", () => choose(index));
    item.append(button);
    list.append(item);
  });
}

// Whether there is anything to choose from.
export const hasChoices = (task) => task.choices.length >= (task.startEmpty || task.isOption ? 1 : 2);

// A rule's message, with what stands in the other fields it speaks of.
export function warningItem({ severity, message, named = [] }, texts) {
  const item = document.createElement("li");
  const how = document.createElement("strong");
  item.className = severity;
  how.textContent = texts[`severity_${severity}`];
  item.append(how, " ", message);
  for (const other of named) {
    const said = document.createElement("span");
    said.className = "named";
    said.textContent = `${other.label}: ${besideText(other, texts)}`;
    item.append(" ", said);
  }
  return item;
}

// The same field of a record beside, in words.
export function besideText(beside, texts) {
  if (!beside) return texts.no_neighbour;
  if (beside.state === "hidden") return texts.state_hidden;
  return beside.state === "read" ? beside.raw || "–" : `${beside.raw} (${texts[`state_${beside.state}`]})`;
}

// What pressing a key means for a field: {state, raw}, or null where an empty box would be taken for an answer.
export function answerOf(task, state, typed, changed) {
  const raw = typed.trim();
  if (state === "read") {
    if (!raw && task.state !== "read" && !changed) state = task.state;
    else if (!raw) return null;
    else if (task.state === "ditto" && raw === task.raw.trim()) state = "ditto";
  }
  // An illegible field keeps what was typed of it; an untouched proposal is no part of it.
  if (state === "illegible") return { state, raw: changed ? raw : "" };
  return { state, raw: state === "ditto" && !changed ? task.raw : raw };
}

// What Enter does: nothing yet in an empty box, confirm, save a correction, or save what is typed without telling whether it is the machine's.
export function deedOf(task, typed, changed, texts) {
  const raw = typed.trim();
  if (!answerOf(task, "read", raw, changed)) return texts.act_type;
  if (neutral(task)) return texts.act_save;
  return !raw || raw === task.raw.trim() ? texts.act_confirm : texts.act_correct;
}

// A date as people write it here: data has points between its parts.
export const shownValue = (value) => value.replace(/^(\d\d)\.(\d\d)\.(\d{4})$/, "$1/$2/$3");

// The value a text would be stored with, where it is not the text itself.
export function valueText(value, raw, texts, fill) {
  if (value === null) return texts.value_none;
  value = shownValue(value);
  return value === raw ? "" : fill(texts.value_as, { value });
}

// As high as its lines, up to so many.
export function fitBox(box, most) {
  box.style.height = "auto";
  const style = getComputedStyle(box);
  const around = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom) + 4;
  box.style.height = `${Math.min(box.scrollHeight + 2, parseFloat(style.lineHeight) * most + around)}px`;
}
