"""The pages people see, rendered on the server."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from extractor.errors import ImageError
from extractor.records import Decision
from extractor.review.access import LANGUAGE_COOKIE, Visit, cookie_name
from extractor.review.doors import blind_open_to, check_book, kinds_open_to, open_to
from extractor.review.labels import book_name
from extractor.review.naming import record_name
from extractor.review.permissions import Permission
from extractor.review.places import usable
from extractor.review.room import AnyLanguage, AnyRoom, AtHome, Number, Room, Seer, Worker
from extractor.review.texts import HIDDEN, LANGUAGES, text, texts
from extractor.store import BookSummary, Counts, Missing, ProblemResolution, StoredField, StoredRecord
from extractor.store.seeing import note_seen
from extractor.templates.form import Kind

router = APIRouter(default_response_class=HTMLResponse)

_SEE_OTHER = 303
_YEAR = 365 * 24 * 3600


def local(address: str) -> str:
    """An address to go back to, if it is one on this server: a lone slash first, never two."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"


def render(
    room: Room, visit: Visit | None, template: str, status: int = 200, *, language: str = "", **content: Any
) -> HTMLResponse:
    """One page in the visitor's language, or in ``language`` where nobody is signed in."""
    language = visit.language if visit else language or LANGUAGES[0]

    def say(key: str, **filled: object) -> str:
        return text(language, key, **filled)

    page = room.pages.get_template(template)
    return HTMLResponse(page.render(t=say, language=language, visit=visit, **content), status)


@router.post("/language")
def switch_language(
    language: AnyLanguage, room: AnyRoom, back: Annotated[str, Form(max_length=200)] = "/"
) -> RedirectResponse:
    """Change between Vietnamese and English and go back to the page."""
    response = RedirectResponse(local(back), _SEE_OTHER)
    other = LANGUAGES[1 - LANGUAGES.index(language)]
    name = cookie_name(LANGUAGE_COOKIE, secure=room.secure)
    response.set_cookie(name, other, max_age=_YEAR, httponly=True, samesite="strict", path="/", secure=room.secure)
    return response


@router.get("/")
def home(room: AnyRoom, visit: AtHome) -> HTMLResponse:
    """The person's books and how far they are."""
    books = [book for book in room.slow_counts.get("books", room.store.books) if visit.opens(book.id)]
    missing = Missing(room.store).open()
    lines = [_book_line(room, visit, book, missing.get(book.id, 0)) for book in books]
    return render(
        room,
        visit,
        "home.html",
        books=lines,
        inspections=sum(found.withdrawn_at is None for found in room.store.inspections.all())
        if visit.may(Permission.INSPECT) or visit.may(Permission.JUDGE)
        else 0,
        waiting=(waiting := sum(line["waiting"] for line in lines)),
        blind=blind_open_to(room, visit) if waiting else 0,
        total=_sum([book.counts for book in books]),
    )


@router.get("/verify")
def verify(
    room: AnyRoom,
    visit: Worker,
    book: Number | None = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    field: Number | None = None,
) -> HTMLResponse:
    """One field after the other; the page's script asks for them."""
    check_book(visit, book)
    kind = kind or None
    total = open_to(room, visit, kinds=[kind], book=book) if kind else worked_on(room, visit, book=book)
    waiting = kinds_open_to(room, visit, book=book)
    return render(
        room,
        visit,
        "verify.html",
        book=book,
        kind=kind,
        field=field,
        total=total,
        kinds=[
            (each.value, f"{text(visit.language, f'kind_{each.value}')} ({waiting.get(each.value, 0)})")
            for each in Kind
            if each.value in waiting or each.value == kind
        ],
        said=dict(texts(visit.language)),
        lease_seconds=room.lease_seconds,
    )


