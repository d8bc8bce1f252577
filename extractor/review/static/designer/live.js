// After every change: the design over the page as the server sees it, its faults, and unfinished work kept.
import { post } from "../server.js";

const PAUSE = 350;
const KEEP = 2500;

export function makeLive({ model, view, state, say, texts, fill, lies, draw }) {
  let timer = 0;
  let keeping = 0;
  let asked = 0;
  let working = false;
  let again = false;
  let last = null;

  async function show(settle) {
    if (!state.page) return;
    const mine = (asked += 1);
    lies.textContent = texts.tpl_laying;
    document.body.dataset.shown = "no";
    const answer = await say.during(() => post("/api/templates/show", { design: model.design, page: state.page }));
    if (!answer || mine !== asked) return;
    state.faults = answer.data.faults ?? state.faults;
    const shown = answer.data.shown ?? null;
    if (answer.status !== 200) say.trouble(answer.data.message);
    if (settle) view.settle(shown, model.design);
    if (shown) {
      state.regions = shown.regions;
      // Where the print was found is told by the map of now; on the board it is drawn as that place.
      state.labels = new Map(shown.labels.map((label) => [label.id, label]));
      const { ok, coverage, residual_px } = shown.registration;
      lies.textContent = `${ok ? "✓" : "✗"} ${ok ? texts.tpl_registered : texts.tpl_not_registered} · ${
        fill(texts.tpl_measure, { coverage: Math.round(100 * coverage), residual: residual_px.toFixed(1) })}`;
      lies.classList.toggle("bad", !ok);
    } else {
      lies.textContent = answer.status === 200 ? texts.tpl_mend_first : "";
      lies.classList.add("bad");
    }
    draw();
    document.body.dataset.shown = String(mine);
  }

  async function run(settle = false) {
    if (working) { again = true; return; }
    working = true;
    try {
      do {
        again = false;
        await show(settle);
      } while (again);
    } finally {
      working = false;
    }
  }

  async function keep(options = {}) {
    keeping = 0;
    const answer = await say.during(() =>
      post("/api/templates/keep", { design: model.design, based_on: state.basedOn }, options));
    if (answer?.status === 200) say.ok(texts.tpl_kept);
  }

  // Who leaves the page in the moments after a change loses nothing either.
  window.addEventListener("pagehide", () => {
    if (!keeping) return;
    clearTimeout(keeping);
    keep({ keepalive: true });
  });

  return {
    changed() {
      clearTimeout(timer);
      clearTimeout(keeping);
      document.body.dataset.shown = "no";
      timer = setTimeout(() => run(), PAUSE);
      keeping = setTimeout(() => { last = keep(); }, KEEP);
    },
    // What was changed in the last moments is kept now.
    async settle() {
      if (keeping) {
        clearTimeout(keeping);
        last = keep();
      }
      await last;
    },
    // Unfinished work is given up or in use: nothing is to be kept any more.
    async forget() {
      clearTimeout(keeping);
      keeping = 0;
      await last;
    },
    open: () => run(true),
  };
}
