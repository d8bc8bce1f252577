// Talks to the server: every post repeats the visit's token.
const csrf = document.querySelector('meta[name="csrf"]').content;

export class SessionGone extends Error {}
export class Unreachable extends Error {}

// Posts JSON; gives {status, data}. Throws SessionGone or Unreachable.
export async function post(path, body, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify(body),
      ...options,
    });
  } catch {
    throw new Unreachable();
  }
  if (response.status === 401 || response.status === 403) throw new SessionGone();
  if (response.status >= 500) throw new Unreachable();
  return { status: response.status, data: await response.json() };
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
