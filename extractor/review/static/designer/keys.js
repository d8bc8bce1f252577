// The keyboard on the board.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function bindKeys({ svg, state, moving, drawing, model, zoom, openHelp, editChosen }) {
  svg.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    const id = event.target.dataset?.id ?? "";
    if (drawing.on()) {
      if (arrow) {
        const step = event.shiftKey ? 10 : 1;
        drawing.shift(arrow[0] * step, arrow[1] * step, event.altKey || event.ctrlKey);
      } else if (event.key === "Enter" || event.key === " ") drawing.take();
      else return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!id) return;
    if (arrow) {
      const step = event.shiftKey ? 10 : 1;
      const deed = event.altKey || event.ctrlKey ? moving.resize : moving.move;
      const across = arrow[0] !== 0 ? "x" : "y";
      deed(id, arrow[0] * step, arrow[1] * step, `${deed === moving.move ? "move" : `size ${across}`} ${id}`);
    } else if (event.key === "Delete") moving.remove(id);
    else if (event.key === "Enter" || event.key === " ") { state.choose(id); editChosen(); }
    else if ((event.key === "s" || event.key === "S") && !event.ctrlKey) moving.snap(id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  svg.addEventListener("focusin", (event) => {
    const id = event.target.dataset?.id;
    if (id && id !== "frame") state.choose(id);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    const key = event.key.toLowerCase();
    if (event.key === "Escape" && drawing.on()) drawing.end();
    else if (event.key === "F1") openHelp();
    else if (typing) return;
    else if (event.ctrlKey && key === "z" && !event.shiftKey) model.undo();
    else if (event.ctrlKey && (key === "y" || (key === "z" && event.shiftKey))) model.redo();
    else if (event.ctrlKey || event.altKey || event.metaKey) return;
    else if (key === "n") drawing.toggle();
    else if (key === "+" || key === "=") zoom.in();
    else if (key === "-") zoom.out();
    else if (key === "0") zoom.fit();
    else return;
    event.preventDefault();
  });
}
