// Shows how far runs are, without loading the page again; a run that ends or begins changes the page's content.
import { get } from "./server.js";

const PAUSE = 2000;
const rows = () => [...document.querySelectorAll("[data-run]")];
const isOver = (state) => !["queued", "running"].includes(state);
const spoken = new Map(); // of each run, what was last told to screen readers

// Only each tenth of the pages is spoken.
function speak(run) {
  const tenth = run.total ? Math.floor((10 * run.done) / run.total) : 0;
  const now = `${run.state} ${tenth}`;
  if (spoken.has(run.id) && spoken.get(run.id) !== now) {
    document.getElementById("said").textContent = [run.said, run.remaining].filter(Boolean).join(", ");
  }
  spoken.set(run.id, now);
}

function show(row, run) {
  row.querySelector("[data-said]").textContent = run.said;
  const bar = row.querySelector("progress");
  if (bar && run.total) {
    bar.max = run.total;
    bar.value = run.done;
  }
  const remaining = row.querySelector("[data-remaining]");
  if (remaining) remaining.textContent = run.remaining;
}

async function renew() {
  const response = await fetch(location.href);
  if (!response.ok || response.redirected) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("live");
  if (!fresh) return;
  const focused = document.activeElement?.id;
  document.getElementById("live").replaceWith(fresh);
  if (focused) document.getElementById(focused)?.focus();
}

async function look() {
  const { runs } = await get("/api/scans/runs/state");
  let changed = false;
  for (const run of runs) {
    const row = document.querySelector(`[data-run="${run.id}"]`);
    if (!row) continue;
    speak(run);
    if (row.dataset.state === run.state) show(row, run);
    else changed = true;
  }
  if (changed) await renew();
}

async function watch() {
  while (rows().some((row) => !isOver(row.dataset.state))) {
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? 5 * PAUSE : PAUSE));
    await look().catch(() => {}); // asked again
  }
}

watch();
