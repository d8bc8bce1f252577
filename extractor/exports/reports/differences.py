"""Differences between the first reading, the machine's, and the second, a person's: by kind, by field, one by one."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from extractor.exports.acceptance.words import kind_name
from extractor.exports.fields import Forms
from extractor.exports.findings import RecordId
from extractor.exports.reports.sheets import Cell, Column, Table, write_tables
from extractor.exports.reports.words import field_label, texts
from extractor.records import FieldValue, nfc
from extractor.store import DecidedField


class Difference(StrEnum):
    """In what two readings of a field differ; the first that holds."""

    NONE = "none"
    STATE = "state"
    SPACING = "spacing"
    CASE = "case"
    MARKS = "marks"
    TEXT = "text"


def difference(first: FieldValue, second: FieldValue) -> Difference:
    """In what two readings differ.

    ``spacing``: in spaces and punctuation alone. ``case``: in capitals too, but in no letter. ``marks``: in marks of
    tone or vowel (``đ`` and ``d`` included), whatever their capitals and punctuation, but in no bare letter.
    """
    if first.state is not second.state:
        return Difference.STATE
    one, other = nfc(first.raw).strip(), nfc(second.raw).strip()
    if one == other:
        return Difference.NONE
    if _letters(one) == _letters(other):
        return Difference.SPACING
    if _letters(one).casefold() == _letters(other).casefold():
        return Difference.CASE
    if _bare(one) == _bare(other):
        return Difference.MARKS
    return Difference.TEXT


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(char for char in folded if char.isalnum())


def write_differences(
    path: Path,
    decided: Iterable[DecidedField],
    form_of: Mapping[RecordId, str],
    forms: Forms,
    *,
    with_texts: bool = False,
    now: datetime | None = None,
) -> bool:
    """Write the differences; returns whether anything changed.

    Args:
        form_of: form of each record.
        with_texts: list both texts too; they are personal data.
    """
    words = texts()["differences"]
    compared = [(field, difference(field.machine, field.final)) for field in decided]
    notes = tuple(
        str(note).format(blind=sum(field.blind for field, _ in compared)) for note in words["notes"]
    )  # fmt: skip

    def label(field: DecidedField) -> str:
        return field_label(forms, form_of.get(field.record, ""), field.code)

    tables = [
        _table(words["by_kind"], words["kind"], compared, lambda field: kind_name(field.kind), notes),
        _table(words["by_field"], words["field"], compared, label, ()),
        _list(compared, label, with_texts=with_texts),
    ]
    return write_tables(path, words["title"], tables, now=now)


def _table(
    name: str,
    what: str,
    compared: Sequence[tuple[DecidedField, Difference]],
    group_of: Callable[[DecidedField], str],
    notes: tuple[str, ...],
) -> Table:
    words = texts()["differences"]
    grouped: dict[str, Counter[Difference]] = {}
    for field, found in compared:
        grouped.setdefault(group_of(field), Counter())[found] += 1
    rows = [_row(group, counts) for group, counts in sorted(grouped.items())]
    rows.append(_row(words["total"], sum(grouped.values(), Counter())))
    headings = [heading.format(what=what) for heading in words["columns"]]
    columns = tuple(
        Column(heading, 34 if at == 0 else 13, share=at in (4, len(headings) - 1))
        for at, heading in enumerate(headings)
    )
    return Table(name, words["title"], columns, rows, notes=notes, total=True)


def _row(name: str, counts: Counter[Difference]) -> list[Cell]:
    decided = counts.total()
    differ = decided - counts[Difference.NONE]
    slight = counts[Difference.MARKS] + counts[Difference.CASE]
    return [
        name,
        decided,
        counts[Difference.NONE],
        differ,
        differ / decided if decided else None,
        counts[Difference.MARKS],
        counts[Difference.CASE],
        counts[Difference.SPACING],
        counts[Difference.STATE],
        counts[Difference.TEXT],
        slight / differ if differ else None,
    ]


def _list(
    compared: Sequence[tuple[DecidedField, Difference]], label: Callable[[DecidedField], str], *, with_texts: bool
) -> Table:
    words = texts()["differences"]
    differing = [(field, found) for field, found in compared if found is not Difference.NONE]
    rows: list[list[Cell]] = []
    for at, (field, found) in enumerate(differing, start=1):
        file, page, record = field.record
        told: list[Cell] = [field.machine.raw, field.final.raw] if with_texts else []
        rows.append([at, file, page, record, label(field), words["classes"][found.value], *told])
    headings = [*words["list_columns"], *(words["list_texts"] if with_texts else ())]
    widths = (6, 44, 8, 10, 36, 30, 34, 34)
    columns = tuple(Column(heading, width) for heading, width in zip(headings, widths, strict=False))
    return Table(words["list"], words["title"], columns, rows)
