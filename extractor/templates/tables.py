"""Tabular pages: is this page of the form, where are its columns, where are its entries.

The rulings between the columns are the anchors, together with the table's top line and the line below its headings.
They are found without reading, so a page whose print no OCR engine can read registers as well as any other; headings
that were read only add to the evidence.
"""

from __future__ import annotations

import re
import unicodedata
import weakref
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.page_text import PageText
from extractor.records import BY_HAND, Registration
from extractor.scans.types import CleanPage
from extractor.templates.by_hand import HandMap
from extractor.templates.form import FormSchema
from extractor.templates.rows import locate_records
from extractor.templates.rulings import Ruling, find_rulings
from extractor.templates.table_frame import TableFrame, find_frame, frame_by_hand
from extractor.templates.table_match import EdgeMatch, EdgeScale, match_edges, nearest_rulings
from extractor.templates.table_template import TableTemplate
from extractor.templates.types import LocatedRecord, Polygon, RegisteredPage, Told

__all__ = ["TableTemplate", "TableView", "register_table", "table_evidence", "view_table"]

METHOD = "rulings"

_SURE = 0.9
"""Score of a match from which the page is not looked at again for faint lines."""

_SURELY = 0.85
"""The OCR engine's confidence from which a word of the head speaks against a form that does not have it."""

_SURE_WORDS = 6
"""So many such words say something."""

_OWN, _FOREIGN, _STRANGE = 0.8, 0.5, 0.3
"""Share of them that are the form's own headings from which nothing speaks against it, and at which nearly all does;
and what then is left of the evidence. On rendered and real tables their own form had 0.83 or more, others at most
0.67."""

