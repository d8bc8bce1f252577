// Typing Vietnamese where the computer has no input method: a switch for each person, and the boxes that obey it.
import { makeTyping } from "./telex.js";

const METHODS = ["off", "telex", "vni"];
const PLACE = `typing/${document.querySelector('meta[name="account"]').content}`;
const LETTER = /[\p{L}\p{M}]/u;

function remembered() {
  try {
    const [method, style] = (localStorage.getItem(PLACE) ?? "").split(" ");
    return { method: METHODS.includes(method) ? method : "off", modern: style === "modern" };
  } catch {
    return { method: "off", modern: false };
  }
}

// button and style: where the method is shown and changed, and how tones stand; gives { next() }, for a key.
export function makeSwitch({ texts, button, style }) {
  const now = remembered();
  const typing = makeTyping(() => now);
  let paused = false;      // for the word in hand, by Ctrl
  let ctrlAlone = false;
  let writing = false;

  function keep() {
    try { localStorage.setItem(PLACE, `${now.method} ${now.modern ? "modern" : "old"}`); } catch { /* for this page, then */ }
    show();
  }

  function show() {
    button.textContent = texts[`typing_${now.method}`] + (paused ? ` ${texts.typing_paused}` : "");
    style.value = now.modern ? "modern" : "old";
  }

  function pause(on) {
    if (paused === on || now.method === "off") return;
    paused = on;
    show();
  }

  function forget() {
    typing.forget();
    pause(false);
  }

  function put(box, from, to, text, caret) {
    writing = true;
    box.setSelectionRange(from, to);
    // As if it had been typed, so that Ctrl+Z takes it back; where a browser does not, it is put there.
    if (!document.execCommand("insertText", false, text)) {
      box.setRangeText(text, from, to, "end");
      box.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
    }
    box.setSelectionRange(caret, caret);
    writing = false;
  }

  document.addEventListener("beforeinput", (event) => {
    const { target: box, data: key } = event;
    if (writing || !(box instanceof HTMLTextAreaElement)) return;
    // What an input method of the computer composes, or writes by taking letters away, is its own.
    if (event.isComposing || event.inputType !== "insertText" || [...(key ?? "")].length !== 1) { typing.forget(); return; }
    const at = box.selectionStart;
    const before = /[\p{L}\p{M}]*$/u.exec(box.value.slice(0, at))[0];
    if (!LETTER.test(key) && !(before && /[0-9]/u.test(key))) { forget(); return; }
    if (paused || box.selectionEnd !== at) return;
    const after = /^[\p{L}\p{M}]*/u.exec(box.value.slice(at))[0];
    const made = typing.press(before, after, key);
    if (!made) return;
    event.preventDefault();
    const from = at - before.length;
    put(box, from, at + after.length, made[0] + made[1], from + made[0].length);
  });
  document.addEventListener("focusin", forget);

  // Ctrl pressed and let go by itself: the word in hand stays as its keys say.
  document.addEventListener("keydown", (event) => { ctrlAlone = event.key === "Control"; }, true);
  document.addEventListener("pointerdown", () => { ctrlAlone = false; }, true);
  document.addEventListener("keyup", (event) => {
    if (event.key === "Control" && ctrlAlone && document.activeElement instanceof HTMLTextAreaElement) pause(!paused);
    if (event.key === "Control") ctrlAlone = false;
  }, true);

  function next() {
    paused = false;
    now.method = METHODS[(METHODS.indexOf(now.method) + 1) % METHODS.length];
    keep();
  }

  style.addEventListener("change", () => { now.modern = style.value === "modern"; keep(); });
  show();
  return { next };
}
