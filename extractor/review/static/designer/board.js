// Draws the page's labels, values, columns and rulings as SVG over the scan, and tells what is chosen.
import { fill } from "../server.js";

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function makeBoard({ svg, model, view, state, texts }) {
  const back = element("g", { "aria-hidden": "true" });
  const front = element("g");
  const over = element("g");
  svg.append(back, front, over);

  const faulty = (id) => state.faults.some((fault) => fault.item === id);

  function labelBox(place) {
    const [x, y] = view.at(place, model.sheet.places);
    const found = state.labels.get(place.id);
    const height = found?.height || 3 * view.scale;
    const width = found?.width || (place.text.length + 1) * 2 * view.scale;
    return { x, y: y - height, width, height: height * 1.25 };
  }

  function drawLabel(place) {
    const box = labelBox(place);
    const found = state.labels.get(place.id);
    const name = place.text || "?";
    const group = element("g", {
      tabindex: "0", role: "button", "data-id": place.id, "aria-label": fill(texts.tpl_item_label, { label: name }),
      "aria-pressed": String(state.chosen === place.id),
      class: ["label", found?.found ? "found" : "guessed", place.field || place.cells.length ? "" : "plain",
        state.chosen === place.id ? "chosen" : "", faulty(place.id) ? "faulty" : ""].join(" "),
    });
    group.append(element("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: 3 }));
    const foot = box.y + box.height / 1.25;
    group.append(element("line", { x1: box.x, y1: foot, x2: box.x + box.width, y2: foot }));
    return group;
  }

  // Where the print of a label was found, if that is not where the label was put.
  function drawGhosts() {
    for (const place of model.sheet.places) {
      const found = state.labels.get(place.id);
      if (!found?.found) continue;
      const [x, y] = view.at(place, model.sheet.places);
      if (Math.hypot(found.at[0] - x, found.at[1] - y) < 5) continue;
      back.append(
        element("rect", { class: "ghost", x: found.at[0], y: found.at[1] - found.height, width: found.width, height: found.height * 1.25 }),
        element("line", { class: "ghost", x1: x, y1: y, x2: found.at[0], y2: found.at[1] }),
      );
    }
  }

  function drawRegions() {
    const codes = state.chosenCodes();
    for (const region of state.regions) {
      const points = region.corners.map((corner) => corner.join(",")).join(" ");
      const chosen = codes.includes(region.code);
      back.append(element("polygon", { points, class: `region${chosen ? " chosen" : ""}` }));
    }
  }

  function drawBlocks() {
    const chosen = model.sheet.places.find((place) => place.id === state.chosen);
    for (const block of model.sheet.blocks) {
      if (block.id !== chosen?.block) continue;
      const own = model.sheet.places.filter((place) => place.block === block.id);
      const tops = own.map((place) => view.at(place, own)[1]);
      const [left] = view.forward(block.left, 0);
      const [right] = view.forward(block.right, 0);
      const top = Math.min(...tops) - view.scale * model.sheet.pitch;
      const bottom = view.forward(0, block.bottom)[1];
      back.append(element("rect", { class: "block", x: left, y: top, width: right - left, height: Math.max(4, bottom - top) }));
    }
  }

  function drawTable() {
    const { edges, columns, height } = model.table;
    const top = view.down(0);
    const head = view.down(height);
    const bottom = view.page.height * 0.97;
    columns.forEach((column, number) => {
      const left = view.edgeAt(edges[number], number);
      const right = view.edgeAt(edges[number + 1], number + 1);
      const group = element("g", {
        tabindex: "0", role: "button", "data-id": column.id,
        "aria-label": `${fill(texts.tpl_column, { number: number + 1 })} ${column.field}`,
        "aria-pressed": String(state.chosen === column.id),
        class: `column${state.chosen === column.id ? " chosen" : ""}${faulty(column.id) ? " faulty" : ""}`,
      });
      group.append(element("rect", { x: left + 2, y: top, width: Math.max(2, right - left - 4), height: Math.max(6, head - top) }));
      front.append(group);
    });
    edges.forEach((edge, number) => {
      const x = view.edgeAt(edge, number);
      const id = `e${number}`;
      const group = element("g", {
        tabindex: "0", role: "button", "data-id": id, "aria-label": fill(texts.tpl_edge, { number: number + 1 }),
        "aria-pressed": String(state.chosen === id), class: `edge${state.chosen === id ? " chosen" : ""}`,
      });
      const from = view.down(edge.below);
      group.append(element("line", { class: "grip", x1: x, y1: from, x2: x, y2: bottom }));
      group.append(element("line", { x1: x, y1: from, x2: x, y2: bottom }));
      front.append(group);
    });
    back.append(element("line", { class: "head-line", x1: view.edgeAt(edges[0], 0), y1: head, x2: view.edgeAt(edges.at(-1), edges.length - 1), y2: head }));
  }

  function draw() {
    const focused = svg.contains(document.activeElement) ? document.activeElement.dataset.id : "";
    svg.setAttribute("viewBox", `0 0 ${view.page.width} ${view.page.height}`);
    back.replaceChildren();
    front.replaceChildren();
    drawRegions();
    if (model.sheet) {
      drawBlocks();
      drawGhosts();
      for (const place of model.sheet.places) front.append(drawLabel(place));
    } else if (model.table) drawTable();
    if (focused) front.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
  }

  function drawFrame(frame) {
    over.replaceChildren();
    if (!frame) return;
    const [left, top, right, bottom] = frame;
    const group = element("g", { tabindex: "0", role: "button", class: "drawn", "aria-label": texts.tpl_add, "data-id": "frame" });
    group.append(element("rect", { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) }));
    over.append(group);
    group.focus({ preventScroll: true });
  }

  return {
    draw,
    drawFrame,
    focus(id) { front.querySelector(`[data-id="${id}"]`)?.focus(); },
    // The place of a pointer in pixels of the page.
    point(event) {
      const box = svg.getBoundingClientRect();
      return [
        ((event.clientX - box.left) / box.width) * view.page.width,
        ((event.clientY - box.top) / box.height) * view.page.height,
      ];
    },
  };
}
