// Sends one file in pieces, from where an earlier try stopped; waits while the server cannot be reached.
import { SessionGone, Unreachable, post } from "./server.js";
import { Sha256 } from "./sha256.js";

const PIECE = 1024 * 1024; // the room takes no more at once
const BIG = 8 * PIECE; // checked before its hash is worked out, which takes a while
const TIMEOUT = 120_000;
const MOST_TRIES = 5;
const MOST_STUCK = 30;

export class Refused extends Error {
  constructor({ error = "", why = "", mend = "" }) {
    super(why);
    Object.assign(this, { error, why, mend });
  }
}
export class Removed extends Error {}

const wait = (milliseconds) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
  });

// hold(): waits while paused, throws Removed where the file is not wanted any more.
// trouble(why): "network", "session", "no-space" or "" tells what is waited for.
// at(sent): tells how many bytes the server has.
export class Sender {
  constructor({ reasons, head, hold, trouble, at }) {
    Object.assign(this, { reasons, head, hold, trouble, at });
  }

  // Gives {id, pages, sent}: whether anything had to be sent.
  async send(file, name, began) {
    const head = btoa(String.fromCharCode(...(await this.#bytes(file, 0, this.head))));
    const asked = { name, size: file.size, head };
    if (file.size > BIG) await this.#ask("/api/scans/announce", asked);
    const sha256 = await this.#hash(file);
    let sent = false;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const upload = await this.#ask("/api/scans/announce", { ...asked, sha256 });
      if (upload.state !== "complete") {
        began(upload);
        sent = true;
      }
      const done = upload.state === "complete" ? upload : await this.#pieces(file, upload);
      if (done) return { id: done.id, pages: done.pages, sent };
      await wait(500);
    }
    throw new Refused(this.reasons.changed);
  }

  // Sends what is missing; gives the answer to the last piece, or nothing where the file has to be announced anew.
  async #pieces(file, { id, offset: begin }) {
    let offset = begin;
    let stuck = 0;
    for (;;) {
      await this.hold();
      this.at(offset);
      const piece = new Blob([await this.#bytes(file, offset, offset + PIECE)]);
      const headers = { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) };
      const { status, data } = await this.#answered(`/api/scans/files/${id}/content`, piece, { headers });
      if (status === 200) {
        offset = data.offset;
        stuck = 0;
        if (data.state === "complete") return data;
        continue;
      }
      if (data.error === "wrong-hash" || status === 404) return null;
      if (data.error === "busy") await wait(1000);
      else if (data.error !== "wrong-offset") throw new Refused(data);
      stuck += 1;
      if (stuck > MOST_STUCK && data.error === "busy") throw new Refused(data);
      if (stuck > MOST_STUCK) return null;
      if (data.offset !== undefined) offset = Number(data.offset);
    }
  }

  async #hash(file) {
    const hash = new Sha256();
    for (let at = 0; at < file.size; at += PIECE) {
      await this.hold();
      hash.update(await this.#bytes(file, at, at + PIECE));
    }
    return hash.hex();
  }

  async #bytes(file, from, to) {
    try {
      return new Uint8Array(await file.slice(from, to).arrayBuffer());
    } catch {
      throw new Refused(from ? this.reasons.changed : this.reasons.unreadable);
    }
  }

  async #ask(path, body) {
    const { status, data } = await this.#answered(path, body);
    if (status !== 200) throw new Refused(data);
    return data;
  }

  // Asks until there is an answer.
  async #answered(path, body, options = {}) {
    for (let pause = 500; ; pause = Math.min(pause * 2, 10_000)) {
      await this.hold();
      let why = "network";
      try {
        const answer = await post(path, body, { ...options, signal: AbortSignal.timeout(TIMEOUT) });
        if (answer.data.error !== "no-space") {
          this.trouble("");
          return answer;
        }
        why = "no-space";
      } catch (error) {
        if (error instanceof SessionGone) why = "session";
        else if (!(error instanceof Unreachable)) throw error;
      }
      this.trouble(why);
      await wait(pause);
    }
  }
}
