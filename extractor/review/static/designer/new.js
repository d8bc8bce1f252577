// Drafting a new form from pages: asks, waits, and opens the draft.
import { fill, get, post, setup } from "../server.js";
import { makeSay } from "./saying.js";

const { texts, most } = setup();
const form = document.getElementById("new");
const trouble = document.getElementById("new-trouble");
const working = document.getElementById("new-working");
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

function tell(message) {
  trouble.textContent = message;
  trouble.hidden = !message;
  if (message) working.textContent = "";
}

const way = () => form.querySelector("[name=way]:checked").value;

form.addEventListener("change", () => {
  document.getElementById("copy-part").hidden = way() !== "copy";
  document.getElementById("pages-part").hidden = way() !== "draft";
});

async function beginWithout(name) {
  const copyOf = way() === "copy" ? document.getElementById("copy-of").value : "";
  const say = makeSay(working, texts);
  const answer = await say.during(() => post("/api/templates/begin", {
    name, register_code: document.getElementById("register").value, copy_of: copyOf,
  }));
  if (!answer) return;
  if (answer.status === 200) location.assign(`/templates/form/${answer.data.form}`);
  else tell(answer.data.message ?? texts.tpl_unreachable);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = document.getElementById("name").value.trim();
  const pages = [...form.querySelectorAll("[name=page]:checked")].map((box) => Number(box.value));
  if (!NAME.test(name)) { tell(texts.tpl_new_bad_name); return; }
  if (way() !== "draft") { await beginWithout(name); return; }
  if (!pages.length || pages.length > most) { tell(fill(texts.tpl_new_choose, { most })); return; }
  tell("");
  working.textContent = texts.tpl_new_working;
  const begin = document.getElementById("new-begin");
  begin.disabled = true;
  try {
    const say = makeSay(working, texts);
    const answer = await say.during(() =>
      post("/api/templates/draft", { name, register_code: document.getElementById("register").value, pages }));
    if (!answer) return;
    if (answer.status !== 200) { tell(answer.data.message ?? texts.tpl_unreachable); return; }
    for (;;) {
      const found = await get(`/api/templates/drafts/${answer.data.job}`).catch(() => null);
      if (!found) { tell(texts.tpl_unreachable); return; }
      if (found.done && found.form) { location.assign(`/templates/form/${found.form}?page=${pages[0]}`); return; }
      if (found.done) { tell(found.message); return; }
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
  } finally {
    begin.disabled = false;
  }
});
