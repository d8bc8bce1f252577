// Put values in the way the page's own framework notices: through the native setter of the element's own window, followed
// by the events that typing gives. No key is pressed, no button is clicked, nothing is sent.
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function setNative(element, value) {
  const view = element.ownerDocument.defaultView;
  const kind = { TEXTAREA: "HTMLTextAreaElement", SELECT: "HTMLSelectElement" }[element.tagName] || "HTMLInputElement";
  Object.getOwnPropertyDescriptor(view[kind].prototype, "value").set.call(element, value);
}

function fire(element, type, kind = "Event", more = {}) {
  const view = element.ownerDocument.defaultView;
  element.dispatchEvent(new view[kind](type, { bubbles: true, composed: true, cancelable: type !== "input", ...more }));
}

function typeText(element, text, leave = true) {
  element.focus({ preventScroll: true });
  setNative(element, text);
  fire(element, "input", "InputEvent", { inputType: "insertText", data: text });
  if (leave) {
    fire(element, "change");
    element.blur();
  }
}

// One letter after the other, for boxes with a mask of their own.
function typeLetters(element, text) {
  element.focus({ preventScroll: true });
  setNative(element, "");
  for (const letter of text) {
    fire(element, "keydown", "KeyboardEvent", { key: letter });
    setNative(element, element.value + letter);
    fire(element, "input", "InputEvent", { inputType: "insertText", data: letter });
    fire(element, "keyup", "KeyboardEvent", { key: letter });
  }
  fire(element, "change");
  element.blur();
}

function choose(element, option) {
  element.selectedIndex = option.index;
  fire(element, "input");
  fire(element, "change");
}

// Clicking these could send the page or leave it.
const leadsAway = (element) => Boolean(element.closest("a[href]:not([href='#']):not([href='']), button:not([type=button]), input[type=submit], input[type=image]"));

function clickLike(option) {
  for (const [type, kind] of [["pointerdown", "PointerEvent"], ["mousedown", "MouseEvent"], ["pointerup", "PointerEvent"], ["mouseup", "MouseEvent"]]) {
    fire(option, type, kind, { button: 0 });
  }
  option.click();
}

// The entries that a box offers now.
function offers(element, target) {
  const root = element.getRootNode();
  const owned = (element.getAttribute("aria-controls") || element.getAttribute("aria-owns") || "").split(/\s+/).filter(Boolean)
    .map((id) => root.getElementById(id)).filter(Boolean);
  const all = target.options ? everywhere(target.options)
    : owned.length ? owned.flatMap((list) => [...list.querySelectorAll("[role=option], li")]) : everywhere("[role=option]");
  return all.filter(visible);
}

// Choose the one entry with this text as soon as it is offered; a list that came without it will hardly offer it later.
async function chooseOffered(element, text, target) {
  for (let waited = 0, shown = 0; waited < 2500 && shown < 900; waited += 60) {
    await pause(60);
    const offered = offers(element, target);
    shown += offered.length ? 60 : 0;
    const fits = offered.filter((option) => key(wordsOf(option) || option.textContent) === key(text));
    if (fits.length > 1 || (fits[0] && leadsAway(fits[0]))) break;
    if (fits.length === 1) {
      clickLike(fits[0]);
      await pause(60);
      return true;
    }
  }
  return false;
}

const notOffered = (text) => `danh sách gợi ý không có đúng một mục “${text}”`;

async function fillCombobox(element, text, target) {
  const before = element.value;
  typeText(element, text, false);
  if (await chooseOffered(element, text, target)) return "";
  typeText(element, before);
  return notOffered(text);
}

// A list of the page's own make: opened by the mouse, chosen from, and closed again where it does not offer the text.
async function fillListbox(element, text, target) {
  if (leadsAway(element)) return "ô này là nút có thể gửi trang, nên không bấm";
  const open = () => element.getAttribute("aria-expanded") === "true";
  if (!open()) clickLike(element);
  if (await chooseOffered(element, text, target)) return "";
  if (open()) clickLike(element);
  return notOffered(text);
}

// Put one row's value in; gives the reason where it could not be done.
async function put(row) {
  const { control: c, plan, target } = row;
  if (c.kind === "select") choose(c.at, plan.choice);
  else if (c.kind === "radio") { if (!plan.choice.checked) plan.choice.click(); }
  else if (c.kind === "checkbox") { if (!c.at.checked) c.at.click(); }
  else if (c.kind === "listbox") return fillListbox(c.at, plan.put, target);
  else if (c.kind === "combobox") return fillCombobox(c.at, plan.put, target);
  else if (c.kind === "split_date") {
    for (const step of plan.steps) step.choice ? choose(step.element, step.choice) : typeText(step.element, step.put);
  } else if (target.typing) typeLetters(c.at, plan.put);
  else typeText(c.at, plan.put);
  return "";
}

