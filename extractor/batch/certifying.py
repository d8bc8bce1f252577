"""Labelled fields out of verified books: what the machine proposes against what people found in the end.

A certificate needs labels that stand for all fields of a kind, not only for the doubtful ones. Of a book that was run
without a certificate people decide every field. Where the machine accepted some, people keyed a random share of those
blindly; of the fields that were flagged for review the same share is taken by lot, and together they are a random
sample of the kind again; books with other shares are thinned by lot to the smallest one. A kind of which fields still
wait in a book, flagged ones or drawn ones, teaches nothing yet: the easy ones may have been done first.

Nor may the hard ones: fields chosen for learning (:class:`extractor.store.Learning`) are no random sample. They need no
weight here, for choosing them changes nothing but the order of work: they are flagged fields, of which either all of a
kind in a book are decided or none counts, and the fields drawn by lot for blind keying are never among them.

What the machine proposes is what it reads with the present steps and readers, as the page files keep it, with the rules
applied to the book as it was read. The database cannot tell: a decided field keeps its earlier reading, and what people
mended would speak for its neighbours.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from extractor.batch.calibrate import LabelledBooks
from extractor.batch.judging import JudgedBook, examine_books, field_name, lot, right_value
from extractor.batch.sources import KnownSource, load_sources
from extractor.batch.storage import DATABASE, open_store
from extractor.book_pass import acceptable
from extractor.confidence import LabelledField, group_of
from extractor.errors import EvaluationError
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.records import Decision
from extractor.store import Store
from extractor.templates import Form


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Fields of a group in a book that teach nothing.

    Args:
        why: ``waiting`` (fields of the group still wait), ``not_rekeyed`` (accepted ones, none of them keyed again),
            ``older_reading`` (read by an earlier version, or with another version of the form, or some of them by a
            reader that was adapted to the book's hand), ``twice`` (the same scan was counted already) or ``learned``
            (the reader learned from the book, and reads it better than others).
    """

    book: str
    group: str
    fields: int
    why: str


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a book.

    Args:
        label: evidence, and whether the machine is right; false where nobody decided.
        name: of this field alone: its scan's content, page, record and code.
        form: name and version of its form.
        accepted: whether the machine answered for it when people worked on the book.
        decided: whether a person decided it in a way that teaches: an accepted field counts only where it was drawn
            for blind re-keying, for whoever opens one unasked has seen something.
        waits: whether it waits for a person.
    """

    label: LabelledField
    name: str
    form: tuple[str, str]
    accepted: bool
    decided: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class _Sample:
    """Fields of one group in one book, and the share of all its fields that they are."""

    share: float
    fields: tuple[_Field, ...]


def labels_from_decisions(
    outs: Sequence[Path], templates: tuple[Path, ...], *, database: str = "",
    learned: Callable[[Store, Path], Collection[int]] = lambda store, out: (),
    on_left_out: Callable[[LeftOut], None] = lambda item: None,
) -> LabelledBooks:  # fmt: skip
    """Labelled fields of output folders whose books people verified.

    Args:
        outs: output folders of runs.
        templates: folders of page templates, as the runs had them.
        database: URL of the database of the one folder, where it is not in the folder.
        learned: tells of a store and its folder the numbers of the books that the reader learned from; they are left
            out.
        on_left_out: is told what could not be used.

    Raises:
        EvaluationError: a folder holds no run or is named twice, or nothing in them can be used.
        TemplateError: a record is of a form that is not among the templates.
    """
    _check(outs, database)
    pipeline = Pipeline(PipelineOptions(outs[0], templates))
    forms = {form.schema.form: form for form in pipeline.forms}
    samples: dict[str, list[_Sample]] = defaultdict(list)
    taken: set[str] = set()
    for out in outs:
        with open_store(out, database) as store:
            for fields in _books(
                store, out, forms, version=pipeline.reading_version, taken=taken, learned=learned(store, out),
                on_left_out=on_left_out,
            ):  # fmt: skip
                for group, sample in _samples(fields, on_left_out):
                    samples[group].append(sample)
    chosen = [field for name in sorted(samples) for field in _thinned(samples[name])]
    if not chosen:
        raise EvaluationError(
            "These folders hold no verified fields that a certificate could rest on.",
            mend="Verify whole books, without a certificate or with the blind re-keying that runs draw.",
        )
    chosen.sort(key=lambda field: field.name)
    used = dict(field.form for field in chosen)
    return LabelledBooks(tuple(field.label for field in chosen), used, pipeline.reader_versions)


def _check(outs: Sequence[Path], database: str) -> None:
    if database and len(outs) > 1:
        raise EvaluationError("One database cannot stand for several folders.", mend="Name one folder with --db.")
    seen: set[Path] = set()
    for out in outs:
        if out.resolve() in seen:
            raise EvaluationError(f"{out}: this folder is named twice.", mend="Name each folder once.")
        seen.add(out.resolve())
        if not database and not (out / DATABASE).is_file():
            raise EvaluationError(
                f"{out}: there is no database of a run in this folder.",
                mend="Name output folders of runs, and with --db the database of a run that had one elsewhere.",
            )


def _books(
    store: Store, out: Path, forms: Mapping[str, Form], *, version: str, taken: set[str],
    learned: Collection[int], on_left_out: Callable[[LeftOut], None],
) -> Iterator[list[_Field]]:  # fmt: skip
    """Usable fields of each book; ``taken`` names those of books that were counted before, and grows."""
    known = load_sources(out)
    decided = {(item.record, item.code): item for item in store.decided_fields()}
    waiting = {(item.record, item.code) for item in store.waiting_fields()}
    required = {(name, spec.code) for name, form in forms.items() for spec in form.schema.fields if spec.required}
    for book in examine_books(store, out, forms, known, as_read=True):
        name = _book_name(book, known)
        if book.book.id in learned:
            on_left_out(LeftOut(name, "", len(book.evidence), "learned"))
            continue
        records = {record.key: record for record in book.records}
        fields, older, twice = [], 0, 0
        # Where the doubtful fields of a kind were read by another reader, the others alone would promise too much.
        adapted = {group_of(evidence) for evidence in book.evidence.values() if evidence.adapted}
        for key, evidence in book.evidence.items():
            record, code = records[key[0]], key[1]
            named = field_name(known[record.file], record.key, code)
            older_page = record.form_version != forms[record.form].version or book.versions[key[0][:2]] != version
            if older_page or group_of(evidence) in adapted:
                older += 1
            elif named in taken:
                twice += 1
            # What is not on the form was never read; what has no value goes to a person whatever a certificate says.
            elif acceptable(read := book.readings[key], required=(record.form, code) in required):
                taken.add(named)
                item, now = decided.get(key), record.fields[code]
                accepted = (item.machine if item else now).decision is Decision.ACCEPTED
                right = item is not None and right_value(evidence.kind, read, item.final)
                decides = item is not None and (item.blind or not accepted)
                label = LabelledField(evidence, right, name)
                form = (record.form, record.form_version)
                fields.append(_Field(label, named, form, accepted, decides, waits=key in waiting))
        for count, why in ((older, "older_reading"), (twice, "twice")):
            if count:
                on_left_out(LeftOut(name, "", count, why))
        yield fields


def _book_name(book: JudgedBook, known: Mapping[str, KnownSource]) -> str:
    """A name that the book has wherever its folder lies: whether it fits or proves must not hang on a path."""
    scans = sorted({known[record.file].sha256 for record in book.records if record.file in known})
    return hashlib.sha256("/".join([*scans, *map(str, asdict(book.book.key).values())]).encode()).hexdigest()[:16]


def _samples(fields: Sequence[_Field], on_left_out: Callable[[LeftOut], None]) -> Iterator[tuple[str, _Sample]]:
    groups: dict[str, list[_Field]] = defaultdict(list)
    for field in fields:
        groups[group_of(field.label.evidence)].append(field)
    for group, members in sorted(groups.items()):
        accepted = [field for field in members if field.accepted]
        keyed = [field for field in accepted if field.decided]
        flagged = [field for field in members if not field.accepted]
        why = ""
        if any(field.waits for field in members) or any(not field.decided for field in flagged):
            why = "waiting"
        elif accepted and not keyed:
            why = "not_rekeyed"
        if why:
            on_left_out(LeftOut(members[0].label.book, group, len(members), why))
            continue
        share = len(keyed) / len(accepted) if accepted else 1.0
        yield group, _Sample(share, (*keyed, *(field for field in flagged if lot(f"flagged/{field.name}") < share)))


def _thinned(samples: Sequence[_Sample]) -> Iterator[_Field]:
    """The same share of each book's fields, or a book that was keyed in full would count for twenty others."""
    least = min(sample.share for sample in samples)
    for sample in samples:
        yield from (field for field in sample.fields if lot(f"thin/{field.name}") < least / sample.share)
