"""Lay forms over pages by what a person says of them."""

from __future__ import annotations

import numpy as np

from extractor.field_reading import source_polygon
from extractor.laying import LaidPicture, Layer
from extractor.page_instruction import PageInstruction
from extractor.readers.page_text import PageText
from extractor.readers.printed import read_page
from extractor.scans.types import SourcePage
from extractor.templates import Form, find_form
from extractor.templates.by_hand import usual_anchors


def lay(forms: list[Form], source: SourcePage, *, read: bool = True, **said: object) -> LaidPicture:
    """Lay forms over a page as a person says; ``read`` is whether its print is looked at, which tables do without."""
    reads = read_page if read else lambda page: PageText()
    layer = Layer(forms, None, forms, reads=reads)
    return layer.instructed(PageInstruction.model_validate(said)).lay(source)


def places(laid: LaidPicture) -> dict[tuple[int, str, int], np.ndarray]:
    """Where every line of every field lies, in source pixels."""
    page = laid.pages[0]
    assert page.registered is not None
    return {
        (record.record, field.code, number): source_polygon(page.page, line)
        for record in page.registered.records
        for field in record.fields
        for number, line in enumerate(field.lines)
    }


def anchors_of(laid: LaidPicture, forms: list[Form]) -> list[dict[str, tuple[float, float]]]:
    """The four outermost points of the form where the machine found them, as a person would point at them."""
    page = laid.pages[0]
    assert page.registered is not None
    assert page.registered.marks is not None
    form = find_form(forms, page.registered.form)
    marks = {(x, y): (left, line) for x, y, left, line in page.registered.marks.tolist()}
    homes = [home for _, home in usual_anchors(form.schema, form.template)[:4]]
    found = source_polygon(page.page, np.array([marks[home] for home in homes]))
    return [{"source": (float(x), float(y)), "home": home} for (x, y), home in zip(found, homes, strict=True)]
