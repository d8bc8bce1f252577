// Text for comparing: words in lower case, with tone marks at their end, so that "hoà" is "hòa". Letters keep their own
// marks, since "ba", "bà" and "bá" are different words.
const TONES = /[\u0300\u0301\u0303\u0309\u0323]/g;

function words(text) {
  return String(text ?? "").normalize("NFD").toLowerCase().split(/[^\p{L}\p{M}\p{N}]+/u).filter(Boolean)
    .map((word) => word.replace(TONES, "").normalize("NFC") + (word.match(TONES) || []).join(""));
}

const key = (text) => words(text).join(" ");

// Whether the words of a phrase stand in a text, one after the other.
const holds = (text, phrase) => Boolean(phrase) && ` ${text} `.includes(` ${phrase} `);

const squeeze = (text) => String(text ?? "").replace(/\s+/g, " ").trim();

// A date as registers have it: dd.mm.yyyy, mm.yyyy or yyyy.
function dateParts(text) {
  const found = /^(?:(?:(\d{1,2})[./-])?(\d{1,2})[./-])?(\d{4})$/.exec(String(text).trim());
  const real = found && (found[2] === undefined || (found[2] >= 1 && found[2] <= 12)) && (found[1] === undefined || (found[1] >= 1 && found[1] <= 31));
  return real ? { day: found[1] || "", month: found[2] || "", year: found[3] } : null;
}

// The date in the given form; null where the form asks for a part that the book does not give.
function dateText(parts, format, partial) {
  let shape = format;
  for (const [part, letter] of [["day", "d"], ["month", "m"]]) {
    if (!parts[part] && new RegExp(letter).test(shape)) {
      if (!partial) return null;
      shape = shape.replace(new RegExp(`${letter}+[^a-z]*`), "").replace(/[^a-z]+$/, "");
    }
  }
  const two = (digits) => digits.padStart(2, "0");
  return shape
    .replace(/yyyy/, parts.year)
    .replace(/dd/, () => two(parts.day)).replace(/mm/, () => two(parts.month))
    .replace(/d/, () => String(Number(parts.day))).replace(/m/, () => String(Number(parts.month)));
}

const sameDate = (one, other) => {
  const [a, b] = [one, other].map((text) => {
    const iso = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(text);
    return dateParts(iso ? [iso[3], iso[2], iso[1]].filter(Boolean).join(".") : text);
  });
  return Boolean(a && b) && ["day", "month", "year"].every((part) => Number(a[part]) === Number(b[part]));
};
