// Talks to the server: every post repeats the visit's token.
const meta = document.querySelector('meta[name="csrf"]');
const person = document.querySelector('meta[name="person"]').content;
let csrf = meta.content;

export class SessionGone extends Error {}
export class Unreachable extends Error {}

async function send(path, body, { headers, ...options }) {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, ...headers },
      body: body instanceof Blob ? body : JSON.stringify(body),
      ...options,
    });
  } catch {
    throw new Unreachable();
  }
}

// Whether the same person signed in again, in another tab: then this page goes on under the new session.
async function signedInAgain() {
  const response = await fetch("/api/session").catch(() => null);
  if (!response || !response.ok) return false;
  const session = await response.json();
  if (session.person !== person || session.csrf === csrf) return false;
  csrf = session.csrf;
  return true;
}

// Posts JSON, or a blob as it is; gives {status, data}. Throws SessionGone or Unreachable.
export async function post(path, body, options = {}) {
  let response = await send(path, body, options);
  if (response.status === 403 && (await signedInAgain())) response = await send(path, body, options);
  if (response.status === 401 || response.status === 403) throw new SessionGone();
  if (response.status >= 500) throw new Unreachable();
  return { status: response.status, data: await response.json() };
}

// Asks for JSON.
export async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Unreachable();
  return response.json();
}

// A picture as an address within this page: fetched once, kept only as long as it is needed.
export async function picture(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Unreachable();
  return URL.createObjectURL(await response.blob());
}

export const setup = () => JSON.parse(document.getElementById("setup").textContent);

export function fill(text, words) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in words ? words[name] : whole));
}
