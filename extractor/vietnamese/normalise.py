"""From verbatim text to the value for export, by kind of field. Never guesses: what does not fit gives no value."""

from __future__ import annotations

import re
from collections.abc import Callable

from extractor.templates.form import FieldSpec, Kind
from extractor.vietnamese.address_search import find_in_time
from extractor.vietnamese.ages import parse_age
from extractor.vietnamese.canonical import canonical_date_words, canonical_place, canonical_relation
from extractor.vietnamese.columns import split_signer
from extractor.vietnamese.context import Context, Normalised
from extractor.vietnamese.date_words import november_by_old_count, parse_date_words
from extractor.vietnamese.dates import PartialDate, full_year, parse_date
from extractor.vietnamese.ditto import is_ditto
from extractor.vietnamese.identity import identity_digits, plausible
from extractor.vietnamese.lists import ClosedList, ethnic_groups, nationalities, relations, sexes, titles
from extractor.vietnamese.names import UNKNOWN_SURNAME, name_prior
from extractor.vietnamese.papers import parse_paper
from extractor.vietnamese.places import parse_place
from extractor.vietnamese.text import single_spaces

_LABEL = r"(?:(?:quyển\s*)?(?:số|so|sổ)|quyển|q)?\s*[:.]?\s*"
_NUMBER_YEAR = re.compile(rf"{_LABEL}(?P<number>\d{{1,5}})\s*[/\-]\s*(?P<year>\d{{4}}|\d{{2}})", re.IGNORECASE)
_NUMBER_NAMED_YEAR = re.compile(rf"{_LABEL}(?P<number>\d{{1,5}})\s*,?\s*năm\s*(?P<year>\d{{4}})", re.IGNORECASE)
_NUMBER_OPEN = re.compile(rf"{_LABEL}(?P<number>\d{{1,5}})\s*/?", re.IGNORECASE)
_OLD_MONTHS_UNTIL = 1976
_END = " .,;"

_Rule = Callable[[str, Context], Normalised]


def normalise(spec: FieldSpec, raw: str, context: Context) -> Normalised:
    """The value for export of what stands in a field.

    Args:
        spec: the field.
        raw: the text, verbatim.
        context: what is known about the book.

    Returns:
        The value, or none with a note. A ditto mark gives no value and ``ditto``.
    """
    text = single_spaces(raw)
    if not text.strip(" .…_-"):
        return Normalised(None, known=False, ditto=is_ditto(text), note="ditto" if is_ditto(text) else "empty")
    if spec.kind is not Kind.CHOICE and is_ditto(text):
        return Normalised(None, known=True, ditto=True, note="ditto")
    return _RULES[spec.kind](text, context)


def _record_number(text: str, context: Context) -> Normalised:
    text = text.strip(_END)
    if context.language != "vi":
        return Normalised(text, known=text.isdecimal())
    written = _NUMBER_YEAR.fullmatch(text) or _NUMBER_NAMED_YEAR.fullmatch(text)
    if written:
        year = full_year(written.group("year"), context.book_year)
        if year is None:
            return Normalised(None, known=False, note="short_year")
        return _numbered(written.group("number"), year)
    alone = _NUMBER_OPEN.fullmatch(text)
    if not alone:
        return Normalised(None, known=False, note="form")
    if context.book_year is None:
        return Normalised(None, known=False, note="no_year")
    return _numbered(alone.group("number"), context.book_year)


def _numbered(number: str, year: int) -> Normalised:
    if int(number) == 0:
        return Normalised(None, known=False, note="form")
    return Normalised(f"{number.zfill(2)}/{year:04d}", known=True)


def _number(text: str, context: Context) -> Normalised:
    digits = re.sub(r"^(?:trang\s*)?(?:số|so)?\s*[:.]?\s*", "", text.strip(_END), flags=re.IGNORECASE)
    if digits.isdecimal():
        return Normalised(digits, known=True)
    return Normalised(None, known=False, note="form")


