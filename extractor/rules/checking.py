"""Applies the rules to records and books."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

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


def check_again(record: Record, schema: FormSchema, book: BookKey, former: Sequence[RuleWarning]) -> list[RuleWarning]:
    """What the rules say of a record after something in it changed.

    Args:
        former: what they said before: of these, findings of rules along the book stay until the book is looked through.
    """
    rules = all_rules()
    along = [warning for warning in former if warning.rule in rules and rules[warning.rule].along_book]
    return [*check_record(record, schema, book), *along]


def along_book_again(records: Sequence[Record], schemas: Mapping[str, FormSchema], book: BookKey) -> list[Record]:
    """The records of a book with what the rules along the book say of them now; other warnings stay.

    What concerns no field, such as the number of records, no answer changes: that stays, too.

    Args:
        records: all of the book, in the order of its pages.
        schemas: form schemas by name; records of other forms are left as they are.
    """
    by_form: dict[str, list[Record]] = {}
    for record in records:
        by_form.setdefault(record.form, []).append(record)
    found: dict[tuple[str, int, int], list[RuleWarning]] = {}
    for form, members in by_form.items():
        if form in schemas:
            found |= check_book(members, schemas[form], book)
    return [
        record.model_copy(update={"warnings": (*_lasting(record), *found.get(record.key, ()))})
        if record.form in schemas and (record.key in found or record.warnings)
        else record
        for record in records
    ]


def _lasting(record: Record) -> Iterator[RuleWarning]:
    rules = all_rules()
    for warning in record.warnings:
        if not (warning.fields and warning.rule in rules and rules[warning.rule].along_book):
            yield warning


def record_rules(
    schemas: Mapping[str, FormSchema],
) -> Callable[[Record, BookKey, Sequence[RuleWarning]], Sequence[RuleWarning]]:
    """What a store asks after each answer: what the rules say of that record now, see :func:`check_again`.

    Of a form that is not among ``schemas``, they go on saying what they said.
    """

    def now(record: Record, book: BookKey, former: Sequence[RuleWarning]) -> Sequence[RuleWarning]:
        schema = schemas.get(record.form)
        return former if schema is None else check_again(record, schema, book, former)

    return now


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
