// Two readings of one field, unsigned: which of them does the book hold? Keys 1 to 4 answer.
import { SessionGone, fill, picture, post, setup } from "./server.js";
import { makeViewer, placeFrame } from "./viewer.js";

const { api, leaseSeconds, texts } = setup();
const by = (id) => document.getElementById(id);
const viewer = makeViewer(by("viewer"));
const KEYS = { 1: "first_right", 2: "second_right", 3: "both_right", 4: "neither_right" };

let task = null;
let busy = false;

function notice(text) {
  by("notice").hidden = !text;
  by("notice").textContent = text;
}

// Tries again until the server answers; says so meanwhile.
async function asking(path, body) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      const answer = await post(`${api}/${path}`, body);
      notice("");
      return answer;
    } catch (error) {
      if (error instanceof SessionGone) { notice(texts.session_gone); throw error; }
      notice(texts.not_saved);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

async function next() {
  const { data } = await asking("claim", {});
  by("left").textContent = data.left ? fill(texts.judge_left, { count: data.left }) : "";
  if (data.tasks.length) show(data.tasks[0]);
  else {
    task = null;
    by("work").hidden = by("loading").hidden = true;
    by("empty").hidden = false;
    by("empty-others").textContent = data.message;
    by("empty-home").focus();
  }
}

async function show(found) {
  task = found;
  by("loading").hidden = by("empty").hidden = true;
  by("work").hidden = false;
  by("label").textContent = task.label;
  by("group").textContent = task.group;
  by("place").textContent = task.place;
  for (const which of ["first", "second"]) {
    const place = by(which);
    place.textContent = task[which].raw || (task[which].state ? "" : texts.judge_empty);
    if (task[which].value) {
      const value = document.createElement("span");
      value.className = "as";
      value.textContent = `→ ${task[which].value}`;
      place.append(" ", value);
    }
    if (task[which].state) {
      const state = document.createElement("span");
      state.className = "state-tag";
      state.textContent = task[which].state;
      place.append(" ", state);
    }
  }
  by("crop-none").hidden = Boolean(task.crop);
  by("crop-image").hidden = by("crop-frame").hidden = true;
  if (task.crop) {
    const url = await picture(task.crop.url).catch(() => null);
    if (task !== found) return;
    by("crop-none").hidden = Boolean(url);
    if (url) {
      const image = by("crop-image");
      const room = by("crop");
      const scale = Math.min((room.clientWidth - 2) / task.crop.width, (room.clientHeight - 2) / task.crop.height, 4);
      image.src = url;
      image.alt = task.label;
      image.style.width = `${Math.round(task.crop.width * scale)}px`;
      image.style.height = `${Math.round(task.crop.height * scale)}px`;
      image.hidden = false;
      placeFrame(by("crop-frame"), task.crop.frame);
    }
  }
  document.body.dataset.ready = String(found.id);
}

async function one(work) {
  if (busy) return;
  busy = true;
  try { await work(); } finally { busy = false; }
}

const judge = (judgement) => one(async () => {
  if (!task) return;
  by("saved").textContent = texts.saving;
  const { status, data } = await asking("decide", { task: task.id, token: task.token, judgement });
  by("saved").textContent = status === 200 ? `✓ ${texts.saved}` : "";
  await next();
  if (status !== 200) notice(data.message ?? texts.error_title);
});

const back = () => one(async () => {
  if (task) await asking("release", [{ task: task.id, token: task.token }]);
  const { data } = await asking("undo", { known: [] });
  by("saved").textContent = data.task ? texts.taken_back : texts.nothing_to_undo;
  if (data.task) await show(data.task);
  else await next();
});

for (const button of document.querySelectorAll("[data-say]")) {
  button.addEventListener("click", () => judge(button.dataset.say));
}

const openPage = () => { if (task?.page) viewer.open(task.page.url, task.page.frame); };

by("act-back").addEventListener("click", back);
by("empty-back").addEventListener("click", back);
by("act-page").addEventListener("click", openPage);

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (KEYS[event.key]) judge(KEYS[event.key]);
  else if (event.key === "F8") back();
  else if (event.key === "F9") openPage();
  else return;
  event.preventDefault();
});

setInterval(() => {
  if (task) post(`${api}/renew`, [{ task: task.id, token: task.token }]).catch(() => {});
}, Math.max(1000, (leaseSeconds * 1000) / 3));

window.addEventListener("pagehide", () => {
  if (task) post(`${api}/release`, [{ task: task.id, token: task.token }], { keepalive: true }).catch(() => {});
});

next();
