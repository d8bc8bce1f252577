"""Entry forms as HTML that opens from the disk: a page for each record, a list for each book, and the way in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from extractor.exports.prefill.columns import load_data
from extractor.exports.prefill.entry import EntryColumn, EntryDocument, EntryField, EntryWarning, Mark, Origin, key_of
from extractor.exports.prefill.filler_code import MOST_CHARACTERS, bookmarklet, filler_code
from extractor.exports.prefill.mapping import MappingProfile
from extractor.exports.prefill.pictures import Frame
from extractor.records import BookKey
from extractor.templates.form import Kind

_LONG = 36
"""Characters from which on a text gets a box of several lines."""

_CLOSED = (Mark.WITHHELD, Mark.NOT_ON_FORM)

SAMPLE_PAGE = "khai-sinh.html"


@dataclass(frozen=True, slots=True)
class Line:
    """One record in the list of its book.

    Args:
        failed: what is wrong with its page, in a few words, or empty.
    """

    href: str
    number: str
    date: str
    person: str
    place: str
    doubtful: int
    failed: str = ""


@dataclass(frozen=True, slots=True)
class BookLine:
    """One book in the list of books; ``doubtful`` counts records."""

    href: str
    title: str
    records: int
    doubtful: int


def entry_page(
    document: EntryDocument,
    *,
    picture: str = "",
    frames: Mapping[str, Frame] | None = None,
    previous: str = "",
    following: str = "",
) -> str:
    """The entry form of one record.

    Args:
        picture: address of the page's picture, or empty.
        frames: where fields lie on the picture, by code.
        previous: address of the record before, or empty; ``following`` of the one after.
    """
    return _render(
        "entry.html",
        style=_read("entry.css"),
        script=_read("entry.js"),
        title=record_title(document),
        form_title=document.form_title,
        book=book_title(key_of(document.book)),
        record=document.record,
        doubtful=doubtful_fields(document),
        warnings=[_plain(warning, document) for warning in document.warnings],
        sections=_sections(document, frames or {}),
        picture=picture,
        no_picture=load_data("texts.yaml")["no_picture"],
        previous=previous,
        next=following,
        # No sequence in the data may end the script element it stands in.
        data=document.model_dump_json().replace("<", "\\u003c"),
    )


def book_page(title: str, lines: Sequence[Line]) -> str:
    """The list of a book's records."""
    return _render("book.html", style=_read("entry.css"), title=title, lines=lines)


def index_page(books: Sequence[BookLine], profiles: Sequence[MappingProfile]) -> str:
    """The list of books, with the filler to take along."""
    address = bookmarklet(filler_code(profiles))
    return _render(
        "index.html",
        style=_read("entry.css"),
        books=books,
        bookmarklet=address,
        profiles=[profile.title for profile in profiles],
        sample=SAMPLE_PAGE,
        too_long=len(address) if len(address) > MOST_CHARACTERS else 0,
    )


def record_title(document: EntryDocument) -> str:
    """A record as a person calls it: its number, or its page where the number is not known."""
    number = document.columns["so"].text if "so" in document.columns else ""
    return f"số {number}" if number else f"trang {document.record.page}"


def book_title(book: BookKey) -> str:
    """A book as a person calls it; empty where nothing is known of it."""
    named = [book.register, f"năm {book.year}" if book.year else "", f"quyển {book.number}" if book.number else ""]
    places = [book.agency, book.commune, book.district, book.province]
    return " · ".join(part for part in (" ".join(n for n in named if n), ", ".join(p for p in places if p)) if part)


def doubtful_fields(document: EntryDocument) -> int:
    """How many fields nobody answers for yet."""
    return sum(f.doubtful or f.mark is Mark.MISSING for f in document.fields.values())


def line_of(document: EntryDocument, href: str, failed: str = "") -> Line:
    """A record as its book's list shows it."""
    columns = document.columns
    names = (f.text for f in document.fields.values() if f.kind is Kind.PERSON_NAME and f.text)
    return Line(
        href=href,
        number=columns["so"].text if "so" in columns else "",
        date=columns["ngayDangKy"].text if "ngayDangKy" in columns else "",
        person=next(names, ""),
        place=f"{document.record.file}, trang {document.record.page}",
        doubtful=doubtful_fields(document),
        failed=failed,
    )


def _plain(warning: EntryWarning, document: EntryDocument) -> str:
    """A rule's message with fields called by their labels instead of their codes."""
    known = sorted((code for code in warning.fields if code in document.fields), key=len, reverse=True)
    if not known:
        return warning.message

    def name(match: re.Match[str]) -> str:
        field = document.fields[match.group()]
        return f"“{field.label}” ({field.group})" if field.group else f"“{field.label}”"

    return re.sub(rf"\b(?:{'|'.join(known)})\b", name, warning.message)


def _sections(document: EntryDocument, frames: Mapping[str, Frame]) -> list[dict[str, Any]]:
    texts = load_data("texts.yaml")
    fields = [
        (field.group or texts["whole_group"], _field(code, field, document, frames.get(code)))
        for code, field in document.fields.items()
    ]
    sections = [
        {"title": title, "fields": [field for _, field in run]} for title, run in groupby(fields, key=lambda f: f[0])
    ]
    others = [_other(c, column) for c, column in document.columns.items() if column.origin is not Origin.FIELD]
    return [*sections, {"title": texts["other_group"], "fields": others}] if others else sections


def _field(code: str, field: EntryField, document: EntryDocument, frame: Frame | None) -> dict[str, Any]:
    owned = [(c, document.columns[c]) for c in field.columns if c in document.columns]
    if len(owned) > 1:
        parts = [_part(c, column, field.label, sub=column.label) for c, column in owned]
    else:
        column = owned[0][1] if owned else None
        parts = [_part(owned[0][0] if owned else code, column or field, field.label)]
    written = field.raw if field.raw and (len(owned) > 1 or field.raw not in (field.text, field.meaning)) else ""
    # Rounded down: nothing that waits for a person is certain.
    percent = int(100 * field.confidence) if field.doubtful and field.confidence is not None else None
    return {
        "label": field.label,
        "mark": field.mark.value,
        **load_data("texts.yaml")["marks"][field.mark.value],
        "sure": f"({percent} %)" if percent is not None else "",
        "closed": field.mark in _CLOSED,
        "parts": parts,
        "raw": written,
        "source": "",
        "frame": " ".join(f"{share:.4f}" for share in frame) if frame else "",
    }


def _other(code: str, column: EntryColumn) -> dict[str, Any]:
    label = f"{column.label} ({column.group})" if column.group else column.label
    return {
        "label": label,
        "mark": column.mark.value,
        **load_data("texts.yaml")["marks"][column.mark.value],
        "sure": "",
        "closed": False,
        "parts": [_part(code, column, label)],
        "raw": "",
        "source": column.source,
        "frame": "",
    }


def _part(code: str, value: EntryColumn | EntryField, label: str, sub: str = "") -> dict[str, Any]:
    return {
        "code": code,
        "label": sub,
        "name": f"{label}: {sub}" if sub else label,
        "text": value.text,
        "shown": f"{value.meaning} ({value.text})" if value.meaning else value.text,
        "codes": value.codes if isinstance(value, EntryColumn) else {},
        "long": len(value.text) > _LONG or "\n" in value.text,
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("extractor.exports.prefill"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def _render(template: str, **values: Any) -> str:
    return str(_environment().get_template(template).render(**values))


@cache
def _read(name: str) -> str:
    return resources.files("extractor.exports.prefill.templates").joinpath(name).read_text(encoding="utf-8")
