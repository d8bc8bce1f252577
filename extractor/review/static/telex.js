// Vietnamese letters from a plain keyboard, by Telex or VNI: what a key makes of the word before and after the caret.
//
// A word is taken apart into onset, vowels and coda. Keys for marks and tones change its letters wherever they stand in
// it; what is no Vietnamese syllable keeps Telex's letters as they are ("Robert", "Ksor"), unless it has a Vietnamese
// letter already ("Krông"). Digits are in no name, so VNI asks for less. The same key again takes its change back.
const VOWELS = "aăâeêioôơuưy";
const MARKS = { s: "\u0301", f: "\u0300", r: "\u0309", x: "\u0303", j: "\u0323" };
const DIGITS = { 1: "s", 2: "f", 3: "r", 4: "x", 5: "j" };
const ONSETS = new Set(" b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x".split(" "));
// Of other peoples' names. In these an r after the vowels is a letter ("Ksor"), any other key of a tone is one.
const OTHER_ONSETS = new Set("bh bl br dr đg đh đr gl gr hl hm hn hr j jr khl kl km kn kp kr ks ml mn mr mđ phl pl pn pr sl sr tl y z".split(" "));
const CODAS = new Set(" c ch k m n ng nh p t".split(" "));
const OTHER_CODAS = new Set([...CODAS, "h", "l"]);
const STOPS = new Set(["c", "ch", "k", "p", "t"]);
// Also as they stand while a mark is still missing.
const NUCLEI = new Set(
  ("a ă â e ê i o ô ơ u ư y ai ao au ay âu ây eo eu êu ia ie iê io iơ iu oa oă oe oi oo ôi ơi ua uâ ue uê ui uo uô uơ uu uy ưa " +
  "ưi ưo ươ ưu uă ye yê ieu iêu yeu yêu oai oao oay oeo uai uao uay uây uau uâu ueo uêu uoi uôi ươi ưoi uou ươu ưou uya uye " +
  "uyê uyu").split(" "),
);
const HATS = { a: "â", e: "ê", o: "ô" };
const BARE = { ă: "a", â: "a", ê: "e", ô: "o", ơ: "o", ư: "u", đ: "d" };

const LETTERS = new Map();   // from a letter to what it is without its tone, and the key of that tone
for (const vowel of VOWELS) {
  for (const [key, mark] of Object.entries(MARKS)) LETTERS.set((vowel + mark).normalize("NFC"), [vowel, key]);
}

// ---- words

function read(word) {
  const letters = [...word.normalize("NFC")].map((letter) => {
    const small = letter.toLowerCase();
    const [base, tone] = LETTERS.get(small) ?? [small, ""];
    return { base, tone, large: letter !== small };
  });
  return { bases: letters.map(({ base }) => base), large: letters.map(({ large }) => large), tone: letters.map(({ tone }) => tone).join("") };
}

// The last vowels of a word with what stands around them.
function parse(bases) {
  const found = new RegExp(`^(.*?)([${VOWELS}]+)([^${VOWELS}]*)$`, "su").exec(bases.join(""));
  if (!found) return { onset: bases.join(""), nucleus: "", coda: "", single: true };
  let [, onset, nucleus, coda] = found;
  if (nucleus.length > 1 && (onset + nucleus[0] === "qu" || onset + nucleus[0] === "gi")) {
    onset += nucleus[0];
    nucleus = nucleus.slice(1);
  }
  if (nucleus.length > 1 && nucleus[0] === "y" && !NUCLEI.has(nucleus)) {
    onset += "y";
    nucleus = nucleus.slice(1);
  }
  const single = ![...onset.replace(/^(qu|gi)|y$/u, "")].some((letter) => VOWELS.includes(letter));
  return { onset, nucleus, coda, single };
}

const isMarked = (bases) => bases.some((letter) => letter in BARE);
const isSyllable = ({ onset, nucleus, coda, single }) =>
  single && ONSETS.has(onset) && NUCLEI.has(nucleus) && CODAS.has(coda);

// Which letter bears the tone: the marked one, else by the number of vowels and the style ("hòa" or "hoà").
function bearer({ onset, nucleus, coda }, modern) {
  let at = [...nucleus].findLastIndex((vowel) => vowel in BARE);
  if (at < 0) {
    const later = modern && ["oa", "oe", "uy"].includes(nucleus);
    if (coda) at = nucleus.length - 1;
    else if (nucleus.length === 2) at = later ? 1 : 0;
    else at = nucleus.length > 2 ? 1 : 0;
  }
  return onset.length + at;
}

