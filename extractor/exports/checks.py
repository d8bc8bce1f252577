"""Checks on the cells of a record before it leaves the house, as a profile lists them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from extractor.exports.fields import labels
from extractor.exports.findings import Finding, RecordId, record_name
from extractor.exports.profile import Check, CheckKind, ExportProfile
from extractor.templates.form import FormSchema

MAX_CELL = 32767
"""Characters a cell of a workbook can hold."""

_FULL_DATE = re.compile(r"(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.\d{4}", re.ASCII)
_DATE = re.compile(r"(?:(?:(?:0[1-9]|[12]\d|3[01])\.)?(?:0[1-9]|1[0-2])\.)?\d{4}", re.ASCII)
_PERSONAL_NUMBER = 12
_YEAR_AT_END = re.compile(r"(\d{4})$")

Cells = Mapping[str, str]


def _required(cell: str) -> bool:
    return bool(cell)


def _slash(cell: str) -> bool:
    return not cell or "/" in cell


def _full_date(cell: str) -> bool:
    return not cell or bool(_FULL_DATE.fullmatch(cell))


def _date(cell: str) -> bool:
    # Old books give a parent's age in place of a date of birth ("27 t", "27 tuổi", "3 tháng").
    return not cell or bool(_DATE.fullmatch(cell) and _there_is(cell)) or "t" in cell.lower()


def _there_is(cell: str) -> bool:
    """Whether a whole date is a day of the calendar (``31.02.2017`` is none); parts of one are not looked at."""
    parts = [int(part) for part in cell.split(".")]
    return len(parts) < 3 or (parts[2] > 0 and parts[0] <= monthrange(parts[2], parts[1])[1])


def _digits(cell: str) -> bool:
    return not cell or (cell.isascii() and cell.isdecimal())


def _personal_number(cell: str) -> bool:
    # Nghị định 137/2015/NĐ-CP, Article 13: a natural number of twelve digits.
    return not cell or (_digits(cell) and len(cell) == _PERSONAL_NUMBER)


_CELL_CHECKS: dict[CheckKind, Callable[[str], bool]] = {
    CheckKind.REQUIRED: _required,
    CheckKind.SLASH: _slash,
    CheckKind.FULL_DATE: _full_date,
    CheckKind.DATE: _date,
    CheckKind.DIGITS: _digits,
    CheckKind.PERSONAL_NUMBER: _personal_number,
}


def check_cells(
    cells: Cells, profile: ExportProfile, schema: FormSchema, *, skip: frozenset[str] = frozenset()
) -> list[Finding]:
    """Check one record's cells on their own.

    Args:
        skip: columns whose fields await review: their empty cells are no lack.
    """
    findings: list[Finding] = []
    for check in profile.checks:
        test = _CELL_CHECKS.get(check.check)
        if test is not None:
            failed = tuple(c for c in check.columns if c not in skip and not test(cells.get(c, "")))
            findings.extend(_finding(check, (column,), schema) for column in failed)
        elif check.check in (CheckKind.SAME_YEAR, CheckKind.NEAR_YEAR) and not _years_fit(check, cells):
            findings.append(_finding(check, check.columns, schema))
    findings.extend(_too_long({column: cells.get(column, "") for column in profile.columns}, schema))
    return findings


def check_values(cells: Cells, profile: ExportProfile, schema: FormSchema) -> list[Finding]:
    """Check single cells and nothing else of a record, such as those that another register fills."""
    findings = [
        _finding(check, (column,), schema)
        for check in profile.checks
        if (test := _CELL_CHECKS.get(check.check)) is not None
        for column in check.columns
        if column in cells and not test(cells[column])
    ]
    return [*findings, *_too_long(cells, schema)]


def _too_long(cells: Cells, schema: FormSchema) -> list[Finding]:
    return [
        Finding("too_long", (column,), labels((column,), schema))
        for column, text in cells.items()
        if len(text) > MAX_CELL
    ]


def _years_fit(check: Check, cells: Cells) -> bool:
    years = [int(match[1]) for c in check.columns if (match := _YEAR_AT_END.search(cells.get(c, "")))]
    allowed = 1 if check.check is CheckKind.NEAR_YEAR else 0
    return not years or max(years) - min(years) <= allowed


def _finding(check: Check, columns: tuple[str, ...], schema: FormSchema, other: str = "") -> Finding:
    return Finding(check.check.value, columns, labels(columns, schema), check.severity, other)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that could be exported, as the checks across records see it."""

    key: RecordId
    cells: Cells
    pdf_name: str
    schema: FormSchema


def check_duplicates(candidates: Sequence[Candidate], profile: ExportProfile) -> dict[RecordId, list[Finding]]:
    """Find records that share a key or a PDF name; every one of them is reported, with another it meets."""
    found: dict[RecordId, list[Finding]] = defaultdict(list)
    for check in profile.checks:
        if check.check is CheckKind.UNIQUE:
            for one, other in _meetings(candidates, partial(_folded, columns=check.columns)):
                found[one.key].append(_finding(check, check.columns, one.schema, record_name(other.key)))
    name_columns = (profile.keys.number, profile.keys.date)
    for one, other in _meetings(candidates, lambda c: c.pdf_name.lower()):
        finding = Finding("same_pdf_name", name_columns, labels(name_columns, one.schema), other=record_name(other.key))
        found[one.key].append(finding)
    return dict(found)


def _meetings(candidates: Sequence[Candidate], key: Callable[[Candidate], object]) -> list[tuple[Candidate, Candidate]]:
    groups: dict[object, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[key(candidate)].append(candidate)
    return [
        (one, group[1] if one is group[0] else group[0]) for group in groups.values() if len(group) > 1 for one in group
    ]


def _folded(candidate: Candidate, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Cells as the same key, however it is padded or spaced: ``005/2017`` is ``5/2017``."""
    texts = (" ".join(candidate.cells.get(column, "").lower().split()) for column in columns)
    return tuple(re.sub(r"\d+", lambda match: str(int(match[0])), text) for text in texts)
