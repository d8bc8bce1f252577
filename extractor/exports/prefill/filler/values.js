// What to put into a control for an item of the record. Gives {shown, put, wanted} or {reason}; nothing is ever cut,
// rounded or guessed: what does not fit is left to the person.
function prepare(c, item, target) {
  const mapped = target.map ? target.map[item.text] : undefined;
  const text = mapped ?? ((target.by === "code" || !item.meaning) ? item.text : item.meaning);
  if (c.kind === "select") return fromList(item, target, mapped, [...c.at.options].filter(choosable),
    (each) => each.text, c.at.multiple);
  if (c.kind === "radio") {
    const names = tickLabels(c.elements);
    if (target.by !== "value" && !names.some(Boolean)) return { reason: "không rõ chữ nào thuộc nút tròn nào" };
    return fromList(item, target, mapped, c.elements.filter((each) => !each.matches(":disabled")), (each) => names[c.elements.indexOf(each)]);
  }
  if (c.kind === "checkbox") {
    const on = target.when ? target.when.includes(item.text) : key(labelOf(c.at)) === key(item.meaning || item.text);
    return on ? { shown: "☑", wanted: "☑" } : { reason: "ô đánh dấu này dành cho giá trị khác" };
  }
  if (c.kind === "listbox") return { shown: text, put: text, wanted: text };
  const dated = item.kind === "date" || target.kind === "date" || c.kind === "split_date" || c.kind === "native_date";
  const date = dated ? dateParts(text) : null;
  if (c.kind === "split_date") return date ? fromParts(c, date) : { reason: "không phải ngày, tháng, năm" };
  if (c.kind === "native_date") {
    if (!date) return { reason: "không phải ngày, tháng, năm" };
    const iso = dateText(date, c.at.type === "month" ? "yyyy-mm" : "yyyy-mm-dd", false);
    return iso ? { shown: text, put: iso, wanted: iso } : { reason: "sổ không ghi đủ ngày, tháng, năm; ô này đòi ngày đủ" };
  }
  let put = text;
  if (dated && !date && mapped === undefined) return { reason: "không phải ngày, tháng, năm" };
  if (date) {
    const asked = target.format || hintedFormat(c.at);
    if (asked === "?") return { reason: "không hiểu dạng ngày mà ô này đòi" };
    put = dateText(date, asked || "dd/mm/yyyy", target.partial !== false);
    if (put === null) return { reason: "sổ không ghi đủ ngày, tháng, năm" };
  }
  if (c.at.type === "number" && !/^-?\d+$/.test(put)) return { reason: "ô chỉ nhận số" };
  if (c.at.maxLength >= 0 && put.length > c.at.maxLength) return { reason: `dài hơn ô cho phép (${put.length} > ${c.at.maxLength} ký tự)` };
  if (c.at.tagName === "INPUT" && put.includes("\n")) put = put.replace(/\s*\n\s*/g, " ");
  return { shown: put, put, wanted: put, date: Boolean(date) };
}

const choosable = (option) => !option.disabled && !option.closest("optgroup[disabled]");

// The form of a date that a box asks for with its hint.
function hintedFormat(element) {
  const hint = [element.placeholder, element.title, element.dataset.dateFormat, element.dataset.format, labelOf(element)].filter(Boolean).join(" ").toLowerCase()
    .replace(/(ngày|tháng|năm)(\s*[./-]\s*(ngày|tháng|năm))+/g, (said) => said.replace(/ngày/, "dd").replace(/tháng/, "mm").replace(/năm/, "yyyy"));
  const found = /\b(d{1,2}([ ./-]+)m{1,2}\2y{4}|y{4}([ ./-]+)m{1,2}\3d{1,2}|m{1,2}([ ./-]+)d{1,2}\4y{4}|m{1,2}[./-]y{4})\b/.exec(hint);
  if (found) return found[0];
  if (/\b[dmy]{1,4}[ ./-]+[dmy]{1,4}\b/.test(hint)) return "?";
  return element.maxLength === 4 || /^(yyyy|năm)$/.test(hint) ? "yyyy" : "";
}

function fromList(item, target, mapped, choices, nameOf, several) {
  if (several) return { reason: "danh sách chọn nhiều mục không được hỗ trợ" };
  const wanted = mapped ?? (target.by === "value" ? item.text : item.meaning || item.text);
  const byValue = choices.filter((each) => each.value === String(wanted));
  const byName = choices.filter((each) => key(nameOf(each)) === key(wanted) && key(wanted));
  const found = target.by === "value" ? byValue : byName.length || mapped === undefined ? byName : byValue;
  if (found.length > 1) return { reason: `có ${found.length} lựa chọn cùng tên “${wanted}”` };
  if (!found.length) return { reason: `không có lựa chọn “${wanted}”` };
  return { shown: squeeze(nameOf(found[0])), choice: found[0], wanted: squeeze(nameOf(found[0])) || found[0].value };
}

// Three boxes or lists of a date; parts the book does not give stay as they are.
function fromParts(c, date) {
  const steps = [];
  for (const [n, part] of PARTS.entries()) {
    const element = c.elements[n];
    if (!date[part]) continue;
    if (element.tagName !== "SELECT") {
      const text = String(Number(date[part])).padStart(part === "year" ? 4 : 2, "0");
      if (element.maxLength >= 0 && text.length > element.maxLength) return { reason: "ô ngắn hơn ngày, tháng, năm cần điền" };
      steps.push({ element, put: text });
      continue;
    }
    const number = (text) => Number((/\d+/.exec(text) || [NaN])[0]);
    const fits = [...element.options].filter((option) => choosable(option) && number(option.text) === Number(date[part]));
    if (fits.length !== 1) return { reason: `danh sách không có ${part === "year" ? "năm" : part === "month" ? "tháng" : "ngày"} ${date[part]}` };
    steps.push({ element, choice: fits[0] });
  }
  return { shown: PARTS.map((part) => date[part]).filter(Boolean).join("/"), steps };
}
