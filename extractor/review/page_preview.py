"""How a form would lie on a page by what a person says: worked out on a reduced picture, without reading any field."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ExtractorError, ImageError, InputError, InstructionError, UnknownFormError
from extractor.page_instruction import PageInstruction

if TYPE_CHECKING:
    from extractor.laying import LaidPage, LaidPicture
    from extractor.readers.page_text import PageText
    from extractor.scans.types import CleanPage, SourcePage
    from extractor.store import StoredPage
    from extractor.templates import Form

_SIDE = 2600
"""Longer side of the reduced picture, pixels: enough that what is judged here is judged alike on the whole one."""
_SHOWN_SIDE = 1800
_KEPT = 3
_QUALITY = 80
_AT_ONCE = 3
"""So many previews are worked on or wait; the server answers eight requests at once."""
Floats = NDArray[np.float64]


class OutdatedError(ExtractorError):
    """Nobody waits for this preview any more: its page was asked for again."""


class BusyError(ExtractorError):
    """As many previews wait as may."""


@dataclass(frozen=True, slots=True)
class _Reduced:
    """A source page made smaller, and how much."""

    source: SourcePage
    factor: float


class Previews:
    """Lays forms for looking at. One at a time: each takes seconds of a processor. Safe to share between threads.

    Args:
        out: output folder of the run.
        templates: folders of page templates; the shipped ones where none are given.
    """

    def __init__(self, out: Path, templates: Sequence[Path]) -> None:
        self._out = out
        self._templates = tuple(templates)
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_AT_ONCE)
        self._asked: Counter[int] = Counter()
        self._forms: list[Form] = []
        self._pages: OrderedDict[tuple[str, int, str], _Reduced] = OrderedDict()
        self._texts: OrderedDict[str, PageText] = OrderedDict()

    def forms(self) -> list[Form]:
        """All forms, by name."""
        from extractor.templates import load_forms

        if not self._forms:
            self._forms = load_forms(self._templates)
        return self._forms

    def picture(self, page: StoredPage) -> bytes:
        """The source picture as it is stored, made smaller, as WebP.

        Raises:
            ImageError: the source is gone or changed, or holds other pixels now.
        """
        import cv2
        from PIL import Image

        with self._lock:
            image = self._reduced(page).source.image
        shown = Image.fromarray(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
        shown.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
        content = io.BytesIO()
        shown.save(content, "WEBP", quality=_QUALITY, method=2)
        return content.getvalue()

    def lay(self, page: StoredPage, said: PageInstruction) -> dict[str, Any]:
        """How the page would be laid: JSON with all points in source pixels.

        Raises:
            ImageError: the source is gone or changed.
            InstructionError: the instruction names a form that there is not, or points outside the picture.
            OutdatedError: while this one waited, the same page was asked for again.
            BusyError: others wait already.
        """
        from extractor.laying import Layer

        said.check(page.width, page.height)
        forms = self.forms()
        self._asked[page.id] += 1
        mine = self._asked[page.id]
        with self._turn(), self._lock:
            if mine != self._asked[page.id]:
                raise OutdatedError("The page was asked for in another way meanwhile.")
            reduced = self._reduced(page)
            try:
                layer = Layer(forms, None, forms, reads=self._read).instructed(_scaled(said, reduced.factor))
            except UnknownFormError as error:
                raise InstructionError(error.message, mend=error.mend) from error
            laid = layer.lay(reduced.source)
        return _shown(laid, forms, said, reduced.factor)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A place among the few that may wait: whoever waits keeps one of the server's threads from everybody else."""
        if not self._waiting.acquire(blocking=False):
            raise BusyError("Other pages are being tried.", mend="Ask again in a moment.")
        try:
            yield
        finally:
            self._waiting.release()

    def _reduced(self, page: StoredPage) -> _Reduced:
        import cv2

        from extractor.batch.rereading import source_page

        key = (page.file, page.page, page.sha256)
        if key in self._pages:
            self._pages.move_to_end(key)
            return self._pages[key]
        try:
            source = source_page(self._out, page.file, page.page).load()
        except InputError as error:
            raise ImageError("The source of the page cannot be read.", mend=error.mend) from error
        if source.sha256 != page.sha256:
            raise ImageError("The source of the page holds another picture now.", mend="Run the input again.")
        height, width = source.image.shape[:2]
        factor = min(1.0, _SIDE / max(width, height))
        image = source.image
        if factor < 1.0:
            image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
        dpi = source.dpi * factor if source.dpi else None
        found = _Reduced(replace(source, image=image, dpi=dpi), factor)
        self._pages[key] = found
        while len(self._pages) > _KEPT:
            self._pages.popitem(last=False)
        return found

    def _read(self, page: CleanPage) -> PageText:
        """The words of a page; the same picture is read once."""
        from extractor.readers.printed import read_page

        key = hashlib.sha256(np.ascontiguousarray(page.grey).data).hexdigest()
        if key not in self._texts:
            self._texts[key] = read_page(page)
            while len(self._texts) > 2 * _KEPT:
                self._texts.popitem(last=False)
        return self._texts[key]


