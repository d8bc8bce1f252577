"""Reconcile the records of a run's store with extracts of the population database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from extractor.dittos import meant_when_exported
from extractor.exports.findings import RecordId
from extractor.exports.reconciliation.engine import Limits
from extractor.exports.reconciliation.profile import population_profile
from extractor.exports.reconciliation.reconcile import Given, reconcile
from extractor.exports.reconciliation.writing import Reconciled
from extractor.records import Record
from extractor.store import PageImage, Store
from extractor.templates import load_forms


def reconcile_out(
    store: Store,
    out: Path,
    population: Sequence[Path],
    profile: str,
    templates: tuple[Path, ...],
    *,
    pending: Literal["blank", "proposal"] = "blank",
    limits: Limits | None = None,
    expected: float | None = None,
) -> Reconciled:
    """Reconcile all records of a store; see :func:`extractor.exports.reconciliation.reconcile.reconcile`."""
    layout = population_profile(profile)
    years: dict[RecordId, str] = {}
    pages = _Pages(store)

    def records() -> Iterator[Record]:
        for book in store.books():
            # Records and their numbers come in the same order.
            for record, number in zip(
                meant_when_exported(store.records(book.id)), store.record_ids(book.id), strict=True
            ):
                years[record.key] = book.key.year
                pages.numbers[record.key] = number
                yield record

    forms = {form.schema.form: form.schema for form in load_forms(templates)}
    given = Given(records(), forms, years, pages)
    return reconcile(out, given, population, layout, pending=pending, limits=limits, expected=expected)


class _Pages(dict[RecordId, PageImage]):
    """Pictures of pages, asked for one by one: few records need theirs."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self.numbers: dict[RecordId, int] = {}

    def get(self, key: RecordId, default: PageImage | None = None) -> PageImage | None:  # type: ignore[override]
        """The picture of a record's page."""
        number = self.numbers.get(key)
        return default if number is None else self._store.stored_record(number).picture
