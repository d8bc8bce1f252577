// The mouse on the board: choose, drag with snapping (Shift: without), draw a frame, pan on empty paper.
import { placeOf } from "./model.js";

export function bindPointer({ svg, paperView, board, model, view, snaps, state, moving, drawing }) {
  let held = null;

  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = board.point(event);
    if (drawing.on()) {
      held = { kind: "draw", from: at };
    } else {
      const group = event.target.closest("[data-id]");
      if (group) {
        state.choose(group.dataset.id);
        held = { kind: "move", id: group.dataset.id, last: at, rest: [0, 0], begun: false };
      } else {
        held = { kind: "pan", x: event.clientX + paperView.scrollLeft, y: event.clientY + paperView.scrollTop };
        state.choose("");
      }
    }
    svg.setPointerCapture(event.pointerId);
    if (held.kind !== "move") event.preventDefault();
  });

  function drag(event) {
    const at = board.point(event);
    const want = [at[0] - held.last[0], at[1] - held.last[1]];
    if (!held.begun && Math.hypot(...want) < 3) return;
    held.begun = true;
    const place = placeOf(model.design, held.id);
    let [dx, dy] = want;
    if (place) {
      const [x, y] = view.at(place, model.sheet.places);
      // Where the hand has the label, apart from what it was drawn to.
      const free = [x - held.rest[0] + dx, y - held.rest[1] + dy];
      const to = event.shiftKey ? { x: free[0], y: free[1] } : snaps.snap(...free);
      held.rest = [to.x - free[0], to.y - free[1]];
      [dx, dy] = [to.x - x, to.y - y];
    }
    held.last = at;
    moving.move(held.id, dx, dy, `drag ${held.id}`);
  }

  svg.addEventListener("pointermove", (event) => {
    if (!held) return;
    if (held.kind === "pan") paperView.scrollTo(held.x - event.clientX, held.y - event.clientY);
    else if (held.kind === "move") drag(event);
    else {
      const at = board.point(event);
      drawing.frame([
        Math.min(held.from[0], at[0]), Math.min(held.from[1], at[1]),
        Math.max(held.from[0], at[0]), Math.max(held.from[1], at[1]),
      ]);
    }
  });

  for (const end of ["pointerup", "pointercancel"]) {
    svg.addEventListener(end, () => {
      if (held?.kind === "draw") drawing.take();
      if (held?.kind === "move") {
        model.endRun();
        board.focus(held.id);
      }
      held = null;
    });
  }
}
