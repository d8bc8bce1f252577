// From the record's items to the page's controls: by a mapping profile, or by comparing labels.

// What of the record can be typed: its columns, and fields that go to no column.
function itemsOf(entry) {
  const items = Object.entries(entry.columns).map(([code, column]) => ({ code, ...column }));
  for (const [code, field] of Object.entries(entry.fields)) {
    if (!field.columns.length && !(code in entry.columns)) items.push({ code, also: [], group_also: [], codes: {}, ...field });
  }
  const edits = entry.edits || {};
  return items.map((item) => {
    if (!(item.code in edits)) return item;
    const text = edits[item.code];
    return { ...item, text, meaning: item.codes[text] || "", doubtful: false, mark: "edited" };
  });
}

const glob = (pattern) => new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`, "i");

function fits(profile, entry) {
  const { url = [], title = [], elements = [] } = profile.match || {};
  if (profile.registers && profile.registers.length && !profile.registers.includes(entry.register_code)) return false;
  if (!url.length && !title.length && !elements.length) return false;
  return (!url.length || url.some((each) => glob(each).test(location.href)))
    && (!title.length || title.some((each) => key(document.title).includes(key(each))))
    && elements.every((each) => { try { return everywhere(each).length > 0; } catch { return false; } });
}

// The element as the kind of control the profile says it is.
function asWanted(element, kind) {
  if (!isField(element)) return { reason: "bộ chọn trong hồ sơ ánh xạ không chỉ vào một ô nhập" };
  const tags = { select: "SELECT", radio: "radio", checkbox: "checkbox" };
  if ((kind === "listbox") !== (control(element).kind === "listbox") && kind !== "auto") {
    return { reason: `ô trên trang không phải loại “${kind}” như trong hồ sơ ánh xạ` };
  }
  const is = element.tagName === "SELECT" ? "SELECT" : element.type;
  const wrong = tags[kind] ? tags[kind] !== is : kind !== "auto" && (isTick(element) || (is === "SELECT" && kind !== "date"));
  return wrong ? { reason: `ô trên trang không phải loại “${kind}” như trong hồ sơ ánh xạ` } : control(element, kind);
}

// The control a target of a profile names; {reason} where it is not there or not the only one.
function locate(target) {
  if (target.control) return target.control;
  try {
    if (target.kind === "split_date") {
      const all = PARTS.map((part) => everywhere(target[part]));
      if (all.some((each) => each.length > 1)) return { reason: "bộ chọn trong hồ sơ ánh xạ khớp nhiều ô" };
      const elements = all.map((each) => each[0]);
      return elements.every(Boolean) ? splitDate(elements) : { reason: "trang không có đủ ba ô ngày, tháng, năm" };
    }
    for (const selector of [].concat(target.selector || [])) {
      const found = everywhere(selector);
      const alone = found.length < 2 || (found[0].type === "radio" && found.every((each) => each.type === "radio" && group(found[0]).includes(each)));
      if (!alone) return { reason: `bộ chọn trong hồ sơ ánh xạ khớp ${found.length} ô` };
      if (found.length) return asWanted(found[0], target.kind || "auto");
    }
  } catch {
    return { reason: "bộ chọn (selector) trong hồ sơ ánh xạ bị sai" };
  }
  if (target.label) {
    const named = allControls().filter((c) => key(nameOf(c)) === key(target.label)
      && (!target.group || holds(key((headingsOf(c.at)[0] || {}).text), key(target.group))));
    if (named.length === 1) return named[0].elements.length === 1 ? asWanted(named[0].at, target.kind || "auto") : named[0];
    if (named.length > 1) return { reason: `trang có ${named.length} ô tên “${target.label}”` };
  }
  return { reason: "trang không có ô này" };
}

const phraseKeys = (phrases) => [...new Set(phrases.map(key))].filter(Boolean).sort((a, b) => b.length - a.length);
const HARMLESS = phraseKeys(WORDS.harmless);
const GENERIC = phraseKeys(WORDS.generic);
const BESIDE_PERSON = phraseKeys([...WORDS.generic, ...WORDS.beside_person]);

// A label's words that say which box it is: without its number, harmless words, and the phrases given.
function bare(text, phrases) {
  let rest = ` ${key(text.replace(/^\s*\(?\d+[.)/:]\s*/, "").replace(/\(\d+\)\s*$/, ""))} `;
  for (const phrase of [...phrases, ...HARMLESS]) while (rest.includes(` ${phrase} `)) rest = rest.replace(` ${phrase} `, " ");
  return rest.trim().split(" ").filter(Boolean).sort();
}

// Whom a text speaks of: {names} of the record's groups, the longest phrases first, and the words {left} over.
function about(text, groups, harmless) {
  const phrases = [...groups].flatMap(([name, all]) => all.map((phrase) => [phrase, name])).sort((a, b) => b[0].length - a[0].length);
  let rest = ` ${key(text).replace(/^\d+ /, "")} `;
  const names = new Set();
  for (const [phrase] of phrases) {
    if (!rest.includes(` ${phrase} `)) continue;
    // One phrase may name two groups: then it is not clear whom.
    phrases.filter((each) => each[0] === phrase).forEach((each) => names.add(each[1]));
    rest = rest.replace(` ${phrase} `, " ");
  }
  for (const phrase of harmless) while (rest.includes(` ${phrase} `)) rest = rest.replace(` ${phrase} `, " ");
  return { names, left: rest.trim() };
}

// The section a box stands in, by the nearest heading that names one: {names} of groups, {unknown} where it names another.
function sectionOf(headings, groups, own) {
  for (const { text, title } of headings) {
    const plain = about(text, groups, [...own, ...GENERIC]);
    if (!plain.names.size && !plain.left) continue;
    if (title && !plain.names.size && !WORDS.persons.some((word) => holds(key(text), key(word)))) continue;
    const told = about(text, groups, [...own, ...BESIDE_PERSON]);
    return { names: told.names, unknown: Boolean(told.left) };
  }
  return { names: new Set(), unknown: false };
}

// How sure it is that an item belongs in a box that is called alike, by whom the label and the heading speak of: 0 to 1.
// Below 0.9 a person must say so.
function belongs(item, box, subject) {
  const { section, own } = box;
  if (section.unknown) return 0;
  if (!item.group) return own.size ? 0 : !section.names.size ? 1 : section.names.size === 1 && section.names.has(subject) ? 0.9 : 0;
  const named = own.size === 1 && own.has(item.group);
  if (own.size && !named) return 0;
  if (!section.names.size) return named ? 1 : item.group === subject ? 0.9 : 0.6;
  if (section.names.size > 1) return named && section.names.has(item.group) ? 1 : 0;
  if (section.names.has(item.group)) return 1;
  return named && section.names.has(subject) ? 1 : 0;
}

// Propose a target for each item by its label; what two boxes fit alike, or one box twice, is left out.
function propose(items, entry) {
  const groups = new Map();
  for (const item of items) {
    if (item.group) groups.set(item.group, phraseKeys([item.group, ...item.group_also]));
  }
  const subject = items.find((item) => item.group)?.group || "";
  const registers = phraseKeys(WORDS.registers[entry.register_code] || []);
  const boxes = allControls().map((c) => {
    let label = nameOf(c);
    let headings = headingsOf(c.at);
    const grid = headings[0] && !tiedLabel(c.at) ? inGrid(c.at) : null;
    // Persons may stand at the side and what is asked above the columns.
    if (grid && grid.row && about(grid.row, groups, []).names.size && !about(grid.column, groups, []).names.size) {
      label = grid.column;
      headings = [{ text: grid.row, title: false }, ...headings.slice(1)];
    }
    const own = about(label, groups, []).names;
    const name = `${c.at.name || ""} ${c.at.id || ""}`.toLowerCase().split(/\s+/);
    return { c, label, plain: key(label), own, section: sectionOf(headings.filter((each) => key(each.text) !== key(label)), groups, registers), name, bare: new Map() };
  }).filter((box) => (box.label || box.name.some(Boolean)) && box.c.kind !== "checkbox");
  const bareOf = (box, group) => {
    if (!box.bare.has(group)) box.bare.set(group, bare(box.label, groups.get(group) || []));
    return box.bare.get(group);
  };
  const pairs = [];
  for (const item of items) {
    const names = [item.label, ...item.also].filter(Boolean).map((name) => {
      const told = about(name, groups, []).names;
      // "Quan hệ với người được khai sinh" is about the declarant, whomever it names.
      const other = told.size > 0 && !(told.size === 1 && told.has(item.group));
      const words = bare(name, other ? [] : groups.get(item.group) || []);
      return { other, words, text: words.join(" ") };
    });
    for (const box of boxes) {
      const named = box.name.includes(item.code.toLowerCase());
      let score = 0;
      for (const [n, name] of names.entries()) {
        const whole = name.other ? bareOf(box, "") : bareOf(box, item.group);
        const fits = name.other ? belongs(item, { ...box, own: new Set() }, subject) : belongs(item, box, subject);
        if (!fits || !whole.length) continue;
        const same = whole.join(" ") === name.text;
        // A label that says less than the column's name may be of another box; one that says more is of another.
        const less = !same && whole.length >= 2 && whole.length * 2 > name.words.length && whole.every((word) => name.words.includes(word));
        const one = same ? 1 : less ? 0.7 : 0;
        score = Math.max(score, one * fits - (n ? 0.01 : 0) + (named && one ? 0.05 : 0));
      }
      if (!box.label && named) score = belongs(item, box, subject);
      if (score > 0.4) pairs.push({ item, box, score });
    }
  }
  pairs.sort((a, b) => b.score - a.score);
  const byItem = new Map();
  const byBox = new Map();
  for (const pair of pairs) {
    for (const [map, at] of [[byItem, pair.item], [byBox, pair.box]]) map.set(at, [...(map.get(at) || []), pair].slice(0, 9));
  }
  const targets = {};
  const taken = new Set();
  const free = (pair) => !taken.has(pair.item) && !taken.has(pair.box);
  for (const pair of pairs) {
    if (!free(pair)) continue;
    const close = (other) => other !== pair && free(other) && Math.abs(pair.score - other.score) < 0.03;
    if ([...byItem.get(pair.item), ...byBox.get(pair.box)].some(close)) {
      targets[pair.item.code] ??= { reason: "có nhiều ô cùng tên trên trang" };
      continue;
    }
    taken.add(pair.item).add(pair.box);
    targets[pair.item.code] = { control: pair.box.c, unsure: pair.score < 0.85 ? pair.box.label : "" };
  }
  return targets;
}

// What the page says it takes, where that is another register than the record's: its words, or empty.
function otherRegister(entry) {
  const told = key([document.title, ...[...document.querySelectorAll("h1, h2")].map(wordsOf)].join(" . "));
  const named = (code) => phraseKeys(WORDS.registers[code] || []).find((phrase) => holds(told, phrase));
  if (!entry.register_code || named(entry.register_code)) return "";
  return Object.keys(WORDS.registers).map(named).find(Boolean) || "";
}

// A proposal as a profile that can be kept in a file.
function asProfile(rows, entry) {
  const targets = {};
  for (const row of rows.filter((each) => each.control)) {
    const c = row.control;
    if (c.kind === "split_date") {
      targets[row.item.code] = { kind: "split_date", ...Object.fromEntries(PARTS.map((part, n) => [part, selectorOf(c.elements[n])])) };
      continue;
    }
    const target = { selector: c.kind === "radio" && c.at.name ? `input[type="radio"][name="${CSS.escape(c.at.name)}"]` : selectorOf(c.at) };
    if (row.item.kind === "date" && c.kind === "text") Object.assign(target, { kind: "date", format: hintedFormat(c.at) || "dd/mm/yyyy" });
    else if (c.kind === "combobox" || c.kind === "listbox") target.kind = c.kind;
    targets[row.item.code] = target;
  }
  const page = location.href.split(/[?#]/)[0];
  return {
    format: "extractor-mapping/1", name: "trang-moi", title: squeeze(document.title) || page, registers: [entry.register_code].filter(Boolean),
    source: `proposed by label on ${page.startsWith("file:") ? "a page on disk" : page}`, match: page.startsWith("file:") ? { title: [document.title] } : { url: [`${page}*`] }, targets,
  };
}

// What a box is called and stands below: by this it is known again after the page was drawn anew.
const printOf = (c) => [c.kind, key(nameOf(c)), ...headingsOf(c.at).map((heading) => key(heading.text))].join("|");

// One row for each item: where it would go, what would be put in, and whether it is put in unless somebody says otherwise.
function makeRows(items, targets, foreign = "") {
  const rows = items.map((item) => {
    const row = { item, target: targets[item.code] || {}, control: null, plan: null, reason: "", tick: false, now: "", code: item.code };
    const empty = { blank: "sổ để trống", illegible: "sổ không đọc được", withheld: "đang chờ nhập lại độc lập" }[item.mark];
    if (!item.text) {
      const there = item.code in targets && !row.target.reason ? locate(row.target) : {};
      const text = there.kind ? currentText(there) : "";
      if (text) return { ...row, control: there, reason: `bản ghi không có chữ, nhưng ô đang có “${text}”: hãy tự xem lại`, kind: "stale" };
      return { ...row, reason: empty || (item.doubtful ? "chưa duyệt, chưa có chữ" : "không có giá trị"), kind: "empty" };
    }
    if (!(item.code in targets)) return { ...row, reason: "chưa biết ô nào trên trang", kind: "cannot" };
    if (row.target.reason) return { ...row, reason: row.target.reason, kind: "cannot" };
    const found = locate(row.target);
    if (found.reason) return { ...row, reason: found.reason, kind: "cannot" };
    row.control = found;
    const bar = barred(found);
    const plan = bar ? { reason: bar } : prepare(found, item, row.target);
    if (plan.reason) return { ...row, reason: plan.reason, kind: "cannot" };
    row.plan = plan;
    row.now = currentText(found);
    row.print = printOf(found);
    if (row.now && holdsNow(row)) return { ...row, reason: "ô đã có đúng giá trị này", kind: "same" };
    if (row.now) return { ...row, reason: `ô đang có chữ “${row.now}”; đánh dấu để thay`, kind: "occupied" };
    if (item.doubtful) return { ...row, reason: "nghi ngờ: so với ảnh quét rồi đánh dấu nếu đúng", kind: "doubtful" };
    if (row.target.unsure) return { ...row, reason: `ô trên trang tên “${row.target.unsure}”, không chắc là cùng một mục; đúng thì đánh dấu`, kind: "doubtful" };
    if (foreign) return { ...row, reason: "trang này có vẻ dành cho sổ khác", kind: "doubtful" };
    return { ...row, kind: "ready", tick: true };
  });
  // Two columns that go to one box would overwrite each other.
  for (const row of rows.filter((each) => each.plan)) {
    const other = rows.find((each) => each !== row && each.plan && each.control.at === row.control.at && row.control.kind !== "checkbox");
    if (other) Object.assign(row, { kind: "cannot", tick: false, reason: `hồ sơ ánh xạ đưa hai cột vào một ô (${row.code}, ${other.code})`, doubled: true });
  }
  rows.filter((row) => row.doubled).forEach((row) => { row.plan = null; });
  return rows;
}
