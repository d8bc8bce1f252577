// The drawing board: puts the parts together.
import { fill, get, post, setup } from "../server.js";
import { makeBoard } from "./board.js";
import { makeDrawing } from "./drawing.js";
import { fieldPanel } from "./field_panel.js";
import { headPanel } from "./head_panel.js";
import { bindKeys } from "./keys.js";
import { columnPanel, labelPanel } from "./label_panel.js";
import { fillFaults, fillList } from "./list_panel.js";
import { makeLive } from "./live.js";
import { fieldOf, freeId, makeModel, placeOf } from "./model.js";
import { makeMoving } from "./moving.js";
import { bindPointer } from "./pointer.js";
import { makeRefill } from "./refill.js";
import { makeSaving, makeVersions } from "./saving.js";
import { makeSay } from "./saying.js";
import { makeSnaps } from "./snapping.js";
import { makeState } from "./state.js";
import { makeTrying } from "./trying.js";
import { makeView } from "./view.js";
import { makeZoom } from "./zoom.js";

const { name, page, pages, texts, most } = setup();
const find = (id) => document.getElementById(id);
const say = makeSay(find("said"), texts);
const begun = await get(`/api/templates/form/${name}`);
const model = makeModel(begun.design);
const view = makeView();
const snaps = makeSnaps();
const state = makeState(model, page);
Object.assign(state, { basedOn: begun.basedOn, versions: begun.versions, faults: begun.faults });
const suggestions = () => begun.suggestions;
const svg = find("board");
const board = makeBoard({ svg, model, view, state, texts });
const zoom = makeZoom({ view: find("board-view"), paper: find("board-paper"), page: () => view.page });
const moving = makeMoving({ model, view, snaps, state });
const drawing = makeDrawing({ board, model, view, zoom, snaps, state, hint: find("board-hint"), button: find("add"), texts, say });
const live = makeLive({ model, view, state, say, texts, fill, lies: find("lies"), draw: redraw });
const shared = { model, state, texts, suggestions, moving };

function chosenParts() {
  const parts = [];
  if (placeOf(model.design, state.chosen)) parts.push(...labelPanel(shared, state.chosen));
  else if (model.table?.columns.some((column) => column.id === state.chosen)) parts.push(...columnPanel(shared, state.chosen));
  const [code] = state.chosenCodes();
  if (code && fieldOf(model.design, code)) {
    const title = document.createElement("h3");
    title.textContent = `${texts.tpl_field} ${code}`;
    parts.push(title, ...fieldPanel(shared, code));
  }
  if (parts.length) return parts;
  const hint = document.createElement("p");
  hint.className = "muted";
  hint.textContent = texts.tpl_no_choice;
  return [hint];
}

const fillChosen = makeRefill(find("chosen"), chosenParts);
const fillHead = makeRefill(find("head"), () => headPanel(shared));

function redraw() {
  board.draw();
  fillFaults({ box: find("faults-box"), title: find("faults-title"), list: find("faults") }, { model, state, texts, fill });
  fillList(find("list"), { model, state });
  fillChosen();
  fillHead();
  find("undo").disabled = !model.canUndo();
  find("redo").disabled = !model.canRedo();
  find("add").disabled = !model.sheet;
}

async function openPage(id) {
  state.page = id;
  const chosen = pages.find((each) => each.id === id);
  if (!chosen) { view.settle(null, model.design); redraw(); return; }
  view.open({ width: chosen.width, height: chosen.height });
  Object.assign(state, { regions: [], labels: new Map() });
  view.settle(null, model.design);
  find("board-image").src = `/page/${id}`;
  zoom.fit();
  snaps.forget();
  svg.classList.add("waiting");
  redraw();
  await live.open();
  svg.classList.remove("waiting");
  const found = await get(`/api/templates/snaps/${id}`).catch(() => null);
  if (found && state.page === id) snaps.take(found);
}

model.onChange(() => { redraw(); live.changed(); });
state.onChoice(redraw);
bindPointer({ svg, paperView: find("board-view"), board, model, view, snaps, state, moving, drawing });
bindKeys({
  svg, state, moving, drawing, model, zoom,
  openHelp: () => find("help").showModal(),
  editChosen: () => find("chosen").querySelector("input, select")?.focus(),
});

const trying = makeTrying({
  dialog: find("try"), model, state, say, texts, fill, most,
  pageName: (id) => pages.find((each) => each.id === id)?.name ?? "",
});
const common = { model, state, live, say, texts, fill, name };
const saving = makeSaving({ dialog: find("save"), draw: redraw, ...common });
const versions = makeVersions({ dialog: find("versions"), ...common });
const deeds = {
  "zoom-in": zoom.in, "zoom-out": zoom.out, "zoom-fit": zoom.fit, undo: model.undo, redo: model.redo, add: drawing.toggle,
  "try-open": trying.open, "save-open": saving.open, "versions-open": versions.open,
  "help-open": () => find("help").showModal(), "help-close": () => find("help").close(),
  "field-new": () => {
    const id = freeId(model.design, "f");
    const code = `truong${id.slice(1)}`;
    model.change((design) => { design.fields.push({ id, code, label: "", kind: "text", reader: "auto", columns: [], required: false, multiline: false, parts: [], words_of: "", options: [] }); return true; });
    state.chooseField(code);
    find("chosen").querySelector("[name=code]")?.focus();
  },
  "draft-drop": async () => {
    await live.forget();
    await say.during(() => post(`/api/templates/forget/${name}`, {}));
    location.reload();
  },
};
for (const [id, deed] of Object.entries(deeds)) find(id).addEventListener("click", deed);
find("page").addEventListener("change", (event) => openPage(Number(event.target.value)));

for (const [code, known] of Object.entries(begun.suggestions.codes)) find("codes").append(new Option(known.label, code));
for (const column of begun.suggestions.columns) find("columns").append(new Option(column, column));
if (begun.draftAt) {
  const when = new Date(begun.draftAt).toLocaleString("vi-VN", { dateStyle: "short", timeStyle: "short" });
  find("draft-text").textContent = fill(texts.tpl_draft_opened, { at: when }) + (begun.inUse !== begun.basedOn ? ` ${texts.tpl_draft_old}` : "");
  find("draft-note").hidden = false;
  // A form that was never saved would be nowhere without its draft.
  find("draft-drop").hidden = !begun.inUse;
}
await openPage(page);
document.body.dataset.ready = "yes";
