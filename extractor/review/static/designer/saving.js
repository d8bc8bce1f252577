// Putting the design into use as a new version, and going back to an earlier one.
import { post } from "../server.js";

export function makeSaving({ dialog, model, state, live, say, texts, fill, name, draw }) {
  const form = dialog.querySelector("#save-form");
  const trouble = dialog.querySelector("#save-trouble");
  const clash = dialog.querySelector("#save-clash");

  function tell(message) {
    trouble.textContent = message;
    trouble.hidden = !message;
  }

  // Labels of one line have one height from now on.
  function level(saved) {
    const heights = new Map((saved.sheet?.places ?? []).map((place) => [place.id, place.y]));
    model.design.sheet?.places.forEach((place) => { place.y = heights.get(place.id) ?? place.y; });
    draw();
  }

  async function save() {
    await live.forget();
    const answer = await say.during(() => post("/api/templates/save", {
      design: model.design, based_on: state.basedOn, remark: form.querySelector("#remark").value,
    }));
    if (!answer) { tell(texts.tpl_unreachable); return; }
    if (answer.status !== 200) {
      tell(answer.data.message);
      clash.hidden = answer.data.error !== "changed";
      if (answer.data.faults) state.setFaults(answer.data.faults);
      return;
    }
    state.basedOn = answer.data.version;
    state.versions = answer.data.versions;
    model.design.head.version = answer.data.design.head.version;
    level(answer.data.design);
    document.getElementById("draft-note").hidden = true;
    dialog.close();
    say.ok(fill(texts.tpl_saved, { version: answer.data.version }));
    document.body.dataset.saved = answer.data.version;
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  dialog.querySelector("#save-close").addEventListener("click", () => dialog.close());
  dialog.querySelector("#save-over").addEventListener("click", async () => {
    const found = await fetch(`/api/templates/form/${name}`).then((answer) => answer.json()).catch(() => null);
    if (!found) return;
    state.basedOn = found.inUse;
    save();
  });
  dialog.querySelector("#reload").addEventListener("click", async () => {
    await say.during(() => post(`/api/templates/forget/${name}`, {}));
    location.reload();
  });

  return {
    open() {
      tell("");
      clash.hidden = true;
      dialog.showModal();
      form.querySelector("#remark").focus();
    },
  };
}

export function makeVersions({ dialog, model, state, live, say, texts, fill, name }) {
  const list = dialog.querySelector("#version-list");
  const none = dialog.querySelector("#versions-none");
  const trouble = dialog.querySelector("#versions-trouble");

  async function restore(number, give_up = false) {
    await live.settle();
    const answer = await say.during(() =>
      post("/api/templates/restore", { design: model.design, based_on: state.basedOn, number, give_up }));
    if (!answer) return;
    if (answer.status !== 200) {
      trouble.textContent = answer.data.faults
        ? [answer.data.message, ...answer.data.faults.map((fault) => fault.text)].join(" ") : answer.data.message;
      trouble.hidden = false;
      if (answer.data.error === "unfinished") trouble.append(" ", anyway(number));
      return;
    }
    await live.forget();
    await say.during(() => post(`/api/templates/forget/${name}`, {}));
    location.reload();
  }

  function anyway(number) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = texts.tpl_restore_anyway;
    button.addEventListener("click", () => restore(number, true));
    return button;
  }

  function line(version) {
    const item = document.createElement("li");
    const said = document.createElement("span");
    const when = version.at ? new Date(version.at).toLocaleString("vi-VN", { dateStyle: "short", timeStyle: "short" }) : "";
    said.textContent = [`${version.number}. ${version.version}`, version.by, when, version.remark].filter(Boolean).join(" · ");
    item.append(said, " ");
    if (version.inUse) {
      const used = document.createElement("span");
      used.className = "done";
      used.textContent = `✓ ${texts.tpl_in_use}`;
      item.append(used);
    } else {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = texts.tpl_restore;
      button.setAttribute("aria-label", fill(texts.tpl_restore_of, { number: version.number }));
      button.addEventListener("click", () => restore(version.number));
      item.append(button);
    }
    return item;
  }

  dialog.querySelector("#versions-close").addEventListener("click", () => dialog.close());
  return {
    open() {
      trouble.hidden = true;
      none.hidden = state.versions.length > 0;
      list.replaceChildren(...state.versions.map(line));
      dialog.showModal();
    },
  };
}
