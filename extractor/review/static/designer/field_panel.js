// The side panel for a field: code, name, kind, reader, import columns, and what its kind brings along.
import * as controls from "./controls.js";
import { fieldOf, removeField, renameField } from "./model.js";

const DATES = ["date", "date_words"];
const READERS = ["auto", "printed", "handwriting"];
const list = (value) => value.split(",").map((part) => part.trim()).filter(Boolean);

export function fieldPanel({ model, state, texts, suggestions }, code) {
  const field = fieldOf(model.design, code);
  const set = (change) => model.change((design) => {
    change(fieldOf(design, code), design);
    return true;
  });

  function rename(value) {
    if (!value || value === code) return;
    const known = suggestions().codes[value];
    const taken = fieldOf(model.design, value);
    model.change((design) => {
      if (taken) fieldOf(design, code).code = value;  // a fault that the list of faults tells of
      else renameField(design, code, value);
      const renamed = design.fields.find((each) => each.id === field.id);
      // A code of the register says what the field is, where nobody said so yet.
      if (known && !renamed.columns.length) {
        renamed.columns = [...known.columns];
        if (known.kind !== "choice" && renamed.kind === "text") renamed.kind = known.kind;
      }
      return true;
    });
    state.renamed(code, value);
  }

  const kinds = suggestions().kinds.map((kind) => [kind.value, kind.name]);
  const parts = [
    controls.text(texts.tpl_code, field.code, rename, { list: "codes", faults: state.faultsOf(field.id), name: "code" }),
    controls.text(texts.tpl_field_label, field.label, (value) => set((f) => { f.label = value; }), { name: "field-label" }),
    controls.choice(texts.tpl_kind, field.kind, kinds, (value) => set((f) => {
      f.kind = value;
      if (value !== "choice") f.options = [];
      else if (!f.options.length) f.options = [{ label: f.label || "?", value: null }];
    }), { name: "kind" }),
    controls.text(texts.tpl_columns, field.columns.join(", "), (value) => set((f) => { f.columns = list(value); }), { list: "columns", name: "columns" }),
    controls.tick(texts.tpl_required, field.required, (value) => set((f) => { f.required = value; }), { name: "required" }),
    controls.tick(texts.tpl_multiline, field.multiline, (value) => set((f) => { f.multiline = value; }), { name: "multiline" }),
  ];
  if (field.kind === "choice") {
    parts.push(controls.lines(texts.tpl_options, field.options.map((o) => (o.value === null ? o.label : `${o.label} = ${o.value}`)), (rows) => set((f, design) => {
      const before = f.options.map((option) => option.label);
      f.options = rows.map((row) => {
        const at = row.lastIndexOf(" = ");
        return at < 0 ? { label: row, value: null } : { label: row.slice(0, at).trim(), value: row.slice(at + 3).trim() || null };
      });
      // A box that was renamed in its line keeps its label on the page.
      for (const place of design.sheet?.places ?? []) {
        const number = before.indexOf(place.option);
        if (place.field === code && number >= 0 && f.options[number] && f.options.length === before.length) place.option = f.options[number].label;
      }
    }), { name: "options" }));
  }
  if (DATES.includes(field.kind)) {
    const dates = model.design.fields.filter((each) => each.kind === "date" && each.code !== code);
    parts.push(
      controls.text(texts.tpl_parts, field.parts.join(", "), (value) => set((f) => { f.parts = list(value); })),
      field.kind === "date_words" ? controls.choice(texts.tpl_words_of, field.words_of, [
        ["", texts.tpl_none], ...dates.map((each) => [each.code, each.code]),
      ], (value) => set((f) => { f.words_of = value; })) : "",
    );
  }
  parts.push(controls.choice(texts.tpl_reader, field.reader, READERS.map((name) => [name, texts[`tpl_reader_${name}`]]),
    (value) => set((f) => { f.reader = value; }), { name: "reader" }));

  const shift = (by) => model.change((design) => {
    const at = design.fields.findIndex((each) => each.code === code);
    const to = at + by;
    if (to < 0 || to >= design.fields.length) return false;
    [design.fields[at], design.fields[to]] = [design.fields[to], design.fields[at]];
    return true;
  });
  parts.push(controls.row(
    controls.button(`↑ ${texts.tpl_up}`, () => shift(-1), { name: "up" }),
    controls.button(`↓ ${texts.tpl_down}`, () => shift(1), { name: "down" }),
    controls.button(texts.tpl_remove_field, () => {
      model.change((design) => { removeField(design, code); return true; });
      state.chooseField("");
    }, { name: "remove-field" }),
  ));
  return parts.filter(Boolean);
}
