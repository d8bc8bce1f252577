// Takes files that are chosen or dropped, sends them one after the other, and shows how far that is.
import { fill, post, setup } from "./server.js";
import { Refused, Removed, Sender } from "./sending.js";

const { texts, head, most, language, reasons } = setup();
const at = (id) => document.getElementById(id);
const say = (key, words = {}) => fill(texts[`scan_js_${key}`], words);
const order = new Intl.Collator(language, { numeric: true });
const items = [];
let working = false;
let trouble = "";
let paused = null; // resolves when it goes on
let release = () => {};
let began = { time: 0, bytes: 0 };

function size(bytes) {
  const [unit, share] = bytes >= 1e9 ? ["GB", 1e9] : ["MB", 1e6];
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(bytes / share)} ${unit}`;
}

// Rows

function makeRow(item) {
  const row = document.createElement("li");
  const name = document.createElement("span");
  name.className = "file-name";
  name.textContent = item.name;
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", say("bar", { name: item.name }));
  const status = document.createElement("span");
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "quiet";
  remove.textContent = say("remove");
  remove.setAttribute("aria-label", say("remove_named", { name: item.name }));
  remove.addEventListener("click", () => removeItem(item));
  row.append(name, bar, status, remove);
  Object.assign(item, { row, bar, status, remove });
  at("list").append(row);
  show(item, "waits");
}

function show(item, state, words = {}) {
  item.state = state;
  const sent = item.file.size ? item.sent / item.file.size : 0;
  item.bar.value = Math.floor(100 * sent);
  item.bar.hidden = ["refused", "skipped"].includes(state);
  item.remove.hidden = !["waits", "checking", "sending", "goes_on"].includes(state);
  item.row.dataset.state = state;
  item.status.className = `said-of ${{ refused: "refused", done: "good", done_pages: "good", was_there: "good" }[state] ?? ""}`;
  item.status.textContent = state === "refused" ? `${say("refused")}: ${words.why}` : say(state, words);
  if (state === "sending" || state === "goes_on") item.status.textContent += ` · ${Math.floor(100 * sent)} %`;
  if (words.mend) {
    const mend = document.createElement("span");
    mend.className = "mend";
    mend.textContent = words.mend;
    item.status.append(mend);
  }
}

const over = (item) => ["done", "done_pages", "was_there", "skipped", "refused", "removed"].includes(item.state);
const counted = () => items.filter((item) => !["refused", "removed", "skipped"].includes(item.state));

function showAll() {
  const wanted = counted();
  const total = wanted.reduce((sum, item) => sum + item.file.size, 0);
  const sent = wanted.reduce((sum, item) => sum + item.sent, 0);
  at("all").value = total ? Math.floor((100 * sent) / total) : 100;
  const words = { done: wanted.filter(over).length, total: wanted.length, sent: size(sent), size: size(total) };
  const seconds = (performance.now() - began.time) / 1000;
  const pace = (sent - began.bytes) / seconds;
  const left = seconds > 5 && pace > 0 && sent < total ? (total - sent) / pace : 0;
  const ahead = !left ? "" : left < 60 ? say("left_soon") : say("left", { minutes: Math.round(left / 60) });
  at("all-said").textContent = [say("all", words), ahead].filter(Boolean).join(" · ");
}

// What a screen reader is told: beginnings, ends and what is waited for; not each percent.
function tell(words) {
  at("said").textContent = words;
}

function told(why) {
  if (why === trouble) return;
  trouble = why;
  if (why) tell(say(why.replace("-", "_")));
  else if (!paused) tell("");
}

// Pausing, removing

function pause() {
  if (paused) {
    paused = null;
    release();
    tell("");
  } else {
    paused = new Promise((resolve) => {
      release = resolve;
    });
    tell(say("paused"));
  }
  at("pause").textContent = say(paused ? "continue" : "pause");
}

async function removeItem(item) {
  const next = item.row.nextElementSibling?.querySelector("button:not([hidden])") ?? at("files");
  item.removed = true;
  if (item.state === "waits") {
    item.state = "removed";
    item.row.remove();
    showAll();
  }
  next.focus();
}

async function drop(item) {
  item.state = "removed";
  item.row.remove();
  if (item.upload) await post(`/api/scans/files/${item.upload}/drop`, {}).catch(() => {});
}

// Working

async function sendItem(item) {
  show(item, "checking");
  const { file, name } = item;
  const sender = new Sender({
    reasons,
    head,
    trouble: told,
    hold: async () => {
      while (paused && !item.removed) await Promise.race([paused, new Promise((resolve) => setTimeout(resolve, 500))]);
      if (item.removed) throw new Removed();
    },
    at: (sent) => {
      item.sent = sent;
      show(item, item.resumed ? "goes_on" : "sending");
      showAll();
    },
  });
  try {
    if (!file.size) throw new Refused(reasons.empty);
    if (file.size > (name.toLowerCase().endsWith(".zip") ? most.zip : most.file)) throw new Refused(reasons.limit);
    const done = await sender.send(file, name, (upload) => {
      item.upload = upload.id;
      item.resumed ||= upload.offset > 0;
      document.querySelector(`[data-upload="${upload.id}"]`)?.remove();
    });
    item.sent = file.size;
    show(item, !done.sent ? "was_there" : done.pages ? "done_pages" : "done", { pages: done.pages });
    if (done.sent) at("unread").textContent = Number(at("unread").textContent) + 1;
    at("read").hidden = at("unread").textContent === "0";
  } catch (error) {
    if (error instanceof Removed) await drop(item);
    else if (error instanceof Refused && error.error === "sidecar") show(item, "skipped");
    else show(item, "refused", error instanceof Refused ? error : reasons.unreadable);
  }
  showAll();
}

async function work() {
  if (working) return;
  working = true;
  at("pause").hidden = false;
  began = { time: performance.now(), bytes: counted().reduce((sum, item) => sum + item.sent, 0) };
  for (let item; (item = items.find((each) => each.state === "waits")); ) await sendItem(item);
  working = false;
  at("pause").hidden = true;
  const done = items.filter((item) => ["done", "done_pages", "was_there"].includes(item.state)).length;
  const refused = items.filter((item) => item.state === "refused").length;
  tell(refused ? say("over_but", { done, refused }) : say("over", { done }));
}

// Files come as [file, name] pairs.
function add(found) {
  const known = new Set(items.filter((item) => item.state !== "refused").map(({ file, name }) => `${name}\n${file.size}\n${file.lastModified}`));
  const fresh = found.filter(([file, name]) => !known.has(`${name}\n${file.size}\n${file.lastModified}`));
  if (!fresh.length) {
    if (!working) tell(say("none"));
    return;
  }
  at("sending").hidden = false;
  fresh.sort(([, one], [, other]) => order.compare(one, other));
  for (const [file, name] of fresh) {
    const item = { file, name, sent: 0, removed: false };
    items.push(item);
    makeRow(item);
  }
  tell(say("begun", { count: fresh.length }));
  showAll();
  work();
}

// Choosing, dropping

for (const id of ["files", "folder"]) {
  at(id).addEventListener("change", (event) => {
    add([...event.target.files].map((file) => [file, file.webkitRelativePath || file.name]));
    event.target.value = ""; // the same file may be chosen again
  });
}

async function inside(entry) {
  if (entry.isFile) {
    return [[await new Promise((resolve, reject) => entry.file(resolve, reject)), entry.fullPath.replace(/^\//, "")]];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at most
    if (!some.length) return found;
    for (const each of some) found.push(...(await inside(each)));
  }
}

const place = at("drop");
place.addEventListener("dragover", (event) => {
  event.preventDefault();
  place.classList.add("over");
});
place.addEventListener("dragleave", () => place.classList.remove("over"));
place.addEventListener("drop", async (event) => {
  event.preventDefault();
  place.classList.remove("over");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const found = [];
  for (const entry of entries) found.push(...(await inside(entry).catch(() => [])));
  add(found);
});

at("pause").addEventListener("click", pause);
window.addEventListener("beforeunload", (event) => {
  if (working) event.preventDefault();
});
document.body.dataset.ready = "";
