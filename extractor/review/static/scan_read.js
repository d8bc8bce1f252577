// Who ticks a single file does not mean the whole folder.
for (const group of document.querySelectorAll(".scan-group")) {
  const whole = group.querySelector("[name=folders]");
  for (const single of group.querySelectorAll("[name=uploads]")) {
    single.addEventListener("change", () => {
      if (single.checked) whole.checked = false;
    });
  }
}