def worked_on(room: Room, visit: Visit, *, book: int | None) -> int:
    """How many fields people settled or wait for this person, in one of the person's books or all of them."""
    if book is None:
        found = [each for each in room.slow_counts.get("books", room.store.books) if visit.opens(each.id)]
    else:
        found = list(room.listing.books(books={book} if visit.opens(book) else (), limit=1))
    books = [each.counts for each in found]
    return open_to(room, visit, book=book) + sum(counts.confirmed + counts.corrected for counts in books)


@router.get("/books/{book_id}")
def first_record(room: AnyRoom, visit: Seer, book_id: Number) -> RedirectResponse:
    """The book's first record."""
    check_book(visit, book_id)
    ids = room.store.record_ids(book_id)
    return RedirectResponse(f"/records/{ids[0]}" if ids else "/", _SEE_OTHER)


@router.get("/records/{record_id}")
def record(room: AnyRoom, visit: Seer, record_id: Number, later: BackgroundTasks) -> HTMLResponse:
    """A whole record beside its page."""
    stored = room.store.stored_record(record_id)
    check_book(visit, stored.book_id)
    later.add_task(note_seen, room.store, record_id, visit.person)
    try:
        size = room.pictures.size(stored.picture)
    except ImageError:
        size = None
    works = visit.may(Permission.VERIFY) or visit.may(Permission.ADJUDICATE)
    return render(
        room,
        visit,
        "record.html",
        record=stored,
        title=record_name(stored, room.labels, visit.language),
        # Names of files tell number and date.
        file="" if room.store.inspections.holds_record(stored.id) else stored.key[0],
        book=book_name(stored.book, room.labels, visit.language),
        form=room.labels.title(stored.form, visit.language),
        size=size,
        works=works,
        waits=works and any(field.hidden or field.field.decision is Decision.REVIEW for field in stored.fields),
        fields=[_field_line(room, visit, stored, field, has_picture=size is not None) for field in stored.fields],
        warnings=[
            (warning.severity.value, room.labels.explain(warning, stored.form, visit.language))
            for warning in stored.warnings
        ],
    )


@router.get("/problems")
def problems(room: AnyRoom, visit: Seer, book: Number | None = None) -> HTMLResponse:
    """Pages without records, and why."""
    check_book(visit, book)
    found = [problem for problem in room.store.page_problems(book) if visit.opens(problem.book_id)]
    return render(
        room,
        visit,
        "problems.html",
        problems=[(problem, book_name(problem.book, room.labels, visit.language)) for problem in found],
        resolutions=list(ProblemResolution),
        said=dict(texts(visit.language)),
    )


def _sum(parts: list[Counts]) -> Counts:
    names = ("pages", "records", "accepted", "review", "confirmed", "corrected", "page_problems")
    return Counts(**{name: sum(getattr(part, name) for part in parts) for name in names})


def _book_line(room: Room, visit: Visit, book: BookSummary, missing: int) -> dict[str, Any]:
    counts = book.counts
    return {
        "id": book.id,
        "name": book_name(book.key, room.labels, visit.language),
        "counts": counts,
        "missing": missing,
        "waiting": open_to(room, visit, book=book.id),
        "approvable": bool(counts.records)
        and (visit.may(Permission.APPROVE) or (not counts.review and visit.may(Permission.SEE))),
        "shares": [
            (name, 100.0 * getattr(counts, name) / counts.fields)
            for name in ("accepted", "confirmed", "corrected")
            if counts.fields
        ],
    }


def _field_line(
    room: Room, visit: Visit, record: StoredRecord, field: StoredField, *, has_picture: bool
) -> dict[str, Any]:
    box, value = usable(field.field.box), field.field.value
    return {
        "id": field.id,
        "group": room.labels.group(field.code, visit.language),
        "label": room.labels.spec(record.form, field.code, field.kind).label,
        "raw": "" if field.hidden else field.field.raw,
        "value": None if field.hidden or value == " ".join(field.field.raw.split()) else value,
        "state": HIDDEN if field.hidden else field.field.state.value,
        "decision": field.field.decision.value,
        "person": field.person,
        "frame": room.pictures.frame(record.picture, box) if box is not None and has_picture else None,
    }
