// The list of fields, those without a place included, and the list of faults; both lead to the thing.
import { codesOf } from "./model.js";

function item(said, go, { faulty = false, chosen = false, about = "" } = {}) {
  const line = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "item";
  if (chosen) button.setAttribute("aria-current", "true");
  button.append(`${faulty ? "⚠ " : ""}${said}`);
  if (about) {
    const small = document.createElement("span");
    small.className = "muted";
    small.textContent = ` ${about}`;
    button.append(small);
  }
  button.addEventListener("click", go);
  line.append(button);
  return line;
}

export function fillList(list, { model, state }) {
  const { design } = model;
  const faulty = new Set(state.faults.map((fault) => fault.item));
  const chosen = state.chosenCodes();
  list.replaceChildren(...design.fields.map((field) => {
    const places = (design.sheet?.places ?? []).filter((place) => codesOf(place).includes(field.code));
    const columns = (design.table?.columns ?? []).filter((column) => column.field === field.code);
    const bad = [field.id, ...places.map((place) => place.id), ...columns.map((column) => column.id)].some((id) => faulty.has(id));
    return item(field.label || field.code, () => state.chooseField(field.code), {
      faulty: bad, chosen: chosen.includes(field.code), about: field.code,
    });
  }));
}

export function fillFaults({ box, title, list }, { model, state, texts, fill }) {
  const { faults } = state;
  const serious = faults.filter((fault) => fault.serious).length;
  title.textContent = serious ? fill(texts.tpl_faults, { count: serious }) : `✓ ${texts.tpl_no_faults}`;
  box.classList.toggle("bad", serious > 0);
  box.open = box.open || faults.length > 0;
  list.replaceChildren(...faults.map((fault) => {
    const field = model.design.fields.find((each) => each.id === fault.item);
    return item(fault.text, () => (field ? state.chooseField(field.code) : state.choose(fault.item)));
  }));
}
