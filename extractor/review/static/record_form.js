// Record by record: the form beside its page, by keyboard. The next record and its page are fetched meanwhile.
import { answerOf, besideText, deedOf, hasChoices, neutral, showChoices, showSegments, valueText, warningItem } from "./field.js";
import { makePage } from "./record_page.js";
import { fitAll, makeSheet } from "./record_sheet.js";
import { SessionGone, fill, get, picture, post, setup } from "./server.js";
import { makeViewer } from "./viewer.js";
import { makeSwitch } from "./typing.js";
import { makeWaiting } from "./waiting.js";

const { book, record: single, total, leaseSeconds, texts } = setup();
const by = (id) => document.getElementById(id);
const viewer = makeViewer(by("viewer"));
const HELD = single ? 1 : 2;   // the record in hand and the next

let sheets = [];               // the one in hand first
const leaving = new Set();     // those whose answers are still on their way
let field = null;              // the one in hand
let heldBox = null;
let left = 0;
let unsaved = 0;
let fetching = null;
const pictures = new Map();    // from the address of a page to that of its picture, fetched once
const drafts = new Map();      // what was typed in records that were put off, and whether that was done blind

const sheet = () => sheets[0];
const page = makePage(
  { pane: by("page"), paper: by("paper"), image: by("paper-image"), frame: by("frame"), others: by("others"), none: by("no-page") },
  (id) => focus(sheet().fields.get(id)),
);
const typing = makeSwitch({ texts, button: by("typing"), style: by("typing-style") });
const { inTurn, asking } = makeWaiting({ texts, notice, current: () => by("notice").dataset.why });

// ---- fetching ahead

function fetchMore() {
  // Where the session has ended, the message says so, and it is tried again when the person is back at the page.
  fetching ??= claim().catch((error) => { if (!(error instanceof SessionGone)) throw error; }).finally(() => { fetching = null; });
  return fetching;
}

async function claim() {
  while (sheets.length < HELD) {
    const without = () => [...sheets, ...leaving].map(({ view }) => view.id);
    const { status, data } = await inTurn(() =>
      asking(() => post("/api/records/claim", { book, record: single, without: without() })));
    if (status !== 200) { showEmpty({ message: texts.error_title }); return; }
    left = data.left;
    showLeft();
    if (!data.record) {
      if (!sheets.length) showEmpty(data);
      return;
    }
    add(data.record);
    if (sheets.length === 1) show();
  }
}

function add(view, first = false) {
  const made = makeSheet(view, texts, { held: hold, typed: showTyped });
  for (const each of made.fields.values()) {
    const draft = drafts.get(each.id);
    drafts.delete(each.id);
    // What was typed in sight of the machine's reading is nothing to re-key from.
    if (draft && each.box && (draft.blind || !each.task.blind)) made.open(each, each.task, draft.raw);
  }
  if (first) sheets.unshift(made);
  else sheets.push(made);
  fetchPage(made);
  return made;
}

function fetchPage({ view }) {
  if (view.page && !pictures.has(view.page.url)) pictures.set(view.page.url, picture(view.page.url).catch(() => null));
}

async function dropPages() {
  const needed = new Set(sheets.map(({ view }) => view.page?.url));
  for (const [url, fetched] of pictures) {
    if (needed.has(url)) continue;
    pictures.delete(url);
    fetched.then((local) => local && URL.revokeObjectURL(local));
  }
}

// ---- showing

const waiting = (some) => [...some.fields.values()].filter((each) => each.standing === "open");
const places = (some) => new Map(waiting(some).map((each) => [each.id, each.row.frame]));

