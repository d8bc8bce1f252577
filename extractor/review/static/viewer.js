// The whole page with the field framed: zoom, pan, contrast, invert.
export function makeViewer(dialog) {
  const view = dialog.querySelector(".viewer-view");
  const paper = dialog.querySelector(".viewer-paper");
  const image = paper.querySelector("img");
  const frame = paper.querySelector(".frame");
  let zoom = 1;
  let where = null;
  let dragged = null;
  let atField = false;

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

  // All of the page, its frame seen in its surroundings.
  function toPage() {
    const high = image.naturalWidth ? image.naturalHeight / image.naturalWidth : 1;
    zoom = 1;
    resize(Math.min(1, view.clientHeight / (view.clientWidth * high)));
    atField = false;
    dialog.setAttribute("aria-busy", "false");
  }

  function toggleField() {
    if (atField || !where) toPage();
    else { toField(); atField = true; }
  }

  // By key, the beginning of the frame stays where it is while it is in sight.
  function step(factor) {
    const [room, before] = [view.getBoundingClientRect(), frame.getBoundingClientRect()];
    const within = before.left >= room.left && before.left < room.right && before.top >= room.top && before.top < room.bottom;
    resize(zoom * factor);
    if (frame.hidden || !within) return;
    const after = frame.getBoundingClientRect();
    view.scrollBy(after.left - before.left, after.top - before.top);
  }

  const deeds = {
    in: () => step(1.25),
    out: () => step(1 / 1.25),
    contrast: () => toggle("contrast"),
    invert: () => toggle("invert"),
    close: () => dialog.close(),
  };

  dialog.addEventListener("click", (event) => deeds[event.target.dataset.do]?.());
  dialog.addEventListener("keydown", (event) => {
    const far = 120;
    const moves = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] };
    const keys = {
      "+": deeds.in, "=": deeds.in, "-": deeds.out, "0": toggleField, c: deeds.contrast, i: deeds.invert, F9: deeds.close,
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
    // place: of the field, in shares of the picture, or none; name: what the field is called.
    open(url, place, name = "") {
      where = place;
      dialog.querySelector(".viewer-name").textContent = name;
      placeFrame(frame, place);
      dialog.showModal();
      view.focus();
      zoom = 1;
      paper.style.width = `${view.clientWidth}px`;
      dialog.setAttribute("aria-busy", "true");
      if (image.getAttribute("src") === url && image.complete) toPage();
      else {
        image.onload = image.onerror = toPage;
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
