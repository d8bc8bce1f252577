// The form on the drawing board: plain data, changed in one place, with undo and redo.
const MOST_STEPS = 200;

export function makeModel(design) {
  let now = design;
  let past = [];
  let future = [];
  const listeners = [];

  function tell(why) {
    for (const listener of listeners) listener(why);
  }

  // Changes a copy of the design; changes with the same name in a row, such as steps of an arrow key, are undone as one.
  let lastName = "";
  function change(edit, name = "") {
    const next = structuredClone(now);
    if (edit(next) === false) return;
    if (JSON.stringify(next) === JSON.stringify(now)) return;
    if (!(name && name === lastName)) past.push(now);
    past = past.slice(-MOST_STEPS);
    future = [];
    lastName = name;
    now = next;
    tell("change");
  }

  function step(from, to) {
    if (!from.length) return;
    to.push(now);
    now = from.pop();
    lastName = "";
    tell("step");
  }

  return {
    get design() { return now; },
    get sheet() { return now.sheet; },
    get table() { return now.table; },
    onChange: (listener) => listeners.push(listener),
    change,
    undo: () => step(past, future),
    redo: () => step(future, past),
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
    endRun() { lastName = ""; },
    replace(next) {
      now = next;
      past = [];
      future = [];
      tell("step");
    },
  };
}

export const placeOf = (design, id) => design.sheet?.places.find((place) => place.id === id);
export const fieldOf = (design, code) => design.fields.find((field) => field.code === code);
export const codesOf = (place) => (place.field ? [place.field] : place.cells.map((cell) => cell.field));

// A free number such as "p17" for a new thing.
export function freeId(design, letter) {
  const things = [design.fields, design.sheet?.places ?? [], design.sheet?.blocks ?? [], design.table?.columns ?? []];
  const numbers = things.flat().filter((thing) => thing.id[0] === letter).map((thing) => Number(thing.id.slice(1)));
  return `${letter}${Math.max(0, ...numbers) + 1}`;
}

// A new code takes the old one's place wherever a field is named.
export function renameField(design, old, code) {
  for (const field of design.fields) {
    if (field.code === old) field.code = code;
    if (field.words_of === old) field.words_of = code;
  }
  for (const place of design.sheet?.places ?? []) {
    if (place.field === old) place.field = code;
    for (const cell of place.cells) if (cell.field === old) cell.field = code;
  }
  for (const column of design.table?.columns ?? []) if (column.field === old) column.field = code;
  const rows = design.table?.rest.rows;
  if (!rows) return;
  if (rows.body === old) rows.body = code;
  if (rows.starts && old in rows.starts) {
    rows.starts[code] = rows.starts[old];
    delete rows.starts[old];
  }
}

// Removes a field and every mention of it; labels stay as labels alone.
export function removeField(design, code) {
  design.fields = design.fields.filter((field) => field.code !== code);
  for (const field of design.fields) if (field.words_of === code) field.words_of = "";
  for (const place of design.sheet?.places ?? []) {
    if (place.field === code) Object.assign(place, { field: null, part: null, option: null, value: "right", wraps: 0 });
    place.cells = place.cells.filter((cell) => cell.field !== code);
  }
  for (const column of design.table?.columns ?? []) if (column.field === code) column.field = "";
}