async function show(at = null) {
  const shown = sheet();
  const { view } = shown;
  by("loading").hidden = by("empty").hidden = true;
  by("work").hidden = false;
  by("title").textContent = view.title;
  by("book").textContent = [view.book, view.file].filter(Boolean).join(" · ");
  by("warnings").replaceChildren(...view.warnings.map((warning) => warningItem(warning, texts)));
  by("rows").replaceChildren(shown.element);
  by("fields").scrollTop = 0;
  fitAll(shown);
  fetchPage(shown);
  dropPages();
  showWaiting();
  field = null;
  page.clear();
  const drawn = showPage(shown);
  focus(at ?? waiting(shown)[0]);
  await drawn;
  // Tells from outside (benchmarks, tests) which record is on the screen in full.
  if (sheet() === shown) document.body.dataset.ready = String(view.id);
}

async function showPage(shown) {
  const { page: wanted } = shown.view;
  const url = wanted && (await pictures.get(wanted.url));
  if (sheet() !== shown) return;
  const drawn = page.show(url, wanted, places(shown));
  if (field) page.hold(field.row.frame);
  await drawn;
}

function showEmpty(data) {
  by("loading").hidden = by("work").hidden = true;
  by("empty").hidden = false;
  by("empty-others").textContent = data.message || (data.others ? fill(texts.queue_others, { count: data.others }) : "");
  delete document.body.dataset.ready;
  by("ask-again").focus();
}

function showLeft() {
  const all = Math.max(total, left);
  by("left").textContent = fill(texts.left_of, { left, total: all });
  by("bar-done").setAttribute("width", all ? String((100 * (all - left)) / all) : "100");
}

function showWaiting() {
  by("waiting").textContent = fill(texts.form_waiting, { count: waiting(sheet()).length });
}

function focus(wanted) {
  if (!wanted?.box) return;
  wanted.box.focus();
  wanted.box.setSelectionRange(wanted.box.value.length, wanted.box.value.length);
}

// The field that got the focus, with all that helps to judge it.
function hold(next) {
  next.seen = true;
  if (field === next && heldBox === next.box) return;
  field?.element.classList.remove("held");
  field = next;
  heldBox = next.box;
  field.element.classList.add("held");
  field.element.scrollIntoView({ block: "nearest" });
  page.hold(field.row.frame);
  hint("");
  showDetail();
}

function showDetail() {
  const { task } = field;
  by("reading").hidden = neutral(task);
  by("note").hidden = !neutral(task);
  by("note").textContent = task.blind ? texts.blind_note : texts.disputed_note;
  showSegments(by("segments"), task, texts);
  by("machine-state").hidden = task.state === "read";
  by("machine-state").textContent = texts[`state_${task.state}`];
  showChoices(by("choices"), task, choose);
  by("choices-row").hidden = !hasChoices(task);
  by("choices-title").textContent = task.isOption ? texts.options : texts.choices;
  by("neighbours").hidden = task.blind;
  for (const side of ["before", "after"]) by(side).textContent = besideText(task[side], texts);
  if (task.startEmpty && !field.changed && task.raw) hint(texts.starts_empty, "soft");
  else if (!field.row.frame) hint(texts.form_no_place, "soft");
  showValue();
}

function showTyped() {
  hint("");
  showValue();
}

function notice(text, why = "") {
  by("notice").hidden = !text;
  by("notice").textContent = text;
  by("notice").dataset.why = why;
}

function hint(text, tone = "") {
  by("hint").textContent = text;
  by("hint").dataset.tone = tone;
  if (text) by("detail").scrollTop = 0;
}

let previewTimer = 0;

function showValue() {
  clearTimeout(previewTimer);
  const { task, box } = field;
  const raw = box.value.trim();
  by("confirm-label").textContent = deedOf(task, raw, field.changed, texts);
  by("value").textContent = "";
  if (!raw) return;
  if (raw === task.raw.trim() && task.state === "read") {
    by("value").textContent = valueText(task.value, raw, texts, fill);
    return;
  }
  const asked = field;
  previewTimer = setTimeout(async () => {
    try {
      const { status, data } = await post("/api/preview", { task: task.id, field: task.field, raw });
      if (status === 200 && field === asked && asked.box?.value.trim() === raw) by("value").textContent = valueText(data.value, raw, texts, fill);
    } catch { /* a preview may be missing; saving says what is wrong */ }
  }, 200);
}

