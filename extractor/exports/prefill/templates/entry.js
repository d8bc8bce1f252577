"use strict";
// The entry form of one record: shows on the scan what is being typed, and copies values. Nothing leaves this page but
// through the clipboard.
const all = (selector) => [...document.querySelectorAll(selector)];
const scan = document.querySelector(".scan");
const paper = document.querySelector(".paper");
const said = document.querySelector(".said");
const entry = JSON.parse(document.getElementById("entry").textContent);

function point(field) {
  all(".field.now").forEach((each) => each.classList.remove("now"));
  field.classList.add("now");
  const old = document.querySelector(".frame");
  if (old) old.remove();
  if (!paper || !field.dataset.frame) return;
  const [left, top, width, height] = field.dataset.frame.split(" ").map(Number);
  const frame = document.createElement("div");
  frame.className = "frame";
  Object.entries({ left, top, width, height }).forEach(([side, share]) => { frame.style[side] = `${share * 100}%`; });
  paper.append(frame);
  const middle = (share, size, whole, room) => (share + size / 2) * whole - room / 2;
  scan.scrollTo(middle(left, width, paper.clientWidth, scan.clientWidth), middle(top, height, paper.clientHeight, scan.clientHeight));
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  said.textContent = what;
}

const textOf = (box) => box.tagName === "SELECT" ? box.selectedOptions[0].dataset.words || box.value : box.value;
const boxes = all("[data-code]");

function record() {
  const edits = Object.fromEntries(boxes.filter((box) => !box.disabled && box.value !== box.dataset.text).map((box) => [box.dataset.code, box.value]));
  return JSON.stringify({ ...entry, edits });
}

for (const box of boxes) {
  box.addEventListener("focus", () => { point(box.closest(".field")); if (box.select) box.select(); });
  box.addEventListener("input", () => {
    box.closest(".field").classList.toggle("edited", boxes.some((each) => each.closest(".field") === box.closest(".field") && each.value !== each.dataset.text));
    box.parentElement.querySelector(".printed").textContent = textOf(box);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    (boxes[boxes.indexOf(box) + 1] || document.getElementById("copy")).focus();
  });
}
all(".field").forEach((field) => field.addEventListener("mouseenter", () => { if (!document.activeElement.matches("[data-code]")) point(field); }));
all(".part .copy").forEach((button) => button.addEventListener("click", () => {
  const box = button.parentElement.querySelector("[data-code]");
  copy(textOf(box), `Đã chép: ${box.getAttribute("aria-label")}`);
}));
document.getElementById("copy").addEventListener("click", () => copy(record(), "Đã chép bản ghi. Sang trang nhập liệu, bấm dấu trang “Bộ điền biểu mẫu” rồi dán."));
document.getElementById("print").addEventListener("click", () => window.print());
let zoom = 1;
all(".zoom button").forEach((button) => button.addEventListener("click", () => {
  zoom = Math.min(3, Math.max(0.5, zoom * Number(button.value)));
  paper.style.width = `${zoom * 100}%`;
  const now = document.querySelector(".field.now");
  if (now) point(now);
}));
document.addEventListener("keydown", (event) => {
  const to = event.altKey && { ArrowLeft: "#previous", ArrowRight: "#next", KeyC: "#copy" }[event.code];
  const target = to && document.querySelector(to);
  if (target) { event.preventDefault(); target.click(); }
});
