"""Draw the benchmark's books: pages, straight crops of their lines, and what is written in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

import cv2
import numpy as np

from extractor.records import nfc
from extractor.templates import load_forms
from extractor.templates.form import FieldSpec, Kind
from extractor.training.synth.book import RenderedRecord, render_records
from extractor.training.synth.capture import encode
from extractor.training.synth.layout import load_layout
from extractor.training.synth.page import FieldPlace
from extractor.training.texts import make_book, region_of, years_of

from .cutting import MARGIN_MM, Picture, around, cut_straight, quad
from .plan import BookPlan, Plan
from .tracks import Task, Truth

_CROP_QUALITY = 95


@dataclass
class Drawn:
    """What one book gives to one track: pictures (JPEG) by path, tasks and truth in the same order."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    truth: list[Truth] = field(default_factory=list)

    def add(self, task: Task, truth: Truth) -> None:
        """One thing asked, with its answer."""
        self.tasks.append(task)
        self.truth.append(truth)


@dataclass(frozen=True)
class DrawnBook:
    """A book's part of both tracks."""

    plan: BookPlan
    pages: Drawn
    lines: Drawn

    def digests(self) -> dict[str, str]:
        """Digests of what is written (``texts``) and of all pictures (``pixels``), hexadecimal.

        How a text is broken into lines hangs on the widths of letters, and so belongs to the pixels.
        """
        texts, pixels = hashlib.sha256(), hashlib.sha256()
        for digest, part in ((texts, self.pages), (pixels, self.lines)):
            for row in part.truth:
                digest.update(f"{row.id}\t{row.text}\n".encode())
        for part in (self.pages, self.lines):
            for name, data in part.pictures.items():
                pixels.update(name.encode() + data)
        return {"texts": texts.hexdigest(), "pixels": pixels.hexdigest()}


def draw_book(book: BookPlan, plan: Plan) -> DrawnBook:
    """Draw the first page of a book; the same plan always gives the same texts."""
    made = DrawnBook(book, Drawn(), Drawn())
    picture: Picture | None = None
    for item in _records(book, plan):
        name = f"{book.name}.jpg"
        if picture is None:
            data = encode(item.page.picture, item.device.quality)
            made.pages.pictures[name] = data
            picture = _decoded(data)
        for code, spec in _fields(book.form).items():
            sample, place = item.record.fields.get(code), item.page.places.get(code)
            if sample is None or place is None or not place.flat:
                continue
            where = f"{book.name}/{item.place}/{code}"
            boxes = tuple(tuple((x, y) for x, y in quad(item.page.warp, box)) for box in place.flat)
            task = Task(
                id=where, picture=name, record=item.place, code=code, label=spec.label, kind=spec.kind, boxes=boxes
            )
            text = " ".join(nfc(sample.raw).split())
            made.pages.add(task, _truth(where, text, place, book=book, plan=plan, spec=spec))
            if spec.kind is not Kind.CHOICE:
                _add_lines(made.lines, picture, item, where=where, spec=spec, plan=plan, book=book)
    return made


def _add_lines(
    lines: Drawn, picture: Picture, item: RenderedRecord, *, where: str, spec: FieldSpec, plan: Plan, book: BookPlan
) -> None:
    """The straight crops of a field: one a written line, or its first blank where nothing is written."""
    place = item.page.places[spec.code]
    margin = MARGIN_MM * plan.dpi / 25.4
    written = [(line.text, around([place.flat[line.blank], _corners(line.ink)], margin)) for line in place.lines] or [
        ("", around(place.flat[:1], margin))
    ]
    for number, (text, box) in enumerate(written, start=1):
        key = f"{where}/{number}"
        name = f"{key}.jpg"
        ok, data = cv2.imencode(
            ".jpg", cut_straight(picture, item.page.warp, box), [cv2.IMWRITE_JPEG_QUALITY, _CROP_QUALITY]
        )
        assert ok, "OpenCV encodes every 8-bit colour picture as JPEG"
        lines.pictures[name] = bytes(data.tobytes())
        lines.add(Task(id=key, picture=name), _truth(key, nfc(text), place, book=book, plan=plan, spec=spec))


def _truth(key: str, text: str, place: FieldPlace, *, book: BookPlan, plan: Plan, spec: FieldSpec) -> Truth:
    if spec.kind is Kind.CHOICE:
        script = "ticks"
    elif not text:
        script = "blank"
    else:
        script = "typed" if all(line.typed for line in place.lines) else "hand"
    return Truth(
        id=key,
        text=text,
        book=book.name,
        script=script,  # type: ignore[arg-type]
        group=plan.group_of(spec.kind),
        form=book.form,
        strength=book.strength,
    )


def _records(book: BookPlan, plan: Plan) -> Iterator[RenderedRecord]:
    rng = Random(f"{plan.benchmark}/{plan.version}/{book.name}")
    count = min(plan.records, load_layout(book.form).records)
    setting = make_book(rng, book.form, count, years=years_of(book.form), region=region_of(book.form))
    typed = range(1, count + 1) if book.typed else ()
    return render_records(
        setting, book.form, rng=rng, strength=book.strength, split=plan.hands, dpi=plan.dpi, printed=typed
    )


@cache
def _fields(form: str) -> dict[str, FieldSpec]:
    schema = next(known.schema for known in load_forms() if known.name == form)
    return {spec.code: spec for spec in schema.fields}


def _corners(box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    return box[0], box[1], box[0] + box[2], box[1] + box[3]


def _decoded(data: bytes) -> Picture:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, "this picture was just encoded"
    return np.asarray(picture, np.uint8)
