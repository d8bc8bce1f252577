// What the template is as a whole: title, register, words that tell it from others, line distance, repeats, table head.
import * as controls from "./controls.js";

export function headPanel({ model, state, texts }) {
  const { head, sheet, table } = model.design;
  const set = (change) => model.change((design) => { change(design); return true; });
  const faults = state.faultsOf("head");
  const parts = [];
  if (faults.length) {
    const said = document.createElement("p");
    said.className = "fault";
    said.textContent = faults.join(" ");
    parts.push(said);
  }
  parts.push(
    controls.text(texts.tpl_head_title, head.title, (value) => set((d) => { d.head.title = value; }), { name: "title" }),
    controls.text(texts.tpl_head_register, head.register_code, (value) => set((d) => { d.head.register_code = value.toUpperCase(); })),
    controls.text(texts.tpl_head_profile, head.profile, (value) => set((d) => { d.head.profile = value; })),
    controls.text(texts.tpl_head_source, head.source, (value) => set((d) => { d.head.source = value; })),
    controls.text(texts.tpl_head_unverified, head.unverified, (value) => set((d) => { d.head.unverified = value; }), { name: "unverified" }),
  );
  if (sheet) {
    const repeat = sheet.repeat ?? { count: 1, dx: 0, dy: 0 };
    parts.push(
      controls.lines(texts.tpl_head_tells, sheet.tells, (value) => set((d) => { d.sheet.tells = value; }), { name: "tells" }),
      controls.lines(texts.tpl_head_denies, sheet.denies, (value) => set((d) => { d.sheet.denies = value; })),
      controls.numbers(texts.tpl_head_pitch, [sheet.pitch], ([pitch]) => set((d) => { d.sheet.pitch = pitch; })),
      controls.numbers(texts.tpl_head_repeat, [repeat.count, repeat.dx, repeat.dy], ([count, dx, dy]) => set((d) => {
        const many = Math.min(20, Math.max(1, Math.round(count)));
        d.sheet.repeat = many > 1 ? { count: many, dx, dy } : null;
      })),
    );
  }
  if (table) {
    parts.push(
      controls.numbers(texts.tpl_table_height, [table.height], ([height]) => set((d) => { d.table.height = height; }), { step: 0.001 }),
      controls.lines(texts.tpl_table_edges, table.edges.map((edge) => String(edge.at)), (rows) => set((d) => {
        const places = rows.map((row) => Number(row.replace(",", "."))).filter((at) => Number.isFinite(at));
        if (places.length === d.table.edges.length) places.forEach((at, number) => { d.table.edges[number].at = at; });
      })),
    );
  }
  return parts;
}
