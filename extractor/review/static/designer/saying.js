// One line for what went well or wrong; work on the screen is never lost to a failed request.
import { SessionGone, Unreachable } from "../server.js";

export function makeSay(line, texts) {
  function put(text, bad) {
    line.textContent = text;
    line.classList.toggle("bad", bad);
  }
  return {
    ok: (text) => put(`✓ ${text}`, false),
    trouble: (text) => put(text, true),
    // The request's answer, or nothing where there is none; says why.
    async during(request) {
      try {
        return await request();
      } catch (error) {
        if (error instanceof SessionGone) put(texts.tpl_session, true);
        else if (error instanceof Unreachable) put(texts.tpl_unreachable, true);
        else throw error;
        return null;
      }
    },
  };
}
