"""Reports over one or several output folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from extractor.exports.fields import Forms
from extractor.exports.findings import RecordId
from extractor.exports.reports.differences import write_differences
from extractor.exports.reports.inventory import BookFacts, book_facts, write_inventory
from extractor.exports.reports.missing import BookLack, book_lack, write_missing
from extractor.exports.reports.progress import Step, write_progress
from extractor.store import DayCount, DecidedField, Store
from extractor.templates import load_forms

Stores = Sequence[Callable[[], Store]]
"""Opens the store of each output folder; one is open at a time."""


def report_inventory(stores: Stores, templates: Sequence[Path], target: Path) -> int:
    """Write the inventory of all books; returns how many there are."""
    forms = _forms(templates)
    titles: dict[str, str] = {}
    for form in forms.values():
        titles[form.register_code] = form.title  # the newest form is the last: those of old regimes call it otherwise
    found: list[BookFacts] = []
    for store in _each(stores):
        for summary in store.books():
            found.append(book_facts(summary, list(store.records(summary.id)), store.page_problems(summary.id)))
    write_inventory(target, found, lambda code: f"{code} {titles.get(code, '')}".strip() if code else "")
    return len(found)


def report_progress(
    stores: Stores, target: Path, *, step: Step, first: date | None, last: date | None, named: bool
) -> int:
    """Write the progress; returns the number of days on which anything was done."""
    counts: list[DayCount] = []
    for store in _each(stores):
        counts += store.activity()
    write_progress(target, counts, step=step, first=first, last=last, named=named)
    return len({count.day for count in counts})


def report_missing(stores: Stores, templates: Sequence[Path], target: Path) -> int:
    """Write the lists of illegible and missing; returns the number of illegible fields."""
    forms = _forms(templates)
    found: list[BookLack] = []
    for store in _each(stores):
        for summary in store.books():
            records = list(store.records(summary.id))
            found.append(book_lack(summary.key, records, store.page_problems(summary.id), forms))
    write_missing(target, found, forms)
    return sum(len(lack.illegible) for lack in found)


def report_differences(stores: Stores, templates: Sequence[Path], target: Path, *, with_texts: bool) -> int:
    """Write the differences between machine and people; returns the number of fields compared."""
    forms = _forms(templates)
    form_of: dict[RecordId, str] = {}
    decided: list[DecidedField] = []
    for store in _each(stores):
        form_of.update((record.key, record.form) for record in store.records())
        decided += store.decided_fields()
    write_differences(target, decided, form_of, forms, with_texts=with_texts)
    return len(decided)


def _each(stores: Stores) -> Iterator[Store]:
    for opening in stores:
        with opening() as store:
            yield store


def _forms(templates: Sequence[Path]) -> Forms:
    return {form.schema.form: form.schema for form in load_forms(tuple(templates))}