function write({ bases, large, tone }, modern) {
  const at = tone ? bearer(parse(bases), modern) : -1;
  return bases.map((base, place) => {
    const letter = place === at ? (base + MARKS[tone]).normalize("NFC") : base;
    return large[place] ? letter.toUpperCase() : letter;
  }).join("");
}

// ---- what keys ask for: each gives the word with its change, or null where the key stands for itself

function toned(word, tone, vni) {
  const parsed = parse(word.bases);
  if (!parsed.nucleus || (STOPS.has(parsed.coda) && "frx".includes(tone))) return null;
  const onset = parsed.onset.replace(/(?<=.)y$/u, "");
  const known = parsed.single && (ONSETS.has(onset) || (tone !== "r" && OTHER_ONSETS.has(onset)));
  const fits = vni || ((known || isMarked(word.bases)) && NUCLEI.has(parsed.nucleus) && OTHER_CODAS.has(parsed.coda));
  return fits ? { ...word, tone } : null;
}

// The word with other vowels; null where these are none that are written, or the letters are far from the key.
function revowelled(word, nucleus, vni) {
  const parsed = parse(word.bases);
  if (!nucleus || nucleus === parsed.nucleus || (!vni && !NUCLEI.has(nucleus))) return null;
  // Right behind its letter a key is a mark in any word, as in "Kơdơ"; farther off in syllables alone.
  if (!vni && parsed.coda && !isSyllable(parsed)) return null;
  const bases = [...word.bases];
  bases.splice(parsed.onset.length, nucleus.length, ...nucleus);
  return { ...word, bases };
}

// Hat on a, e or o.
function hatted(word, vowel, vni) {
  const { nucleus } = parse(word.bases);
  if (vowel === "o" && /[uư]ơ/u.test(nucleus)) return revowelled(word, nucleus.replace(/[uư]ơ/u, "uô"), vni);
  const at = [...nucleus].findLastIndex((letter) => (BARE[letter] ?? letter) === vowel && letter !== HATS[vowel]);
  return at < 0 ? null : revowelled(word, nucleus.slice(0, at) + HATS[vowel] + nucleus.slice(at + 1), vni);
}

// Horn on o and u, breve on a; w stands for both, 7 for the one and 8 for the other.
function horned(word, { horn = true, breve = true, vni = false } = {}) {
  const { onset, nucleus, coda } = parse(word.bases);
  const small = nucleus.replace("ô", "o");
  const open = !coda && ["h", "kh", "th"].includes(onset);   // "thuở", "huơ"; with a coda they become "thươ", "hươ"
  const ways = [];
  if (horn) {
    ways.push([/uo$/u, open ? "uơ" : "ươ"], [/[uư][oơ]/u, "ươ"], [/^uu$/u, "ưu"], [/^ui$/u, "ưi"]);
    if (!coda || !breve) ways.push([/^ua$/u, "ưa"]);
  }
  if (breve) ways.push([/[aâ]$/u, "ă"]);
  if (horn) ways.push([/o(?=i?$)/u, "ơ"], [/u$/u, "ư"]);
  for (const [from, to] of ways) {
    const made = revowelled(word, small.replace(from, to), vni);
    if (from.test(small) && made) return made;
  }
  return null;
}

// The stroke through the d that begins the word, or that was typed last.
function struck(word, vni) {
  const parsed = parse(word.bases);
  const inside = (vni || isMarked(word.bases)) && parsed.coda === "d";   // "Êđê"
  const at = inside ? word.bases.length - 1 : parsed.onset.length - 1;
  if (word.bases[at] !== "d" || word.bases[at - 1] === "d") return null;
  if (!vni && !inside && parsed.nucleus && !isSyllable(parsed)) return null;
  const bases = [...word.bases];
  bases[at] = "đ";
  return { ...word, bases };
}

