"""What the designer's workshop does with page pictures, in a process of its own: show, draw, try, draft.

Pages stay cleaned and their words read for as long as they are worked on; readings are kept by page and place.
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
from extractor.page_file import load_picture
from extractor.readers import get_reader
from extractor.readers.page_text import PageText
from extractor.readers.printed import read_page
from extractor.readers.protocol import Reader
from extractor.records import BookKey
from extractor.review.designer.loading import forms_in
from extractor.scans.light import even_light
from extractor.scans.resolution import estimate_dpi
from extractor.scans.types import CleanPage, Image, SourcePage
from extractor.templates import Form, register
from extractor.templates.designing import Design, OddDesignError, to_design
from extractor.templates.designing.drawing import Rectangle, draw
from extractor.templates.designing.showing import form_of, show, show_plainly
from extractor.templates.designing.snapping import find_snaps
from extractor.templates.drafting import draft_form, write_draft
from extractor.templates.overlay import draw_registered
from extractor.templates.types import LocatedField, RegisteredPage
from extractor.vietnamese import Context

_PAGES = 8
_READINGS = 2000
_OVERLAY_HEIGHT = 1000
_QUALITY = 80

_pages: OrderedDict[tuple[str, int], tuple[CleanPage, PageText]] = OrderedDict()
_readings: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of the output folder: its cleaned picture, and what is known of its book."""

    out: Path
    image: str
    book: BookKey


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
    return asdict(find_snaps(*_page(picture)))


def show_on(picture: PagePicture, design: Design) -> dict[str, Any]:
    """The design over a page."""
    return asdict(show(design, *_page(picture)))


def draw_on(
    picture: PagePicture, design: Design, rectangle: Rectangle, ids: Sequence[str], folders: tuple[Path, ...]
) -> dict[str, Any]:
    """What a rectangle drawn on a page becomes."""
    page, text = _page(picture)
    try:
        shown = show(design, page, text)
    except OddDesignError:
        shown = show_plainly(design, page)
    drawn = draw(design, shown, find_snaps(page, text), rectangle, forms=forms_in(folders), ids=ids)
    return {
        "at": drawn.at,
        "place": drawn.place.model_dump(),
        "field": drawn.field.model_dump(),
        "block": drawn.block.model_dump() if drawn.block else None,
    }


def try_on(picture: PagePicture, design: Design, code: str, read: bool) -> Tried:
    """Lay the design over a page, and cut one of its fields out there; ``read`` it as well."""
    page, text = _page(picture)
    form = form_of(design)
    registered = register(page, text, form)
    drawing = draw_registered(page.image, registered)
    drawing.thumbnail((_OVERLAY_HEIGHT, _OVERLAY_HEIGHT))
    content = io.BytesIO()
    drawing.save(content, "WEBP", quality=_QUALITY, method=2)
    crops = _crops(picture, page, form, _only(registered, code), read=read) if code in form.schema.codes else []
    result = registered.registration
    return Tried(
        result.ok,
        result.reason,
        result.coverage,
        result.residual_px,
        len(registered.records),
        content.getvalue(),
        tuple(crops),
    )


def draft_on(
    pictures: Sequence[PagePicture], name: str, register_code: str, folders: tuple[Path, ...]
) -> dict[str, Any]:
    """Draft a new form from pages, as a design; nothing is kept of it in the folders of forms."""
    from extractor.batch.drafting import read_lines

    pages = [_page(picture)[0] for picture in pictures]
    draft = draft_form(pages, name, forms_in(folders), register=register_code, read_lines=read_lines)
    with tempfile.TemporaryDirectory() as folder:
        return to_design(write_draft(draft, Path(folder))).model_dump()


def _page(picture: PagePicture) -> tuple[CleanPage, PageText]:
    """A page and its words; those looked at last are kept."""
    path = picture.out / picture.image
    key = (str(path), path.stat().st_mtime_ns if path.exists() else 0)
    if key not in _pages:
        image = load_picture(picture.out, picture.image)
        page = clean_again(image, picture.image)
        _pages[key] = page, read_page(page)
        while len(_pages) > _PAGES:
            _pages.popitem(last=False)
    _pages.move_to_end(key)
    return _pages[key]


def clean_again(image: Image, name: str) -> CleanPage:
    """The page of a cleaned picture: upright and flat it is already, its light and resolution are found again."""
    size = (image.shape[1], image.shape[0])
    grey = even_light(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))
    return CleanPage(SourcePage(name, 1, image, ""), image, grey, np.eye(3), estimate_dpi(None, size))


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
