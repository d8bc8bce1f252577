"""Applies the rules to records and books."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.records import BookKey, Record, RuleWarning
from extractor.rules.registry import all_rules, book_checks, record_checks
from extractor.rules.view import BookView, RecordView
from extractor.templates.form import FormSchema


def check_record(record: Record, schema: FormSchema, book: BookKey) -> list[RuleWarning]:
    """What the rules for single records find; fields that are blank or have no value are passed over.

    Forms that are no civil-status register are not checked.
    """
    view = RecordView(record, schema, book)
    return [
        rule.warning(_present(finding.fields, record), finding.values)
        for name, rule in all_rules().items()
        if not rule.along_book and rule.applies_to(schema.register_code)
        for finding in record_checks[name](view)
    ]


def check_book(
    records: Sequence[Record], schema: FormSchema, book: BookKey, closing_total: int | None = None
) -> dict[tuple[str, int, int], list[RuleWarning]]:
    """What the rules along a book find, and nothing :func:`check_record` finds.

    Args:
        records: the book's records of one form, in the order of its pages.
        closing_total: number of events the closing page states, where it is known.

    Returns:
        Warnings by record key; records without any are left out.
    """
    found: dict[tuple[str, int, int], list[RuleWarning]] = {}
    view = BookView.of(records, schema, book, closing_total)
    for name, rule in all_rules().items():
        if rule.along_book and rule.applies_to(schema.register_code):
            for finding in book_checks[name](view):
                record = records[finding.position]
                warning = rule.warning(_present(finding.fields, record), finding.values)
                found.setdefault(record.key, []).append(warning)
    return found


def _present(fields: tuple[str, ...], record: Record) -> tuple[str, ...]:
    return tuple(code for code in fields if code in record.fields)
