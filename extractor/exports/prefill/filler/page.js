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
const visible = (element) => element.getClientRects().length > 0 &&
  element.ownerDocument.defaultView.getComputedStyle(element).visibility !== "hidden";

// The words of an element without those of the boxes and buttons in it.
function wordsOf(node) {
  if (node.nodeType === 3) return node.data;
  if (node.nodeType !== 1 || node.matches(`${FIELDS}, button, script, style, option, [role=listbox]`)) return "";
  return squeeze([...node.childNodes].map(wordsOf).join(" "));
}

const looksLikeDate = (text) => /^[dmyn_\s./\-*0ă]*$/i.test(text) || /^(ngày|năm|tháng)([\s/.-]+(ngày|tháng|năm))*$/i.test(text);

// The label before or above a box in the page's own order, where nothing ties one to it.
function labelBeside(element) {
  let at = element;
  for (let depth = 0; depth < 4 && at && at.matches && !at.matches("body, form, fieldset"); depth += 1) {
    let text = "";
    for (let before = at.previousSibling; before && !text; before = before.previousSibling) {
      if (before.nodeType === 1 && (before.matches(FIELDS) || before.querySelector(FIELDS) || before.matches(HEADINGS))) break;
      text = squeeze(wordsOf(before));
    }
    if (text) return text;
    at = at.parentElement;
  }
  return "";
}

function labelOf(element) {
  const root = element.getRootNode();
  const named = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean)
    .map((id) => root.getElementById && root.getElementById(id)).filter(Boolean).map(wordsOf).join(" ");
  const tied = [...(element.labels || [])].map(wordsOf).join(" ");
  const hint = element.placeholder || "";
  const texts = [named, element.getAttribute("aria-label"), tied];
  if (!isTick(element)) texts.push(labelBeside(element), looksLikeDate(hint) ? "" : hint, element.title);
  else texts.push(element.nextSibling ? wordsOf(element.nextSibling) : "");
  return squeeze(texts.find((text) => squeeze(text)) || "");
}

// Headings above a box, the nearest first.
function headingsOf(element) {
  const found = [];
  for (let at = element.parentElement; at; at = at.parentElement) {
    const said = at.getAttribute("aria-label");
    if (said && at.matches("fieldset, section, [role=group], [role=region]")) found.push(said);
    if (at.matches("body")) break;
  }
  const before = [...element.getRootNode().querySelectorAll(HEADINGS)].filter((heading) => {
    if (!(heading.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) return false;
    let around = heading.parentElement;
    for (let up = 0; up < 2 && around && !around.contains(element); up += 1) around = around.parentElement;
    return Boolean(around && around.contains(element));
  });
  return [...before.reverse().map(wordsOf), ...found].map(squeeze).filter(Boolean);
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
