"""Reconcile the records of a run with extracts of the population database: where all steps come together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb

from extractor.exports.fields import Forms, cells_of
from extractor.exports.findings import RecordId
from extractor.exports.reconciliation import lists, tracking
from extractor.exports.reconciliation.engine import Limits, alone, working_database
from extractor.exports.reconciliation.linking import Link, Said, link
from extractor.exports.reconciliation.loading import load_population
from extractor.exports.reconciliation.outcome import Result, results_of
from extractor.exports.reconciliation.pictures import CropMaker
from extractor.exports.reconciliation.profile import PopulationProfile
from extractor.exports.reconciliation.sheets import texts
from extractor.exports.reconciliation.subjects import (
    Subject,
    compared_codes,
    load_subjects,
    subjects_of,
    with_family,
)
from extractor.exports.reconciliation.verdicts import (
    AFFIRMS,
    DENIES,
    Key,
    Verdict,
    contrary,
    load_verdicts,
    plain,
    save_verdicts,
    settle_contradictions,
    with_workbook,
)
from extractor.exports.reconciliation.weights import Weights, default_weights
from extractor.exports.reconciliation.writing import FOLDER, Compared, Reconciled, write_everything
from extractor.exports.supplements import record_fingerprint
from extractor.records import Box, Record
from extractor.store import PageImage

WORK = ".work"
Pending = Literal["blank", "proposal"]


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of the records to reconcile.

    Args:
        records: the records, in order.
        forms: form schemas by name.
        years: year of each record's book, where known.
        pages: picture of each record's page, for crops.
    """

    records: Iterable[Record]
    forms: Forms
    years: Mapping[RecordId, str] = field(default_factory=dict)
    pages: Mapping[RecordId, PageImage] = field(default_factory=dict)


@dataclass
class _Told:
    """The records as this room needs them, after one look at each."""

    subjects: dict[int, Subject] = field(default_factory=dict)
    boxes: dict[tuple[RecordId, str], Box] = field(default_factory=dict)
    cells: dict[RecordId, dict[str, str]] = field(default_factory=dict)
    registers: dict[RecordId, str] = field(default_factory=dict)
    matched_on: dict[RecordId, tuple[tuple[str, ...], str]] = field(default_factory=dict)


