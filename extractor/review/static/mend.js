// The page tool: says how a page is to be read, shows how the form would lie, and has the page read anew.
import { SessionGone, fill, get, picture, post, setup } from "./server.js";
import { makeSheet } from "./mend_sheet.js";

const { page, width, height, may, texts, ...start } = setup();
const by = (id) => document.getElementById(id);
const notice = by("notice");
const TOOLS = ["corners", "anchors", "gutter", "rows"];
let said = start.said;
let newest = start.newest;
let seen = { turn: 0, corners: null, gutter: null, pages: [], fields: [], marks: [], rows: [] };
let tool = "look";
let asked = 0;
let waiting = null;

const sheet = makeSheet({
  width, height,
  moved(points) { keep(points); draw(false); try_(); },
  deed(key, index) { if (tool === "rows") (key === "Enter" ? split : join)(index); },
});

const turn = () => said.turn ?? seen.turn ?? 0;

function tell(text) { notice.textContent = text; notice.hidden = !text; }

// What the person said with the tool in hand, or what the machine found, as points to drag.
function points() {
  if (tool === "corners") return said.corners ?? seen.corners ?? sheet.inset(0);
  if (tool === "gutter") return said.gutter ?? seen.gutter ?? sheet.middle();
  if (tool === "rows") return said.rows?.length ? said.rows : said.pages === 2 ? [] : seen.rows;
  if (tool !== "anchors" || !seen.marks.length) return [];
  if (said.anchors) return said.anchors.map((each) => each.source);
  const free = sheet.inset(0.12);
  return seen.marks.slice(0, 4).map((mark, n) => mark.source ?? free[n]);
}

function homes() {
  return said.anchors ? said.anchors.map((each) => each.home) : seen.marks.slice(0, 4).map((mark) => mark.home);
}

function keep(given) {
  if (tool === "anchors") {
    const own = homes();
    said = { ...said, form: form(), anchors: given.map((source, n) => ({ source, home: own[n] })) };
    delete said.rows;
    // One form lies over one page.
    if (said.pages === 2) { delete said.pages; delete said.gutter; by("pages").value = ""; }
  } else if (tool === "rows") said = { ...said, form: form(), rows: given };
  else if (tool === "gutter") {
    said = { ...said, pages: 2, gutter: given };
    by("pages").value = "2";
    for (const gone of ["anchors", "rows"]) delete said[gone];
  }
  else said = { ...said, [tool]: given };
  if (said.form) by("form").value = said.form;
  delete said.is;
}

const form = () => by("form").value || seen.pages[0]?.form || "";

const same = (one, other) => Math.abs(one[0] - other[0]) + Math.abs(one[1] - other[1]) < 0.01;

function names() {
  if (tool === "corners") return [0, 1, 2, 3].map((n) => texts[`mend_corner_${n}`]);
  if (tool === "gutter") return [0, 1].map((n) => texts[`mend_gutter_${n}`]);
  if (tool === "rows") return points().map((_, n) => fill(texts.mend_row, { number: n + 1 }));
  return homes().map((home, n) => {
    const label = seen.marks.find((mark) => same(mark.home, home))?.label;
    return label ? fill(texts.mend_anchor, { number: n + 1, label }) : texts[`mend_frame_${n}`];
  });
}

// Draws everything anew; handles keep the focus where they stay.
function draw(afresh = true) {
  sheet.turn(turn());
  sheet.frames(seen.fields, seen.pages.every((each) => each.ok));
  if (afresh) sheet.handles(tool, points(), names());
  for (const each of TOOLS) {
    const mark = document.querySelector(`[data-said="${each}"]`);
    if (mark) mark.textContent = said[each]?.length ? "✓" : "";
  }
  for (const button of document.querySelectorAll("[data-is]")) {
    button.setAttribute("aria-pressed", String(said.is === button.dataset.is));
  }
  if (!may) return;
  by("clear-line").hidden = !said[tool]?.length;
  by("row-tools").hidden = tool !== "rows" || !points().length;
  const table = seen.marks.length > 0 && !seen.marks[0].label;
  by("anchor-labels").hidden = tool !== "anchors" || !seen.marks.length || table;
  let help = texts[`mend_help_${tool}`];
  if (tool === "anchors" && !seen.marks.length) help = texts.mend_choose_form;
  if (tool === "rows" && !points().length) help = texts.mend_no_rows;
  by("tool-help").textContent = help;
}

