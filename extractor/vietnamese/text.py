"""Vietnamese letters: forms of a text that make two writings of the same word comparable.

Every letter of the national script is a base letter, perhaps with a vowel mark or a stroke (ă â ê ô ơ ư đ), perhaps
with one of five tones. The tone belongs to the syllable; on which vowel it is written is a matter of style (hòa, hoà).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from extractor.records import nfc

TONES = "\u0300\u0301\u0303\u0309\u0323"
"""Combining marks of the tones: huyền, sắc, ngã, hỏi, nặng."""

_TONE_SET = frozenset(TONES)
_WORD = re.compile(r"[^\W\d_]+")
_SPACE = re.compile(r"\s+")
_HYPHENS = re.compile(r"[\u2010-\u2015\u2212-]")
_APOSTROPHES = re.compile(r"[\u2018\u2019\u02bc\u00b4`\u2032]")
_VOWELS = frozenset("aăâeêioôơuưy")
_MARKED = frozenset("ăâêôơư")
_OPEN_PAIRS = frozenset({"oa", "oe", "uy"})

ToneStyle = Literal["old", "new"]


def single_spaces(text: str) -> str:
    """Text in normal form C, runs of white space as one space, none at the ends."""
    return _SPACE.sub(" ", nfc(text)).strip()


@lru_cache(maxsize=4096)
def split_tones(word: str) -> tuple[str, str]:
    """A word without its tones (vowel marks kept, normal form C), and its tones in order as combining marks."""
    letters: list[str] = []
    tones: list[str] = []
    for sign in unicodedata.normalize("NFD", word):
        (tones if sign in _TONE_SET else letters).append(sign)
    return unicodedata.normalize("NFC", "".join(letters)), "".join(tones)


def fold_tones(text: str) -> str:
    """Text without tones; vowel marks and đ stay, so ``Tường`` gives ``Tương``."""
    return split_tones(text)[0]


@lru_cache(maxsize=4096)
def fold_marks(text: str) -> str:
    """Text without any tone, mark or stroke: ``Đường`` gives ``Duong``."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare.replace("đ", "d").replace("Đ", "D"))


def canonical_tones(text: str, style: ToneStyle = "old") -> str:
    """Text with each tone on the vowel where the style puts it: ``hòa`` (old) or ``hoà`` (new).

    A word that is not shaped like one syllable with one tone (names of other languages, slips of the pen) stays as
    it is.
    """
    return _WORD.sub(lambda match: _place_tone(match.group(), style), nfc(text))


@lru_cache(maxsize=8192)
def _place_tone(word: str, style: ToneStyle) -> str:
    bare, tones = split_tones(word)
    if len(tones) != 1:
        return word
    place = _tone_place(bare.lower(), style)
    if place < 0:
        return word
    return unicodedata.normalize("NFC", bare[: place + 1] + tones + bare[place + 1 :])


def _tone_place(bare: str, style: ToneStyle) -> int:
    """Index of the vowel that carries the tone, or -1 where the word has no single run of vowels."""
    start = 2 if bare.startswith(("qu", "gi")) and len(bare) > 2 and bare[2] in _VOWELS else 0
    while start < len(bare) and bare[start] not in _VOWELS:
        start += 1
    end = start
    while end < len(bare) and bare[end] in _VOWELS:
        end += 1
    nucleus, coda = bare[start:end], bare[end:]
    if not nucleus or len(nucleus) > 3 or any(sign in _VOWELS for sign in coda):
        return -1
    for index in range(len(nucleus) - 1, -1, -1):
        if nucleus[index] in _MARKED:
            return start + index
    if len(nucleus) == 1:
        return start
    if len(nucleus) == 3 or coda or (style == "new" and nucleus in _OPEN_PAIRS):
        return start + 1
    return start


@lru_cache(maxsize=8192)
def compare_key(text: str) -> str:
    """Key under which two writings are the same text.

    Case, white space, hyphens between words and the place of the tone do not count; every mark and tone does. The key
    is for comparing only: each word's tones stand behind its letters.
    """
    text = _APOSTROPHES.sub("'", _HYPHENS.sub(" ", nfc(text).casefold()))
    words = (split_tones(word) for word in _SPACE.sub(" ", text).strip(" .,;:").split(" "))
    return " ".join(letters + tones for letters, tones in words)


@lru_cache(maxsize=8192)
def spelling_key(text: str) -> str:
    """As :func:`compare_key`, and i or y as the only vowel at a syllable's end count as the same (Lý and Lí)."""
    return " ".join(_one_i(word) for word in compare_key(text).split(" "))


def _one_i(word: str) -> str:
    letters = word.rstrip(TONES)
    if len(letters) < 2 or letters[-1] != "y" or any(sign in _VOWELS for sign in _onset(letters)):
        return word
    return letters[:-1] + "i" + word[len(letters) :]


def _onset(letters: str) -> str:
    return letters[2:-1] if letters.startswith("qu") and len(letters) > 2 else letters[:-1]


def list_key(text: str) -> str:
    """Key for looking up a word list: as :func:`spelling_key` without spaces, stops and apostrophes (Ê-đê, Êđê)."""
    return re.sub(r"[\s.'\"]", "", spelling_key(text))
