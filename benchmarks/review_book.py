"""A large invented book as the machine would leave it, for timing the review room.

A few pages are rendered with invented births in handwriting fonts and repeated under other names until there are as
many records as wanted; each repetition is a page picture of its own for the application. How often the machine is right
is set from what ``make demo`` reported of the sample book: of 636 fields 164 were accepted; of the 472 that waited for
people 435 were right to the letter; of the 37 others 18 had the right text among the further readings; 36 of the 472
were so doubtful that the box starts empty, 28 of these right; 48 were read as blank.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from extractor.records import (
    BookKey,
    Box,
    Candidate,
    Decision,
    FieldState,
    FieldValue,
    Record,
    Registration,
    RuleWarning,
)
from extractor.review.answers import EMPTY_BELOW
from extractor.store import PageResult, Store
from extractor.store.tables import FieldRow, PageRow, RecordRow, TaskRow
from extractor.templates import load_forms
from extractor.templates.form import FieldSpec
from extractor.training.synth import render_records
from extractor.training.texts import BLANK, Sample, make_book

FORM = "ks-2016"
FILE = "KS.2017.01.pdf"
BOOK = BookKey(register="KS", year="2017", number="01", agency="UBND xã Đồng Thử")
RIGHT = 435 / 472
WRONG_BUT_OFFERED = 18 / 37
EMPTY_AND_RIGHT, EMPTY_AND_WRONG = 28 / 435, 8 / 37
ACCEPTED_KINDS = ("date", "sex", "nationality")
"""Kinds nearly all of whose fields the demo accepts."""

DPI = 200
_DOUBTFUL, _PROBABLE = (0.2, 0.45), (0.55, 0.97)
_QUALITY = 85


@dataclass(frozen=True)
class Truth:
    """What is written in a field, and what the machine proposes."""

    label: str
    kind: str
    raw: str
    state: FieldState
    machine: FieldValue

    @property
    def shown(self) -> str:
        """What stands in the room's box."""
        machine = self.machine
        return "" if machine.state is FieldState.READ and machine.confidence < EMPTY_BELOW else machine.raw

    @property
    def texts(self) -> tuple[str, ...]:
        """The readings that the room's arrow keys go through."""
        found = dict.fromkeys([self.machine.raw, *(candidate.text for candidate in self.machine.candidates)])
        return tuple(text for text in found if text)

    @property
    def waits(self) -> bool:
        """Whether the room asks a person."""
        return self.machine.decision is Decision.REVIEW


Page = Mapping[str, Truth]
"""The fields of a page by code, in the order of the form."""


@dataclass(frozen=True)
class InventedBook:
    """Pages as rendered; record ``n`` (from 0) has the picture and texts of page ``n % len(pages)``."""

    pages: tuple[Page, ...]
    kinds: Mapping[str, str]

    def of_record(self, number: int) -> Page:
        """Fields of the record with that number, from 0."""
        return self.pages[number % len(self.pages)]


def render(out: Path, pages: int, seed: int) -> InventedBook:
    """Render the distinct pages into ``out/pages``."""
    rng = Random(seed)
    form = next(form.schema for form in load_forms() if form.schema.form == FORM)
    setting = make_book(rng, FORM, pages, year=2017, number="01")
    (out / "pages").mkdir(parents=True, exist_ok=True)
    made = []
    rendered = render_records(setting, FORM, rng=rng, strength=2.5, split="test", dpi=DPI, camera=False)
    for number, found in enumerate(rendered):
        picture = Image.fromarray(found.page.picture[:, :, ::-1])
        picture.save(out / "pages" / f"drawn-{number}.jpg", quality=_QUALITY)
        made.append(
            {
                spec.code: _truth(rng, spec, found.record.fields.get(spec.code), found.page.places.get(spec.code))
                for spec in form.fields
            }
        )
    return InventedBook(tuple(made), {spec.code: spec.kind.value for spec in form.fields})


