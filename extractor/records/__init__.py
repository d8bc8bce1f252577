"""Books, pages, records and field values. Imports nothing else of the package but its errors."""

from extractor.records.book_names import book_label, find_book, short_name
from extractor.records.jsonl import read_records, record_line, write_records
from extractor.records.record import (
    BY_HAND,
    BookKey,
    PageProblem,
    PageProblemKind,
    Record,
    Registration,
    RuleWarning,
    Severity,
)
from extractor.records.values import Box, Candidate, Decision, FieldState, FieldValue, nfc

__all__ = [
    "BY_HAND",
    "BookKey",
    "Box",
    "Candidate",
    "Decision",
    "FieldState",
    "FieldValue",
    "PageProblem",
    "PageProblemKind",
    "Record",
    "Registration",
    "RuleWarning",
    "Severity",
    "book_label",
    "find_book",
    "nfc",
    "read_records",
    "record_line",
    "short_name",
    "write_records",
]
