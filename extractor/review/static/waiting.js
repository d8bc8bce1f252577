// Questions to the server that must not overtake each other, and that are asked again until it answers.
import { SessionGone } from "./server.js";

// notice(text, why) shows a message; current() tells the reason of the one that is shown.
export function makeWaiting({ texts, notice, current }) {
  let turns = Promise.resolve();

  // What changes or tells the number of open fields goes one after the other: two answers that overtake each other
  // would count a decision twice or not at all.
  function inTurn(work) {
    const mine = turns.then(work);
    turns = mine.catch(() => {});
    return mine;
  }

  // Tries again until the server answers; says so meanwhile.
  async function asking(ask) {
    for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
      try {
        const answer = await ask();
        if (current() === "network") notice("");
        return answer;
      } catch (error) {
        if (error instanceof SessionGone) {
          notice(texts.session_gone);
          throw error;
        }
        notice(texts.not_saved, "network");
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  return { inTurn, asking };
}
