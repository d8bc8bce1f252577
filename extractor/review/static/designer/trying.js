// Trying the unsaved design on other pages: how it lies there, and what the readers make of one field.
import { get, post } from "../server.js";

const ASK_AGAIN = 700;

export function makeTrying({ dialog, model, state, say, texts, fill, most, pageName }) {
  const form = dialog.querySelector("#try-form");
  const codes = dialog.querySelector("#try-code");
  const list = dialog.querySelector("#tried");
  const status = dialog.querySelector("#try-state");
  let running = 0;

  function crop(found) {
    const line = document.createElement("div");
    line.className = "tried-crop";
    if (found.picture) {
      const image = document.createElement("img");
      image.src = found.picture;
      image.alt = texts.tpl_try_crop;
      line.append(image);
    }
    const said = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = found.raw || found.said || texts.tpl_try_blank;
    said.append(strong);
    if (found.value && found.value !== found.raw) said.append(` → ${found.value}`);
    if (found.confidence !== undefined) {
      const sure = document.createElement("span");
      sure.className = "muted";
      sure.textContent = ` ${fill(texts.tpl_try_sure, { confidence: found.confidence })}`;
      said.append(sure);
    }
    line.append(said);
    return line;
  }

  function page(result, id) {
    const line = document.createElement("li");
    const title = document.createElement("h3");
    title.textContent = pageName(id);
    line.append(title);
    if (result.failed) {
      const said = document.createElement("p");
      said.className = "fault";
      said.textContent = result.failed;
      line.append(said);
      return line;
    }
    const lies = document.createElement("p");
    lies.className = result.ok ? "lies" : "lies bad";
    lies.textContent = `${result.ok ? `✓ ${texts.tpl_registered}` : `✗ ${texts.tpl_not_registered}`} · ${
      fill(texts.tpl_measure, result)}${result.records > 1 ? ` · ${fill(texts.tpl_try_records, { count: result.records })}` : ""}`;
    const link = document.createElement("a");
    link.href = result.overlay;
    link.target = "_blank";
    const image = document.createElement("img");
    image.src = result.overlay;
    image.alt = fill(texts.tpl_try_overlay, { page: pageName(id) });
    image.className = "tried-page";
    link.append(image);
    const right = document.createElement("div");
    right.append(lies);
    if (result.reason) {
      const reason = document.createElement("p");
      reason.className = "muted";
      reason.textContent = result.reason;
      right.append(reason);
    }
    right.append(...result.crops.map(crop));
    const both = document.createElement("div");
    both.className = "tried-both";
    both.append(link, right);
    line.append(both);
    return line;
  }

  async function follow(job, pages, mine) {
    let shown = 0;
    while (mine === running) {
      const found = await get(`/api/templates/tries/${job}`).catch(() => null);
      if (!found) { status.textContent = texts.tpl_unreachable; return; }
      for (; shown < found.pages.length; shown += 1) list.append(page(found.pages[shown], pages[shown]));
      const good = found.pages.filter((each) => each.ok).length;
      status.textContent = found.done
        ? fill(texts.tpl_try_done, { good, total: found.total })
        : fill(texts.tpl_try_working, { done: shown, total: found.total });
      if (found.done) { dialog.dataset.done = String(found.total); return; }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const pages = [...form.querySelectorAll("[name=page]:checked")].map((box) => Number(box.value));
    if (!pages.length || pages.length > most) { status.textContent = fill(texts.tpl_try_choose, { most }); return; }
    const mine = (running += 1);
    delete dialog.dataset.done;
    list.replaceChildren();
    status.textContent = fill(texts.tpl_try_working, { done: 0, total: pages.length });
    const answer = await say.during(() => post("/api/templates/try", { design: model.design, pages, code: codes.value }));
    if (!answer) return;
    if (answer.status !== 200) { status.textContent = answer.data.message; return; }
    await follow(answer.data.job, pages, mine);
  });

  dialog.querySelector("#try-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { running += 1; });

  return {
    open() {
      const chosen = state.chosenCodes()[0] ?? codes.value;
      codes.replaceChildren(new Option(texts.tpl_try_nothing, ""),
        ...model.design.fields.map((field) => new Option(`${field.code} – ${field.label}`, field.code, false, field.code === chosen)));
      codes.value = model.design.fields.some((field) => field.code === chosen) ? chosen : "";
      status.textContent = "";
      dialog.showModal();
      codes.focus();
    },
  };
}