// ---- deciding

// Sends the answer to one field; false where its box is empty, which is never taken for an answer.
function save(shown, some, state) {
  const { task } = some;
  const typed = some.box.value;
  const answer = answerOf(task, state, typed, some.changed);
  if (!answer) return false;
  const { value } = task;
  const same = answer.raw === task.raw.trim() && task.state === answer.state;
  notice("");
  const kept = { raw: answer.raw, state: answer.state, value: same && value !== answer.raw ? value : null };
  shown.settle(some, { ...kept, standing: "sent" });
  unsaved += 1;
  leaving.add(shown);
  by("saved").textContent = texts.saving;
  const given = { task: task.id, token: task.token, field: task.field, ...answer };
  inTurn(() => asking(() => post("/api/decide", given))).then(
    ({ status, data }) => taken(shown, some, { status, data, task, typed, kept }),
    (error) => {
      putBack(shown, some, task, typed, texts.session_gone, task.blind);
      if (!(error instanceof SessionGone)) throw error;
    },
  ).finally(() => {
    unsaved -= 1;
    if (![...shown.fields.values()].some((each) => each.standing === "sent")) leaving.delete(shown);
    if (single && !unsaved && !waiting(shown).length) window.location.assign(`/records/${single}`);
  });
  return true;
}

function taken(shown, some, { status, data, task, typed, kept }) {
  if (status === 200) {
    shown.settle(some, { ...kept, standing: task.blind ? "typed" : "confirmed", person: texts.saved });
    by("saved").textContent = `✓ ${texts.saved}`;
    if (task.blind || task.decision === "review") left = Math.max(0, left - 1);
    showLeft();
    lookAgain(shown);
  } else if (status === 409 && !data.task) {
    shown.settle(some, { standing: "busy" });
    by("saved").textContent = "";
    notice(data.message, "lease");
  } else {
    putBack(shown, some, data.task ?? task, typed, data.message ?? texts.error_title, task.blind);
  }
}

// Shows a field again with the answer that was not taken, unless it has to be typed blind now and was not before.
function putBack(shown, some, task, typed, why, blind) {
  shown.open(some, task, blind || !task.blind ? typed : undefined);
  by("saved").textContent = "";
  if (sheet() === shown) { showWaiting(); page.keep(places(shown)); focus(some); }
  else {
    sheets = [shown, ...sheets.filter((each) => each !== shown)];
    show(some);
  }
  notice(why, "lease");
}

// What the rules say changes with the answers, and others may have settled something meanwhile.
let lookTimer = 0;

function lookAgain(shown) {
  clearTimeout(lookTimer);
  lookTimer = setTimeout(async () => {
    if (!sheets.includes(shown)) return;
    const fresh = await get(`/api/records/${shown.view.id}`).catch(() => null);
    if (!fresh || !sheets.includes(shown)) return;
    shown.refresh(fresh, field);
    if (sheet() !== shown) return;
    by("warnings").replaceChildren(...fresh.warnings.map((warning) => warningItem(warning, texts)));
    showWaiting();
    page.keep(places(shown));
    if (!field?.box) focus(waiting(shown)[0]);
  }, 250);
}

function answer(state) {
  const shown = sheet();
  const was = field;
  if (!was?.box) return;
  if (!save(shown, was, state)) { hint(texts.empty_box); focus(was); return; }
  showWaiting();
  const all = [...shown.fields.values()];
  const next = all.slice(all.indexOf(was) + 1).find((each) => each.standing === "open");
  page.keep(places(shown));
  if (next) focus(next);
  else whole();
}

// A proposal that the rules object to and nobody changed: it is kept by Enter in its own box alone.
const warned = ({ row, task, box, changed }) =>
  !neutral(task) && answerOf(task, "read", box.value, changed) && box.value.trim() === task.raw.trim()
  && row.warnings.some(({ severity }) => severity !== "info");

