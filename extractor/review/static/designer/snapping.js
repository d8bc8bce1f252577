// What a moved thing is drawn to: dotted lines, rulings, and the ends and feet of printed words.
const REACH = 7;

export function makeSnaps() {
  let lines = [];
  let lefts = [];
  let walls = [];
  let words = [];

  function nearest(candidates, value, reach) {
    let best = null;
    for (const candidate of candidates) {
      const apart = Math.abs(candidate - value);
      if (apart <= reach && (best === null || apart < Math.abs(best - value))) best = candidate;
    }
    return best;
  }

  const across = (strokes, x) => strokes.filter((s) => s[0] - 60 <= x && x <= s[1] + 60).map((s) => s[2]);

  return {
    take(found) {
      lines = [...found.leaders, ...found.across];
      walls = found.down;
      words = found.words;
      lefts = words.map((word) => word.left);
    },
    forget() { lines = []; walls = []; words = []; lefts = []; },
    // The place a label's left end and foot are drawn to; each way for itself.
    snap(x, y, reach = REACH) {
      const feet = words.filter((word) => Math.abs(word.left - x) < 400).map((word) => word.bottom);
      const level = nearest([...across(lines, x), ...feet], y, reach);
      const left = nearest([...lefts, ...walls.map((wall) => wall[2])], x, reach);
      return { x: left ?? x, y: level ?? y, snappedX: left !== null, snappedY: level !== null };
    },
    snapEdge: (x, reach = REACH) => nearest(walls.map((wall) => wall[2]), x, reach) ?? x,
    // A drawn frame's lower end on the line nearest to it, its ends on rulings and words' ends.
    snapFrame([left, top, right, bottom]) {
      const foot = nearest(across(lines, (left + right) / 2), bottom, REACH);
      const ends = [...words.map((word) => word.right), ...walls.map((wall) => wall[2]), ...lines.flatMap((s) => [s[0], s[1]])];
      return [nearest(ends, left, REACH) ?? left, top, nearest(ends, right, REACH) ?? right, foot ?? bottom];
    },
    lines: () => lines,
    walls: () => walls,
  };
}
