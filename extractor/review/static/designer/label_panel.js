// The side panel for the chosen label: its words, where it stands, and where its value is written.
import * as controls from "./controls.js";
import { fieldOf, placeOf } from "./model.js";

const VALUES = ["right", "below", "block", "box"];

export function labelPanel({ model, state, texts, moving }, id) {
  const place = placeOf(model.design, id);
  const block = model.sheet.blocks.find((each) => each.id === place.block);
  const field = place.field ? fieldOf(model.design, place.field) : null;
  const faults = state.faultsOf(id);
  const set = (change) => model.change((design) => {
    change(placeOf(design, id), design);
    return true;
  });
  const setBlock = (change) => model.change((design) => {
    change(design.sheet.blocks.find((each) => each.id === place.block));
    return true;
  });

  const parts = [
    controls.text(texts.tpl_label_text, place.text, (value) => set((p) => { p.text = value; }), { faults, name: "label-text" }),
    controls.choice(texts.tpl_field, place.field ?? "", [
      ["", texts.tpl_field_none], ...model.design.fields.map((each) => [each.code, `${each.code} – ${each.label}`]),
    ], (value) => set((p) => {
      Object.assign(p, { field: value || null, part: null, option: null });
      if (value) p.cells = [];
    }), { name: "label-field" }),
  ];
  if (place.field || place.cells.length) {
    parts.push(controls.choice(texts.tpl_value, place.value, VALUES.map((value) => [value, texts[`tpl_value_${value}`]]),
      (value) => set((p) => { p.value = value; if (value !== "right") p.wraps = 0; }), { name: "value" }));
  }
  if (field?.parts.length) {
    parts.push(controls.choice(texts.tpl_part, place.part ?? "", [["", texts.tpl_none], ...field.parts.map((part) => [part, part])],
      (value) => set((p) => { p.part = value || null; })));
  }
  if (field?.options.length) {
    parts.push(controls.choice(texts.tpl_option, place.option ?? "", [
      ["", texts.tpl_none], ...field.options.map((option) => [option.label, option.label]),
    ], (value) => set((p) => { p.option = value || null; })));
  }
  if (place.value === "right" && (place.field || place.cells.length)) {
    parts.push(controls.numbers(texts.tpl_wraps, [place.wraps], ([wraps]) => set((p) => {
      p.wraps = Math.min(20, Math.max(0, Math.round(wraps)));
    }), { step: 1 }));
  }

  const more = document.createElement("details");
  more.className = "fold";
  more.dataset.key = "more";
  const summary = document.createElement("summary");
  summary.textContent = "…";
  summary.dataset.key = "more-summary";
  summary.setAttribute("aria-label", texts.tpl_at);
  more.append(
    summary,
    controls.numbers(texts.tpl_at, [place.x, place.y], ([x, y]) => set((p) => { p.x = x; p.y = y; })),
    controls.lines(texts.tpl_label_also, place.also, (value) => set((p) => { p.also = value; })),
    controls.tick(texts.tpl_label_optional, place.optional, (value) => set((p) => { p.optional = value; })),
    controls.choice(texts.tpl_block, place.block, model.sheet.blocks.map((each) => [each.id, each.name]),
      (value) => set((p) => { p.block = value; })),
    controls.numbers(texts.tpl_block_edges, [block?.left, block?.right, block?.bottom], ([left, right, bottom]) =>
      setBlock((b) => Object.assign(b, { left, right, bottom })), { faults: state.faultsOf(place.block) }),
  );
  if (place.value === "box" && block) {
    more.append(controls.numbers(texts.tpl_tick, [block.tick.dx, block.tick.dy, block.tick.size], ([dx, dy, size]) =>
      setBlock((b) => { b.tick = { dx, dy, size }; })));
  }
  if (!place.field) {
    more.append(controls.lines(texts.tpl_cells, place.cells.map((cell) => `${cell.field} ${cell.left} ${cell.right}`), (rows) => set((p) => {
      p.cells = rows.map((row) => row.split(/\s+/)).map(([code, left, right]) => ({ field: code, left: Number(left) || 0, right: Number(right) || 0 }));
    })));
  }
  parts.push(more, controls.row(controls.button(texts.tpl_remove, () => moving.remove(id), { name: "remove-label", title: "Delete" })));
  return parts;
}

export function columnPanel({ model, state, texts }, id) {
  const number = model.table.columns.findIndex((column) => column.id === id);
  const column = model.table.columns[number];
  const set = (change) => model.change((design) => {
    change(design.table.columns[number], design.table);
    return true;
  });
  return [
    controls.choice(texts.tpl_field, column.field, [
      ["", texts.tpl_none], ...model.design.fields.map((each) => [each.code, `${each.code} – ${each.label}`]),
    ], (value) => set((c) => { c.field = value; }), { faults: state.faultsOf(id), name: "column-field" }),
    controls.lines(texts.tpl_headings, column.headings, (value) => set((c) => { c.headings = value; })),
    controls.row(
      controls.button(texts.tpl_table_split, () => set((_, table) => {
        const middle = (table.edges[number].at + table.edges[number + 1].at) / 2;
        table.edges.splice(number + 1, 0, { at: middle, below: 0 });
        const used = table.columns.map((each) => Number(each.id.slice(1)));
        table.columns.splice(number + 1, 0, { id: `c${Math.max(...used) + 1}`, field: "", headings: [] });
      }), { name: "split" }),
      number + 1 < model.table.columns.length && controls.button(texts.tpl_table_join, () => set((c, table) => {
        c.headings.push(...table.columns[number + 1].headings);
        c.field = c.field || table.columns[number + 1].field;
        table.edges.splice(number + 1, 1);
        table.columns.splice(number + 1, 1);
      }), { name: "join" }),
    ),
  ];
}
