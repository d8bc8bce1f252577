// The page beside a record's form: its waiting fields framed, the one in hand in sight.
import { placeFrame } from "./viewer.js";

const WIDEST = 2.2;   // paper at most so many times as wide as the pane
const LEAST = 1.25;

export function makePage({ pane, paper, image, frame, others, none }, choose) {
  let shown = null;   // { places: Map from field to place, zoom }
  let held = null;

  function resize() {
    if (!shown) return;
    paper.style.width = `${Math.round((pane.clientWidth - 2) * shown.zoom)}px`;
    if (held) toSight(held);
  }

  // One zoom for the whole record, so that nothing jumps: the widest of its fields fills the pane.
  function zoomFor(places) {
    const widest = Math.max(...[...places.values()].filter(Boolean).map((place) => place.width), 0.3);
    return Math.min(WIDEST, Math.max(LEAST, 0.94 / widest));
  }

  // Moves only as far as it must: a field well within the pane leaves the page where it is.
  function toSight(place) {
    const along = (start, length, size, from, room, edge) => {
      const [first, last] = [start * size, (start + length) * size];
      if (first >= from + edge && last <= from + room - edge) return from;
      return last - first > room - 2 * edge ? first - edge : (first + last - room) / 2;
    };
    pane.scrollTo({
      top: along(place.top, place.height, paper.offsetHeight, pane.scrollTop, pane.clientHeight, 70),
      left: along(place.left, place.width, paper.offsetWidth, pane.scrollLeft, pane.clientWidth, 14),
      behavior: "smooth",
    });
  }

  function drawOthers() {
    others.replaceChildren();
    for (const [field, place] of shown.places) {
      if (!place || place === held) continue;
      const mark = document.createElement("div");
      mark.className = "form-mark";
      placeFrame(mark, place);
      mark.addEventListener("click", () => choose(field));
      others.append(mark);
    }
  }

  return {
    // Shows nothing, until another record's page is there.
    clear() {
      shown = held = null;
      paper.hidden = true;
    },
    // url: of the picture, or none; places: where the waiting fields lie on it.
    async show(url, size, places) {
      shown = { places, zoom: zoomFor(places) };
      held = null;
      none.hidden = Boolean(url);
      paper.hidden = !url;
      frame.hidden = true;
      if (!url) return;
      if (image.getAttribute("src") !== url) {
        image.width = size.width;
        image.height = size.height;
        image.src = url;
      }
      resize();
      drawOthers();
      await image.decode().catch(() => {});
    },
    // The field in hand; the place is none where the field was not located.
    hold(place) {
      if (!shown) return;
      held = place ?? null;
      placeFrame(frame, held);
      drawOthers();
      if (held) toSight(held);
    },
    // The fields that still wait.
    keep(places) {
      if (!shown) return;
      shown.places = places;
      drawOthers();
    },
    resize,
  };
}
