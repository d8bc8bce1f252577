"""The characters a line reader must and may write.

Texts are in Unicode normal form C. Letters that have no composed form, such as ê with breve of the Ê Đê orthography,
are written as a letter followed by a combining breve, which is a symbol of its own here.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Sequence

from extractor.errors import ModelError

VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
"""Level, grave, acute, tilde, hook above and dot below, as combining marks."""

CONSONANTS = "bcdđghklmnpqrstvx"
FOREIGN_LETTERS = "fjwz"
MINORITY_LETTERS = "ŏĕĭŭčñƀ"
"""Letters of minority orthographies beyond the Vietnamese ones."""

COMBINING_BREVE = "\u0306"
EUROPEAN_LETTERS = "äöüç"
PUNCTUATION = " .,-/:;()'\"&+*%?!=_#°…[]<>@"

_SAME_CHARACTER = str.maketrans(
    {
        "–": "-", "—": "-", "−": "-", "‐": "-", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"',
        "º": "°", "\u00a0": " ", "\t": " ", "Ð": "Đ",
    }
)  # fmt: skip


def _both_cases(letters: Iterable[str]) -> str:
    return "".join(letter + letter.upper() for letter in letters)


def vietnamese_letters() -> str:
    """All 178 Vietnamese letters: 89 in lower and upper case, of which 134 carry a mark or a stroke."""
    vowels = [unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES]
    return _both_cases([*vowels, *CONSONANTS])


def default_alphabet() -> str:
    """The alphabet of the shipped reader, each character once; the CTC blank is not among them."""
    letters = vietnamese_letters() + _both_cases(FOREIGN_LETTERS + MINORITY_LETTERS + EUROPEAN_LETTERS)
    return PUNCTUATION + string.digits + letters + COMBINING_BREVE


def canonical(text: str) -> str:
    """Normal form C, single spaces, and one character for each kind of dash, quote and degree sign."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_SAME_CHARACTER).split())


def check_alphabet(alphabet: Sequence[str]) -> None:
    """Refuse an alphabet that cannot write Vietnamese.

    Raises:
        ModelError: a Vietnamese letter or a digit is missing, or a character is listed twice.
    """
    known = set(alphabet)
    if len(known) != len(alphabet):
        raise ModelError("The model's alphabet lists a character twice.", mend="Train it with each character once.")
    missing = [letter for letter in vietnamese_letters() + string.digits + " " if letter not in known]
    if missing:
        shown = " ".join(missing[:8])
        raise ModelError(
            f"The model's alphabet lacks {len(missing)} characters that Vietnamese needs, among them: {shown}",
            mend="Use a model trained for Vietnamese.",
        )