def _date(text: str, context: Context) -> Normalised:
    if context.language != "vi":
        return Normalised(text, known=False)
    date = parse_date(text, context.book_year)
    if isinstance(date, PartialDate):
        return Normalised(date.value, known=True, note="" if date.complete else "partial")
    if parse_age(text) is not None:
        return Normalised(text, known=True, note="age")
    spelled = parse_date_words(text, context.book_year)
    if isinstance(spelled, PartialDate) and not _old_month(text, context):
        return Normalised(spelled.value, known=True, note="" if spelled.complete else "partial")
    return Normalised(None, known=False, note=date.reason)


def _old_month(text: str, context: Context) -> bool:
    """Whether the words may count the months the old way, in which "tháng một" is the eleventh."""
    return november_by_old_count(text) and (context.book_year or _OLD_MONTHS_UNTIL) < _OLD_MONTHS_UNTIL


def _date_words(text: str, context: Context) -> Normalised:
    date = parse_date_words(text, context.book_year)
    if not isinstance(date, PartialDate):
        return Normalised(text, known=False, note=date.reason)
    if _old_month(text, context):
        return Normalised(text, known=False, note="old_month")
    return Normalised(canonical_date_words(text), known=True, note="" if date.complete else "partial")


def _person_name(text: str, context: Context) -> Normalised:
    return Normalised(text, known=" " in text and name_prior(text) > UNKNOWN_SURNAME)


def _place(text: str, context: Context) -> Normalised:
    value = canonical_place(text)
    place = parse_place(text)
    if place.province is not None and not place.detail:
        return Normalised(value, known=True)
    ways = find_in_time(text, context.book_year)
    return Normalised(value, known=bool(ways) and ways[0].settled)


def _listed(entries: Callable[[], ClosedList]) -> _Rule:
    def rule(text: str, context: Context) -> Normalised:
        found = entries().find(text.strip(_END))
        return Normalised(text, known=False, note="unlisted") if found is None else Normalised(found, known=True)

    return rule


def _relation(text: str, context: Context) -> Normalised:
    if relations().find(text.strip(_END)) is None:
        return Normalised(text, known=False, note="unlisted")
    return Normalised(canonical_relation(text), known=True)


def _title(text: str, context: Context) -> Normalised:
    known = titles().find(text.strip(_END)) is not None
    return Normalised(text, known=known, note="" if known else "unlisted")


def _sex(text: str, context: Context) -> Normalised:
    found = sexes().find(text.strip(_END))
    return Normalised(None, known=False, note="unlisted") if found is None else Normalised(found, known=True)


def _identity_number(text: str, context: Context) -> Normalised:
    digits = identity_digits(text)
    if digits is None:
        return Normalised(text, known=False, note="form")
    known = plausible(digits)
    return Normalised(digits, known=known, note="" if known else "unusual_number")


def _identity_paper(text: str, context: Context) -> Normalised:
    paper = parse_paper(text)
    return Normalised(text, known=bool(paper.type_code and paper.number))


def _signer(text: str, context: Context) -> Normalised:
    name, title = split_signer(text)
    if not title:
        return Normalised(text, known=False, note="no_title")
    return Normalised(f"{name}, {title}", known=titles().find(title) is not None)


def _text(text: str, context: Context) -> Normalised:
    return Normalised(text, known=False)


_RULES: dict[Kind, _Rule] = {
    Kind.RECORD_NUMBER: _record_number,
    Kind.BOOK_NUMBER: _record_number,
    Kind.NUMBER: _number,
    Kind.PERSON_NAME: _person_name,
    Kind.DATE: _date,
    Kind.DATE_WORDS: _date_words,
    Kind.IDENTITY_NUMBER: _identity_number,
    Kind.IDENTITY_PAPER: _identity_paper,
    Kind.PLACE: _place,
    Kind.ETHNIC_GROUP: _listed(ethnic_groups),
    Kind.NATIONALITY: _listed(nationalities),
    Kind.SEX: _sex,
    Kind.RELATION: _relation,
    Kind.SIGNER: _signer,
    Kind.TITLE: _title,
    Kind.TEXT: _text,
    Kind.CHOICE: _text,
}
