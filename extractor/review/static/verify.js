// One field after the other, by keyboard. The next field and its crop are fetched while this one is looked at.
import { answerOf, besideText, deedOf, fitBox, hasChoices, neutral, showChoices, showSegments, valueText, warningItem } from "./field.js";
import { SessionGone, fill, get, picture, post, setup } from "./server.js";
import { makeViewer, placeFrame } from "./viewer.js";
import { makeSwitch } from "./typing.js";
import { makeWaiting } from "./waiting.js";

const { book, kind, field: single, total, leaseSeconds, texts, api = "/api" } = setup();
// Under the address of an inspection nothing can be put off: its fields are keyed in their order.
const skips = api === "/api";
const wanted = { book, kind, field: single };
const by = (id) => document.getElementById(id);
const box = by("box");
const viewer = makeViewer(by("viewer"));
const LINES_AT_MOST = 4;
const AHEAD = 2;             // fields behind the one in hand; where there are fewer, more are asked for
const COUNT_EVERY = 15000;   // milliseconds until the server is asked again how many are left: counting takes it long

let tasks = [];        // the one in hand first, then those fetched ahead
let left = 0;
let countedAt = -Infinity;
let fetching = null;   // a claim under way
let saving = Promise.resolve(true);
let changed = false;   // whether the person touched the box
let chosen = -1;
let shown = null;       // the field on the screen: what was typed for it must not be shown over
let unsaved = 0;       // answers on their way
const crops = new Map();
const drafts = new Map();   // what was typed, and whether that was done blind

const current = () => tasks[0];
const typing = makeSwitch({ texts, button: by("typing"), style: by("typing-style") });
const { inTurn, asking } = makeWaiting({ texts, notice, current: () => by("notice").dataset.why });

// ---- fetching ahead

function fetchCrop(task) {
  if (!task.crop || crops.has(task.id)) return;
  crops.set(task.id, picture(task.crop.url).catch(() => null));
}

async function dropCrop(task) {
  const url = await crops.get(task.id);
  crops.delete(task.id);
  if (url) URL.revokeObjectURL(url);
}

function take(found) {
  for (const task of found) {
    const at = tasks.findIndex((known) => known.id === task.id);
    if (at < 0) tasks.push(task);
    else if (at > 0) tasks[at] = task;
    else if (tasks[0].blind === task.blind && tasks[0].disputed === task.disputed) tasks[0].token = task.token;
    else { park(); tasks[0] = task; }  // it must be shown as it is now
    fetchCrop(task);
  }
}

function fetchMore() {
  if (fetching) return fetching;
  fetching = claim().finally(() => { fetching = null; });
  return fetching;
}

function topUp() {
  if (tasks.length <= AHEAD && !single) fetchMore();
}

async function claim() {
  const { data } = await inTurn(() => {
    const known = tasks.map(({ id, token, blind }) => ({ task: id, token, blind }));
    const count = performance.now() - countedAt > COUNT_EVERY;
    return asking(() => post(`${api}/claim`, { ...wanted, known, count }));
  });
  if (data.left !== undefined) {
    left = data.left;
    countedAt = performance.now();
  }
  // An answer still on its way may have been counted, and its field handed out again.
  take(data.tasks.filter((task) => !answered.has(`${task.id}/${task.token}`)));
  if (!tasks.length) showEmpty(data);
  else if (current() !== shown) show();
  showLeft();
}

// ---- showing

function showLeft() {
  const all = Math.max(total, left);
  by("left").textContent = fill(texts.left_of, { left, total: all });
  by("bar-done").setAttribute("width", all ? String((100 * (all - left)) / all) : "100");
}

function showEmpty(data) {
  by("loading").hidden = true;
  by("work").hidden = true;
  by("empty").hidden = false;
  by("go-on").hidden = !data.elsewhere;
  if (kind) {
    const done = data.elsewhere && !data.left;
    const words = { kind: texts[`kind_${kind}`] ?? kind, count: data.elsewhere };
    by("empty-title").textContent = done ? fill(texts.queue_kind_done, words) : texts.queue_empty;
  }
  by("empty-others").textContent =
    data.message || (data.others ? fill(texts.queue_others, { count: data.others }) : "");
  by(data.elsewhere ? "go-on" : "ask-again").focus();
}

// Keeps what was typed for the field in hand, before another one takes its place.
function park() {
  if (current() && changed) keepDraft(current(), box.value);
}

function keepDraft(task, raw) {
  drafts.set(task.id, { raw, blind: task.blind });
}

