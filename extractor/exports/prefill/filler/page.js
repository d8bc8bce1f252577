// What stands on the page: its boxes, what they are called, and below which heading they stand. Frames of the same origin
// and open shadow roots belong to it.
const LISTS = "[role=combobox]:not(input, select, textarea), [aria-haspopup=listbox]:not(input, select, textarea)";
const FIELDS = `input, select, textarea, ${LISTS}`;
const NO_FIELDS = ["hidden", "submit", "button", "image", "reset", "file", "password"];
const HEADINGS = "h1, h2, h3, h4, h5, h6, legend, [role=heading], caption, th[colspan], .card-header, .panel-heading, .panel-title";

function roots(root = document, found = []) {
  found.push(root);
  for (const element of root.querySelectorAll("*")) {
    if (element.shadowRoot) roots(element.shadowRoot, found);
    if (element.tagName === "IFRAME" || element.tagName === "FRAME") {
      let inner = null;
      try { inner = element.contentDocument; } catch { /* of another origin: not ours to read */ }
      if (inner) roots(inner, found);
    }
  }
  return found;
}

function everywhere(selector) {
  return roots().flatMap((root) => [...root.querySelectorAll(selector)]);
}

const isField = (element) => element.matches(FIELDS) && (element.matches(LISTS) || !NO_FIELDS.includes(element.type));
const isTick = (element) => element.type === "radio" || element.type === "checkbox";
// Whether a person can see the element: boxes put out of sight are traps for programs or not meant to be filled.
function visible(element) {
  const view = element.ownerDocument.defaultView;
  const area = element.getBoundingClientRect();
  if (!element.getClientRects().length || area.right + view.scrollX < 1 || area.bottom + view.scrollY < 1 || element.closest("[inert]")) return false;
  if (element.checkVisibility && !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return false;
  if (view.getComputedStyle(element).visibility === "hidden") return false;
  for (let at = element; at && at !== element.ownerDocument.body; at = at.parentElement) {
    const { width, height } = at.getBoundingClientRect();
    if ((width < 2 || height < 2) && (at === element || view.getComputedStyle(at).overflow !== "visible") && getComputedStyle(at).display !== "contents") return false;
  }
  return true;
}

// The words of an element without those of the boxes and buttons in it.
function wordsOf(node) {
  if (node.nodeType === 3) return node.data;
  if (node.nodeType !== 1 || node.matches(`${FIELDS}, button, script, style, option, [role=listbox]`)) return "";
  return squeeze([...node.childNodes].map(wordsOf).join(" "));
}

const looksLikeDate = (text) => /^[dmyn_\s./\-*0ă]*$/i.test(text) || /^(ngày|năm|tháng)([\s/.-]+(ngày|tháng|năm))*$/i.test(text);

// What was found on the page, kept while the page is looked at once: comparing thousands of boxes asks for it often.
let seen = null;
function once(look) {
  if (seen) return look();
  seen = new Map();
  try { return look(); } finally { seen = null; }
}
function kept(name, make) {
  if (!seen) return make();
  if (!seen.has(name)) seen.set(name, make());
  return seen.get(name);
}

const isElement = (node) => node.nodeType === 1;
const hasField = (node) => isElement(node) && (node.matches(FIELDS) || Boolean(node.querySelector(FIELDS)));

// The text beside a node up to the next box, on one side; a break ends the line.
function beside(node, side, line) {
  let text = "";
  for (let at = node[side]; at; at = at[side]) {
    if (isElement(at) && (hasField(at) || at.matches(HEADINGS) || (line && at.matches("br, p, div, table, ul")))) break;
    text = side === "previousSibling" ? `${wordsOf(at)} ${text}` : `${text} ${wordsOf(at)}`;
    if (!line && squeeze(text)) break;
  }
  return squeeze(text);
}

// Whether the labels of this row of bare boxes stand behind their boxes, or may do so.
function labelsBehind(element) {
  const parent = element.parentElement;
  const others = [...parent.children].filter((child) => child.matches(FIELDS) && !isTick(child) && !NO_FIELDS.includes(child.type));
  const behind = (box) => Boolean(beside(box, "nextSibling", true));
  const ahead = (box) => Boolean(beside(box, "previousSibling", true));
  if (others.length < 2) return !ahead(element) && behind(element) && !parent.querySelector("small, [class*=help], [class*=hint], [class*=error]");
  return others.some((box) => !ahead(box) && behind(box)) || (behind(others[others.length - 1]) && partOf(element) === "");
}

// The label before or above a box in the page's own order, where nothing ties one to it.
function labelBeside(element) {
  if (element.matches(FIELDS) && element.parentElement && labelsBehind(element)) return "";
  let at = element;
  for (let depth = 0; depth < 4 && at && at.matches && !at.matches("body, form, fieldset"); depth += 1) {
    const text = beside(at, "previousSibling", false);
    if (text) return at.matches("td") && sharesLabel(at) ? "" : text;
    if (at.matches("tr") || (at.matches("td") && !text && beside(at, "nextSibling", false))) return "";
    at = at.parentElement;
  }
  return "";
}

// Whether the next cell of the row holds a box, too, and no text: then one label stands before several boxes.
function sharesLabel(cell) {
  const next = cell.nextElementSibling;
  return Boolean(next && hasField(next) && !wordsOf(next));
}

const cellAt = (row, column) => {
  let from = 0;
  for (const cell of row.cells) {
    if (column >= from && column < from + cell.colSpan) return cell;
    from += cell.colSpan;
  }
  return null;
};

// For a box in a table with headings above its columns: {column, row}, the words of both; otherwise null.
function inGrid(element) {
  const cell = element.closest("td");
  const row = cell && cell.parentElement;
  const table = row && row.closest("table");
  if (!table || !row.matches("tr")) return null;
  const heads = [...table.rows].filter((each) => each.cells.length > 1 && !each.querySelector(FIELDS)
    && [...each.cells].every((one) => one.matches("th") || each.parentElement.matches("thead"))
    && each.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING);
  if (!heads.length) return null;
  let column = 0;
  for (const each of row.cells) { if (each === cell) break; column += each.colSpan; }
  const head = cellAt(heads[heads.length - 1], column);
  const first = [...row.cells].find((each) => !hasField(each) && wordsOf(each));
  return head && first && cell.querySelectorAll(FIELDS).length === 1 ? { column: wordsOf(head), row: wordsOf(first) } : { column: "", row: "" };
}

function tiedLabel(element) {
  const root = element.getRootNode();
  const named = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean)
    .map((id) => root.getElementById && root.getElementById(id)).filter(Boolean).map(wordsOf).join(" ");
  return squeeze(named) || squeeze(element.getAttribute("aria-label")) || squeeze([...(element.labels || [])].map(wordsOf).join(" "));
}

