"""Labelled fields out of verified books: what the machine proposed against what people found in the end.

A certificate needs labels that stand for all fields of a kind, not only for the doubtful ones. Of a book that was run
without a certificate people decide every field. Where the machine accepted some, people keyed a random share of those
blindly; of the fields that were flagged for review the same share is taken by lot, and together they are a random
sample of the kind again. A kind of which flagged fields still wait in a book teaches nothing yet: the easy ones may
have been done first.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.batch.calibrate import LabelledBooks
from extractor.batch.judging import JudgedBook, examine_books, right_value
from extractor.batch.sources import load_sources
from extractor.batch.storage import DATABASE, open_store
from extractor.book_pass import FieldKey
from extractor.confidence import LabelledField, group_of
from extractor.errors import EvaluationError
from extractor.page_file import load_page_file, page_stem
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.records import Decision, FieldState, FieldValue
from extractor.store.results import DecidedField
from extractor.templates import Form


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Fields of a group in a book that teach nothing, and why: ``waiting``, ``not_rekeyed`` or ``older_reading``."""

    book: str
    group: str
    fields: int
    why: str


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a book: what the machine answered, and what people said of it, if they did.

    Args:
        label: evidence, and whether the machine was right; false where nobody decided.
        name: of this field alone, among all folders.
        machine: the machine's answer.
        decided: whether a person decided it in a way that teaches: an accepted field counts only where it was drawn
            for blind re-keying, for whoever opens one unasked has seen something.
    """

    label: LabelledField
    name: str
    machine: FieldValue
    decided: bool


def labels_from_decisions(
    outs: Sequence[Path], templates: tuple[Path, ...], *, on_left_out: Callable[[LeftOut], None] = lambda item: None
) -> LabelledBooks:
    """Labelled fields of output folders whose books people verified.

    Args:
        outs: output folders of runs.
        templates: folders of page templates, as the runs had them.
        on_left_out: is told what could not be used.

    Raises:
        EvaluationError: a folder holds no run, or nothing in them can be used.
    """
    labelled: list[LabelledField] = []
    forms_used: dict[str, str] = {}
    versions: dict[str, str] = {}
    for out in outs:
        if not (out / DATABASE).is_file():
            raise EvaluationError(f"{out}: there was no run into this folder.", mend="Name output folders of runs.")
        pipeline = Pipeline(PipelineOptions(out, templates))
        forms = {form.schema.form: form for form in pipeline.forms}
        versions = pipeline.reader_versions
        for book, fields in _books(out, forms, pipeline.reading_version, on_left_out):
            usable = list(_random_sample(book, fields, on_left_out))
            labelled += usable
            if usable:
                forms_used |= {record.form: record.form_version for record in book.records}
    if not labelled:
        raise EvaluationError(
            "These folders hold no verified fields that a certificate could rest on.",
            mend="Verify whole books, without a certificate or with the blind re-keying that runs draw.",
        )
    return LabelledBooks(tuple(labelled), forms_used, versions)


def _books(
    out: Path, forms: Mapping[str, Form], version: str, on_left_out: Callable[[LeftOut], None]
) -> Iterator[tuple[JudgedBook, list[_Field]]]:
    known = load_sources(out)
    with open_store(out) as store:
        decided = {(item.record, item.code): item for item in store.decided_fields()}
        for book in examine_books(store, out, forms, known):
            name = f"{out.name}/{book.book.id}"
            read_now = {
                place: load_page_file(out, page_stem(known[place[0]].sha256, place[1])).reading_version == version
                for place in {key[0][:2] for key in book.evidence}
            }
            same_form = {record.key: record.form_version == forms[record.form].version for record in book.records}
            usable = [key for key in book.evidence if read_now[key[0][:2]] and same_form[key[0]]]
            if len(usable) < len(book.evidence):
                on_left_out(LeftOut(name, "", len(book.evidence) - len(usable), "older_reading"))
            fields = [_field(book, name, key, decided.get(key)) for key in usable]
            # What is not on the form, and what was taken from elsewhere, was never read.
            yield book, [field for field in fields if field.machine.state is not FieldState.NOT_ON_FORM]


def _field(book: JudgedBook, name: str, key: FieldKey, item: DecidedField | None) -> _Field:
    evidence = book.evidence[key]
    machine = item.machine if item else _value(book, key)
    correct = item is not None and right_value(evidence.kind, item.machine, item.final)
    decided = item is not None and (item.blind or machine.decision is not Decision.ACCEPTED)
    return _Field(LabelledField(evidence, correct, name), f"{name}/{key}", machine, decided)


def _value(book: JudgedBook, key: FieldKey) -> FieldValue:
    record = next(record for record in book.records if record.key == key[0])
    return record.fields[key[1]]


def _random_sample(
    book: JudgedBook, fields: Sequence[_Field], on_left_out: Callable[[LeftOut], None]
) -> Iterator[LabelledField]:
    groups: dict[str, list[_Field]] = defaultdict(list)
    for field in fields:
        groups[group_of(field.label.evidence)].append(field)
    for group, members in sorted(groups.items()):
        accepted = [field for field in members if field.machine.decision is Decision.ACCEPTED]
        keyed = [field for field in accepted if field.decided]
        flagged = [field for field in members if field.machine.decision is not Decision.ACCEPTED]
        why = ""
        if any(not field.decided for field in flagged):
            why = "waiting"
        elif accepted and not keyed:
            why = "not_rekeyed"
        if why:
            on_left_out(LeftOut(members[0].label.book, group, len(members), why))
            continue
        share = len(keyed) / len(accepted) if accepted else 1.0
        yield from (field.label for field in keyed)
        yield from (field.label for field in flagged if _lot(field.name) < share)


def _lot(name: str) -> float:
    """A number from 0 to 1 that belongs to a field."""
    return int.from_bytes(hashlib.sha256(f"lot/{name}".encode()).digest()[:6]) / 2**48
