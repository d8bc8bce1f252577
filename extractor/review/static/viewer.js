// The whole page with the field framed: zoom, pan, contrast, invert.
export function makeViewer(dialog) {
  const view = dialog.querySelector(".viewer-view");
  const paper = dialog.querySelector(".viewer-paper");
  const image = paper.querySelector("img");
  const frame = paper.querySelector(".frame");
  let zoom = 1;
  let where = null;
  let dragged = null;

  function resize(next, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    next = Math.min(6, Math.max(0.2, next));
    const ratio = next / zoom;
    const left = (view.scrollLeft + x) * ratio - x;
    const top = (view.scrollTop + y) * ratio - y;
    zoom = next;
    paper.style.width = `${Math.round(view.clientWidth * zoom)}px`;
    view.scrollTo(left, top);
  }

  function toField() {
    if (!where || !image.naturalWidth) { resize(1); return; }
    // Wide enough that the field fills most of the view, but not blown up beyond use.
    zoom = 1;
    resize(Math.min(2.4, Math.max(0.85, 0.5 / where.width)));
    const left = where.left * paper.offsetWidth;
    const top = where.top * paper.offsetHeight;
    view.scrollTo(
      left - (view.clientWidth - where.width * paper.offsetWidth) / 2,
      top - (view.clientHeight - where.height * paper.offsetHeight) / 2,
    );
  }

  function toggle(name) {
    const on = image.classList.toggle(name);
    dialog.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", String(on));
  }

  const deeds = {
    in: () => resize(zoom * 1.25),
    out: () => resize(zoom / 1.25),
    contrast: () => toggle("contrast"),
    invert: () => toggle("invert"),
    close: () => dialog.close(),
  };

  dialog.addEventListener("click", (event) => deeds[event.target.dataset.do]?.());
  dialog.addEventListener("keydown", (event) => {
    const step = 120;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const keys = {
      "+": deeds.in, "=": deeds.in, "-": deeds.out, "0": toField, c: deeds.contrast, i: deeds.invert, F9: deeds.close,
    };
    if (moves[event.key]) view.scrollBy(...moves[event.key]);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    resize(zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  view.addEventListener("pointerdown", (event) => {
    dragged = { x: event.clientX + view.scrollLeft, y: event.clientY + view.scrollTop };
    view.setPointerCapture(event.pointerId);
    view.classList.add("dragging");
  });
  view.addEventListener("pointermove", (event) => {
    if (dragged) view.scrollTo(dragged.x - event.clientX, dragged.y - event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    view.addEventListener(end, () => { dragged = null; view.classList.remove("dragging"); });
  }

  return {
    isOpen: () => dialog.open,
    open(url, place) {
      where = place;
      placeFrame(frame, place);
      dialog.showModal();
      view.focus();
      zoom = 1;
      paper.style.width = `${view.clientWidth}px`;
      if (image.getAttribute("src") === url && image.complete) toField();
      else {
        image.onload = toField;
        image.src = url;
      }
    },
  };
}

// Lays a frame given in shares of the picture over it.
export function placeFrame(element, place) {
  element.hidden = !place;
  if (!place) return;
  element.style.left = `${place.left * 100}%`;
  element.style.top = `${place.top * 100}%`;
  element.style.width = `${place.width * 100}%`;
  element.style.height = `${place.height * 100}%`;
}