function labelOf(element) {
  if (isTick(element)) return tickLabels([element])[0];
  const hint = element.placeholder || "";
  const tied = tiedLabel(element);
  if (tied) return tied;
  const grid = inGrid(element);
  return (grid ? grid.row : labelBeside(element)) || squeeze(looksLikeDate(hint) ? "" : hint) || squeeze(element.title);
}

const BLOCKS = "p, div, td, th, tr, li, ul, dd, dt, table, form, fieldset, legend, section, label, body, h1, h2, h3, h4, h5, h6";

// What the buttons of one group are called, each in its place; empty where it is not certain. Bare text stands before all
// buttons or behind all: text ahead of the first and none behind the last means before, and the other way round.
function tickLabels(elements) {
  const tied = elements.map(tiedLabel);
  if (tied.some(Boolean)) return tied;
  let around = elements[0].parentElement;
  while (around && !elements.every((each) => around.contains(each))) around = around.parentElement;
  const nothing = elements.map(() => "");
  if (!around) return nothing;
  const last = elements[elements.length - 1];
  const blockOf = (node) => (isElement(node) ? node.parentElement : node.parentElement).closest(BLOCKS);
  const parts = [""];
  const walk = around.ownerDocument.createTreeWalker(around, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const done = parts.length > elements.length;
    if (isElement(node)) {
      if (elements.includes(node)) parts.push("");
      else if (node.matches(FIELDS) || node.matches("br")) {
        if (done) break;
        if (parts.length === 1) parts[0] = "";
        else if (!node.matches("br")) return nothing;
      }
    } else if (!node.parentElement.closest("script, style, option, button, legend")) {
      const edge = parts.length === 1 ? elements[0] : last;
      if ((parts.length > 1 && !done) || blockOf(node) === blockOf(edge)) parts[parts.length - 1] += node.data;
    }
  }
  const [ahead, behind] = [squeeze(parts[0]), squeeze(parts[parts.length - 1])];
  const inner = parts.slice(1, -1).map(squeeze);
  if (inner.some((text) => !text)) return nothing;
  if (behind && (!ahead || /[:：]$/.test(ahead))) return [...inner, behind];
  return ahead && !behind ? [squeeze(ahead.split(/[:：]/).pop()), ...inner] : nothing;
}