function chooseLabels() {
  const own = homes();
  for (const select of document.querySelectorAll("[data-anchor]")) {
    const number = Number(select.dataset.anchor);
    select.replaceChildren(...seen.marks.map((mark, n) => new Option(mark.label, n)));
    select.value = String(seen.marks.findIndex((mark) => own[number] && same(mark.home, own[number])));
  }
}

function outcome() {
  const first = seen.pages[0];
  const line = by("fit");
  if (!first || said.is) { line.textContent = ""; return; }
  const bad = seen.pages.find((each) => !each.ok);
  line.className = bad ? "bad" : "good";
  if (bad) line.textContent = fill(texts.mend_fits_not, { reason: bad.reason });
  else {
    const records = seen.pages.reduce((sum, each) => sum + each.records, 0);
    const how = first.by_hand ? texts.mend_by_hand : texts.mend_fits;
    const coverage = Math.round(100 * first.coverage);
    line.textContent = fill(how, { title: first.title, coverage, residual: first.residual, records });
  }
}

async function preview() {
  const number = ++asked;
  by("fit").className = "";
  by("fit").textContent = texts.mend_trying;
  document.body.dataset.trying = "yes";
  try {
    const { status, data } = await post(`/api/pages/${page}/preview`, { said });
    if (number !== asked) return;
    // Others are trying pages as well: ask again in a moment.
    if (status === 429) { clearTimeout(waiting); waiting = setTimeout(preview, 1000); return; }
    if (status === 200) { seen = data; tell(""); draw(tool === "look" || !sheet.held()); chooseLabels(); outcome(); }
    else { by("fit").textContent = ""; tell(data.message ?? (status === 422 ? texts.mend_crossed : texts.mend_try_failed)); }
  } catch (error) {
    if (number === asked) tell(error instanceof SessionGone ? texts.session_gone : texts.mend_try_failed);
  }
  if (number === asked) delete document.body.dataset.trying;
}

function try_() {
  document.body.dataset.trying = "yes";
  clearTimeout(waiting);
  waiting = setTimeout(preview, 350);
}

function turnBy(quarters) {
  const old = said.corners;
  said = { ...said, turn: (turn() + quarters) % 4 };
  // The corner that is top left is another one now.
  if (old) said.corners = old.map((_, n) => old[(n - quarters + 4) % 4]);
  delete said.rows;
  delete said.gutter;
  delete said.is;
  draw();
  try_();
}

function split(index) {
  const lines = [...points()];
  if (index < 0 || index >= lines.length - 1) return;
  const middle = lines[index].map((end, n) => end.map((value, axis) => (value + lines[index + 1][n][axis]) / 2));
  lines.splice(index + 1, 0, middle);
  keep(lines);
  draw();
  sheet.focus(index + 1);
  try_();
}

function join(index) {
  const lines = [...points()];
  if (index <= 0 || index >= lines.length - 1) return;
  lines.splice(index, 1);
  keep(lines);
  draw();
  sheet.focus(Math.min(index, lines.length - 1));
  try_();
}

async function save(next) {
  said = next;
  draw();
  try {
    const { status, data } = await post(`/api/pages/${page}/instruction`, { said, newest, reread: true });
    if (data.newest) newest = data.newest;
    if (status !== 200) { tell(data.message ?? (status === 422 ? texts.mend_crossed : texts.mend_not_saved)); return; }
    tell("");
    const line = document.createElement("li");
    line.textContent = data.history;
    by("history").prepend(line);
    by("nothing-said").hidden = true;
    follow(data.job);
    try_();
  } catch (error) {
    tell(error instanceof SessionGone ? texts.session_gone : texts.mend_not_saved);
  }
}

