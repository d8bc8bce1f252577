"""Lay forms over a picture: over the page as a whole, or over each of the two facing pages of an opened book.

A form that is as wide as an opened book, such as a table across both pages, is tried on the whole first. Otherwise a
gutter cuts the picture, and each half is a page of its own. Where neither half is of any known form the picture is
taken as one page after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.page_text import PageText
from extractor.readers.printed import read_page
from extractor.scans import PHOTOGRAPH, TURNED, CleanPage, Gutter, Side, SourcePage, clean_page, find_gutter
from extractor.scans.spread import split_page
from extractor.scans.types import Matrix
from extractor.templates import Form, find_form, identify, register
from extractor.templates.form import Role
from extractor.templates.label_template import LabelTemplate
from extractor.templates.table_template import TableTemplate
from extractor.templates.tables import heading_share, view_table
from extractor.templates.types import FormMatch, Polygon, RegisteredPage

# A form lies across the gutter where it reaches at least this share of the picture's width beyond it on both sides.
_ACROSS = 0.1


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
    """

    page: CleanPage
    match: FormMatch
    form: Form | None
    registered: RegisteredPage | None
    side: Side | None
    to_picture: Matrix
    head_read: bool = True
    fold: Polygon | None = None

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
    """

    forms: Sequence[Form]
    wanted: Form | None = None
    rivals: Sequence[Form] = ()

    def lay(self, source: SourcePage) -> LaidPicture:
        """Clean a picture, and identify and register its pages."""
        laid = self._lay(clean_page(source))
        if not laid.sure and any(note.startswith(TURNED) for note in laid.page.notes):
            # A table's dates and rulings can mislead the judgement of which way is up; its words cannot.
            unturned = self._lay(clean_page(source, turn_upright=False))
            if unturned.sure:
                return unturned
        if PHOTOGRAPH not in laid.page.notes:
            return laid
        # A dark gutter or a shadow can be taken for the edge of the page; then the picture as it is may fit.
        if laid.registers and not _may_hide_a_page(laid.page):
            return laid
        plain = clean_page(source, find_photo=False)
        if laid.registers and find_gutter(plain) is None:
            return laid
        second = self._lay(plain)
        return second if second.registers > laid.registers else laid

    def _lay(self, page: CleanPage) -> LaidPicture:
        gutter = find_gutter(page)
        if gutter is None:
            return LaidPicture(page, (self._lay_page(page),))
        if self._may_be_wide(page, gutter):
            whole = self._lay_page(page)
            if whole.registers and _lies_across(whole, gutter):
                return LaidPicture(page, (whole,))
        ends = np.array([[[gutter.top, 0.0], [gutter.bottom, page.grey.shape[0] - 1.0]]])
        fold = np.asarray(cv2.perspectiveTransform(ends, page.to_source)[0], np.float64)
        halves = tuple(
            replace(self._lay_page(half.page, half.side, half.to_whole), fold=fold) for half in split_page(page, gutter)
        )
        if any(half.known for half in halves):
            return LaidPicture(page, halves)
        return LaidPicture(page, (self._lay_page(page),))

    def _lay_page(self, page: CleanPage, side: Side | None = None, to_picture: Matrix | None = None) -> LaidPage:
        text = read_page(page)
        match = self._match(page, text)
        form = find_form(self.forms, match.form) if match.form else None
        registered = register(page, text, form) if form else None
        place = np.eye(3) if to_picture is None else to_picture
        return LaidPage(page, match, form, registered, side, place, form is None or _head_read(page, text, form))

    def _match(self, page: CleanPage, text: PageText) -> FormMatch:
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
