// What is wrong with a pasted record or mapping, in a few words with its place; empty where nothing is.
const isObject = (value) => Boolean(value) && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const texts = (value) => Array.isArray(value) && value.every(isText);

function wrongEntry(data) {
  if (!isObject(data.record) || !isText(data.record.file)) return "thiếu record.file";
  if (!isText(data.form_title)) return "thiếu form_title";
  for (const part of ["columns", "fields"]) {
    if (!isObject(data[part])) return `thiếu ${part}`;
    for (const [code, each] of Object.entries(data[part])) {
      const place = `${part}.${code}`;
      if (!isObject(each)) return place;
      for (const name of ["label", "text", "mark"]) if (!isText(each[name])) return `${place}.${name}`;
      for (const name of ["group", "meaning", "source"]) if (!isText(each[name] ?? "")) return `${place}.${name}`;
      for (const name of ["also", "group_also"]) if (!texts(each[name] ?? [])) return `${place}.${name}`;
      if (part === "fields" && !texts(each.columns)) return `${place}.columns`;
      if (part === "columns" && !(isObject(each.codes) && texts(each.also) && texts(each.group_also))) return place;
    }
  }
  if (!isObject(data.edits ?? {})) return "edits";
  const edit = Object.entries(data.edits ?? {}).find((each) => !isText(each[1]));
  return edit ? `edits.${edit[0]}` : "";
}

const KINDS = ["auto", "text", "date", "split_date", "select", "radio", "checkbox", "combobox", "listbox"];

function wrongMapping(data) {
  for (const name of ["name", "title"]) if (!isText(data[name]) || !data[name]) return `thiếu ${name}`;
  if (data.name === LABELS) return "name";
  if (!isObject(data.targets)) return "thiếu targets";
  if (!isObject(data.match ?? {}) || !Object.values(data.match ?? {}).every(texts)) return "match";
  if (!texts(data.registers ?? [])) return "registers";
  for (const [code, target] of Object.entries(data.targets)) {
    const place = `targets.${code}`;
    if (!isObject(target)) return place;
    if (!KINDS.includes(target.kind ?? "auto")) return `${place}.kind`;
    if (!(isText(target.selector ?? "") || texts(target.selector))) return `${place}.selector`;
    for (const name of ["label", "group", "format", "day", "month", "year", "options", "by"]) if (!isText(target[name] ?? "")) return `${place}.${name}`;
    if (!isObject(target.map ?? {}) || !texts(Object.values(target.map ?? {}))) return `${place}.map`;
    if (!texts(target.when ?? [])) return `${place}.when`;
    if (!(target.kind === "split_date" ? target.day && target.month && target.year : target.selector?.length || target.label)) return `${place}: thiếu selector hoặc label`;
    for (const each of [target.selector ?? [], target.day ?? [], target.month ?? [], target.year ?? [], target.options ?? []].flat().filter(Boolean)) {
      try { document.createDocumentFragment().querySelector(each); } catch { return `${place}: bộ chọn “${each}”`; }
    }
  }
  return "";
}