function changed(word, key, method) {
  const vni = method === "vni";
  if (vni) {
    if (DIGITS[key]) return toned(word, DIGITS[key], true);
    if (key === "0") return word.tone ? { ...word, tone: "" } : null;
    if (key === "6") return ["a", "e", "o"].map((vowel) => hatted(word, vowel, true)).find(Boolean) ?? null;
    if (key === "7") return horned(word, { breve: false, vni });
    if (key === "8") return horned(word, { horn: false, vni });
    return key === "9" ? struck(word, true) : null;
  }
  if (MARKS[key]) return toned(word, key, false);
  if (key === "z") return word.tone ? { ...word, tone: "" } : null;
  if (HATS[key]) return hatted(word, key, false);
  if (key === "d") return struck(word, false);
  return key === "w" ? horned(word) : null;
}

// The word without what the key would have given it, or null where it has nothing of it.
function unchanged(word, key, method) {
  const tone = method === "vni" ? DIGITS[key] : MARKS[key] && key;
  if (tone) return word.tone === tone ? { ...word, tone: "" } : null;
  const taken = method === "vni" ? { 6: "âêô", 7: "ơư", 8: "ă", 9: "đ" }[key] : { a: "â", e: "ê", o: "ô", w: "ăơư", d: "đ" }[key];
  const last = word.bases.at(-1);
  if (!taken || !(taken.includes(last) || (taken.includes("đ") && word.bases[0] === "đ"))) return null;
  return { ...word, bases: word.bases.map((base) => (taken.includes(base) ? BARE[base] : base)) };
}

// A letter that stands for itself may move the tone ("hòa", "hoàn"), finish "ươ" ("thuơ", "thương") or tell "uă" from "ưa",
// behind which no letter stands ("Buăn").
function lengthened(before, key, modern) {
  const word = read(before + key);
  const earlier = parse(word.bases.slice(0, -1));
  const now = parse(word.bases);
  if (!now.single || !NUCLEI.has(earlier.nucleus)) return null;
  if (["uơ", "ưo"].includes(earlier.nucleus) && !earlier.coda && !"aăâeêoôơy".includes(word.bases.at(-1))) {
    word.bases.splice(earlier.onset.length, 2, "ư", "ơ");
  } else if (earlier.nucleus === "ưa" && !earlier.coda && now.coda) {
    word.bases.splice(earlier.onset.length, 2, "u", "ă");
  } else if (!word.tone || !NUCLEI.has(now.nucleus)) {
    return null;
  }
  const made = write(word, modern);
  return made === before + key ? null : made;
}

// ---- typing

// Gives { press(before, after, key), forget() }. ``before`` and ``after`` are the letters of the word around the caret;
// press gives both as they are with the key, or null where the key is to be typed as it is.
// settings: () => ({ method: "off" | "telex" | "vni", modern: boolean }).
export function makeTyping(settings) {
  let last = null;   // the newest change: what stood there, and what came of which key

  function press(before, after, key) {
    const { method, modern } = settings();
    const small = key.toLowerCase();
    const was = last;
    last = null;
    if (method === "off" || !/^[a-z0-9]$/u.test(small) || !(before + after)) return null;
    if (was && was.key === small && was.to.join("\n") === `${before}\n${after}`) return [was.from[0] + key, was.from[1]];
    const word = read(before + after);
    if (word.tone.length > 1) return null;
    const made = changed(word, small, method);
    if (made) {
      const text = write(made, modern);
      if (text !== before + after) return keep(small, before, after, text);
    }
    const bare = unchanged(word, small, method);
    if (bare) {
      const text = write(bare, modern);
      return [text.slice(0, before.length) + key, text.slice(before.length)];
    }
    if (method === "telex" && small === "w" && !after && loneHorn(word)) return keep(small, before, after, before + (key === "W" ? "Ư" : "ư"));
    const longer = after || /[0-9]/u.test(small) ? null : lengthened(before, key, modern);
    return longer === null ? null : [longer, after];
  }

  function keep(key, before, after, text) {
    // As many letters as before, or one more at the end.
    const cut = text.length - after.length;
    last = { key, from: [before, after], to: [text.slice(0, cut), text.slice(cut)] };
    return last.to;
  }

  return { press, forget: () => { last = null; } };
}

// Whether a lone w after these consonants is an ư ("tw"); before it none writes k, and W begins names of other languages.
function loneHorn({ bases }) {
  const onset = bases.join("");
  return ONSETS.has(onset) && !["", "k", "gh", "ngh", "gi", "qu"].includes(onset);
}