def reconcile(
    out: Path,
    given: Given,
    population: Sequence[Path],
    profile: PopulationProfile,
    *,
    pending: Pending = "blank",
    limits: Limits | None = None,
    expected: float | None = None,
) -> Reconciled:
    """Compare the records with the extracts and write everything into ``out/reconciliation``.

    Verdicts that officers wrote into the workbooks of the last run are read first and kept.

    Args:
        pending: ``proposal`` also compares values that nobody answers for yet; its files are drafts (``.draft``),
            verdicts in them are not read, and no supplements are written.
        expected: share of the records whose persons are thought to be in the extract, above 0 and below 1.

    Raises:
        InputError: an extract is missing, empty or unreadable.
        ExportError: an extract does not fit the profile, or something cannot be read or written.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        return _reconcile(
            out,
            given,
            population,
            profile,
            draft=pending == "proposal",
            limits=limits or Limits(),
            weights=default_weights()
            if expected is None
            else default_weights().model_copy(update={"expected": expected}),
        )


def _reconcile(
    out: Path,
    given: Given,
    population: Sequence[Path],
    profile: PopulationProfile,
    *,
    draft: bool,
    limits: Limits,
    weights: Weights,
) -> Reconciled:
    folder = out / FOLDER
    verdicts, odd = _verdicts(folder) if not draft else (load_verdicts(folder), 0)
    told = _look_at(given, draft)
    with working_database(folder / WORK, limits) as connection:
        persons = load_population(connection, population, profile, folder / WORK)
        results = _results(connection, told.subjects, folder / WORK, verdicts, weights=weights)
        unusable = connection.execute("SELECT file, row, reason FROM unusable ORDER BY file, row, reason").fetchall()
    if not draft:
        save_verdicts(folder, verdicts)
    compared = Compared(
        results=results,
        cells=told.cells,
        registers=told.registers,
        matched_on=told.matched_on,
        population=population,
        profile=profile.name,
        persons=persons,
        unusable=unusable,
        verdicts=verdicts,
        odd_verdicts=odd,
        draft=draft,
        weights=weights,
    )
    return write_everything(out, compared, given.forms, None if draft else CropMaker(out, given.pages, told.boxes))


def _verdicts(folder: Path) -> tuple[dict[Key, Verdict], int]:
    found, odd = with_workbook(
        load_verdicts(folder), folder / tracking.NAME, tracking.verdict_columns(), tracking.verdict_words()
    )
    found, more = with_workbook(found, folder / lists.SUSPECTED, lists.pick_columns(), lists.pick_words())
    return settle_contradictions(load_verdicts(folder), found, texts()["replaced"]), odd + more


def _look_at(given: Given, proposals: bool) -> _Told:
    told = _Told()
    for record in given.records:
        subjects = subjects_of(record, given.forms, proposals=proposals, book_year=given.years.get(record.key, ""))
        if not subjects:
            continue
        told.registers[record.key] = subjects[0].register
        codes = compared_codes(given.forms[record.form])
        told.matched_on[record.key] = codes, record_fingerprint(record, codes)
        for subject in subjects:
            told.subjects[len(told.subjects)] = subject
            told.boxes.update(
                ((record.key, code), value.box)
                for code in subject.sources.values()
                if code and (value := record.fields.get(code)) is not None and value.box is not None
            )
        cells = cells_of(record, given.forms[record.form])
        told.cells[record.key] = {**cells.proposed, **cells.settled} if proposals else dict(cells.settled)
    return told


def _results(
    connection: duckdb.DuckDBPyConnection,
    subjects: Mapping[int, Subject],
    folder: Path,
    verdicts: Mapping[Key, Verdict],
    *,
    weights: Weights,
) -> list[Result]:
    """Principals first; then the others, with the numbers that the principals' entries name for them."""
    named = {subject.name: number for number, subject in subjects.items()}
    first = {number: subject for number, subject in subjects.items() if subject.role.principal}
    said = _said(verdicts, named, subjects)
    found = dict(
        zip(sorted(first), _linked(connection, first, folder, "subject", said=said, weights=weights), strict=True)
    )
    rest = {}
    for number, subject in subjects.items():
        if subject.role.principal:
            continue
        kin = subject.role.kin
        principal = found.get(named.get((*subject.key, kin.of), -1)) if kin else None
        family = getattr(principal, kin.kind) if principal and kin else ""
        rest[number] = with_family(subject, family) if family else subject
    found.update(
        zip(sorted(rest), _linked(connection, rest, folder, "relative", said=said, weights=weights), strict=True)
    )
    return [found[number] for number in sorted(found)]


def _linked(
    connection: duckdb.DuckDBPyConnection,
    subjects: Mapping[int, Subject],
    folder: Path,
    table: str,
    *,
    said: Said,
    weights: Weights,
) -> list[Result]:
    links: Mapping[int, Link] = {}
    if any(subject.verifiable for subject in subjects.values()):
        load_subjects(connection, sorted(subjects.items()), folder, table)
        once = {
            number: subject.register for number, subject in subjects.items() if subject.role.once and subject.verifiable
        }
        links = link(connection, folder, once, table=table, said=said, weights=weights)
    return list(results_of(connection, subjects, links))


def _said(
    verdicts: Mapping[Key, Verdict], named: Mapping[tuple[str, int, int, str], int], subjects: Mapping[int, Subject]
) -> Said:
    same, other, unsure = set(), set(), set()
    by_subject: dict[int, list[Verdict]] = {}
    for verdict in verdicts.values():
        number = named.get((verdict.file, verdict.page, verdict.record, verdict.role))
        if number is not None and verdict.verdict in AFFIRMS | DENIES:
            by_subject.setdefault(number, []).append(verdict)
    for number, told in by_subject.items():
        values = lists.book_fingerprint(subjects[number])
        for verdict in told:
            denies = verdict.verdict in DENIES
            against = (v for v in told if (v.verdict in DENIES) is not denies)
            if any(contrary(*((verdict, v) if denies else (v, verdict))) for v in against):
                unsure.add((number, plain(verdict.identity)))
            elif verdict.attribute == "" and verdict.fingerprint != values:
                # Given on a record that says something else today.
                if denies:
                    unsure.add((number, plain(verdict.identity)))
            elif denies:
                other.add((number, verdict.identity))
            elif verdict.verdict == "same":
                same.add((number, verdict.identity))
    return Said(frozenset(same), frozenset(other), frozenset(unsure))
