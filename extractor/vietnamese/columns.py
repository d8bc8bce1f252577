"""Fields that fill several import columns: the signer with title, the identity paper, a date in words alone."""

from __future__ import annotations

import re

from extractor.templates.form import FieldSpec, Kind
from extractor.vietnamese.date_words import november_by_old_count, parse_date_words
from extractor.vietnamese.dates import PartialDate
from extractor.vietnamese.lists import titles
from extractor.vietnamese.papers import parse_paper
from extractor.vietnamese.text import single_spaces

_COMMA = re.compile(r"\s*[,;]\s*|\s+[-–—]\s+")
_PAPER_CODE, _PAPER_NAME = "LoaiGiayToTuyThan", "GiayToKhac"
_OTHER_PAPER = "8"
"""Code of a paper that the import sheet has no other code for."""

_TITLE_WORDS = r"chức vụ\s*:?\s*"


def split_signer(text: str) -> tuple[str, str]:
    """Name and title of a signer; the title is empty where none can be told from the name.

    Understood: ``NAME, TITLE``, ``NAME - TITLE``, ``NAME TITLE`` and ``TITLE NAME`` with a title of the list.
    """
    text = single_spaces(text).strip(" ,;")
    parts = _COMMA.split(text, maxsplit=1)
    if len(parts) == 2 and all(parts):
        name, title = parts
        title = re.sub(_TITLE_WORDS, "", title, flags=re.IGNORECASE)
        if titles().find(name) is not None and titles().find(title) is None:
            return title, name
        return name, title
    words = text.split(" ")
    for start in range(2, len(words)):
        if titles().find(" ".join(words[start:])) is not None:
            return " ".join(words[:start]), " ".join(words[start:])
    for end in range(len(words) - 2, 0, -1):
        if titles().find(" ".join(words[:end])) is not None:
            return " ".join(words[end:]), " ".join(words[:end])
    return text, ""


def _spelled_day(words: str) -> str:
    """The day that words name; empty where they are not understood or may count the months the old way."""
    spelled = parse_date_words(words)
    return spelled.value if isinstance(spelled, PartialDate) and not november_by_old_count(words) else ""


def split_columns(spec: FieldSpec, value: str | None) -> dict[str, str]:
    """The field's value laid out over its import columns; columns nothing was parsed for are left out.

    A signer gives name and title; an identity paper gives the code of its kind, number, date and place of issue, and
    where its kind has no code, that of other papers and its whole text (see :func:`other_paper_column`); a date
    in words with a second column the words and, where they are understood, the day; each in the order of
    ``spec.columns``. Any other kind gives its value to its first column.
    """
    if not value or not spec.columns:
        return {}
    if spec.kind is Kind.SIGNER and len(spec.columns) == 2:
        parts: tuple[str, ...] = split_signer(value)
    elif spec.kind is Kind.IDENTITY_PAPER:
        paper = parse_paper(value)
        parts = (paper.type_code, paper.number, paper.issued, paper.issuer)
        if paper.other and (column := other_paper_column(spec)):
            return {column: value, **_laid_out(spec, (_OTHER_PAPER, *parts[1:]))}
    elif spec.kind is Kind.DATE_WORDS:
        parts = (value, _spelled_day(value))
    else:
        parts = (value,)
    return _laid_out(spec, parts)


def _laid_out(spec: FieldSpec, parts: tuple[str, ...]) -> dict[str, str]:
    return {column: part for column, part in zip(spec.columns, parts, strict=False) if part}


def other_paper_column(spec: FieldSpec) -> str | None:
    """Where an identity paper without a code of its own is named in words, beside the column of the code; or none."""
    if spec.kind is not Kind.IDENTITY_PAPER or not spec.columns or not spec.columns[0].endswith(_PAPER_CODE):
        return None
    return spec.columns[0].removesuffix(_PAPER_CODE) + _PAPER_NAME


def left_out(spec: FieldSpec, value: str) -> bool:
    """Whether the columns of an identity paper leave out a part of what is written."""
    if spec.kind is not Kind.IDENTITY_PAPER:
        return False
    paper = parse_paper(value)
    if paper.other and other_paper_column(spec):
        return False
    parts = (paper.type_code, paper.number, paper.issued, paper.issuer)
    return bool(paper.left or any(parts[len(spec.columns) :]))