_WORKING_SIZE = 1500
"""Longer side of the image on which rulings are looked for, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class TableView:
    """What was found of a table on a page, before anything is decided.

    Args:
        scale: working pixels for each clean pixel.
        rulings: all vertical rulings, working pixels.
        match: which of them are the template's edges, or none where there are too few.
        frame: the table's frame, working pixels, where there is a match.
    """

    scale: float
    grey: NDArray[np.uint8]
    rulings: tuple[Ruling, ...]
    match: EdgeMatch | None
    frame: TableFrame | None


@dataclass(slots=True, eq=False)
class _Seen:
    """What was found on the page that was looked at last, for the other tables it is held against.

    Args:
        page: the page's grey; what was found is kept while it lives.
        scale: working pixels for each clean pixel.
        grey: working picture.
        rulings: its rulings, without and with faint lines, as far as they were looked for.
        views: what was found of each template.
    """

    page: weakref.ref[NDArray[np.uint8]]
    scale: float
    grey: NDArray[np.uint8]
    rulings: dict[bool, tuple[Ruling, ...]] = field(default_factory=dict)
    views: list[tuple[TableTemplate, TableView]] = field(default_factory=list)

    def find(self, *, faint: bool) -> tuple[Ruling, ...]:
        """All vertical rulings; the same for every template."""
        if faint not in self.rulings:
            self.rulings[faint] = find_rulings(self.grey, faint=faint)
        return self.rulings[faint]


_last: _Seen | None = None


def view_table(page: CleanPage, template: TableTemplate) -> TableView:
    """Find the template's rulings on a page as well as they can be found; decides nothing.

    What was found is kept while the page lives: a page is weighed against all tables and then registered.
    """
    global _last  # noqa: PLW0603
    seen = _last
    if seen is None or seen.page() is not page.grey:
        seen = _last = _looked_at(page)
    for known, view in seen.views:
        if known is template:
            return view
    view = _best_view(seen, template)
    seen.views.append((template, view))
    return view


def _looked_at(page: CleanPage) -> _Seen:
    scale = min(1.0, _WORKING_SIZE / max(page.grey.shape))
    grey = page.grey
    if scale < 1.0:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return _Seen(weakref.ref(page.grey), scale, grey)


def _best_view(seen: _Seen, template: TableTemplate) -> TableView:
    view = _view(seen, template, faint=False)
    if view.match is None or view.frame is None or view.match.score < _SURE or not view.frame.found_head:
        fainter = _view(seen, template, faint=True)
        if _rank(fainter) > _rank(view):
            return fainter
    return view


def _rank(view: TableView) -> float:
    """How good a view is beside another of the same page."""
    if view.match is None or view.frame is None:
        return -1.0
    return view.match.score + 0.1 * view.frame.found_head + 0.05 * view.frame.found_top


def _view(seen: _Seen, template: TableTemplate, *, faint: bool) -> TableView:
    grey, rulings = seen.grey, seen.find(faint=faint)
    match = match_edges(
        rulings,
        _level(rulings, grey.shape[0]),
        grey.shape[1],
        EdgeScale(np.array([edge.at for edge in template.edges]), np.array(template.ignored), template.gate.tolerance),
    )
    frame = None
    if match is not None:
        frame = find_frame(grey, rulings, match, [edge.below for edge in template.edges], template.header, faint=faint)
    return TableView(seen.scale, grey, rulings, match, frame)


def table_evidence(page: CleanPage, text: PageText, template: TableTemplate) -> float:
    """How well the page fits the template, 0 to 1; pages of other forms stay well below 0.5.

    Args:
        text: the page's OCR pass; may be empty.
    """
    return _evidence(view_table(page, template), text, template)


def register_table(
    page: CleanPage, text: PageText, schema: FormSchema, template: TableTemplate, told: Told | None = None
) -> RegisteredPage:
    """Lay a tabular template over a page and locate its entries.

    Entries are numbered from the top. What stands above the page's first entry, an entry carried over from the page
    before, is a record of its own with nothing in the columns in which entries begin. A cell without ink has no line
    regions. Where the registration is not good enough there are no records, and the reason says why.

    Args:
        text: the page's OCR pass; may be empty.
        told: what a person said of where the table and its records lie.
    """
    hand = told.hand if told else None
    drawn = told.rows if told else None
    view = view_table(page, template) if hand is None else view_by_hand(_looked_at(page), hand, template)
    anchors = _anchors(view)
    registration = _judge(view, anchors, _source_scale(page), text, template)
    if hand is not None:
        said = {"ok": True, "method": f"{BY_HAND}: {METHOD}", "reason": ""}
        registration = registration.model_copy(update=said)
    elif drawn is not None:
        registration = registration.model_copy(update={"method": f"{BY_HAND}: rows"})
    records: tuple[LocatedRecord, ...] = ()
    guides: tuple[Polygon, ...] = ()
    if view.frame is not None:
        frame = view.frame.scaled(1.0 / view.scale)
        guides = tuple(np.column_stack([edge, frame.levels]) for edge in frame.edges)
    rows: NDArray[np.float64] | None = None
    marks = _marks(frame) if view.frame is not None else None
    if registration.ok and view.frame is not None:
        records, rows = locate_records(page.grey, frame, text, template, drawn)
        if not records:
            registration = registration.model_copy(update={"ok": False, "reason": "The table holds no entries."})
    return RegisteredPage(schema.form, schema.version, registration, records, anchors, guides, rows, marks)


def _marks(frame: TableFrame) -> NDArray[np.float64]:
    """The corners of the ruled frame: shares of it, and clean pixels on the page, ``(4, 4)``."""
    last = len(frame.edges) - 1
    homes = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    ends = [(0, frame.top), (last, frame.top), (last, frame.bottom), (0, frame.bottom)]
    return np.array([(*home, float(frame.edge_at(edge, y)), y) for home, (edge, y) in zip(homes, ends, strict=True)])


def view_by_hand(seen: _Seen, hand: HandMap, template: TableTemplate) -> TableView:
    """The table where a person says it is: rulings near the edges bend them, the others are straight lines."""
    corners = hand.at(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])) * seen.scale
    rulings = seen.find(faint=True)
    at = np.array([edge.at for edge in template.edges])
    width = float(np.hypot(*(corners[1] - corners[0])))
    middle = float(corners[:, 1].mean())
    halves = np.array([[share, 0.5] for share in at])
    places = (hand.at(halves) * seen.scale)[:, 0]
    chosen = nearest_rulings(rulings, middle, places, template.gate.tolerance * width)
    have = np.array([number >= 0 for number in chosen])
    found = places.copy()
    found[have] = [float(rulings[number].at(middle)) for number in chosen if number >= 0]
    match = EdgeMatch(chosen, places, found, width, float(have.mean()), 0.0)
    frame = frame_by_hand(seen.grey, rulings, match, corners, template)
    return TableView(seen.scale, seen.grey, rulings, match, frame)


def _level(rulings: tuple[Ruling, ...], height: int) -> float:
    """Height of the middle of the longest rulings, where edges are compared."""
    long = [ruling for ruling in rulings if ruling.coverage > 0.6]
    if not long:
        return height / 2.0
    return float(np.median([(ruling.start + ruling.end) / 2.0 for ruling in long]))


def _anchors(view: TableView) -> NDArray[np.float64]:
    """Matched anchors as x, y found and x, y by the template, clean pixels, ``(n, 4)``."""
    if view.match is None or view.frame is None:
        return np.zeros((0, 4))
    level = _level(view.rulings, view.grey.shape[0])
    rows = [
        (found, level, place, level)
        for found, place, have in zip(view.match.found, view.match.places, view.match.matched, strict=True)
        if have
    ]
    frame = view.frame
    if frame.found_head:
        middle = float(frame.point(0.5, 0.0)[0, 0])
        head = float(np.median(frame.head))
        rows.append((middle, head, middle, head - frame.head_error))
    return np.array(rows, np.float64) / view.scale


def _coverage(view: TableView) -> float:
    """Share of the template's anchors that were found: the edges, the top line, the line below the headings."""
    if view.match is None or view.frame is None:
        return 0.0
    found = int(view.match.matched.sum()) + view.frame.found_top + view.frame.found_head
    return found / (len(view.match.chosen) + 2)