def _scaled(said: PageInstruction, factor: float) -> PageInstruction:
    """The instruction for a picture ``factor`` times as large."""

    def moved(points: Any) -> Any:
        return None if points is None else tuple((x * factor, y * factor) for x, y in points)

    return said.model_copy(
        update={
            "corners": moved(said.corners),
            "anchors": said.anchors
            and tuple(each.model_copy(update={"source": moved([each.source])[0]}) for each in said.anchors),
            "gutter": moved(said.gutter),
            "rows": tuple(moved(line) for line in said.rows),
        }
    )


def _shown(laid: LaidPicture, forms: Sequence[Form], said: PageInstruction, factor: float) -> dict[str, Any]:
    """What a person sees of a picture on which forms lie."""
    first = laid.pages[0]
    by_name = {form.name: form for form in forms}
    form = by_name.get(first.registered.form) if first.registered else None
    rows = first.registered.rows if first.registered else None
    fold = first.fold
    return {
        "turn": _turn(first.page.to_source) if said.turn is None else said.turn,
        "corners": _points(_outline(laid.page), laid.page, factor),
        "gutter": None if fold is None else (fold / factor).round(1).tolist(),
        "pages": [_page(page, by_name) for page in laid.pages],
        "fields": [field for page in laid.pages for field in _fields(page, by_name, factor)],
        "marks": _marks(first, form, factor),
        "rows": [] if rows is None else [_points(line, first.page, factor) for line in rows],
    }


def _page(laid: LaidPage, forms: dict[str, Form]) -> dict[str, Any]:
    registered = laid.registered
    if registered is None:
        return {"form": "", "title": "", "ok": False, "records": 0, "reason": laid.match.reason, "by_hand": False}
    registration = registered.registration
    return {
        "form": registered.form,
        "title": forms[registered.form].schema.title,
        "ok": registration.ok,
        "records": len(registered.records),
        "coverage": round(registration.coverage, 3),
        "residual": round(registration.residual_px / laid.page.dpi * 25.4, 1),
        "reason": registration.reason,
        "by_hand": registration.by_hand,
    }


def _fields(laid: LaidPage, forms: dict[str, Form], factor: float) -> list[dict[str, Any]]:
    if laid.registered is None:
        return []
    labels = {spec.code: spec.label for spec in forms[laid.registered.form].schema.fields}
    return [
        {
            "record": record.record,
            "label": labels.get(field.code, field.code),
            "lines": [_points(line, laid.page, factor) for line in field.lines]
            + [_points(option.polygon, laid.page, factor) for option in field.options],
        }
        for record in laid.registered.records
        for field in record.fields
    ]


def _marks(laid: LaidPage, form: Form | None, factor: float) -> list[dict[str, Any]]:
    """The points of the form that a person may point at, the four outermost first, and where they seem to be."""
    from extractor.templates.by_hand import usual_anchors

    if form is None or laid.registered is None:
        return []
    known: dict[tuple[float, float], list[float]] = {}
    if laid.registered.marks is not None and len(laid.registered.marks):
        places = _points(laid.registered.marks[:, 2:], laid.page, factor)
        known = {(x, y): place for (x, y, _, _), place in zip(laid.registered.marks.tolist(), places, strict=True)}
    return [
        {"label": label, "home": list(home), "source": known.get(home)}
        for label, home in usual_anchors(form.schema, form.template)
    ]


def _outline(page: CleanPage) -> Floats:
    """The corners of the clean picture."""
    height, width = page.grey.shape
    return np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]) - 0.5


def _points(points: Floats, page: CleanPage, factor: float) -> list[list[float]]:
    """Clean pixels as source pixels of the picture in its full size."""
    from extractor.field_reading import source_polygon

    found: list[list[float]] = (source_polygon(page, points) / factor).round(1).tolist()
    return found


def _turn(to_source: Floats) -> int:
    """Quarter turns clockwise that the machine gave the picture."""
    angle = float(np.degrees(np.arctan2(to_source[1, 0], to_source[0, 0])))
    return round(-angle / 90.0) % 4
