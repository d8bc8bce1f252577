// How the template's lengths become pixels of the page on the board, and back.
//
// The map and each label's own shift are taken when a page is opened and stay, so that a label stays where it was put;
// where the print was found and where values lie is told anew after every change.
export function makeView() {
  let map = [[1, 0, 0], [0, 1, 0]];
  let moves = new Map();
  let edgeMoves = [];
  let page = { width: 1, height: 1 };

  const forward = (x, y) => [
    map[0][0] * x + map[0][1] * y + map[0][2],
    map[1][0] * x + map[1][1] * y + map[1][2],
  ];
  // A step on the page in lengths of the template.
  function backStep(dx, dy) {
    const [[a, b], [c, d]] = map;
    const size = a * d - b * c;
    return [(d * dx - b * dy) / size, (a * dy - c * dx) / size];
  }

  function nearestMove(x, y, places) {
    let best = [0, 0];
    let least = Infinity;
    for (const place of places) {
      const move = moves.get(place.id);
      if (!move) continue;
      const apart = (place.x - x) ** 2 + 4 * (place.y - y) ** 2;
      if (apart < least) { least = apart; best = move; }
    }
    return best;
  }

  return {
    get page() { return page; },
    get scale() { return Math.sqrt(Math.abs(map[0][0] * map[1][1] - map[0][1] * map[1][0])); },
    open(size) {
      page = size;
      moves = new Map();
      edgeMoves = [];
    },
    // Takes map and shifts from the server's answer, or the page's size alone where there is none.
    settle(shown, design) {
      moves = new Map();
      edgeMoves = [];
      if (!shown) {
        const across = design.sheet ? page.width / design.sheet.width : page.width * 0.88;
        const margin = design.sheet ? 0 : 0.06;
        map = [[across, 0, margin * page.width], [0, across, margin * page.height]];
        return;
      }
      map = shown.map;
      for (const label of shown.labels) moves.set(label.id, label.move);
      edgeMoves = (design.table?.edges ?? []).map((edge, number) =>
        shown.edges.length === design.table.edges.length ? shown.edges[number] - forward(edge.at, 0)[0] : 0);
    },
    // Left end of a label and the line it stands on, in pixels.
    at(place, places) {
      if (!moves.has(place.id)) moves.set(place.id, nearestMove(place.x, place.y, places));
      const [x, y] = forward(place.x, place.y);
      const move = moves.get(place.id);
      return [x + move[0], y + move[1]];
    },
    // The place of a point in lengths of the template, moved as the label nearest to it is; ``id`` is moved likewise.
    toTemplate(x, y, places, id) {
      let move = [0, 0];
      let least = Infinity;
      for (const place of places) {
        const known = moves.get(place.id);
        if (!known) continue;
        const [px, py] = forward(place.x, place.y);
        const apart = (px + known[0] - x) ** 2 + 4 * (py + known[1] - y) ** 2;
        if (apart < least) { least = apart; move = known; }
      }
      moves.set(id, move);
      return backStep(x - move[0] - map[0][2], y - move[1] - map[1][2]);
    },
    edgeAt: (edge, number) => forward(edge.at, 0)[0] + (edgeMoves[number] ?? 0),
    down: (y) => forward(0, y)[1],
    backStep,
    forward,
  };
}
