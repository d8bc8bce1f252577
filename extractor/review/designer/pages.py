"""The designer's pages: the list of forms, and one form on the drawing board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from extractor.errors import ImageError, NotStoredError
from extractor.review.access import Visit
from extractor.review.designer import bench
from extractor.review.designer.api import MOST_TRIED
from extractor.review.designer.desk import AnyDesk, Desk, KnownForm
from extractor.review.labels import book_name
from extractor.review.pages import render
from extractor.review.room import AnyRoom, Author, Number, Room
from extractor.review.texts import texts
from extractor.scans import REGISTERS
from extractor.store.form_pages import FormPage, form_pages, inspected_pages, pages_by_form

router = APIRouter(prefix="/templates", default_response_class=HTMLResponse)

_OWN_TEXTS = ("tpl_", "kind_")


@dataclass(frozen=True, slots=True)
class FormLine:
    """One form in the list.

    Args:
        pages: pages read with any version of it.
        pages_now: pages read with the version in use.
        drafts: whose unfinished work there is.
    """

    known: KnownForm
    pages: int
    pages_now: int
    versions: int
    drafts: tuple[str, ...]


@router.get("")
def templates(room: AnyRoom, desk: AnyDesk, visit: Author) -> HTMLResponse:
    """All forms in use, and unfinished ones."""
    desk.workshop.warm(bench.ready)
    counts: dict[str, dict[str, int]] = {}
    for each in pages_by_form(room.store, visit.account.books):
        counts.setdefault(each.form, {})[each.version] = each.pages
    names = {account.id: account.person for account in room.access.accounts.all()}
    drafts: dict[str, list[str]] = {}
    for draft in desk.drafts.all():
        drafts.setdefault(draft.form, []).append(names.get(draft.account, "?"))
    known = desk.known()
    lines = [_line(desk, each, counts, drafts) for each in known]
    lines.sort(key=lambda line: (-line.pages, line.known.name))
    return render(
        room,
        visit,
        "templates.html",
        lines=lines,
        new_drafts=[(name, drafts[name]) for name in sorted(set(drafts) - {each.name for each in known})],
    )


@router.get("/new")
def new(room: AnyRoom, desk: AnyDesk, visit: Author) -> HTMLResponse:
    """Choose pages to draft a new form from."""
    return render(
        room,
        visit,
        "template_new.html",
        pages=_pages(room, visit, None),
        registers=[(code, room.labels.register(code, visit.language)) for code in sorted(REGISTERS)],
        forms=[known.form for known in desk.known() if known.form],
        said=_said(visit),
        most=MOST_TRIED,
    )


@router.get("/form/{name}")
def design(
    room: AnyRoom, desk: AnyDesk, visit: Author, name: str, page: Annotated[Number | None, Query()] = None
) -> HTMLResponse:
    """One form on the drawing board."""
    if desk.drafts.find(name, visit.account.id) is None:
        desk.get(name)
    own, others = _pages(room, visit, name), _pages(room, visit, None)
    known = {line["id"] for line in own}
    pages = own + [line for line in others if line["id"] not in known]
    if page is not None and page not in {line["id"] for line in pages}:
        raise NotStoredError("There is no such page.")
    return render(
        room,
        visit,
        "designer.html",
        name=name,
        page=page or (pages[0]["id"] if pages else None),
        pages=pages,
        own=len(own),
        most=MOST_TRIED,
        said=_said(visit),
    )


def _line(desk: Desk, known: KnownForm, counts: dict[str, dict[str, int]], drafts: dict[str, list[str]]) -> FormLine:
    own = counts.get(known.name, {})
    version = known.form.version if known.form else ""
    return FormLine(
        known,
        sum(own.values()),
        own.get(version, 0),
        len(desk.shelf.versions(known.name)),
        tuple(drafts.get(known.name, ())),
    )


def _pages(room: Room, visit: Visit, form: str | None) -> list[dict[str, Any]]:
    """Pages to choose from, each with its size; those under inspection are left out: reading them would tell."""
    lines = []
    inspected = inspected_pages(room.store)
    books = {number: book_name(key, room.labels, visit.language) for number, key in room.listing.book_keys().items()}
    for found in form_pages(room.store, form, books=visit.account.books):
        if found.id in inspected:
            continue
        try:
            width, height = room.pictures.size(found.picture)
        except ImageError:
            continue
        lines.append(_page_line(found, width, height, books.get(found.book_id, "")))
    return lines


def _page_line(found: FormPage, width: int, height: int, book: str) -> dict[str, Any]:
    name = f"{found.file.rpartition('/')[2]}, {found.page}"
    return {"id": found.id, "name": name, "book": book, "form": found.form, "width": width, "height": height}


def _said(visit: Visit) -> dict[str, str]:
    return {key: said for key, said in texts(visit.language).items() if key.startswith(_OWN_TEXTS)}
