// The form of one record: sections in the order of the register; boxes where something waits, text elsewhere.
import { fitBox, shownValue, warningItem } from "./field.js";

const LINES_AT_MOST = 3;

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

// Gives { view, element, fields }: all rows by the number of their field, in the order of the form. A row's ``standing``
// is "open" while it is a box, "sent" while its answer is on its way, and otherwise what the server calls it.
export function makeSheet(view, texts, { held, typed }) {
  const sheet = { view, element: make("div", "form-sheet"), fields: new Map() };
  for (const { group, rows } of view.sections) {
    const section = make("section", "form-section");
    if (group) section.append(make("h2", "form-group", group));
    for (const row of rows) {
      const field = makeRow(row, group);
      sheet.fields.set(row.field, field);
      section.append(field.element);
    }
    sheet.element.append(section);
  }
  for (const task of view.tasks) open(sheet.fields.get(task.field), task);
  return Object.assign(sheet, { open, settle, refresh });

  function makeRow(row, group) {
    const element = make("div", "form-row");
    const label = make("span", "form-label", row.label);
    const content = make("div", "form-content");
    const warnings = make("ul", "warnings");
    element.append(label, content, warnings);
    const field = { id: row.field, row, group, task: null, box: null, changed: false, standing: row.standing, element, content, warnings };
    settle(field, row);
    warn(field, row.warnings);
    return field;
  }

  function warn(field, found) {
    field.warnings.replaceChildren(...found.map((warning) => warningItem({ ...warning, named: [] }, texts)));
  }

  // Makes the row a box, with the machine's proposal or what was typed before.
  function open(field, task, draft) {
    const box = make("textarea", "form-box");
    box.rows = 1;
    box.spellcheck = false;
    box.autocomplete = "off";
    box.setAttribute("autocapitalize", "off");
    box.setAttribute("aria-label", field.group ? `${field.row.label}, ${field.group}` : field.row.label);
    box.setAttribute("aria-describedby", "note reading value hint");
    box.value = draft ?? (task.startEmpty ? "" : task.raw);
    // An empty box says why it is empty: typed blind, or the machine saw nothing there.
    if (task.blind) box.placeholder = texts.form_blind_box;
    else if (task.state !== "read") box.placeholder = texts[`state_${task.state}`];
    Object.assign(field, { task, box, changed: draft !== undefined, standing: "open" });
    field.element.className = `form-row open${task.blind ? " blind" : ""}`;
    field.content.replaceChildren(box);
    box.addEventListener("focus", () => held(field));
    box.addEventListener("input", () => { field.changed = true; fitBox(box, LINES_AT_MOST); typed(field); });
    if (box.isConnected) fitBox(box, LINES_AT_MOST);
  }

  // Makes the row text. shown: { standing, raw, value, state, person }.
  function settle(field, { standing, raw = "", value = null, state = "read", person = "" }) {
    Object.assign(field, { box: null, standing });
    field.element.className = `form-row said-${standing}`;
    const content = raw ? [make("span", "raw", raw)] : [];
    if (state !== "read") content.push(make("span", "state-tag", texts[`state_${state}`]));
    if (value && shownValue(value) !== raw) content.push(make("span", "form-value", `→ ${shownValue(value)}`));
    const said = {
      sent: texts.form_on_its_way,
      busy: texts.form_busy,
      hidden: texts.state_hidden,
      waiting: texts.form_for_others,
      typed: `✓ ${texts.form_typed_blind}`,
      accepted: texts.form_accepted,
    }[standing] ?? `✓ ${person}`;
    content.push(make("span", "form-said", said));
    field.content.replaceChildren(...content);
  }

  // Takes what the server says now; what is being typed or on its way stays.
  function refresh(fresh, inHand) {
    for (const row of fresh.sections.flatMap((section) => section.rows)) {
      const field = sheet.fields.get(row.field);
      if (!field) continue;
      field.row = row;
      warn(field, row.warnings);
      const mine = field.standing === "open" && (field.changed || field === inHand || row.standing === "waiting" || row.standing === "hidden");
      // Whoever re-keyed blind is not told whether it was what the machine read.
      if (!mine && field.standing !== "sent" && field.standing !== "typed") settle(field, row);
    }
  }
}

// Boxes get their height once they are on the page.
export function fitAll(sheet) {
  for (const { box } of sheet.fields.values()) if (box) fitBox(box, LINES_AT_MOST);
}
