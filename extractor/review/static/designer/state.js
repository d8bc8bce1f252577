// What is chosen, what is wrong, and what the server said of the page; no part of the form itself.
import { codesOf, placeOf } from "./model.js";

export function makeState(model, page) {
  const listeners = [];
  const tell = () => listeners.forEach((listener) => listener());
  const state = {
    page,
    chosen: "",
    field: "",
    faults: [],
    regions: [],
    labels: new Map(),
    basedOn: "",
    versions: [],
    onChoice: (listener) => listeners.push(listener),
    // Choose a thing on the board by its number.
    choose(id) {
      if (id === state.chosen && (id || !state.field)) return;
      state.chosen = id;
      state.field = "";
      tell();
    },
    // Choose a field by its code, and the thing on the board it hangs on.
    chooseField(code) {
      const place = model.sheet?.places.find((each) => codesOf(each).includes(code));
      const column = model.table?.columns.find((each) => code && each.field === code);
      state.chosen = code ? (place ?? column)?.id ?? "" : "";
      state.field = code;
      tell();
    },
    renamed(old, code) {
      if (state.field === old) state.field = code;
      tell();
    },
    // Codes of the fields that hang on what is chosen, or of the field chosen alone.
    chosenCodes() {
      if (state.field) return [state.field];
      const place = placeOf(model.design, state.chosen);
      if (place) return codesOf(place);
      const column = model.table?.columns.find((each) => each.id === state.chosen);
      return column?.field ? [column.field] : [];
    },
    faultsOf: (id) => state.faults.filter((fault) => fault.item === id).map((fault) => fault.text),
    setFaults(faults) {
      state.faults = faults;
      tell();
    },
  };
  return state;
}