// Whether the control holds now what was to be put in.
function holdsNow(row) {
  const { control: c, plan } = row;
  if (c.kind === "select") return plan.choice.selected;
  if (c.kind === "radio") return plan.choice.checked;
  if (c.kind === "checkbox") return c.at.checked;
  if (c.kind === "split_date") return plan.steps.every((step) => step.choice ? step.choice.selected : Number(step.element.value) === Number(step.put));
  if (c.kind === "listbox") return holds(key(currentText(c)), key(plan.put));
  if (c.kind === "combobox") return key(c.at.value) === key(plan.put);
  return c.at.value.normalize("NFC").trim() === plan.put.normalize("NFC").trim() || (plan.date && sameDate(c.at.value.trim(), plan.put));
}

// What to restore later.
const snapshot = (c) => c.elements.map((element) => c.kind === "listbox" ? { element, shown: currentText(c), raw: listText(element) } : isTick(element)
  ? { element, checked: element.checked } : element.tagName === "SELECT" ? { element, index: element.selectedIndex } : { element, value: element.value });

async function restore(saved, target) {
  const ticked = saved.find((each) => each.checked && each.element.type === "radio");
  for (const { element, checked, index, value, shown, raw } of saved) {
    if (shown !== undefined) await fillListbox(element, shown || raw, target);
    else if (index !== undefined) {
      if (element.selectedIndex !== index) { element.selectedIndex = index; fire(element, "input"); fire(element, "change"); }
    } else if (checked === undefined) {
      if (element.value !== value) typeText(element, value);
    } else if (element.type === "checkbox" || ticked) {
      if (checked !== element.checked && (element.type === "checkbox" || checked)) element.click();
    } else if (element.checked) {
      element.checked = false;
      fire(element, "input");
      fire(element, "change");
    }
  }
}

const restored = (saved) => saved.every(({ element, checked, index, value, raw }) => raw !== undefined
  ? listText(element) === raw : index !== undefined ? element.selectedIndex === index : checked !== undefined ? element.checked === checked : element.value === value);

// From the opening of the panel on no form may be sent until the person has clicked a button of the page, or pressed the
// key that sends, with their own hand: some pages send themselves as soon as a list changes, or some time later.
const BUTTONS = "button, a, summary, input[type=submit], input[type=button], input[type=image], [role=button], [role=menuitem], [role=link]";
function holdForms(host, onHeld) {
  const released = [];
  const onHand = () => released.splice(0).forEach((release) => release());
  const windows = new Set(roots().map((root) => (root.defaultView || (root.ownerDocument || root).defaultView)).filter(Boolean));
  for (const view of windows) {
    const held = (event) => { event.preventDefault(); event.stopImmediatePropagation(); onHeld(); };
    const byHand = (event) => {
      const key = event.type === "keydown";
      const target = event.composedPath()[0];
      if (!event.isTrusted || !isElement(target) || event.composedPath().includes(host)) return;
      if (key ? event.keyCode === 13 || (event.keyCode === 32 && target.closest(BUTTONS)) : target.closest(BUTTONS)) onHand();
    };
    view.addEventListener("submit", held, true);
    view.addEventListener("click", byHand, true);
    view.addEventListener("keydown", byHand, true);
    const proto = view.HTMLFormElement.prototype;
    const own = { submit: proto.submit, requestSubmit: proto.requestSubmit };
    proto.submit = onHeld;
    proto.requestSubmit = onHeld;
    // Scripts that have the browser's own submit, or live in another world than the user script, come past these; where
    // the browser tells of pages that are about to be left, they are kept from leaving too.
    const left = (event) => {
      if (!event.userInitiated && !event.destination.sameDocument && event.cancelable) held(event);
    };
    view.navigation?.addEventListener("navigate", left);
    released.push(() => {
      view.navigation?.removeEventListener("navigate", left);
      for (const [type, heard] of [["submit", held], ["click", byHand], ["keydown", byHand]]) view.removeEventListener(type, heard, true);
      Object.assign(proto, own);
    });
  }
  return () => released.splice(0).forEach((release) => release());
}
