// How large the page is shown, and which part of it.
export function makeZoom({ view, paper, page }) {
  let zoom = 1;

  function set(next, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    next = Math.min(5, Math.max(0.3, next));
    const ratio = next / zoom;
    const left = (view.scrollLeft + x) * ratio - x;
    const top = (view.scrollTop + y) * ratio - y;
    zoom = next;
    paper.style.width = `${Math.round((view.clientWidth - 4) * zoom)}px`;
    view.scrollTo(left, top);
  }

  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    set(zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  return {
    in: () => set(zoom * 1.25),
    out: () => set(zoom / 1.25),
    fit: () => set(1),
    // The part of the page that is seen, in its pixels.
    seen() {
      const factor = page().width / Math.max(1, paper.clientWidth);
      return { left: view.scrollLeft * factor, top: view.scrollTop * factor, width: view.clientWidth * factor, height: view.clientHeight * factor };
    },
    scrollTo(x, y) {
      const factor = paper.clientWidth / page().width;
      view.scrollTo(x * factor - view.clientWidth / 2, y * factor - view.clientHeight / 2);
    },
  };
}
