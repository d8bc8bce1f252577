// The picture of a page with frames over it and handles to drag; all points given and taken are source pixels.
const SPACE = "http://www.w3.org/2000/svg";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function make(name, attributes) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function makeSheet({ width, height, moved, deed }) {
  const svg = document.getElementById("sheet");
  const scroll = document.getElementById("scroll");
  const layers = Object.fromEntries(["turned", "picture", "frames", "handles"].map((id) => [id, document.getElementById(id)]));
  let quarters = 0;
  let scale = 1;
  let kind = "";
  let places = [];
  let held = null;
  let last = 0;
  let panned = null;

  const across = () => (quarters % 2 ? height : width);
  const down = () => (quarters % 2 ? width : height);
  const seen = ([x, y]) => [[x, y], [height - y, x], [width - x, height - y], [y, width - x]][quarters];
  const source = ([x, y]) => [[x, y], [y, height - x], [width - x, height - y], [width - y, x]][quarters];
  // Room about the picture, so that corners on its very edge can be seen and taken hold of.
  const rim = () => 0.045 * Math.max(width, height);
  const wide = () => across() + 2 * rim();
  const high = () => down() + 2 * rim();
  const unit = () => wide() / Math.max(1, svg.clientWidth);
  const rounded = (point) => point.map((value) => Math.round(value * 10) / 10);

  function layOut() {
    svg.setAttribute("viewBox", `${-rim()} ${-rim()} ${wide()} ${high()}`);
    // At first the whole page is in view.
    const fit = Math.min(scroll.clientWidth - 4, ((scroll.clientHeight - 4) * wide()) / high());
    const size = Math.max(120, fit * scale);
    svg.setAttribute("width", Math.round(size));
    svg.setAttribute("height", Math.round((size * high()) / wide()));
    place();
  }

  // Where a handle stands on the picture as it is turned: a line has it at its left end.
  const spot = (index) => seen(kind === "rows" ? places[index][0] : places[index]);

  function place() {
    const handles = [...layers.handles.querySelectorAll(".handle")];
    handles.forEach((handle, index) => {
      const [x, y] = spot(index);
      handle.setAttribute("transform", `translate(${x} ${y}) scale(${unit()})`);
      const [label, right] = [handle.querySelector("text"), x > 0.6 * across()];
      label.setAttribute("text-anchor", right ? "end" : "start");
      label.setAttribute("x", right ? -14 : 14);
      label.setAttribute("y", y < 0.05 * down() ? 22 : -12);
      handle.setAttribute("aria-label", `${handle.dataset.name}: x ${Math.round(source([x, y])[0])}, y ${Math.round(source([x, y])[1])}`);
    });
    const line = layers.handles.querySelector(".hand-line");
    if (!line) return;
    if (kind === "rows") {
      line.setAttribute("d", places.map((ends) => `M${seen(ends[0]).join(" ")}L${seen(ends[1]).join(" ")}`).join(""));
    } else {
      const path = places.map((point) => seen(point).join(" ")).join("L");
      line.setAttribute("d", `M${path}${kind === "gutter" ? "" : "Z"}`);
    }
  }

  function move(index, [dx, dy]) {
    if (kind === "rows") {
      places[index] = places[index].map((end) => {
        const [x, y] = seen(end);
        return rounded(source([x, y + dy]));
      });
    } else {
      const [x, y] = seen(places[index]);
      const inside = [Math.min(across() * 1.2, Math.max(-0.2 * across(), x + dx)), Math.min(down() * 1.2, Math.max(-0.2 * down(), y + dy))];
      places[index] = rounded(source(inside));
    }
    place();
  }

  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  };

  function listen(handle, index) {
    handle.addEventListener("focus", () => { last = index; handle.scrollIntoView({ block: "nearest", inline: "nearest" }); });
    handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      held = { index, from: at(event) };
    });
    handle.addEventListener("pointermove", (event) => {
      if (held?.index !== index) return;
      const here = at(event);
      move(index, [here[0] - held.from[0], here[1] - held.from[1]]);
      held.from = here;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      handle.addEventListener(end, () => { if (held) { held = null; moved(places.map((each) => each)); } });
    }
    handle.addEventListener("keydown", (event) => {
      if (STEPS[event.key]) {
        const far = event.shiftKey ? 10 : 1;
        move(index, STEPS[event.key].map((step) => step * far));
        moved(places.map((each) => each));
      } else if (event.key === "Enter" || event.key === "Delete") deed(event.key, index);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  scroll.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(1 / 1.25);
    else return;
    event.preventDefault();
  });
  scroll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event);
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    panned = { x: event.clientX + scroll.scrollLeft, y: event.clientY + scroll.scrollTop };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (panned && !held) scroll.scrollTo(panned.x - event.clientX, panned.y - event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { panned = null; });
  window.addEventListener("resize", layOut);

  function zoom(by, event) {
    const next = Math.min(8, Math.max(0.5, scale * by));
    const box = scroll.getBoundingClientRect();
    const x = event ? event.clientX - box.left : scroll.clientWidth / 2;
    const y = event ? event.clientY - box.top : scroll.clientHeight / 2;
    const ratio = next / scale;
    const left = (scroll.scrollLeft + x) * ratio - x;
    const top = (scroll.scrollTop + y) * ratio - y;
    scale = next;
    layOut();
    scroll.scrollTo(left, top);
  }

  return {
    zoom,
    held: () => held !== null || layers.handles.contains(document.activeElement),
    last: () => last,
    focus: (index) => layers.handles.querySelectorAll(".handle")[index]?.focus(),
    show(address) { layers.picture.setAttribute("href", address); layOut(); },
    turn(next) {
      quarters = next;
      const ways = ["", `translate(${height} 0) rotate(90)`, `translate(${width} ${height}) rotate(180)`, `translate(0 ${width}) rotate(270)`];
      layers.turned.setAttribute("transform", ways[quarters]);
      layOut();
    },
    // Four points as corners of the picture as it is turned, moved in by a share of its size.
    inset(share) {
      const [w, h] = [across(), down()];
      const ends = [[share, share], [1 - share, share], [1 - share, 1 - share], [share, 1 - share]];
      return ends.map(([x, y]) => rounded(source([x * w, y * h])));
    },
    middle: () => [[across() / 2, 0], [across() / 2, down()]].map((point) => rounded(source(point))),
    frames(fields, good) {
      layers.frames.replaceChildren(...fields.flatMap((field) => field.lines.map((line) => {
        const frame = make("polygon", { class: good ? "field-frame" : "field-frame bad", points: line.map((point) => seen(point).join(",")).join(" ") });
        const name = make("title", {});
        name.textContent = field.label;
        frame.append(name);
        return frame;
      })));
    },
    handles(tool, points, names) {
      const before = layers.handles.contains(document.activeElement) && kind === tool ? last : -1;
      kind = tool;
      places = tool === "rows" ? points.map((ends) => ends.map((end) => [...end])) : points.map((point) => [...point]);
      layers.handles.replaceChildren();
      if (!places.length) return;
      layers.handles.append(make("path", { class: "hand-line" }));
      places.forEach((_, index) => {
        const handle = make("g", { class: "handle", tabindex: "0", role: "button", "data-index": index });
        handle.dataset.name = names[index] ?? "";
        handle.append(make("circle", { class: "ring", r: 12 }), make("circle", { class: "dot", r: 2 }));
        const label = make("text", { "font-size": 13, "stroke-width": 3, "aria-hidden": "true" });
        label.textContent = handle.dataset.name;
        handle.append(label);
        listen(handle, index);
        layers.handles.append(handle);
      });
      place();
      if (before >= 0) layers.handles.querySelectorAll(".handle")[Math.min(before, places.length - 1)]?.focus();
    },
  };
}
