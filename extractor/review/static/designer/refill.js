// Fills a part of the panel anew without taking the keyboard's place away.
const CONTROLS = "input, select, textarea, button, summary";
const keyOf = (control) => control.name || control.dataset.do || control.dataset.key || "";

export function makeRefill(box, make) {
  let waiting = 0;

  function refill() {
    waiting = 0;
    const active = box.contains(document.activeElement) ? keyOf(document.activeElement) : "";
    const open = new Set([...box.querySelectorAll("details[open]")].map((each) => each.dataset.key));
    box.replaceChildren(...make());
    for (const each of box.querySelectorAll("details")) each.open = open.has(each.dataset.key);
    if (!active) return;
    const again = [...box.querySelectorAll(CONTROLS)].find((control) => keyOf(control) === active);
    again?.focus();
    if (again?.tagName === "INPUT" && again.type !== "checkbox") again.select();
  }

  // A change is told while a control is being left: only afterwards it is known which one comes next.
  return () => { waiting ||= setTimeout(refill); };
}