// Saves what is left of the record and goes on to the next; stops at the first box that nobody has been in, since a
// proposal that was not looked at is not confirmed, where the rules object to a proposal, and where a box is empty.
function whole() {
  const shown = sheet();
  if (!shown) return;
  const unseen = waiting(shown).find((each) => !each.seen);
  if (unseen) {
    focus(unseen);
    hint(fill(texts.form_unseen, { count: waiting(shown).filter((each) => !each.seen).length + 1 }), "soft");
    return;
  }
  const objected = waiting(shown).filter(warned);
  if (objected.length) {
    const names = objected.map(({ row, group }) => (group ? `${row.label} (${group})` : row.label)).join(", ");
    focus(objected[0]);
    hint(fill(texts.form_warned, { count: objected.length, names }));
    return;
  }
  const empty = waiting(shown).filter((each) => !save(shown, each, "read"));
  showWaiting();
  page.keep(places(shown));
  if (!empty.length) { leave(); return; }
  focus(empty[0]);
  hint(texts.empty_box);
}

function leave() {
  clearTimeout(previewTimer);
  sheets.shift();
  field = null;
  if (sheets.length) show();
  else {
    by("work").hidden = true;
    by("loading").hidden = false;
  }
  if (!single) fetchMore();
}

const leasesOf = (some) => waiting(some).map(({ task }) => ({ task: task.id, token: task.token }));

function putOff() {
  const shown = sheet();
  if (!shown || single) return;
  for (const each of waiting(shown)) {
    if (each.changed) drafts.set(each.id, { raw: each.box.value, blind: each.task.blind });
  }
  const given = { leases: leasesOf(shown), skip: true };
  // Until the server has it back, the record is still this person's, and would be handed out again.
  leaving.add(shown);
  const gone = () => leaving.delete(shown);
  inTurn(() => asking(() => post("/api/records/release", given))).then(gone, gone);
  leave();
  by("saved").textContent = texts.form_put_off;
}

async function back() {
  const known = () => [...sheets, ...leaving].flatMap(leasesOf);
  const { data } = await inTurn(() => {
    const leases = known();
    return asking(() => post("/api/undo", { known: leases }));
  });
  const { task } = data;
  if (!task) { by("saved").textContent = texts.nothing_to_undo; return; }
  left += 1;
  showLeft();
  notice("");
  let shown = sheets.find(({ view }) => view.id === task.record);
  if (!shown) {
    const { data: found } = await inTurn(() => asking(() => post("/api/records/claim", { record: task.record })));
    if (!found.record) return;
    shown = add(found.record, true);
  } else {
    sheets = [shown, ...sheets.filter((each) => each !== shown)];
    const some = shown.fields.get(task.field);
    if (some) shown.open(some, task);
  }
  by("saved").textContent = texts.taken_back;
  field = null;
  show(shown.fields.get(task.field));
}

// ---- keys

function choose(index) {
  const task = field?.task;
  if (!field?.box || index < 0 || index >= task.choices.length) return;
  field.box.value = task.choices[index];
  field.box.dispatchEvent(new Event("input"));
  focus(field);
}

function step(way) {
  const { choices } = field.task;
  const at = choices.indexOf(field.box.value.trim());
  choose(at < 0 ? (way > 0 ? 0 : choices.length - 1) : (at + way + choices.length) % choices.length);
}

