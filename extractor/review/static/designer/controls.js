// Labelled controls of the side panel; each tells a change when it is done, not at every letter.
let count = 0;

function labelled(label, control, faults = []) {
  const line = document.createElement("div");
  line.className = "control";
  const name = document.createElement("label");
  control.id = `c${(count += 1)}`;
  control.name ||= label;
  name.htmlFor = control.id;
  name.textContent = label;
  line.append(name, control);
  if (faults.length) {
    const list = document.createElement("p");
    list.className = "fault";
    list.id = `${control.id}-fault`;
    list.textContent = faults.join(" ");
    control.setAttribute("aria-describedby", list.id);
    control.setAttribute("aria-invalid", "true");
    line.append(list);
  }
  return line;
}

export function text(label, value, done, { list = "", faults = [], name = "" } = {}) {
  const box = document.createElement("input");
  box.value = value;
  box.autocomplete = "off";
  box.spellcheck = false;
  if (name) box.name = name;
  if (list) box.setAttribute("list", list);
  box.addEventListener("change", () => done(box.value.trim()));
  return labelled(label, box, faults);
}

export function lines(label, values, done, { faults = [], name = "" } = {}) {
  const box = document.createElement("textarea");
  box.rows = Math.min(6, Math.max(2, values.length + 1));
  box.value = values.join("\n");
  box.spellcheck = false;
  if (name) box.name = name;
  box.addEventListener("change", () => done(box.value.split("\n").map((line) => line.trim()).filter(Boolean)));
  return labelled(label, box, faults);
}

export function choice(label, value, options, done, { faults = [], name = "" } = {}) {
  const box = document.createElement("select");
  if (name) box.name = name;
  for (const [key, said] of options) box.append(new Option(said, key, false, key === value));
  box.value = value;
  box.addEventListener("change", () => done(box.value));
  return labelled(label, box, faults);
}

export function tick(label, value, done, { name = "" } = {}) {
  const line = document.createElement("label");
  line.className = "tick";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = value;
  box.name = name || label;
  box.addEventListener("change", () => done(box.checked));
  line.append(box, ` ${label}`);
  return line;
}

// Several numbers under one name, such as a place across and down.
export function numbers(label, values, done, { step = 0.1, faults = [] } = {}) {
  const group = document.createElement("fieldset");
  group.className = "control numbers";
  const legend = document.createElement("legend");
  legend.textContent = label;
  group.append(legend);
  const boxes = values.map((value, at) => {
    const box = document.createElement("input");
    box.type = "number";
    box.step = "any";
    box.dataset.step = step;
    box.name = `${label} ${at + 1}`;
    box.value = Number.isFinite(value) ? String(Math.round(value * 10000) / 10000) : "";
    box.setAttribute("aria-label", `${label}, ${at + 1}`);
    box.addEventListener("change", () => {
      const all = boxes.map((each) => Number(each.value));
      if (all.every((each) => Number.isFinite(each))) done(all);
    });
    group.append(box);
    return box;
  });
  if (faults.length) {
    const said = document.createElement("p");
    said.className = "fault";
    said.textContent = faults.join(" ");
    group.append(said);
  }
  return group;
}

export function button(label, done, { name = "", title = "" } = {}) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = label;
  made.dataset.do = name || label;
  if (title) made.title = title;
  made.addEventListener("click", done);
  return made;
}

export function row(...parts) {
  const made = document.createElement("p");
  made.className = "button-row";
  made.append(...parts.filter(Boolean));
  return made;
}
