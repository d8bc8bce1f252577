// Answers what a page without records is, by keys 1 to 5 or by mouse; the same answer again takes it back.
import { SessionGone, post, setup } from "./server.js";

const { texts } = setup();
const cards = [...document.querySelectorAll(".problem")];
const notice = document.getElementById("notice");

async function say(card, resolution) {
  const again = card.dataset.resolution === resolution;
  try {
    const { status, data } = await post(`/api/problem/${card.dataset.problem}`, { resolution: again ? null : resolution });
    if (status !== 200) throw new Error();
    card.dataset.resolution = again ? "" : resolution;
    card.classList.toggle("resolved", !again);
    card.querySelector(".said").textContent = data.shown;
    for (const button of card.querySelectorAll("[data-say]")) {
      button.setAttribute("aria-pressed", String(!again && button.dataset.say === resolution));
    }
    notice.hidden = true;
  } catch (error) {
    notice.textContent = error instanceof SessionGone ? texts.session_gone : texts.not_saved;
    notice.hidden = false;
  }
}

for (const card of cards) {
  for (const button of card.querySelectorAll("[data-say]")) {
    button.addEventListener("click", () => say(card, button.dataset.say));
  }
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const card = document.activeElement?.closest(".problem");
  const at = cards.indexOf(card);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    cards[Math.min(cards.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
  } else if (card && /^[1-5]$/.test(event.key)) {
    const button = card.querySelectorAll("[data-say]")[Number(event.key) - 1];
    if (button) say(card, button.dataset.say);
  }
});

cards.find((card) => !card.dataset.resolution)?.focus();
