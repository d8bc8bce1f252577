// What moving, resizing and removing mean for each thing on the board.
import { codesOf, placeOf } from "./model.js";

const EDGE = /^e(\d+)$/;

export function makeMoving({ model, view, snaps, state }) {
  // The label that stands next on the line of another; values end where it begins.
  function nextOnLine(design, place) {
    const line = design.sheet.places.filter(
      (other) => other.block === place.block && Math.abs(other.y - place.y) < 0.6 && other.x > place.x,
    );
    return line.sort((a, b) => a.x - b.x)[0];
  }

  function moveEdge(number, dx, name) {
    model.change((design) => {
      const edges = design.table.edges;
      if (number === 0 || number === edges.length - 1) return false;
      const at = edges[number].at + view.backStep(dx, 0)[0];
      const least = edges[number - 1].at + 0.001;
      const most = edges[number + 1].at - 0.001;
      edges[number].at = Math.min(most, Math.max(least, at));
      return true;
    }, name);
  }

  function move(id, dx, dy, name = "") {
    const edge = EDGE.exec(id);
    if (edge) { moveEdge(Number(edge[1]), dx, name); return; }
    model.change((design) => {
      const place = placeOf(design, id);
      if (!place) return false;
      const [x, y] = view.backStep(dx, dy);
      place.x += x;
      place.y += y;
      for (const cell of place.cells) { cell.left += x; cell.right += x; }
      return true;
    }, name);
  }

  // Alt and an arrow: where the value ends, and how many lines it goes on to.
  function resize(id, dx, dy, name = "") {
    const edge = EDGE.exec(id);
    if (edge) {
      model.change((design) => {
        const spec = design.table.edges[Number(edge[1])];
        spec.below = Math.max(0, spec.below + view.backStep(0, dy)[1]);
        return true;
      }, name);
      return;
    }
    model.change((design) => {
      const place = placeOf(design, id);
      if (!place) return false;
      const block = design.sheet.blocks.find((each) => each.id === place.block);
      const [x, y] = view.backStep(dx, dy);
      if (place.value === "box") {
        block.tick.dx += x;
        block.tick.dy += y;
        return true;
      }
      if (place.value === "block") {
        block.right += x;
        block.bottom += y;
        return true;
      }
      if (dy) {
        place.wraps = Math.min(20, Math.max(0, place.wraps + Math.sign(dy)));
        for (const field of design.fields) {
          if (place.wraps > 0 && codesOf(place).includes(field.code)) field.multiline = true;
        }
      }
      if (dx && place.cells.length) place.cells.at(-1).right += x;
      else if (dx) {
        const next = nextOnLine(design, place);
        if (next) next.x = Math.max(place.x + 1, next.x + x);
        else block.right = Math.max(block.left + 1, block.right + x);
      }
      return true;
    }, name);
  }

  // To the nearest line and word, from further away than a pointer is drawn.
  function snap(id) {
    const place = placeOf(model.design, id);
    if (!place) return;
    const [x, y] = view.at(place, model.sheet.places);
    const to = snaps.snap(x, y, 40);
    move(id, to.x - x, to.y - y);
  }

  function remove(id) {
    model.change((design) => {
      if (!placeOf(design, id)) return false;
      design.sheet.places = design.sheet.places.filter((place) => place.id !== id);
      return true;
    });
    if (state.chosen === id) state.choose("");
  }

  return { move, resize, snap, remove };
}