def _source_scale(page: CleanPage) -> float:
    """Source pixels for each clean pixel at the page's middle."""
    height, width = page.grey.shape
    x, y, w = page.to_source @ np.array([width / 2.0, height / 2.0, 1.0])
    rows = page.to_source
    jacobian = (rows[:2, :2] - np.outer([x / w, y / w], rows[2, :2])) / w
    return float(np.sqrt(abs(np.linalg.det(jacobian))))


def _judge(
    view: TableView, anchors: NDArray[np.float64], source_scale: float, text: PageText, template: TableTemplate
) -> Registration:
    """Measure the registration and say whether it is good enough."""
    gate = template.gate
    coverage = _coverage(view)
    if view.match is None or view.frame is None:
        return Registration(
            ok=False, residual_px=0.0, coverage=0.0, method=METHOD, reason="The page shows too few vertical rulings."
        )
    distance = np.hypot(anchors[:, 0] - anchors[:, 2], anchors[:, 1] - anchors[:, 3])
    clean = float(np.median(distance)) if len(distance) else 0.0
    residual = clean * source_scale
    width = view.match.width / view.scale
    reason = ""
    if coverage < gate.coverage:
        reason = f"Only {coverage:.0%} of the form's rulings were found, {gate.coverage:.0%} are needed."
    elif clean > gate.residual * width:
        reason = f"The rulings lie {clean:.0f} pixels from their places, more than {gate.residual * width:.0f}."
    elif view.match.strangers > gate.strangers:
        reason = "The table has rulings that the form does not have."
    elif not view.frame.found_head:
        reason = "The line below the headings was not found."
    elif _evidence(view, text, template) < 0.5:
        reason = "The page does not look like the form."
    return Registration(ok=not reason, residual_px=residual, coverage=coverage, method=METHOD, reason=reason)


def _evidence(view: TableView, text: PageText, template: TableTemplate) -> float:
    if view.match is None or view.frame is None:
        return 0.0
    # Half of a table's edges are found on many a ruled page; what tells is the share above that.
    edges = float(np.clip((view.match.score - 0.5) / 0.4, 0.0, 1.0))
    head = 0.5 * view.frame.found_head + 0.5 * view.frame.found_top
    score = 0.75 * edges + 0.25 * edges * head
    read = heading_share(view, text, template)
    if read is not None:
        score += (1.0 - score) * 0.5 * read * edges
    sure = heading_share(view, _surely_read(text), template, least=_SURE_WORDS)
    if sure is not None:
        # Sister tables are ruled alike; what stands above their columns differs.
        score *= float(np.clip((sure - _FOREIGN) / (_OWN - _FOREIGN), _STRANGE, 1.0))
    return float(np.clip(score, 0.0, 1.0))


def _surely_read(text: PageText) -> PageText:
    return PageText(tuple(word for word in text.words if word.confidence >= _SURELY))


def heading_share(view: TableView, text: PageText, template: TableTemplate, *, least: int = 3) -> float | None:
    """Share of the words read in the head that are the form's headings, each in its column.

    None where fewer than ``least`` words were read.
    """
    frame = view.frame
    if frame is None:
        return None
    lower = float(np.max(frame.head)) / view.scale
    upper = (frame.top - 0.02 * frame.width) / view.scale
    words = [
        (word, _plain(word.text))
        for word in text.words
        if upper <= word.box.y + word.box.h / 2 <= lower and len(_plain(word.text)) >= 4
    ]
    if len(words) < least:
        return None
    hits = 0
    for word, plain in words:
        x, y = (word.box.x + word.box.w / 2) * view.scale, (word.box.y + word.box.h / 2) * view.scale
        edges = np.array([float(frame.edge_at(edge, y)) for edge in range(len(frame.edges))])
        near = [
            heading
            for column, spec in enumerate(template.columns)
            for heading in spec.headings
            if edges[column] - 0.15 * frame.width <= x <= edges[column + 1] + 0.15 * frame.width
        ]
        hits += any(_alike(plain, _plain(heading)) for heading in near)
    return hits / len(words)


def _plain(text: str) -> str:
    """Letters only, without case and marks."""
    bare = unicodedata.normalize("NFD", text.casefold())
    return re.sub(r"[^a-z]", "", bare)


def _alike(read: str, printed: str) -> bool:
    """Whether two plain words are the same but for an error of reading in every four letters."""
    from rapidfuzz.distance import Levenshtein

    return len(printed) >= 4 and Levenshtein.distance(read, printed) <= max(len(read), len(printed)) // 4
