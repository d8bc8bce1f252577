"""What the designer's workshop does with page pictures, in a process of its own: show, draw, try, draft.

Readings are kept by page and place; pages see :mod:`extractor.review.designer.leaves`.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from extractor.field_reading import HANDWRITING, PRINTED, FieldReading, read_fields
from extractor.readers import get_reader
from extractor.readers.protocol import Reader
from extractor.review.designer.leaves import Leaf, PagePicture, leaves, size_of
from extractor.review.designer.loading import forms_in
from extractor.scans.types import CleanPage
from extractor.templates import Form, register
from extractor.templates.designing import Design, OddDesignError, to_design
from extractor.templates.designing.drawing import Rectangle, draw
from extractor.templates.designing.facing import carried, carried_snaps, carry, together
from extractor.templates.designing.showing import Shown, form_of, show, show_plainly
from extractor.templates.designing.snapping import find_snaps
from extractor.templates.drafting import draft_form, write_draft
from extractor.templates.overlay import draw_registered
from extractor.templates.types import LocatedField, RegisteredPage
from extractor.vietnamese import Context

_READINGS = 2000
_OVERLAY_HEIGHT = 1000
_QUALITY = 80

_readings: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Tried:
    """A design laid over a page.

    Args:
        overlay: picture of it, WebP.
        crops: of the chosen field one for each record: picture (WebP), and what was read.
    """

    ok: bool
    reason: str
    coverage: float
    residual_px: float
    records: int
    overlay: bytes
    crops: tuple[dict[str, Any], ...]


def ready() -> None:
    """Nothing; whoever asks for it has this module loaded."""


def snaps_of(picture: PagePicture) -> dict[str, Any]:
    """Lines and words of a page to hold on to."""
    found = [carried_snaps(find_snaps(leaf.page, leaf.text), leaf.to_whole) for leaf in leaves(picture)]
    return asdict(together(*found))


def show_on(picture: PagePicture, design: Design) -> dict[str, Any]:
    """The design over a page, or over that of two facing ones on which it lies better."""
    leaf, shown = _best(picture, design)
    if leaf.page.grey.shape[::-1] != size_of(picture):
        shown = carried(shown, design, leaf.to_whole, size_of(picture))
    return asdict(shown)


def draw_on(
    picture: PagePicture, design: Design, rectangle: Rectangle, ids: Sequence[str], folders: tuple[Path, ...]
) -> dict[str, Any]:
    """What a rectangle drawn on a page becomes."""
    left, top, right, bottom = rectangle
    leaf = _leaf_at(leaves(picture, design), (left + right) / 2, (top + bottom) / 2)
    corners = carry(np.array([[left, top], [right, bottom]]), np.asarray(np.linalg.inv(leaf.to_whole)))
    (left, top), (right, bottom) = corners.tolist()
    shown, snaps = _shown(design, leaf), find_snaps(leaf.page, leaf.text)
    drawn = draw(design, shown, snaps, (left, top, right, bottom), forms=forms_in(folders), ids=ids)
    return {
        "at": carry(np.array([drawn.at]), leaf.to_whole)[0].tolist(),
        "place": drawn.place.model_dump(),
        "field": drawn.field.model_dump(),
        "block": drawn.block.model_dump() if drawn.block else None,
    }


def try_on(picture: PagePicture, design: Design, code: str, read: bool) -> Tried:
    """Lay the design over a page, and cut one of its fields out there; ``read`` it as well.

    Of two facing pages the one on which it lies better is shown; crops come from all on which it lies well.
    """
    form = form_of(design)
    laid = [(leaf, register(leaf.page, leaf.text, form)) for leaf in leaves(picture, design)]
    leaf, best = max(laid, key=lambda each: (each[1].registration.ok, each[1].registration.coverage))
    drawing = draw_registered(leaf.page.image, best)
    drawing.thumbnail((_OVERLAY_HEIGHT, _OVERLAY_HEIGHT))
    content = io.BytesIO()
    drawing.save(content, "WEBP", quality=_QUALITY, method=2)
    crops: list[dict[str, Any]] = []
    for page, registered in ((leaf.page, registered) for leaf, registered in laid if registered.records):
        if code in form.schema.codes:
            crops += _crops(picture, page, form, _only(registered, code), read=read)
    result = best.registration
    return Tried(
        result.ok,
        result.reason,
        result.coverage,
        result.residual_px,
        sum(len(registered.records) for _, registered in laid),
        content.getvalue(),
        tuple(crops),
    )


def _best(picture: PagePicture, design: Design) -> tuple[Leaf, Shown]:
    both = [(leaf, _shown(design, leaf)) for leaf in leaves(picture, design)]
    return max(both, key=lambda each: (each[1].registration.ok, each[1].registration.coverage))


def _shown(design: Design, leaf: Leaf) -> Shown:
    try:
        return show(design, leaf.page, leaf.text)
    except OddDesignError:
        return show_plainly(design, leaf.page)


def _leaf_at(found: Sequence[Leaf], x: float, y: float) -> Leaf:
    """The page on which a point of the picture lies."""
    for leaf in found:
        inside = carry(np.array([[x, y]]), np.asarray(np.linalg.inv(leaf.to_whole)))[0]
        height, width = leaf.page.grey.shape
        if 0 <= inside[0] < width and 0 <= inside[1] < height:
            return leaf
    return found[0]


def draft_on(
    pictures: Sequence[PagePicture], name: str, register_code: str, folders: tuple[Path, ...]
) -> dict[str, Any]:
    """Draft a new form from pages, as a design; nothing is kept of it in the folders of forms."""
    from extractor.batch.drafting import read_lines

    pages = [leaf.page for picture in pictures for leaf in leaves(picture)]
    draft = draft_form(pages, name, forms_in(folders), register=register_code, read_lines=read_lines)
    with tempfile.TemporaryDirectory() as folder:
        return to_design(write_draft(draft, Path(folder))).model_dump()


@cache
def _reader(name: str) -> Reader:
    return get_reader(name)


def _only(registered: RegisteredPage, code: str) -> RegisteredPage:
    """The same page with one of its fields alone."""
    records = (
        replace(record, fields=tuple(field for field in record.fields if field.code == code))
        for record in registered.records
    )
    return replace(registered, records=tuple(records))


def _crops(
    picture: PagePicture, page: CleanPage, form: Form, only: RegisteredPage, *, read: bool
) -> list[dict[str, Any]]:
    """Cut-outs of a field, one a record, with what the readers make of them, if that may be shown."""
    if not read:
        return [{"record": record.record, "picture": _cut(page, record.fields)} for record in only.records]
    code = next((field.code for record in only.records for field in record.fields), "")
    if not code:
        return []
    spec = form.schema.field(code)
    places = [[_rounded(field) for field in record.fields] for record in only.records]
    key = json.dumps([picture.image, spec.model_dump(mode="json"), places], ensure_ascii=False, sort_keys=True)
    if key not in _readings:
        readers = {name: _reader(name) for name in (HANDWRITING, PRINTED)}
        context = Context.of_book(picture.book, form.schema.language)
        schema = form.schema.model_copy(update={"fields": (spec.model_copy(update={"words_of": ""}),)})
        readings = read_fields(page, only, schema, readers, context)
        _readings[key] = [
            {"record": record.record, **_said(fields[code]), "picture": _cut(page, record.fields)}
            for record, fields in zip(only.records, readings, strict=True)
        ]
        while len(_readings) > _READINGS:
            _readings.popitem(last=False)
    return _readings[key]


def _rounded(field: LocatedField) -> list[Any]:
    polygons = [*field.lines, *(option.polygon for option in field.options)]
    return [np.round(polygon).astype(int).tolist() for polygon in polygons]


def _said(reading: FieldReading) -> dict[str, Any]:
    value = reading.value
    return {
        "raw": value.raw,
        "value": value.value,
        "state": value.state.value,
        "confidence": round(value.confidence, 3),
        "reader": value.reader,
    }


def _cut(page: CleanPage, fields: Sequence[LocatedField]) -> bytes:
    """The field's part of the page, WebP; nothing where it has no place."""
    polygons = [line for field in fields for line in (*field.lines, *(option.polygon for option in field.options))]
    if not polygons:
        return b""
    points = np.concatenate(polygons)
    height, width = page.grey.shape
    left, top = np.clip(np.floor(points.min(axis=0)) - 8, 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(points.max(axis=0)) + 8, (left + 1, top + 1), (width, height)).astype(int)
    done, data = cv2.imencode(".webp", page.image[top:bottom, left:right], [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    return data.tobytes() if done else b""
