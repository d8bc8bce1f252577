// Frames the field whose row is under the pointer or has the focus.
import { placeFrame } from "./viewer.js";

const page = document.getElementById("record-page");
const frame = document.getElementById("record-frame");

function point(row) {
  for (const other of document.querySelectorAll(".fields tr.pointed")) other.classList.remove("pointed");
  if (!row?.dataset.frame || !frame) return;
  row.classList.add("pointed");
  const [left, top, width, height] = row.dataset.frame.split(" ").map(Number);
  placeFrame(frame, { left, top, width, height });
  const middle = (top + height / 2) * frame.parentElement.offsetHeight;
  page.scrollTo({ top: middle - page.clientHeight / 2, behavior: "smooth" });
}

for (const row of document.querySelectorAll(".fields tbody tr")) {
  row.addEventListener("pointerenter", () => point(row));
  row.addEventListener("focusin", () => point(row));
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...document.querySelectorAll(".fields tbody a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    links[Math.min(links.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
  } else if (event.key === "ArrowLeft") document.getElementById("previous")?.click();
  else if (event.key === "ArrowRight") document.getElementById("next")?.click();
});

(document.querySelector(".fields tr.review a") ?? document.querySelector(".fields tbody a"))?.focus();