def fill(store: Store, out: Path, book: InventedBook, records: int) -> None:
    """Store the records, one page each."""
    for number in range(records):
        image = out / "pages" / f"{number}.jpg"
        drawn = out / "pages" / f"drawn-{number % len(book.pages)}.jpg"
        if not image.exists():
            try:
                image.hardlink_to(drawn)
            except OSError:
                shutil.copy(drawn, image)
        with Image.open(drawn) as picture:
            width, height = picture.size
        rng = Random(number)
        fields = {code: _as_sure(rng, truth.machine) for code, truth in book.of_record(number).items()}
        record = Record(
            file=FILE,
            page=number + 1,
            form=FORM,
            form_version="1",
            registration=Registration(ok=True, residual_px=1.2, coverage=0.93, method="labels"),
            fields=fields,
            warnings=(
                RuleWarning(rule="B1", fields=("so",), message="Số đăng ký không nối tiếp bản ghi trước."),
                RuleWarning(rule="R7", fields=("meDanToc", "chaDanToc"), message="Dân tộc không khớp với cha, mẹ."),
            ),
        )
        store.save_page(
            PageResult(
                file=FILE, page=number + 1, sha256=f"{number:064d}", width=width, height=height,
                image=f"pages/{number}.jpg", pipeline_version="1", book=BOOK, kinds=dict(book.kinds),
                records=(record,),
            )
        )  # fmt: skip


def truths_by_task(store: Store, book: InventedBook) -> dict[int, Truth]:
    """What is written in each field of the queue, by number of its task."""
    from sqlalchemy import select

    wanted = (
        select(TaskRow.id, PageRow.page, FieldRow.code)
        .join(FieldRow, FieldRow.id == TaskRow.field_id)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
    )
    with store.reading() as session:
        return {task: book.of_record(page - 1)[code] for task, page, code in session.execute(wanted)}


def _as_sure(rng: Random, machine: FieldValue) -> FieldValue:
    """The field with another confidence of its kind, so that the queue does not give the same page over and over."""
    if machine.decision is Decision.ACCEPTED:
        return machine
    sure = rng.uniform(*(_DOUBTFUL if machine.confidence < EMPTY_BELOW else _PROBABLE))
    return machine.model_copy(update={"confidence": sure})


def _truth(rng: Random, spec: FieldSpec, sample: Any, place: Any) -> Truth:
    raw, state = (sample.raw, sample.state) if sample is not None else ("", FieldState.BLANK)
    box = None
    if place is not None and place.regions:
        boxes = [Box(*map(int, region)) for region in place.regions]
        box = boxes[0]
        for other in boxes[1:]:
            box = box.union(other)
    machine = _read(rng, spec, sample or BLANK, box)
    return Truth(spec.label, spec.kind.value, raw, state, machine)


def _read(rng: Random, spec: FieldSpec, sample: Sample, box: Box | None) -> FieldValue:
    """What the machine makes of a text."""
    raw, state = sample.raw, sample.state
    accepted = spec.kind.value in ACCEPTED_KINDS and state is FieldState.READ
    right = accepted or state is not FieldState.READ or rng.random() < RIGHT
    read = raw if right else misread(rng, raw)
    texts = [read]
    if not right and rng.random() < WRONG_BUT_OFFERED:
        texts.append(raw)
    while len(texts) < 4 and raw:
        texts.append(misread(rng, raw))
    doubtful = state is FieldState.READ and rng.random() < (EMPTY_AND_RIGHT if right else EMPTY_AND_WRONG)
    confidence = 0.99 if accepted else rng.uniform(*_DOUBTFUL) if doubtful else rng.uniform(*_PROBABLE)
    rest = (1 - confidence) / 4
    return FieldValue(
        raw=read,
        value=sample.value if right else read,
        state=state,
        confidence=confidence,
        decision=Decision.ACCEPTED if accepted else Decision.REVIEW,
        reader="handwriting",
        box=box,
        candidates=tuple(
            Candidate(text, confidence if place == 0 else rest) for place, text in enumerate(dict.fromkeys(texts))
        )
        if raw
        else (),
    )


_LIKE = {"a": "áàạăâ", "e": "éèê", "i": "íì", "o": "óòôơ", "u": "úùư", "n": "m", "h": "n", "c": "e", "1": "7", "0": "6"}


def misread(rng: Random, raw: str) -> str:
    """The text with one letter taken for another."""
    places = [place for place, letter in enumerate(raw) if letter.lower() in _LIKE]
    if not places:
        return raw + "1"
    place = rng.choice(places)
    letter = rng.choice(_LIKE[raw[place].lower()])
    return raw[:place] + (letter.upper() if raw[place].isupper() else letter) + raw[place + 1 :]
