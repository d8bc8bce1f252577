"""A template over a scan: the quickest way to see whether it fits."""

from __future__ import annotations

from PIL import Image as PilImage

from extractor.readers.printed import read_page
from extractor.scans.types import CleanPage
from extractor.templates.identify import identify, register
from extractor.templates.load import Form
from extractor.templates.overlay import draw_overlay, draw_registered
from extractor.templates.types import FormMatch, RegisteredPage


def preview(
    page: CleanPage, forms: list[Form], *, form: Form | None = None
) -> tuple[PilImage.Image, FormMatch, RegisteredPage | None]:
    """Identify and register a page, and draw what was found.

    Args:
        page: the cleaned page.
        forms: forms to choose from.
        form: lay this form over the page, whatever it looks like.

    Raises:
        MissingProgramError: Tesseract or its Vietnamese data is not installed.
    """
    text = read_page(page)
    match = identify(page, text, [form] if form else forms)
    chosen = form or next((known for known in forms if known.name == match.form), None)
    if chosen is None:
        return draw_overlay(page.image, [], caption=match.reason), match, None
    registered = register(page, text, chosen)
    return draw_registered(page.image, registered), match, registered
