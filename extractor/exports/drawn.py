"""Pictures that lie in a page without being drawn: another page's, left behind where a page cannot be tidied up."""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf
from pikepdf import Name, Page

_NOT_SHOWN = ("/PieceInfo", "/Metadata", "/AA", "/B", "/StructParents")
"""Entries of a page that nobody sees: what programs keep for themselves, wherefrom it came, jumps to other pages."""

_DEEP = 20


def strip_unseen(page: Page) -> None:
    """Take from a page what is not shown and may hold anything, such as a program's copies of other pages."""
    for name in _NOT_SHOWN:
        if name in page.obj:
            del page.obj[name]


def undrawn_pictures(page: Page) -> int:
    """How many of the pictures among a page's resources its content does not draw.

    Where the content cannot be read and there is more than one picture, all but one count: nobody can tell which
    of them is the page's own.
    """
    present = dict(_pictures(page.obj, 0))
    if len(present) < 2:
        return 0
    try:
        drawn = set(_drawn(page, page.obj, 0))
    except (pikepdf.PdfError, pikepdf.PdfParsingError, TypeError, ValueError):
        return len(present) - 1
    return len(present.keys() - drawn)


def _objects(holder: pikepdf.Object) -> dict[str, pikepdf.Object]:
    resources = holder.get("/Resources")
    objects = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    return dict(objects.items()) if isinstance(objects, pikepdf.Dictionary) else {}


def _pictures(holder: pikepdf.Object, depth: int) -> Iterator[tuple[tuple[int, int], pikepdf.Object]]:
    for one in _objects(holder).values():
        if one.get("/Subtype") == Name.Image:
            yield one.objgen, one
        elif one.get("/Subtype") == Name.Form and depth < _DEEP:
            yield from _pictures(one, depth + 1)


def _drawn(content: Page | pikepdf.Object, holder: pikepdf.Object, depth: int) -> Iterator[tuple[int, int]]:
    objects = _objects(holder)
    for instruction in pikepdf.parse_content_stream(content, "Do"):
        if not instruction.operands:
            continue
        one = objects.get(str(instruction.operands[0]))
        if one is None:
            continue
        if one.get("/Subtype") == Name.Image:
            yield one.objgen
        elif one.get("/Subtype") == Name.Form and depth < _DEEP:
            # A form without resources of its own uses the page's (ISO 32000-1, 8.10.2).
            yield from _drawn(one, one if "/Resources" in one else holder, depth + 1)