async function follow(job) {
  by("progress").textContent = texts.mend_waiting;
  by("progress").dataset.job = "open";
  for (;;) {
    const found = await get(`/api/pages/${page}/state?job=${job}`).catch(() => null);
    if (found) {
      by("stands").textContent = found.said;
      by("to-record").hidden = !found.link;
      if (found.link) by("to-record").href = found.link;
      if (found.failed) by("progress").textContent = fill(texts.mend_failed, { message: found.message });
      else if (found.job === "cancelled") by("progress").textContent = texts.mend_cancelled;
      else if (found.over || !found.job) by("progress").textContent = fill(texts.mend_done, { said: found.said });
      else if (found.job === "running") by("progress").textContent = texts.mend_reading;
      if (found.over || !found.job) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  by("progress").dataset.job = "over";
}

by("zoom-in").addEventListener("click", () => sheet.zoom(1.25));
by("zoom-out").addEventListener("click", () => sheet.zoom(1 / 1.25));

if (may) {
  by("form").value = said.form ?? "";
  by("pages").value = said.pages ? String(said.pages) : "";
  by("form").addEventListener("change", () => {
    const chosen = by("form").value;
    said = { ...said };
    for (const gone of ["form", "anchors", "rows", "is"]) delete said[gone];
    if (chosen) said.form = chosen;
    draw();
    try_();
  });
  by("pages").addEventListener("change", () => {
    said = { ...said };
    for (const gone of ["pages", "gutter", "is"]) delete said[gone];
    if (by("pages").value) said.pages = Number(by("pages").value);
    if (said.pages === 2) for (const gone of ["anchors", "rows"]) delete said[gone];
    draw();
    try_();
  });
  by("turn-left").addEventListener("click", () => turnBy(3));
  by("turn-right").addEventListener("click", () => turnBy(1));
  by("turn-half").addEventListener("click", () => turnBy(2));
  for (const choice of document.querySelectorAll("[name=tool]")) {
    choice.addEventListener("change", () => { tool = choice.value; draw(); chooseLabels(); });
    // From the choice of a tool, Tab leads to its first handle.
    choice.addEventListener("keydown", (event) => {
      if (event.key !== "Tab" || event.shiftKey || tool === "look" || !document.querySelector("#handles .handle")) return;
      event.preventDefault();
      sheet.focus(0);
    });
  }
  for (const select of document.querySelectorAll("[data-anchor]")) {
    select.addEventListener("change", () => {
      const number = Number(select.dataset.anchor);
      const mark = seen.marks[Number(select.value)];
      const own = homes();
      const places = points();
      own[number] = mark.home;
      if (mark.source) places[number] = mark.source;
      said = { ...said, form: form(), anchors: places.map((source, n) => ({ source, home: own[n] })) };
      draw();
      try_();
    });
  }
  by("clear").addEventListener("click", () => { said = { ...said }; delete said[tool]; draw(); try_(); });
  by("row-split").addEventListener("click", () => split(sheet.last()));
  by("row-join").addEventListener("click", () => join(sheet.last()));
  by("save").addEventListener("click", () => save(said));
  by("undo").addEventListener("click", () => {
    by("form").value = by("pages").value = "";
    save({});
  });
  for (const button of document.querySelectorAll("[data-is]")) {
    button.addEventListener("click", () => {
      save({ is: button.dataset.is, ...(said.turn === undefined ? {} : { turn: said.turn }) });
    });
  }
}

picture(`/page/${page}/source`).then((address) => {
  by("picture-loading").hidden = true;
  sheet.show(address);
  draw();
  if (may) preview();
  document.body.dataset.ready = "yes";
}).catch(() => {
  by("picture-loading").hidden = true;
  by("no-source").hidden = false;
  by("scroll").hidden = true;
  document.body.dataset.ready = "yes";
});
if (start.job) follow(start.job);
