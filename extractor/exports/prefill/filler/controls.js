// A control is what takes one value: a box, a list, a group of round buttons, three boxes of a date.
const PARTS = ["day", "month", "year"];
const PART_WORDS = { day: ["ngày", "day", "dd", "d"], month: ["tháng", "month", "mm", "m"], year: ["năm", "year", "yyyy", "y"] };

const group = (radio) => [...radio.getRootNode().querySelectorAll("input[type=radio]")]
  .filter((other) => radio.name ? other.name === radio.name && other.form === radio.form : other === radio);

function control(element, wanted = "auto") {
  if (element.type === "radio") return { kind: "radio", elements: group(element), at: element };
  let kind = wanted;
  if (wanted === "auto" || wanted === "date") {
    if (element.tagName === "SELECT") kind = "select";
    else if (element.type === "checkbox") kind = "checkbox";
    else if (element.type === "date" || element.type === "month") kind = "native_date";
    else if (element.matches(LISTS) || (element.readOnly && element.getAttribute("role") === "combobox")) kind = "listbox";
    else if (wanted === "date") kind = "date";
    else if (element.getAttribute("role") === "combobox" || /list|both/.test(element.getAttribute("aria-autocomplete"))) kind = "combobox";
    else kind = "text";
  }
  return { kind, elements: [element], at: element };
}

// Three boxes of a date, given as day, month, year, in whatever order the page has them.
function splitDate(elements) {
  const [at] = [...elements].sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  return { kind: "split_date", elements, at };
}

// Which part of a date a box asks for, by its hint, name or label.
function partOf(element) {
  const told = [element.placeholder, element.getAttribute("aria-label"), element.tagName === "SELECT" ? wordsOf(element.options[0] || element) || squeeze((element.options[0] || {}).text) : "",
    [...(element.labels || [])].map(wordsOf).join(" "), element.name, element.id].map((text) => key(text));
  for (const text of told.filter(Boolean)) {
    for (const part of PARTS) if (PART_WORDS[part].some((word) => key(word) === text)) return part;
  }
  const name = `${element.name || ""} ${element.id || ""}`;
  const end = /(day|month|year|ngay|thang|nam|dd|mm|yyyy)\b/i.exec(name.replace(/[_-]/g, " "));
  return end ? { day: "day", ngay: "day", dd: "day", month: "month", thang: "month", mm: "month", year: "year", nam: "year", yyyy: "year" }[end[1].toLowerCase()] : "";
}

// All controls of the page in its order.
const allControls = () => kept("controls", findControls);
function findControls() {
  const fields = everywhere(FIELDS).filter((element) => isField(element) && (visible(element) || isTick(element)));
  const found = [];
  const taken = new Set();
  fields.forEach((element, index) => {
    if (taken.has(element)) return;
    const three = fields.slice(index, index + 3);
    const parts = three.length === 3 && !three.some(isTick) && partOf(element) ? three.map(partOf) : [];
    if (PARTS.every((part) => parts.includes(part))) {
      three.forEach((each) => taken.add(each));
      found.push(splitDate(PARTS.map((part) => three[parts.indexOf(part)])));
      return;
    }
    const one = control(element);
    one.elements.forEach((each) => taken.add(each));
    found.push(one);
  });
  return found;
}

// What the whole control is called: for round buttons and dates in parts the label of the group, not of one button.
function nameOf(control) {
  if (control.kind !== "radio" && control.kind !== "split_date") return labelOf(control.at);
  let around = control.at.parentElement;
  while (around && !control.elements.every((each) => around.contains(each))) around = around.parentElement;
  if (!around) return "";
  const root = around.getRootNode();
  const named = (around.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean)
    .map((id) => root.getElementById && root.getElementById(id)).filter(Boolean).map(wordsOf).join(" ");
  const legend = around.matches("fieldset") ? around.querySelector("legend") : null;
  let ahead = "";
  for (const node of around.childNodes) {
    if (control.elements.some((each) => node.contains(each)) || (node.matches && node.matches("label") && node.control)) break;
    ahead += ` ${wordsOf(node)}`;
  }
  if (control.kind === "radio" && tickLabels(control.elements).some((text) => text && !tiedLabel(control.at) && key(ahead).endsWith(key(text)))) {
    // What stands before the first button is its own name, after that of the group.
    ahead = /[:：]/.test(ahead) ? ahead.split(/[:：]/)[0] : "";
  }
  const plain = squeeze(named || around.getAttribute("aria-label") || (legend && wordsOf(legend)) || ahead);
  const grid = plain ? null : inGrid(control.at);
  return plain || (grid ? grid.row : labelBeside(around));
}

// The text of a list's closed box, up to the element that holds nothing but this box.
function shownBeside(element) {
  const labels = [...(element.labels || [])];
  const alone = (box) => box && !box.matches("label, form, body") && box.querySelectorAll(FIELDS).length === 1 && !labels.some((label) => box.contains(label));
  let around = element;
  while (alone(around.parentElement)) around = around.parentElement;
  return around.textContent;
}

const listText = (element) => squeeze(element.tagName === "INPUT" ? element.value || shownBeside(element) : element.textContent);

const HINTS = new RegExp(`^$|^(${["chọn", "vui lòng chọn", "hãy chọn", "select", "choose", "please select"].map(key).join("|")})( |$)`);

const DATE_WORDS = new Set(Object.values(PART_WORDS).flat().map(key));

const current = {
  radio: (c) => { const on = c.elements.findIndex((each) => each.checked); return on < 0 ? "" : tickLabels(c.elements)[on] || c.elements[on].value || "?"; },
  checkbox: (c) => c.at.checked ? "☑" : "",
  select: (c) => {
    const chosen = c.at.selectedOptions[0];
    // Only an empty entry or one that asks to choose is no answer; any other may have been set on purpose.
    return !chosen || !chosen.value || HINTS.test(key(chosen.text)) || DATE_WORDS.has(key(chosen.text)) ? "" : squeeze(chosen.text);
  },
  // What a list of the page's own make shows: its text, beside it where its box is a mere input; a hint is no answer.
  listbox: (c) => {
    const shown = listText(c.at);
    return HINTS.test(key(shown)) ? "" : shown;
  },
  split_date: (c) => {
    const parts = c.elements.map((each) => each.tagName === "SELECT" ? current.select({ at: each }) : squeeze(each.value));
    return parts.some(Boolean) ? parts.join("/") : "";
  },
};
const currentText = (c) => (current[c.kind] || ((each) => squeeze(each.at.value)))(c);

// Why nothing may be put in, or empty.
function barred(c) {
  const shown = c.elements.filter((each) => visible(each) || (isTick(each) && [...(each.labels || [])].some(visible)));
  if (!c.at.isConnected) return "ô không còn trên trang";
  if (!shown.length) return "ô đang ẩn";
  if (c.elements.every((each) => each.matches(":disabled") || each.closest("[aria-disabled=true]"))) return "ô bị khóa (disabled)";
  if (c.kind !== "listbox" && c.elements.some((each) => each.readOnly || each.getAttribute("aria-readonly") === "true")) return "ô chỉ đọc (readonly)";
  return "";
}
