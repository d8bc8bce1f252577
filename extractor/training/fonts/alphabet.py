"""The characters every bundled font must be able to write."""

from __future__ import annotations

import unicodedata

_VOWELS = "aăâeêioôơuưy"
_TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")


def _vietnamese_letters() -> tuple[str, ...]:
    marked = {unicodedata.normalize("NFC", vowel + tone) for vowel in _VOWELS for tone in _TONES} | {"đ"}
    lower = sorted(letter for letter in marked if not letter.isascii())
    return tuple(lower + [letter.upper() for letter in lower])


VIETNAMESE_LETTERS = _vietnamese_letters()
"""The 134 letters of the Vietnamese alphabet that are not in ASCII, 67 in each case, in Unicode normal form C."""

ASCII = "".join(chr(code) for code in range(0x20, 0x7F))

PUNCTUATION = "–—‘’“”…°§·×½ºª©«»"
"""Signs used where the font has them; no generator may rely on them."""

HIGHLAND_LETTERS = "ŏĕčñŎĔČÑŭŬ\u0306"
"""Letters of the Ê Đê, Jrai and other languages that names keep; not every font has them."""

CHARACTERS = ASCII + "".join(VIETNAMESE_LETTERS) + PUNCTUATION + HIGHLAND_LETTERS

REQUIRED = frozenset(ASCII) | frozenset(VIETNAMESE_LETTERS)
"""What a font must have to be bundled."""
