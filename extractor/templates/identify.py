"""Which form is this page, and lay that form over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from extractor.templates.layouts import layouts
from extractor.templates.types import FormMatch, RegisteredPage, Told

if TYPE_CHECKING:
    from extractor.readers.page_text import PageText
    from extractor.scans.types import CleanPage
    from extractor.templates.load import Form

LEAST_SCORE = 0.65
"""See ``docs/forms.md``: what right forms and, with these left out, the likest wrong ones reach on rendered pages."""
LEAST_MARGIN = 0.08
SETTLED = 0.8
"""Evidence from words from which no ruling is looked at any more."""
_BLANK_INK = 0.0012
"""Share of dark pixels below which a page bears nothing: a dozen words are more."""


def identify(page: CleanPage, text: PageText, forms: Sequence[Form]) -> FormMatch:
    """Which of the forms a page is, or none: a cover, a letter, a blank page, another ledger.

    Args:
        page: the cleaned page.
        text: its OCR pass; may be empty.
        forms: forms to choose from.
    """
    if len(text.words) < 4 and _ink_share(page) < _BLANK_INK:
        return FormMatch(None, 0.0, 0.0, "Trang trắng.", blank=True)
    ranked = sorted(_weighed(page, text, forms), key=lambda entry: (-entry[0], entry[1]))
    if not ranked:
        return FormMatch(None, 0.0, 0.0, "Không có biểu mẫu nào để so.")
    score, name = ranked[0]
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    if score < LEAST_SCORE:
        reason = f"Không giống biểu mẫu nào đã biết (gần nhất là {name}, {score:.0%})."
        return FormMatch(None, score, score - second, reason)
    if score - second < LEAST_MARGIN:
        better = _settled(page, text, forms, (name, ranked[1][1]))
        if better:
            return FormMatch(better, score, score - second)
        reason = f"Giống hai biểu mẫu như nhau: {name} ({score:.0%}) và {ranked[1][1]} ({second:.0%})."
        return FormMatch(None, score, score - second, reason)
    return FormMatch(name, score, score - second)


def _weighed(page: CleanPage, text: PageText, forms: Sequence[Form]) -> list[tuple[float, str]]:
    """Evidence for each form, with its name; costly evidence is asked only where the words do not settle it."""
    weighed: list[tuple[float, str]] = []
    for name, layout in sorted(layouts().items(), key=lambda entry: (entry[1].costly, entry[0])):
        if layout.costly and any(score >= SETTLED for score, _ in weighed):
            break
        own = [form for form in forms if form.template.layout == name]
        scores = layout.evidence(page, text, [form.template for form in own]) if own else []
        weighed += [(score, form.name) for score, form in zip(scores, own, strict=True)]
    return weighed


def _settled(page: CleanPage, text: PageText, forms: Sequence[Form], names: tuple[str, str]) -> str:
    """Of two forms that look alike the one that can be laid over the page and the other cannot; empty where unclear."""
    fits = [form.name for form in forms if form.name in names and register(page, text, form).registration.ok]
    return fits[0] if len(fits) == 1 else ""


def evidence(page: CleanPage, text: PageText, form: Form) -> float:
    """How far a page looks like a form, 0 to 1."""
    return layouts()[form.template.layout].evidence(page, text, [form.template])[0]


def register(page: CleanPage, text: PageText, form: Form, told: Told | None = None) -> RegisteredPage:
    """Lay a form over a page; where it does not lie well the page comes back without records, with the reason.

    Args:
        told: what a person said of where the records lie; a form laid by hand lies as the person says, however well
            that is, and its registration tells so.
    """
    return layouts()[form.template.layout].register(page, text, form.schema, form.template, told)


def _ink_share(page: CleanPage) -> float:
    """Share of clearly dark pixels, the page's margin left out: scans have dark edges."""
    height, width = page.grey.shape
    inner = page.grey[height // 25 : height - height // 25, width // 25 : width - width // 25]
    return float(np.mean(inner < 140)) if inner.size else 0.0
