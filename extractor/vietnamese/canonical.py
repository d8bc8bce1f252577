"""One writing for values that mean the same: the tone's place, an address's commas and capitals, words of a date.

The verbatim text beside a value keeps whatever stands in the book. Applying a form twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from extractor.templates.form import Kind
from extractor.vietnamese.columns import split_signer
from extractor.vietnamese.lists import ClosedList, ethnic_groups, nationalities
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import canonical_tones, single_spaces

_COMMAS = re.compile(r"\s*[,;](?:\s*[,;])*\s*")
_STOPS = re.compile(r"[,;:.]+")
_STOPS_BUT_IN_FIGURES = re.compile(r"[,;:]+|\.+(?!\d)|(?<!\d)\.+")
_SAME_SIGNS = str.maketrans({"Ð": "Đ", "ð": "đ", "\u2019": "'", "\u02bc": "'", "\u200b": None, "\ufeff": None})
"""Letters of another script and quotes that look the same, and signs that nobody sees."""
_DASH = re.compile(r"\s+[-–—]\s+")
_ENDS = " ,;"
_DASHES = " -–—“”\"'"
_DAY = re.compile(r"^(?:ngày\s+)+", re.IGNORECASE)
_LABEL = re.compile(r"^(?:[\s\-–—“”\"']*(?:(?:viết|ghi)\s+)?(?:bằng\s+)?chữ\s+)+")


@lru_cache(maxsize=16384)
def canonical_value(kind: str, value: str) -> str:
    """A value in the one form of its kind (:class:`extractor.templates.form.Kind`), for comparing; never for showing.

    Two values that mean the same are equal. In every kind tones stand where the old style puts them (Hòa, not Hoà).
    Besides, places and words of a date are in the form of :func:`canonical_place` and :func:`canonical_date_words`;
    ethnic groups and nationalities have the name of their list, relations a capital first letter; of titles, signers
    and phrases about an identity paper neither case nor commas count, but where a signer's name ends does.
    """
    return _FORMS.get(kind, canonical_tones)(single_spaces(value.translate(_SAME_SIGNS)))


def canonical_place(text: str) -> str:
    """An address with commas between its parts and small letters in the words for units: ``xã Tân An, huyện Vũ Thư``.

    A comma that is not written is set before the word for a commune or a wider unit, where another unit or the number
    of a house stands before it; a dash before a unit's word becomes one. Abbreviations (X., H., TP.) stay, for the same
    letter may mean several words.
    """
    plain = canonical_tones(single_spaces(text)).lstrip(_ENDS).rstrip(_ENDS + ".")
    parts = (part for part in _COMMAS.split(plain) if part)
    return ", ".join(
        _usual_start(piece) for part in parts for dashed in _at_dashes(part) for piece in _at_units(dashed)
    )


def canonical_date_words(text: str) -> str:
    """Words of a date without commas and stops, the first letter alone a capital: ``Mười bảy tháng hai năm hai nghìn``.

    A label that was read with them (Ghi bằng chữ:) is left out.
    """
    plain = _LABEL.sub("", single_spaces(_STOPS.sub(" ", canonical_tones(text))).lower()).strip(_DASHES)
    return plain[:1].upper() + plain[1:]


def _day_first(text: str) -> str:
    """Words of a date, whether or not "ngày" is written before the day."""
    return canonical_date_words(_DAY.sub("", canonical_date_words(text)))


def canonical_relation(text: str) -> str:
    """A relation with a capital first letter: ``Cha đẻ``."""
    plain = canonical_tones(single_spaces(text))
    return plain[:1].upper() + plain[1:]


def _without_case_and_stops(text: str) -> str:
    return single_spaces(_STOPS.sub(" ", canonical_tones(text))).casefold()


def _name_and_title(text: str) -> str:
    name, title = map(_without_case_and_stops, split_signer(text))
    return f"{name}, {title}" if name and title else name or title


def _paper(text: str) -> str:
    """Without case and stops, but for those within a number or date: ``1.12.2003`` is a day, ``1 12 2003`` is none."""
    return single_spaces(_STOPS_BUT_IN_FIGURES.sub(" ", canonical_tones(text))).casefold()


def _of_list(entries: Callable[[], ClosedList]) -> Callable[[str], str]:
    def form(text: str) -> str:
        return canonical_tones(entries().find(text) or text)

    return form


_FORMS: dict[str, Callable[[str], str]] = {
    Kind.PLACE.value: canonical_place,
    Kind.DATE_WORDS.value: _day_first,
    Kind.RELATION.value: canonical_relation,
    Kind.ETHNIC_GROUP.value: _of_list(ethnic_groups),
    Kind.NATIONALITY.value: _of_list(nationalities),
    Kind.TITLE.value: _without_case_and_stops,
    Kind.SIGNER.value: _name_and_title,
    Kind.IDENTITY_PAPER.value: _paper,
}


def _usual_start(part: str) -> str:
    """A part that begins with a unit or an institution, with the usual letters there: small, or one capital."""
    found = _unit_at_start().match(part)
    if found:
        return found.group().lower() + part[found.end() :]
    found = _institution().match(part)
    return found.group().capitalize() + part[found.end() :] if found else part


def _at_dashes(part: str) -> list[str]:
    """Cut where a dash stands before a unit's word (Bà Rịa - Vũng Tàu is one name)."""
    pieces: list[str] = []
    for piece in _DASH.split(part):
        if pieces and not _unit_at_start().match(piece):
            pieces[-1] = f"{pieces[-1]} - {piece}"
        else:
            pieces.append(piece)
    return pieces


def _at_units(part: str) -> list[str]:
    """The pieces of a part, cut before the words of wider units; one that begins with neither unit nor number is one.

    A word that begins with a capital (138 Xã Đàn) may be part of a name, and one after a small word (trạm y tế xã)
    may belong to it.
    """
    if not (_unit_at_start().match(part) or part[0].isdigit()):
        return [part]
    cuts = [
        found.start("unit")
        for found in _unit_inside().finditer(part)
        if _is_name(found.group("before")) and _is_name(found.group("after"))
    ]
    return [part[start:end].strip() for start, end in zip([0, *cuts], [*cuts, len(part)], strict=True)]


def _is_name(word: str) -> bool:
    return word[0].isupper() or word[0].isdigit()


def _any_of(words: Iterable[str]) -> str:
    """Whole words, the longest first; abbreviations are left out."""
    whole = {canonical_tones(word) for word in words if word.islower()}
    return "|".join(re.escape(word) for word in sorted(whole, key=lambda word: (-len(word), word)))


@cache
def _unit_at_start() -> re.Pattern[str]:
    units: dict[str, list[str]] = load("provinces")["units"]
    every = _any_of([*(word for words in units.values() for word in words), *load("provinces")["within"]])
    return re.compile(rf"(?:{every})(?=\s+\S)", re.IGNORECASE)


@cache
def _institution() -> re.Pattern[str]:
    return re.compile(rf"(?:{_any_of(load('provinces')['institutions'])})(?!\w)", re.IGNORECASE)


@cache
def _unit_inside() -> re.Pattern[str]:
    units: dict[str, list[str]] = load("provinces")["units"]
    wide = _any_of(word for level in ("province", "city", "district", "commune") for word in units[level])
    return re.compile(rf"(?<!\S)(?P<before>\S+)\s+(?P<unit>{wide})(?=\s+(?P<after>\S))")
