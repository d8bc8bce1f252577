"""The keys that write Vietnamese words by Telex and VNI, as people are taught to press them."""

from unicodedata import normalize

TELEX_TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
VNI_TONES = {"\u0301": "1", "\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
_TELEX = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_VNI = {"ă": "a8", "â": "a6", "ê": "e6", "ô": "o6", "ơ": "o7", "ư": "u7", "đ": "d9"}


def take_apart(word: str) -> tuple[str, str]:
    """The word without its tone, and that tone's mark or nothing."""
    found = [mark for mark in normalize("NFD", word) if mark in TELEX_TONES]
    bare = "".join(mark for mark in normalize("NFD", word) if mark not in TELEX_TONES)
    return normalize("NFC", bare), "".join(found)


def telex(word: str, *, late: bool = False) -> str:
    """Keys of a word: marks after their letters and the tone last, or all of them last."""
    return _keys(word, _TELEX, TELEX_TONES, late=late)


def vni(word: str, *, late: bool = False) -> str:
    """The same with digits."""
    return _keys(word, _VNI, VNI_TONES, late=late)


def steps(word: str, method: str) -> list[tuple[str, str]]:
    """The keys of one letter after the other, each with the word as it must stand then, and the tone's key last."""
    marks, tones = (_TELEX, TELEX_TONES) if method == "telex" else (_VNI, VNI_TONES)
    bare, tone = take_apart(word)
    found = []
    for place, letter in enumerate(bare, start=1):
        keys = marks.get(letter.lower(), letter.lower())
        found.append((keys[0].upper() + keys[1:] if letter.isupper() else keys, bare[:place]))
    return found + [(tones[mark], word) for mark in tone]


def _keys(word: str, marks: dict[str, str], tones: dict[str, str], *, late: bool) -> str:
    bare, tone = take_apart(word)
    keys, ends = "", ""
    for letter in bare:
        pressed = marks.get(letter.lower(), letter.lower())
        keys += pressed[0].upper() if letter.isupper() else pressed[0]
        if late and letter.lower() != "đ":
            ends += pressed[1:].replace(ends[-1:] or " ", "") if pressed[1:] == ends[-1:] else pressed[1:]
        else:
            keys += pressed[1:]
    return keys + ends + "".join(tones[mark] for mark in tone)