// The part of the page a heading speaks for: the nearest element around it that holds boxes.
function scopeOf(heading) {
  const most = heading.matches("h1") ? 9 : heading.matches("legend, caption") ? 1 : 4;
  let around = heading.parentElement;
  for (let up = 1; up < most && around && !around.querySelector(FIELDS); up += 1) around = around.parentElement;
  return around;
}

const NAMED = "fieldset[aria-label], section[aria-label], [role=group][aria-label], [role=region][aria-label]";

// Headings above a box, the nearest first, each {text, title}: title is true for the page's own (h1).
function headingsOf(element) {
  const root = element.getRootNode();
  const all = kept(root, () => [...root.querySelectorAll(`${HEADINGS}, ${NAMED}`)].map((node) => (node.matches(NAMED) && !node.matches(HEADINGS)
    ? { node, scope: node, text: squeeze(node.getAttribute("aria-label")) } : { node, scope: scopeOf(node), text: wordsOf(node) })).filter((each) => each.text));
  let low = 0;
  for (let high = all.length; low < high;) {
    const middle = (low + high) >> 1;
    if (all[middle].node.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) low = middle + 1;
    else high = middle;
  }
  const found = [];
  const grid = inGrid(element);
  if (grid && !tiedLabel(element)) found.push({ text: grid.column || "?", title: false });
  for (let n = low - 1; n >= 0 && n > low - 300 && found.length < 6; n -= 1) {
    const { node, scope, text } = all[n];
    if (scope && scope.contains(element)) found.push({ text, title: node.matches("h1") });
  }
  return found;
}

// A selector that finds the element again when the page is opened the next time.
function selectorOf(element) {
  const root = element.getRootNode();
  const only = (selector) => root.querySelectorAll(selector).length === 1 && selector;
  const quote = (text) => `"${CSS.escape(text)}"`;
  const lasting = element.id && !/\d{4}|^[:\d]|:r/.test(element.id);
  const tag = element.tagName.toLowerCase();
  const simple = (lasting && only(`#${CSS.escape(element.id)}`)) || (element.name && only(`${tag}[name=${quote(element.name)}]`));
  if (simple) return simple;
  const path = [];
  for (let at = element; at && at.tagName && !at.matches("body"); at = at.parentElement) {
    const alike = at.parentElement ? [...at.parentElement.children].filter((other) => other.tagName === at.tagName) : [at];
    path.unshift(`${at.tagName.toLowerCase()}:nth-of-type(${alike.indexOf(at) + 1})`);
    if (only(path.join(" > "))) break;
  }
  return path.join(" > ");
}
