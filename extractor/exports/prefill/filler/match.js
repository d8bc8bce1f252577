// From the record's items to the page's controls: by a mapping profile, or by comparing labels.

// What of the record can be typed: its columns, and fields that go to no column.
function itemsOf(entry) {
  const items = Object.entries(entry.columns).map(([code, column]) => ({ code, ...column }));
  for (const [code, field] of Object.entries(entry.fields)) {
    if (!field.columns.length) items.push({ code, also: [], group_also: [], codes: {}, ...field });
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
      const elements = PARTS.map((part) => everywhere(target[part])[0]);
      return elements.every(Boolean) ? splitDate(elements) : { reason: "trang không có đủ ba ô ngày, tháng, năm" };
    }
    for (const selector of [].concat(target.selector || [])) {
      const found = everywhere(selector);
      if (found.length) return asWanted(found[0], target.kind || "auto");
    }
  } catch {
    return { reason: "bộ chọn (selector) trong hồ sơ ánh xạ bị sai" };
  }
  if (target.label) {
    const named = allControls().filter((c) => key(nameOf(c)) === key(target.label)
      && (!target.group || headingsOf(c.at).some((heading) => holds(key(heading), key(target.group)))));
    if (named.length === 1) return named[0].elements.length === 1 ? asWanted(named[0].at, target.kind || "auto") : named[0];
    if (named.length > 1) return { reason: `trang có ${named.length} ô tên “${target.label}”` };
  }
  return { reason: "trang không có ô này" };
}

// Words that tell nothing about which box it is.
const EMPTY_WORDS = new Set(words("của người về thông tin nhập chọn vui lòng bắt buộc là và hiện tại nay đầy đủ"));
const bare = (text, phrases) => phrases.reduce((rest, phrase) => rest.split(` ${phrase} `).join(" "), ` ${key(text)} `)
  .split(" ").filter((word) => word && !EMPTY_WORDS.has(word));

// How alike two labels are, 0 to 1: shared words in both.
function alike(one, other) {
  if (!one.length || !other.length) return 0;
  if (one.join(" ") === other.join(" ")) return 1;
  const left = [...other];
  let shared = 0;
  for (const word of one) {
    const at = left.indexOf(word);
    if (at >= 0) { shared += 1; left.splice(at, 1); }
  }
  return 0.97 * (2 * shared) / (one.length + other.length);
}

// How well a box's label fits one of a column's names; what stands in brackets may be a mere remark.
function fit(name, label, phrases) {
  if (holds(key(name), key("bằng chữ")) !== holds(key(label), key("bằng chữ"))) return 0;
  const remark = /\([^)]*\)/g;
  return Math.max(alike(bare(name, phrases), bare(label, phrases)),
    0.95 * alike(bare(name.replace(remark, " "), phrases), bare(label.replace(remark, " "), phrases)));
}

// Whom a text speaks of: the group with the longest name in it; empty where none or two alike.
function groupIn(text, groups) {
  const found = [];
  for (const [label, phrases] of groups) {
    const longest = Math.max(0, ...phrases.map((phrase) => holds(text, phrase) ? phrase.length : 0));
    if (longest) found.push([longest, label]);
  }
  found.sort((a, b) => b[0] - a[0]);
  return !found.length || (found[1] && found[1][0] === found[0][0]) ? "" : found[0][1];
}

// Propose a target for each item by its label; what two boxes fit alike, or one box twice, is left out.
function propose(items) {
  const groups = new Map();
  for (const item of items) {
    if (item.group) groups.set(item.group, [...new Set([item.group, ...item.group_also].map(key))].filter(Boolean));
  }
  const personal = (label) => [...(groups.get(label) || [])].sort((a, b) => b.length - a.length);
  const boxes = allControls().map((c) => {
    const label = nameOf(c);
    const own = groupIn(key(label), groups);
    const above = headingsOf(c.at).map((heading) => groupIn(key(heading), groups)).find(Boolean) || "";
    return { c, label, group: own || above, own, name: `${c.at.name || ""} ${c.at.id || ""}`.split(/\s+/) };
  }).filter((box) => box.label || box.name.some(Boolean));
  const pairs = [];
  for (const item of items) {
    for (const box of boxes) {
      let score = box.name.some((name) => name.toLowerCase() === item.code.toLowerCase()) ? 1.2 : 0;
      for (const [n, name] of score || box.c.kind === "checkbox" ? [] : [item.label, ...item.also].entries()) {
        const told = groupIn(key(name), groups);
        let one = 0;
        // "Quan hệ với người được khai sinh" is about the declarant, whomever it names.
        if (told && told !== item.group) one = told === box.own ? fit(name, box.label, []) : 0;
        else if (box.group === item.group) one = fit(name, box.label, personal(item.group));
        else if (!box.own && !(box.group && item.group)) one = 0.9 * fit(name, box.label, personal(item.group));
        score = Math.max(score, one - (n ? 0.01 : 0));
      }
      if (score >= 0.72) pairs.push({ item, box, score });
    }
  }
  pairs.sort((a, b) => b.score - a.score);
  const targets = {};
  const taken = new Set();
  const close = (pair, other) => other !== pair && pair.score - other.score < 0.03 && other.score <= pair.score + 1e-9;
  for (const pair of pairs) {
    if (taken.has(pair.item.code) || taken.has(pair.box.c)) continue;
    const rivals = pairs.filter((other) => close(pair, other) && !taken.has(other.item.code) && !taken.has(other.box.c)
      && (other.item === pair.item || other.box === pair.box));
    if (rivals.length) {
      targets[pair.item.code] ??= { reason: "có nhiều ô cùng tên trên trang" };
      continue;
    }
    taken.add(pair.item.code).add(pair.box.c);
    targets[pair.item.code] = { control: pair.box.c };
  }
  return targets;
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

// One row for each item: where it would go, what would be put in, and whether it is put in unless somebody says otherwise.
function makeRows(items, targets) {
  const rows = items.map((item) => {
    const row = { item, target: targets[item.code] || {}, control: null, plan: null, reason: "", tick: false, now: "", code: item.code };
    const empty = { blank: "sổ để trống", illegible: "sổ không đọc được", withheld: "đang chờ nhập lại độc lập" }[item.mark];
    if (!item.text) return { ...row, reason: empty || (item.doubtful ? "chưa duyệt, chưa có chữ" : "không có giá trị"), kind: "empty" };
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
    if (row.now && holdsNow(row)) return { ...row, reason: "ô đã có đúng giá trị này", kind: "same" };
    if (row.now) return { ...row, reason: `ô đang có chữ “${row.now}”; đánh dấu để thay`, kind: "occupied" };
    if (item.doubtful) return { ...row, reason: "nghi ngờ: so với ảnh quét rồi đánh dấu nếu đúng", kind: "doubtful" };
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