// What was typed for the field, once. What was typed in sight of the machine's reading is nothing to re-key from.
function draftOf(task) {
  const draft = drafts.get(task.id);
  drafts.delete(task.id);
  return draft && (draft.blind || !task.blind) ? draft.raw : undefined;
}

function show() {
  const task = current();
  shown = task;
  const draft = draftOf(task);
  by("loading").hidden = true;
  by("empty").hidden = true;
  by("work").hidden = false;
  by("label").textContent = task.label;
  by("group").textContent = task.group;
  by("place").textContent = [task.place, task.book].filter(Boolean).join(" · ");
  by("record-link").href = `/records/${task.record}`;
  hint("");
  showReading(task);
  showOthers(task);
  showAside(task);
  showCrop(task);
  box.value = draft ?? (task.startEmpty ? "" : task.raw);
  changed = draft !== undefined;
  if (task.startEmpty && !changed && task.raw) hint(texts.starts_empty, "soft");
  else if (task.crop && !task.crop.frame) hint(texts.no_place, "soft");
  fit();
  showValue();
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

function showReading(task) {
  by("reading").hidden = neutral(task);
  by("note").hidden = !neutral(task);
  by("note").textContent = task.blind ? texts.blind_note : texts.disputed_note;
  showSegments(by("segments"), task, texts);
  const state = by("machine-state");
  state.hidden = task.state === "read";
  state.textContent = texts[`state_${task.state}`];
}

function showOthers(task) {
  chosen = task.choices.indexOf(task.startEmpty ? "" : task.raw);
  by("choices-row").hidden = !hasChoices(task);
  by("choices-title").textContent = task.isOption ? texts.options : texts.choices;
  showChoices(by("choices"), task, choose);
}

function showAside(task) {
  by("rules").hidden = neutral(task);
  by("neighbours").hidden = task.blind;
  const list = by("warnings");
  list.replaceChildren(...task.warnings.map((warning) => warningItem(warning, texts)));
  if (!task.warnings.length) {
    const item = document.createElement("li");
    item.className = "none";
    item.textContent = texts.rules_none;
    list.append(item);
  }
  for (const side of ["before", "after"]) {
    by(side).textContent = besideText(task[side], texts);
    by(side).classList.toggle("muted", !task[side]);
  }
}

async function showCrop(task) {
  const image = by("crop-image");
  const frame = by("crop-frame");
  by("crop-none").hidden = Boolean(task.crop);
  image.hidden = frame.hidden = true;
  if (!task.crop) { ready(task); return; }
  fetchCrop(task);
  const url = await crops.get(task.id);
  if (current() !== task) return;
  by("crop-none").hidden = Boolean(url);
  if (!url) { ready(task); return; }
  image.src = url;
  sizeCrop(task);
  image.hidden = false;
  image.alt = task.label;
  placeFrame(frame, task.crop.frame);
  await image.decode().catch(() => {});
  ready(task);
}

// Tells from outside (benchmarks, tests) which field is on the screen in full.
function ready(task) {
  if (current() === task) document.body.dataset.ready = String(task.id);
}

// As large as the place allows: the field's own height decides, up to four times the scan's size.
function sizeCrop(task) {
  const place = by("crop");
  const { width, height } = task.crop;
  const scale = Math.min((place.clientWidth - 2) / width, (place.clientHeight - 2) / height, 4);
  by("crop-image").style.width = `${Math.round(width * scale)}px`;
  by("crop-image").style.height = `${Math.round(height * scale)}px`;
}

function notice(text, why = "") {
  by("notice").hidden = !text;
  by("notice").textContent = text;
  by("notice").dataset.why = why;
}

function hint(text, tone = "") {
  by("hint").textContent = text;
  by("hint").dataset.tone = tone;
}

const fit = () => fitBox(box, LINES_AT_MOST);

// ---- the value a text would be stored with

let previewTimer = 0;

function showValue() {
  clearTimeout(previewTimer);
  const task = current();
  const raw = box.value.trim();
  const place = by("value");
  by("confirm-label").textContent = deedOf(task, raw, changed, texts);
  if (!raw) { place.textContent = ""; return; }
  if (raw === task.raw.trim() && task.state === "read") { say(task.value, raw); return; }
  place.textContent = "";
  previewTimer = setTimeout(async () => {
    try {
      const { status, data } = await post(`${api}/preview`, { task: task.id, field: task.field, raw });
      if (status === 200 && current() === task && box.value.trim() === raw) say(data.value, raw);
    } catch { /* a preview may be missing; saving says what is wrong */ }
  }, 200);

  function say(value, text) {
    place.textContent = valueText(value, text, texts, fill);
  }
}

// ---- deciding

const answered = new Set();

async function answer(state) {
  const task = current();
  if (!task) return;
  const raw = box.value.trim();
  const meant = answerOf(task, state, raw, changed);
  if (!meant) { hint(texts.empty_box); box.focus(); return; }
  // In an inspection a ditto mark counts for what it stands for.
  if (meant.state === "ditto" && !skips && !raw) { hint(texts.inspection_ditto); box.focus(); return; }
  const given = { task: task.id, token: task.token, field: task.field, ...meant };
  // Only one answer is on its way at a time; usually it is back long before the next.
  const before = saving;
  let settle;
  saving = new Promise((resolve) => { settle = resolve; });
  unsaved += 1;
  next();
  await before;
  by("saved").textContent = texts.saving;
  try {
    const { status, data } = await inTurn(() => asking(() => post(`${api}/decide`, given)));
    if (status === 409) lost(task, raw, data);
    else if (status !== 200) putBack(task, raw, data.message ?? texts.error_title);
    else {
      by("saved").textContent = `✓ ${texts.saved}`;
      if (task.blind || task.decision === "review") left = Math.max(0, left - 1);
      showLeft();
      lookAgain(task.record);
    }
    if (status === 200 && single) {
      unsaved = 0;
      window.location.assign(`/records/${task.record}`);
      return;
    }
  } catch (error) {
    if (!(error instanceof SessionGone)) throw error;
    putBack(task, raw, texts.session_gone);
    return;
  } finally {
    unsaved = Math.max(0, unsaved - 1);
    settle(true);
  }
  topUp();
}

// What the rules say of a record changes with the answers: fields of it that were fetched before are told anew.
let lookTimer = 0;

function lookAgain(record) {
  const held = () => tasks.filter((task) => task.record === record && !neutral(task));
  if (!skips || !held().length) return;
  clearTimeout(lookTimer);
  lookTimer = setTimeout(async () => {
    const fresh = await get(`${api}/records/${record}`).catch(() => null);
    if (!fresh) return;
    const said = new Map(fresh.sections.flatMap(({ rows }) => rows).map((row) => [row.field, row.warnings]));
    for (const task of held()) {
      task.warnings = said.get(task.field) ?? [];
      if (task === current()) showAside(task);
    }
  }, 250);
}

function next() {
  const task = tasks.shift();
  answered.add(`${task.id}/${task.token}`);
  clearTimeout(previewTimer);
  dropCrop(task);
  notice("");
  if (tasks.length) show();
  else {
    by("work").hidden = true;
    by("loading").hidden = false;
  }
}

function lost(task, raw, data) {
  by("saved").textContent = "";
  if (data.task) putBack(data.task, raw, data.message, task.blind);
  else notice(data.message, "lease");
}

// Shows a field again with the answer that was not taken, unless it has to be typed blind now and was not before.
function putBack(task, raw, why, blind = task.blind) {
  park();
  tasks = [task, ...tasks.filter((known) => known.id !== task.id)];
  drafts.set(task.id, { raw, blind });
  fetchCrop(task);
  show();
  by("saved").textContent = "";
  notice(why, "lease");
}

async function skip() {
  const task = current();
  if (!task || single || !skips) return;
  const lease = { task: task.id, token: task.token };
  next();
  by("saved").textContent = texts.skipped;
  await saving;
  await asking(() => post(`${api}/skip`, lease));
  topUp();
}

async function back() {
  await saving;
  const known = tasks.map(({ id, token }) => ({ task: id, token }));
  const { data } = await inTurn(() => asking(() => post(`${api}/undo`, { known })));
  if (!data.task) { by("saved").textContent = texts.nothing_to_undo; return; }
  park();
  tasks = [data.task, ...tasks.filter((known) => known.id !== data.task.id)];
  drafts.delete(data.task.id);
  fetchCrop(data.task);
  left += 1;
  notice("");
  by("saved").textContent = texts.taken_back;
  show();
  showLeft();
}

// ---- keys

function choose(index) {
  const task = current();
  if (!task || index < 0 || index >= task.choices.length) return;
  chosen = index;
  box.value = task.choices[index];
  changed = true;
  hint("");
  fit();
  showValue();
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

function openPage() {
  const task = current();
  if (task?.page) viewer.open(task.page.url, task.page.frame, [task.label, task.group].filter(Boolean).join(" · "));
  else hint(texts.no_picture);
}

function openHelp() { by("help").showModal(); }

// ---- the kind of field: with the mouse at once, by keyboard on Enter or when the list is left

const picker = by("kind");
let picking = false;

// What is held is given back first: a word that comes after the next page has asked would take it from that page.
function pick() {
  if (picker.value === (kind ?? "")) return;
  const held = tasks.map(({ id, token }) => ({ task: id, token }));
  post(`${api}/release`, held).catch(() => {}).finally(() => picker.form.submit());
}

picker?.addEventListener("pointerdown", () => { picking = false; });
picker?.addEventListener("change", () => { if (!picking) pick(); });
picker?.addEventListener("blur", () => { if (document.hasFocus()) pick(); });
// All keys but that for help are the list's: none of them answers the field or reaches its box.
picker?.addEventListener("keydown", (event) => {
  if (event.key !== "F1") event.stopPropagation();
  picking = event.key !== "Enter";
  if (event.key === "Escape") picker.value = kind ?? "";
  else if (event.key !== "Enter") return;
  event.preventDefault();
  if (event.key === "Enter" && picker.value !== (kind ?? "")) pick();
  else if (current()) box.focus();
});

const deeds = {
  F1: openHelp,
  F2: () => answer("blank"),
  F3: () => answer("illegible"),
  F4: () => answer("ditto"),
  F6: () => answer("not_on_form"),
  F7: skip,
  F8: back,
  F9: openPage,
  F10: typing.next,
};

document.addEventListener("keydown", (event) => {
  // While an input method composes a letter, Enter and the arrows belong to it.
  if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
  const inBox = document.activeElement === box;
  const inControl = document.activeElement?.matches("button, a, select, input");
  if (deeds[event.key] && plain) {
    event.preventDefault();
    if (!event.repeat && (current() || event.key === "F8")) deeds[event.key]();
  } else if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
    event.preventDefault();
    choose(Number(event.code.slice(5)) - 1);
  } else if (picker && event.altKey && event.code === "KeyL" && !event.ctrlKey) {
    event.preventDefault();
    picker.focus();
  } else if (!current()) {
    return;
  } else if (inBox && event.key === "Enter" && !event.shiftKey && plain) {
    event.preventDefault();
    if (!event.repeat) answer("read");
  } else if (inBox && (event.key === "ArrowDown" || event.key === "ArrowUp") && plain && !box.value.includes("\n")) {
    const count = current().choices.length;
    if (!count) return;
    event.preventDefault();
    choose((chosen + (event.key === "ArrowDown" ? 1 : -1) + (chosen < 0 && event.key === "ArrowUp" ? 1 : 0) + count) % count);
  } else if (event.key === "Escape" && inBox) {
    box.blur();
  } else if (!inBox && !inControl && plain) {
    if (/^[1-9]$/.test(event.key)) { event.preventDefault(); choose(Number(event.key) - 1); }
    else if (event.key === "Enter" || event.key.length === 1) box.focus();
    if (event.key === "Enter") event.preventDefault();
  }
});

box.addEventListener("input", () => { changed = true; hint(""); fit(); showValue(); });
by("act-confirm").addEventListener("click", () => answer("read"));
for (const state of ["blank", "illegible", "ditto", "not_on_form"]) {
  by(`act-${state}`).addEventListener("click", () => answer(state));
}
by("act-skip").addEventListener("click", skip);
by("act-back").addEventListener("click", back);
by("act-page").addEventListener("click", openPage);
by("act-help").addEventListener("click", openHelp);
by("act-typing").addEventListener("click", () => { typing.next(); box.focus(); });
by("empty-back").addEventListener("click", back);
by("help-close").addEventListener("click", () => by("help").close());
by("ask-again").addEventListener("click", () => { by("loading").hidden = false; by("empty").hidden = true; fetchMore(); });
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("close", () => box.focus());
// A picture that did not come, as after the session had ended, is asked for again when the person is back at the page.
window.addEventListener("focus", () => {
  const task = current();
  if (task?.crop && !by("crop-none").hidden) { crops.delete(task.id); showCrop(task); }
});
window.addEventListener("resize", () => { if (current()?.crop) sizeCrop(current()); });

// ---- leases

setInterval(async () => {
  if (!tasks.length) return;
  try {
    const { data } = await post(`${api}/renew`, tasks.map(({ id, token }) => ({ task: id, token })));
    // The field in hand stays: its answer will be refused with a message, and kept. Those behind it go quietly.
    tasks = tasks.filter((task, at) => at === 0 || !data.lost.includes(task.id));
  } catch { /* the next answer says what is wrong */ }
}, Math.max(1000, (leaseSeconds * 1000) / 3));

window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

window.addEventListener("pagehide", () => {
  if (tasks.length) {
    post(`${api}/release`, tasks.map(({ id, token }) => ({ task: id, token })), { keepalive: true }).catch(() => {});
  }
});

fetchMore();
