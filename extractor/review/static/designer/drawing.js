// Drawing a new field: a frame, by mouse or arrows, that the server makes a label and a field of.
import { post } from "../server.js";
import { freeId } from "./model.js";

export function makeDrawing({ board, model, view, zoom, snaps, state, hint, button, texts, say }) {
  let active = false;
  let frame = null;

  function begin() {
    if (!model.sheet) return;
    active = true;
    button.setAttribute("aria-pressed", "true");
    hint.hidden = false;
    hint.textContent = texts.tpl_add_help;
    const seen = zoom.seen();
    const x = seen.left + 0.35 * seen.width;
    const y = seen.top + 0.4 * seen.height;
    frame = [x, y, x + 0.3 * seen.width, y + 60];
    board.drawFrame(frame);
  }

  function end() {
    active = false;
    frame = null;
    button.setAttribute("aria-pressed", "false");
    hint.hidden = true;
    board.drawFrame(null);
  }

  async function take() {
    if (!frame) return;
    const rectangle = snaps.snapFrame(frame);
    const ids = [freeId(model.design, "p"), freeId(model.design, "f"), freeId(model.design, "b")];
    const back = button;
    end();
    if (rectangle[2] - rectangle[0] < 4 || rectangle[3] - rectangle[1] < 4) { back.focus(); return; }
    const answer = await say.during(() =>
      post("/api/templates/draw", { design: model.design, page: state.page, rectangle, ids }));
    if (!answer) return;
    if (answer.status !== 200) { say.trouble(answer.data.message); return; }
    const place = { ...answer.data.place };
    [place.x, place.y] = view.toTemplate(...answer.data.at, model.sheet.places, place.id);
    model.change((design) => {
      if (answer.data.block) design.sheet.blocks.push(answer.data.block);
      design.fields.push(answer.data.field);
      design.sheet.places.push(place);
      return true;
    });
    state.choose(place.id);
    board.focus(place.id);
  }

  return {
    on: () => active,
    toggle: () => (active ? end() : begin()),
    end,
    take,
    frame(next) { frame = next; board.drawFrame(frame); },
    // Arrows move the frame, or its right and lower ends.
    shift(dx, dy, size) {
      if (!frame) return;
      const [left, top, right, bottom] = frame;
      frame = size
        ? [left, top, Math.max(left + 4, right + dx), Math.max(top + 4, bottom + dy)]
        : [left + dx, top + dy, right + dx, bottom + dy];
      board.drawFrame(frame);
    },
  };
}