// To the next or previous box that waits; beyond the ends Tab goes where it always goes.
function tab(event) {
  const all = waiting(sheet());
  const next = all[all.indexOf(field) + (event.shiftKey ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  focus(next);
}

function openPage() {
  const url = sheet()?.view.page && by("paper-image").getAttribute("src");
  if (url) viewer.open(url, field?.row.frame ?? null, field ? [field.row.label, field.group].filter(Boolean).join(" · ") : "");
  else hint(texts.no_picture);
}

const openHelp = () => by("help").showModal();
const deeds = {
  F1: openHelp,
  F2: () => answer("blank"),
  F3: () => answer("illegible"),
  F4: () => answer("ditto"),
  F6: () => answer("not_on_form"),
  F7: putOff,
  F8: () => back().catch(() => {}),
  F9: openPage,
  F10: typing.next,
};

document.addEventListener("keydown", (event) => {
  // While an input method composes a letter, Enter and the arrows belong to it.
  if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
  const inBox = field?.box && document.activeElement === field.box;
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (deeds[event.key] && plain) {
    event.preventDefault();
    if (!event.repeat && (sheet() || event.key === "F8")) deeds[event.key]();
  } else if (!sheet()) {
    return;
  } else if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
    event.preventDefault();
    choose(Number(event.code.slice(5)) - 1);
  } else if (event.key === "Enter" && event.ctrlKey && !event.altKey) {
    event.preventDefault();
    if (!event.repeat) whole();
  } else if (inBox && event.key === "Enter" && !event.shiftKey && plain) {
    event.preventDefault();
    if (!event.repeat) answer("read");
  } else if (inBox && event.key === "Tab" && plain) {
    tab(event);
  } else if (inBox && arrow && plain && !field.box.value.includes("\n") && field.task.choices.length) {
    event.preventDefault();
    step(arrow);
  } else if (inBox && event.key === "Escape") {
    field.box.blur();
  } else if (!inBox && event.key === "Enter" && document.activeElement === document.body) {
    event.preventDefault();
    focus(field);
  }
});

by("act-confirm").addEventListener("click", () => answer("read"));
for (const state of ["blank", "illegible", "ditto", "not_on_form"]) {
  by(`act-${state}`).addEventListener("click", () => answer(state));
}
by("act-whole").addEventListener("click", whole);
by("act-skip")?.addEventListener("click", putOff);
by("act-back").addEventListener("click", deeds.F8);
by("act-page").addEventListener("click", openPage);
by("act-help").addEventListener("click", openHelp);
by("act-typing").addEventListener("click", () => { typing.next(); focus(field); });
by("empty-back").addEventListener("click", deeds.F8);
by("help-close").addEventListener("click", () => by("help").close());
by("ask-again").addEventListener("click", () => { by("loading").hidden = false; by("empty").hidden = true; fetchMore(); });
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("close", () => focus(field));
// A picture that did not come, as after the session had ended, is asked for again when the person is back at the page.
window.addEventListener("focus", () => {
  const shown = sheet();
  if (!shown && !by("loading").hidden) fetchMore();
  if (shown?.view.page && by("paper").hidden) { pictures.delete(shown.view.page.url); fetchPage(shown); showPage(shown); }
});
window.addEventListener("resize", () => {
  page.resize();
  field?.element.scrollIntoView({ block: "nearest" });
});

// ---- leases

setInterval(async () => {
  const held = [...new Set([...sheets, ...leaving])];
  const leases = held.flatMap((some) => [...some.fields.values()])
    .filter(({ standing }) => standing === "open" || standing === "sent")
    .map(({ task }) => ({ task: task.id, token: task.token }));
  if (!leases.length) return;
  try {
    const { data } = await post("/api/records/renew", leases);
    const lost = (some) => waiting(some).some(({ task }) => data.lost.includes(task.id));
    // Boxes of the record in hand that were touched stay: their answers will be refused with a message, and kept.
    // A record behind it of which a field was lost goes quietly.
    for (const some of sheets.slice(1).filter(lost)) {
      sheets = sheets.filter((each) => each !== some);
      post("/api/records/release", { leases: leasesOf(some) }).catch(() => {});
    }
    if (sheet() && lost(sheet())) lookAgain(sheet());
  } catch { /* the next answer says what is wrong */ }
}, Math.max(1000, (leaseSeconds * 1000) / 3));

window.addEventListener("beforeunload", (event) => {
  if (unsaved || sheets.some((some) => waiting(some).some(({ changed }) => changed))) event.preventDefault();
});

window.addEventListener("pagehide", () => {
  const leases = sheets.flatMap(leasesOf);
  if (leases.length) post("/api/records/release", { leases }, { keepalive: true }).catch(() => {});
});

fetchMore();
