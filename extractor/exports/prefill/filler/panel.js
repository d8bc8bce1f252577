// The panel: takes a record, shows what would go where, fills what is ticked, tells what became of it, and undoes it.
const SIGNS = {
  ready: ["✓", "sẽ điền"], doubtful: ["?", "nghi ngờ"], occupied: ["≠", "đã có chữ"], same: ["=", "đã đúng"], stale: ["!", "còn chữ cũ"],
  cannot: ["✗", "không điền"], empty: ["∅", "không có chữ"], filled: ["✔", "đã điền"], failed: ["✗", "chưa điền"], undone: ["↶", "đã trả lại"],
};
const LABELS = "labels";

function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

// Frames on the page's own boxes, and what their style was before.
const framed = new Map();
function frame(elements, style) {
  for (const each of elements) {
    const element = visible(each) && !(isTick(each) && each.labels && each.labels.length) ? each : ([...(each.labels || [])].find(visible) || each);
    if (!framed.has(element)) framed.set(element, ["outline", "outline-offset"].map((name) => [name, element.style.getPropertyValue(name), element.style.getPropertyPriority(name)]));
    element.style.setProperty("outline", style, "important");
    element.style.setProperty("outline-offset", "2px", "important");
  }
}
function unframe() {
  for (const [element, former] of framed) for (const [name, value, priority] of former) element.style.setProperty(name, value, priority);
  framed.clear();
}

// The boxes of a row as they are now. A page may have drawn them anew: then only a box of the same label below the same
// headings is the same box.
function refresh(row) {
  let found = row.control;
  if (!found.elements.every((each) => each.isConnected) || printOf(found) !== row.print) {
    const there = locate({ ...row.target, control: null });
    const same = there.kind && printOf(there) === row.print ? [there] : allControls().filter((each) => printOf(each) === row.print);
    if (same.length !== 1) return "trang đã vẽ lại, không nhận ra ô này nữa";
    [found] = same;
  }
  if (found === row.control) return "";
  const plan = prepare(found, row.item, row.target);
  if (plan.reason) return plan.reason;
  Object.assign(row, { control: found, plan });
  return "";
}

// Why the box is not what it was when it was looked at, or empty.
function changed(row) {
  const now = currentText(row.control);
  return now === row.now ? "" : `ô vừa đổi thành “${now}”, nên không ghi đè`;
}

async function fillRows(rows, hold, onStep) {
  let active = null;
  const release = hold(() => { if (active) active.held = true; });
  try {
    for (const row of rows) {
      active = row;
      row.held = false;
      const lost = once(() => refresh(row)) || changed(row);
      row.saved = row.saved || (lost ? [] : snapshot(row.control));
      row.failure = lost || barred(row.control) || await put(row);
      await pause(25);
      onStep(row);
    }
    await pause(SETTLE);
    for (const row of rows) {
      const lost = row.failure ? "" : once(() => refresh(row));
      if (lost) row.failure = lost;
      else if (!row.failure && !holdsNow(row)) {
        const now = currentText(row.control);
        row.failure = now ? `trang đã đổi thành “${now}”` : "trang không giữ giá trị này";
      }
      row.left = row.saved.length && !lost ? snapshot(row.control) : null;
      row.now = lost ? row.now : currentText(row.control);
      row.kind = row.failure ? "failed" : "filled";
      row.note = row.held ? "Trang định tự gửi đi khi ô này thay đổi; đã chặn lại. " : "";
      if (!row.failure && row.control.at.validity && !row.control.at.validity.valid) row.note += "Trang báo giá trị không hợp lệ. ";
    }
  } finally {
    release();
  }
}

async function undoRows(rows, hold) {
  const release = hold(() => {});
  try {
    // What somebody corrected after the filling is theirs and stays.
    for (const row of rows) row.theirs = Boolean(row.left) && row.left.every(({ element }) => element.isConnected) && !restored(row.left);
    for (const row of [...rows].reverse()) {
      if (!row.theirs && row.saved.every(({ element }) => element.isConnected)) await restore(row.saved, row.target);
      await pause(15);
    }
    await pause(SETTLE);
    for (const row of rows) {
      if (row.theirs) {
        Object.assign(row, { kind: "failed", failure: "đã được sửa sau khi điền, nên giữ nguyên", note: "" });
        continue;
      }
      const back = row.saved.every(({ element }) => element.isConnected) && restored(row.saved);
      const unsure = row.control.kind === "radio" && !row.saved.some((each) => each.checked);
      row.kind = back ? "undone" : "failed";
      row.failure = back ? "" : "không trả lại được giá trị cũ; hãy sửa bằng tay";
      row.note = back && unsure ? "Trước đó chưa chọn gì; trang có thể vẫn nhớ lựa chọn, hãy kiểm tra. " : "";
    }
  } finally {
    release();
  }
}

