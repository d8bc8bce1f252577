// As a bookmarklet the panel opens at once; as a user script it waits for its menu entry or Ctrl+Alt+D.
function waitForKey() {
  if (typeof GM_registerMenuCommand === "function") GM_registerMenuCommand("Bộ điền biểu mẫu hộ tịch", openPanel);
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.altKey && event.code === "KeyD") { event.preventDefault(); openPanel(); }
  });
}
