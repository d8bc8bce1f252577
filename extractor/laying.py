"""Lay forms over a picture: over the page as a whole, or over each of the two facing pages of an opened book.

A form that is as wide as an opened book, such as a table across both pages, is tried on the whole first. Otherwise a
gutter cuts the picture, and each half is a page of its own. Where neither half is of any known form the picture is
taken as one page after all. What a person said of the page comes before all of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.page_instruction import PageInstruction, PageIs
from extractor.readers.page_text import PageText
from extractor.readers.printed import read_page
from extractor.scans import PHOTOGRAPH, TURNED, CleanPage, Gutter, Side, SourcePage, clean_page, find_gutter
from extractor.scans.spread import split_page
from extractor.scans.types import Matrix
from extractor.templates import Form, find_form, identify, register
from extractor.templates.by_hand import hand_map
from extractor.templates.form import Role
from extractor.templates.label_template import LabelTemplate
from extractor.templates.table_template import TableTemplate
from extractor.templates.tables import heading_share, view_table
from extractor.templates.types import FormMatch, Polygon, RegisteredPage, Told

# A form lies across the gutter where it reaches at least this share of the picture's width beyond it on both sides.
_ACROSS = 0.1
_NOTHING = PageInstruction()
_ROLES = {PageIs.COVER: Role.COVER, PageIs.CLOSING: Role.CLOSING}


@dataclass(frozen=True, slots=True, eq=False)
class LaidPage:
    """A page, what form it is of, and the form laid over it.

    Args:
        page: the page, or a half of the picture.
        match: which form it is.
        form: that form, or none.
        registered: the form laid over the page; none where it is of no known form.
        side: which of two facing pages it is, or none where it is the whole picture.
        to_picture: maps clean pixels of ``page`` to clean pixels of the whole picture.
        head_read: whether words of a table's head were read; without them sister tables look alike.
        fold: the ends of the line between the two facing pages in source pixels, ``(2, 2)``; none where ``side`` is.
        said: what a person says the page is, where it holds no records.
    """

    page: CleanPage
    match: FormMatch
    form: Form | None
    registered: RegisteredPage | None
    side: Side | None
    to_picture: Matrix
    head_read: bool = True
    fold: Polygon | None = None
    said: PageIs | None = None

    @property
    def registers(self) -> bool:
        """Whether the form lies well."""
        return self.registered is not None and self.registered.registration.ok

    @property
    def known(self) -> bool:
        """Whether there is anything to read: a form that lies well, or a cover or closing page."""
        other = self.form is not None and self.form.schema.role is not Role.RECORDS
        return self.registers or (other and self.registered is not None)

    def in_picture(self, points: Polygon) -> Polygon:
        """Points ``(n, 2)`` of the page in clean pixels of the whole picture."""
        if self.side is None or not len(points):
            return points
        moved = cv2.perspectiveTransform(np.asarray(points, np.float64).reshape(-1, 1, 2), self.to_picture)
        return np.asarray(moved.reshape(-1, 2), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class LaidPicture:
    """A picture with the one page, or the two facing pages from left to right, that it shows."""

    page: CleanPage
    pages: tuple[LaidPage, ...]

    @property
    def registers(self) -> int:
        """Number of pages on which a form lies well."""
        return sum(laid.registers for laid in self.pages)

    @property
    def sure(self) -> bool:
        """Whether a form lies well and words say that it is this one."""
        return self.registers > 0 and all(laid.head_read for laid in self.pages)


@dataclass(frozen=True, slots=True)
class Layer:
    """Lays forms over pictures.

    Args:
        forms: forms a page may be of.
        wanted: the form that the user named, or none.
        rivals: all forms that are known: a page that is surely one of these is not taken for the one named.
        said: what a person says of the page at hand; it counts before all that the machine would find.
        reads: finds the words of a page.
    """

    forms: Sequence[Form]
    wanted: Form | None = None
    rivals: Sequence[Form] = ()
    said: PageInstruction = _NOTHING
    reads: Callable[[CleanPage], PageText] = read_page

    def instructed(self, said: PageInstruction) -> Layer:
        """The layer for a page of which a person said something.

        Raises:
            UnknownFormError: it names a form that there is not.
        """
        if said.is_ is not None:
            role = _ROLES.get(said.is_)
            return replace(self, forms=[form for form in self.rivals if form.schema.role is role], said=said)
        if not said.form:
            return replace(self, said=said)
        form = find_form(self.rivals, said.form)
        others = [each for each in self.rivals if each.schema.role is not Role.RECORDS and each is not form]
        # Of two facing pages one may be a cover; of a page by itself the person's word stands.
        return replace(self, forms=[form, *(others if said.pages == 2 else ())], wanted=form, said=said)

    def lay(self, source: SourcePage) -> LaidPicture:
        """Clean a picture, and identify and register its pages."""
        said = self.said
        laid = self._lay(self._clean(source))
        placed = said.turn is not None or said.corners is not None
        if not placed and not laid.sure and any(note.startswith(TURNED) for note in laid.page.notes):
            # A table's dates and rulings can mislead the judgement of which way is up; its words cannot.
            unturned = self._lay(self._clean(source, turn_upright=False))
            if unturned.sure:
                return unturned
        if PHOTOGRAPH not in laid.page.notes or said.corners is not None or said.is_ is not None:
            return laid
        # A dark gutter or a shadow can be taken for the edge of the page; then the picture as it is may fit.
        if laid.registers and not _may_hide_a_page(laid.page):
            return laid
        plain = self._clean(source, find_photo=False)
        if laid.registers and find_gutter(plain) is None:
            return laid
        second = self._lay(plain)
        return second if second.registers > laid.registers else laid

    def _clean(self, source: SourcePage, *, find_photo: bool = True, turn_upright: bool = True) -> CleanPage:
        said = self.said
        if said.corners is not None:
            # The corners are named as the page stands upright: no turn is left to make.
            return clean_page(source, quarters=0, corners=np.array(said.corners, np.float64))
        quarters = None if said.turn is None else -said.turn % 4
        # Four anchors tell the perspective better than any outline.
        photo = find_photo and said.anchors is None
        return clean_page(source, find_photo=photo, turn_upright=turn_upright, quarters=quarters)

    def _gutter(self, page: CleanPage) -> Gutter | None:
        """The line between two facing pages, or none where there is one page."""
        said = self.said
        if said.pages == 1 or said.anchors is not None or said.is_ is not None:
            return None
        if said.gutter is None:
            found = find_gutter(page)
            middle = page.grey.shape[1] / 2.0
            return Gutter(middle, middle, 0.0, 0.0) if found is None and said.pages == 2 else found
        ends = np.array([said.gutter], np.float64)
        (x0, y0), (x1, y1) = cv2.perspectiveTransform(ends, np.linalg.inv(page.to_source))[0]
        lean = (x1 - x0) / (y1 - y0) if abs(y1 - y0) > 1.0 else 0.0
        return Gutter(float(x0 - lean * y0), float(x0 + lean * (page.grey.shape[0] - 1 - y0)), 1.0, 0.0)

    def _lay(self, page: CleanPage) -> LaidPicture:
        if self.said.is_ is not None:
            return LaidPicture(page, (self._lay_other(page, self.said.is_),))
        gutter = self._gutter(page)
        if gutter is None:
            laid = self._lay_page(page)
            return LaidPicture(laid.page, (laid,))
        if self.said.pages != 2 and self._may_be_wide(page, gutter):
            whole = self._lay_page(page)
            if whole.registers and _lies_across(whole, gutter):
                return LaidPicture(page, (whole,))
        ends = np.array([[[gutter.top, 0.0], [gutter.bottom, page.grey.shape[0] - 1.0]]])
        fold = np.asarray(cv2.perspectiveTransform(ends, page.to_source)[0], np.float64)
        halves = tuple(
            replace(self._lay_page(half.page, half.side, half.to_whole), fold=fold) for half in split_page(page, gutter)
        )
        if self.said.pages == 2 or any(half.known for half in halves):
            return LaidPicture(page, halves)
        return LaidPicture(page, (self._lay_page(page),))

    def _lay_page(self, page: CleanPage, side: Side | None = None, to_picture: Matrix | None = None) -> LaidPage:
        told = self._told(page)
        page = told.hand.page if told.hand else page
        text = self.reads(page)
        match = self._match(page, text)
        form = find_form(self.forms, match.form) if match.form else None
        registered = register(page, text, form, told) if form else None
        place = np.eye(3) if to_picture is None else to_picture
        return LaidPage(page, match, form, registered, side, place, form is None or _head_read(page, text, form))

    def _lay_other(self, page: CleanPage, said: PageIs) -> LaidPage:
        """A page that holds no records, as a person says; a cover or closing page may still tell something."""
        form = self.forms[0] if self.forms else None
        registered = register(page, self.reads(page), form) if form else None
        match = FormMatch(form.name if form else None, 1.0, 1.0, blank=said is PageIs.BLANK)
        return LaidPage(page, match, form, registered, None, np.eye(3), said=said)

    def _told(self, page: CleanPage) -> Told:
        """What the person said of where the records lie, for this very page."""
        said, form = self.said, self.wanted
        hand = None
        if said.anchors is not None and form is not None:
            hand = hand_map(page, *said.anchor_points(), form.template)
            page = hand.page
        if not said.rows:
            return Told(hand)
        ends = np.array(said.rows, np.float64).reshape(1, -1, 2)
        rows = cv2.perspectiveTransform(ends, np.linalg.inv(page.to_source))
        return Told(hand, np.asarray(rows.reshape(-1, 2, 2), np.float64))

    def _match(self, page: CleanPage, text: PageText) -> FormMatch:
        if self.said.form and self.wanted is not None and self.said.pages != 2:
            return FormMatch(self.wanted.name, 1.0, 1.0)
        match = identify(page, text, self.forms)
        wanted = self.wanted.name if self.wanted else None
        if wanted is None or match.form not in (None, wanted) or match.blank:
            return match
        other = identify(page, text, self.rivals)
        if other.form not in (None, wanted):
            # Sister forms share labels in their order, so that the gate may let one pass for another.
            reason = f"Trang này là biểu mẫu {other.form} ({other.score:.0%}), không phải {wanted} như đã chọn."
            return FormMatch(None, match.score, match.margin, reason)
        # The user named the form: registration, not identification, decides whether it fits.
        return FormMatch(wanted, match.score, match.margin)

    def _may_be_wide(self, page: CleanPage, gutter: Gutter) -> bool:
        """Whether a form of the picture's whole width is worth reading the whole picture for.

        A table shows itself by its rulings, without a word read.
        """
        for form in self.forms:
            if isinstance(form.template, LabelTemplate):
                if form.template.page.width > form.template.page.height:
                    return True
                continue
            registered = register(page, PageText(), form)
            enough = registered.registration.coverage >= form.template.gate.coverage
            if enough and _reaches_across(_extent(registered), page, gutter):
                return True
        return False


def _head_read(page: CleanPage, text: PageText, form: Form) -> bool:
    if not isinstance(form.template, TableTemplate):
        return True
    return heading_share(view_table(page, form.template), text, form.template) is not None


def _may_hide_a_page(page: CleanPage) -> bool:
    """Whether an upright page found in a photograph may be one of two, the other having been taken for surroundings."""
    height, width = page.source.image.shape[:2]
    across, down = page.to_source[:2, 0], page.to_source[:2, 1]
    # How far the picture goes on in the page's own directions, in pixels of the page.
    size = np.array([width, height])
    wide, high = (float((np.abs(way) * size).sum() / (way**2).sum()) for way in (across, down))
    return page.grey.shape[0] > page.grey.shape[1] and wide > 1.1 * high


def _lies_across(laid: LaidPage, gutter: Gutter) -> bool:
    return laid.registered is not None and _reaches_across(_extent(laid.registered), laid.page, gutter)


def _reaches_across(x: NDArray[np.float64], page: CleanPage, gutter: Gutter) -> bool:
    """Whether places (x, clean pixels) lie on both sides of the gutter, and not just beside it."""
    if not len(x):
        return False
    middle, reach = (gutter.top + gutter.bottom) / 2, _ACROSS * page.grey.shape[1]
    return bool(x.min() < middle - reach and x.max() > middle + reach)


def _extent(registered: RegisteredPage) -> NDArray[np.float64]:
    """Where all that a form knows of a page lies across it: x of anchors, guides and regions."""
    fields = [field for record in registered.records for field in record.fields]
    lines: list[Polygon] = [line for field in fields for line in field.lines]
    points = [registered.anchors[:, :2], *registered.guides, *lines]
    return np.asarray(np.concatenate([np.asarray(part, np.float64).reshape(-1, 2) for part in points])[:, 0])