function openPanel() {
  const former = document.getElementById("extractor-filler");
  if (former) return;
  const host = h("div", { id: "extractor-filler" });
  host.style.setProperty("all", "initial", "important");
  const shadow = host.attachShadow({ mode: "__SHADOW__" });
  // A sheet made this way is allowed even where the page's policy forbids styles.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  for (const type of ["keydown", "keyup", "keypress", "paste", "copy", "input", "change", "click", "focusin", "mousedown", "pointerdown"]) host.addEventListener(type, (event) => event.stopPropagation());

  const state = { entry: null, rows: [], past: [], profiles: PROFILES.slice(), chosen: LABELS, done: false, undone: false };
  let heard = () => {};
  let release = () => {};
  // Frames may have come since: forms are held anew before each filling.
  const hold = (onHeld) => {
    release();
    heard = onHeld;
    release = holdForms(host, () => heard());
    return () => { heard = () => say("Trang định tự gửi đi; đã chặn lại. Muốn gửi thì tự bấm nút trên trang.", true); };
  };
  const said = h("p", { className: "said", role: "status" });
  const body = h("div", { className: "body" });
  const actions = h("div", { className: "actions" });
  const close = () => { unframe(); release(); host.remove(); };
  const panel = h("section", { className: "panel", role: "dialog", "aria-label": "Bộ điền biểu mẫu", tabIndex: -1, onkeydown: (event) => { if (event.key === "Escape") close(); } },
    h("header", {}, h("h1", {}, "Bộ điền biểu mẫu"),
      h("button", { type: "button", title: "Chuyển sang bên kia màn hình", onclick: () => panel.classList.toggle("left") }, "⇄"),
      h("button", { type: "button", title: "Đóng (Esc)", onclick: close }, "✕")),
    body, said, actions);
  shadow.append(panel);

  const say = (text, bad = false) => { said.textContent = text; said.classList.toggle("bad", bad); };

  function take(text) {
    let data = null;
    try { data = JSON.parse(text); } catch { return say("Chưa phải bản ghi: hãy bấm “Chép bản ghi” ở phiếu nhập rồi dán vào đây.", true); }
    if (data && data.format === "extractor-mapping/1") {
      const wrong = wrongMapping(data);
      if (wrong) return say(`Hồ sơ ánh xạ bị sai: ${wrong}`, true);
      state.profiles = [data, ...state.profiles.filter((each) => each.name !== data.name)];
      return say(`Đã nhận hồ sơ ánh xạ “${data.title}”. Giờ dán bản ghi.`);
    }
    if (!data || data.format !== "extractor-entry/1") return say("Đây không phải bản ghi của phần mềm, hoặc là của phiên bản khác.", true);
    const wrong = wrongEntry(data);
    if (wrong) return say(`Bản ghi bị sai: ${wrong}. Hãy chép lại từ phiếu nhập.`, true);
    state.entry = data;
    const fitting = state.profiles.find((profile) => fits(profile, data));
    state.chosen = fitting ? fitting.name : LABELS;
    plan();
  }

  function askRecord() {
    const box = h("textarea", { id: "record", rows: 5, "aria-label": "Dán bản ghi vào đây", placeholder: "Dán bản ghi vào đây (Ctrl+V)", oninput: () => { const text = box.value.trim(); if (text) take(text); } });
    const read = h("button", { type: "button", onclick: async () => {
      try { take(await navigator.clipboard.readText()); } catch { say("Trình duyệt không cho đọc bộ nhớ tạm; hãy dán bằng Ctrl+V.", true); box.focus(); }
    } }, "Lấy từ bộ nhớ tạm");
    body.replaceChildren(h("p", {}, "Mở phiếu nhập của bản ghi, bấm “Chép bản ghi”, rồi dán vào ô dưới đây."), box);
    actions.replaceChildren(...(navigator.clipboard && navigator.clipboard.readText ? [read] : []), ...(state.past.length ? [undoPast()] : []));
    box.focus({ preventScroll: true });
  }

  const undoPast = () => h("button", { type: "button", onclick: () => back(state.past) }, "Hoàn tác lần điền trước");

  function plan() {
    try { once(lookAtPage); } catch (error) { say(`Không xem được trang này (${error.name}); chưa điền gì.`, true); }
  }

  function lookAtPage() {
    unframe();
    state.done = false;
    state.undone = false;
    const items = itemsOf(state.entry);
    const profile = state.profiles.find((each) => each.name === state.chosen);
    const targets = profile ? profile.targets : propose(items, state.entry);
    const foreign = profile && profile.registers && profile.registers.length ? "" : otherRegister(state.entry);
    for (const target of Object.values(profile ? {} : targets)) {
      if (!target.control) continue;
      const c = target.control;
      if (c.kind === "split_date") Object.assign(target, { kind: "split_date", ...Object.fromEntries(PARTS.map((part, n) => [part, selectorOf(c.elements[n])])) });
      else target.selector = selectorOf(c.at);
    }
    state.rows = makeRows(items, targets, foreign);
    show();
    const count = (kind) => state.rows.filter((row) => row.kind === kind).length;
    say(`${foreign ? `Trang này có vẻ là “${foreign}”, không phải sổ của bản ghi: chưa đánh dấu ô nào. ` : ""}Sẽ điền ${count("ready")} ô. ${count("doubtful") ? `${count("doubtful")} ô nghi ngờ chưa đánh dấu. ` : ""}${count("cannot") ? `${count("cannot")} giá trị không điền được. ` : ""}${count("stale") ? `${count("stale")} ô còn chữ mà bản ghi không có.` : ""}`, Boolean(foreign));
  }

  const place = (row) => row.control ? nameOf(row.control) || row.control.at.name || row.control.at.id || "(ô không tên)" : "";

  function rowOf(row) {
    const [sign, word] = SIGNS[row.kind];
    const tick = h("input", { type: "checkbox", checked: row.tick, disabled: !row.plan || ["same", "filled", "undone"].includes(row.kind), "aria-label": `Điền ${row.item.label}`, onchange: () => { row.tick = tick.checked; } });
    const look = () => { if (row.control) { row.control.at.scrollIntoView({ block: "center", behavior: "auto" }); frame(row.control.elements, "3px dotted #1f4e6e"); } };
    const text = row.plan ? row.plan.shown : row.item.meaning || row.item.text;
    const why = [row.note, row.failure || (state.done && row.kind === "ready" ? "giờ điền được: bấm “Điền tiếp”" : state.done && !["cannot", "empty", "stale"].includes(row.kind) && !row.tick ? "không đánh dấu nên để lại" : row.kind === "filled" || row.kind === "undone" ? "" : row.reason)].filter(Boolean).join("");
    return h("tr", { className: row.kind, "data-code": row.code },
      h("td", {}, tick),
      h("td", {}, h("b", {}, row.item.label), row.item.group ? h("i", {}, row.item.group) : "",
        row.item.source ? h("i", {}, `Nguồn: ${row.item.source}`) : "", row.item.mark === "edited" ? h("i", {}, "sửa tay ở phiếu nhập") : ""),
      h("td", {}, h("span", { className: "value" }, text),
        row.control ? h("button", { type: "button", className: "to", title: "Chỉ ô trên trang", onclick: look }, `→ ${place(row)}`) : "",
        why ? h("span", { className: "why" }, why) : ""),
      h("td", { className: "sign", title: word }, h("span", { "aria-hidden": "true" }, sign), h("small", {}, word)));
  }

  function show() {
    const entry = state.entry;
    const number = entry.columns.so ? entry.columns.so.text : "";
    const select = h("select", { "aria-label": "Hồ sơ ánh xạ", disabled: state.done, onchange: () => { state.chosen = select.value; plan(); } },
      ...state.profiles.map((each) => h("option", { value: each.name, selected: each.name === state.chosen }, `${each.title}${fits(each, entry) ? " (hợp trang này)" : ""}`)),
      h("option", { value: LABELS, selected: state.chosen === LABELS }, "Dò theo nhãn trên trang"));
    const order = ["failed", "filled", "undone", "ready", "doubtful", "occupied", "stale", "same", "cannot"];
    const rows = state.rows.filter((row) => row.kind !== "empty").sort((a, b) => state.done ? order.indexOf(a.kind) - order.indexOf(b.kind) : 0);
    const empty = state.rows.filter((row) => row.kind === "empty");
    body.replaceChildren(
      h("p", { className: "which" }, h("b", {}, entry.form_title), ` · số ${number || "?"} · ${entry.record.file}, trang ${entry.record.page}`),
      h("label", { className: "profile" }, "Hồ sơ ánh xạ ", select),
      h("table", {}, h("tbody", {}, ...rows.map(rowOf))),
      empty.length ? h("details", {}, h("summary", {}, `${empty.length} trường không có chữ để điền`), h("table", {}, h("tbody", {}, ...empty.map(rowOf)))) : "");
    const fill = h("button", { type: "button", className: "main", onclick: run }, "Điền");
    const undo = h("button", { type: "button", onclick: () => back(state.rows.filter((row) => row.saved && row.saved.length)) }, "Hoàn tác");
    const copy = h("button", { type: "button", title: "Chép ra để lưu thành tệp .json và dùng lại lần sau", onclick: keep }, "Chép hồ sơ ánh xạ");
    const other = h("button", { type: "button", onclick: () => { unframe(); state.done = false; state.entry = null; say(""); askRecord(); } }, "Bản ghi khác");
    const again = h("button", { type: "button", onclick: plan }, "Điền lại");
    const more = state.rows.some((row) => row.plan && !["filled", "same", "undone"].includes(row.kind));
    if (state.done) fill.textContent = "Điền tiếp ô đã đánh dấu";
    actions.replaceChildren(...(state.undone ? [again] : state.done ? [undo, ...(more ? [fill] : [])] : [fill]), ...(state.chosen === LABELS && !state.done ? [copy] : []), ...(state.past.length && !state.done ? [undoPast()] : []), other);
    (state.undone ? again : state.done ? undo : fill).focus({ preventScroll: true });
  }

  async function run() {
    const wanted = state.rows.filter((row) => row.tick && row.plan && !["same", "filled"].includes(row.kind));
    if (!wanted.length) return say("Chưa đánh dấu ô nào để điền.", true);
    unframe();
    actions.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    let done = 0;
    await fillRows(wanted, hold, () => { done += 1; say(`Đang điền ${done} / ${wanted.length} …`); });
    state.done = true;
    state.past = state.rows.filter((row) => row.saved && row.saved.length);
    // A list may have got its entries only now that another was chosen: such rows can be filled in a second go.
    state.rows = state.rows.map((row) => row.kind === "cannot" && !row.doubled && !row.target.reason ? makeRows([row.item], { [row.code]: row.target })[0] : row);
    for (const row of state.rows.filter((each) => each.kind === "filled" || each.kind === "failed")) {
      frame(row.plan.choice && isTick(row.plan.choice) ? [row.plan.choice] : row.control.elements, row.kind === "filled" ? "3px solid #0a7d38" : "3px dashed #b3382c");
    }
    show();
    const failed = wanted.filter((row) => row.kind === "failed").length;
    const left = state.rows.filter((row) => row.plan && !["same", "filled", "failed"].includes(row.kind)).length;
    say(`Đã điền ${state.rows.filter((row) => row.kind === "filled").length} ô (khung liền).${failed ? ` ${failed} ô chưa điền được (khung đứt).` : ""}${left ? ` ${left} ô để lại.` : ""} Bộ điền không gửi gì: hãy kiểm tra rồi tự bấm Lưu trên trang.`, failed > 0);
  }

  async function back(filled) {
    const own = state.entry && filled.some((row) => state.rows.includes(row));
    unframe();
    await undoRows(filled, hold);
    const stuck = filled.filter((row) => row.kind === "failed").length;
    state.past = [];
    if (own) { state.undone = true; show(); } else if (state.entry) plan();
    say(stuck ? `${stuck} ô không trả lại được hoặc giữ nguyên: ${filled.filter((row) => row.kind === "failed").map((row) => row.item.label).join(", ")}.` : "Đã trả các ô về như trước khi điền.", stuck > 0);
    for (const row of filled) row.saved = null;
  }

  async function keep() {
    const text = JSON.stringify(asProfile(state.rows, state.entry), null, 1);
    try { await navigator.clipboard.writeText(text); say("Đã chép hồ sơ ánh xạ. Dán vào tệp .json, xem lại từng dòng, rồi dùng với --profile."); } catch {
      const box = h("textarea", { rows: 8, readOnly: true, value: text });
      body.prepend(box);
      box.select();
      say("Bấm Ctrl+C để chép hồ sơ ánh xạ.");
    }
  }

  (document.querySelector("dialog:modal") || document.documentElement).append(host);
  hold(() => {})();
  askRecord();
}
