"""The pages people see, rendered on the server."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from extractor.errors import ImageError
from extractor.review.access import COOKIE, Visit
from extractor.review.labels import book_name
from extractor.review.places import usable
from extractor.review.room import AnyRoom, AnyVisit, CheckedVisit, NamedVisit, Number, Room
from extractor.review.texts import HIDDEN, LANGUAGES, text, texts
from extractor.store import BookSummary, Counts, ProblemResolution, StoredField, StoredRecord
from extractor.store.convert import person_name
from extractor.templates.form import Kind

router = APIRouter(default_response_class=HTMLResponse)

_SEE_OTHER = 303


def render(room: Room, visit: Visit | None, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """One page in the visitor's language."""
    language = visit.language if visit else LANGUAGES[0]

    def say(key: str, **filled: object) -> str:
        return text(language, key, **filled)

    page = room.pages.get_template(template)
    return HTMLResponse(page.render(t=say, language=language, visit=visit, **content), status)


@router.get("/enter")
def enter(room: AnyRoom, token: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Exchange the token of the printed address for a cookie; the token does not stay in the address."""
    secret = room.access.redeem(token)
    if secret is None:
        return render(room, None, "no_access.html", 403)
    response = RedirectResponse("/", _SEE_OTHER)
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", path="/")
    return response


@router.get("/name")
def ask_name(room: AnyRoom, visit: AnyVisit) -> HTMLResponse:
    """Ask who is there."""
    return render(room, visit, "name.html")


@router.post("/name")
def take_name(room: AnyRoom, visit: CheckedVisit, person: Annotated[str, Form(max_length=80)] = "") -> Response:
    """Remember the person's name for this visit."""
    name = person_name(person)
    if not name:
        return render(room, visit, "name.html", 422)
    if visit.person:
        visit.formerly |= {visit.person}
    visit.person = name
    room.store.append_audit(actor=name, action="entered", subject="review")
    return RedirectResponse("/", _SEE_OTHER)


@router.post("/language")
def switch_language(visit: CheckedVisit, back: Annotated[str, Form(max_length=200)] = "/") -> RedirectResponse:
    """Change between Vietnamese and English and go back to the page."""
    visit.language = LANGUAGES[1 - LANGUAGES.index(visit.language)]
    # Only places on this server: a lone slash first, never two.
    return RedirectResponse(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/", _SEE_OTHER)


@router.get("/")
def home(room: AnyRoom, visit: NamedVisit) -> HTMLResponse:
    """All books and how far they are."""
    books = room.store.books()
    lines = [_book_line(room, visit, book) for book in books]
    return render(
        room,
        visit,
        "home.html",
        books=lines,
        inspections=sum(found.withdrawn_at is None for found in room.store.inspections.all()),
        waiting=sum(line["waiting"] for line in lines),
        total=_sum([book.counts for book in books]),
    )


@router.get("/verify")
def verify(
    room: AnyRoom,
    visit: NamedVisit,
    book: Number | None = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    field: Number | None = None,
) -> HTMLResponse:
    """One field after the other; the page's script asks for them."""
    counts = _sum([found.counts for found in room.store.books() if book in (None, found.id)])
    kind = kind or None
    total = room.store.open_tasks(
        kinds=[kind] if kind else None, book=book, person=visit.person, formerly=visit.formerly
    )
    if not kind:
        total += counts.confirmed + counts.corrected
    return render(
        room,
        visit,
        "verify.html",
        book=book,
        kind=kind,
        field=field,
        total=total,
        kinds=[(each.value, text(visit.language, f"kind_{each.value}")) for each in Kind],
        said=dict(texts(visit.language)),
        lease_seconds=room.lease_seconds,
    )


@router.get("/books/{book_id}")
def first_record(room: AnyRoom, visit: NamedVisit, book_id: Number) -> RedirectResponse:
    """The book's first record."""
    ids = room.store.record_ids(book_id)
    return RedirectResponse(f"/records/{ids[0]}" if ids else "/", _SEE_OTHER)


@router.get("/records/{record_id}")
def record(room: AnyRoom, visit: NamedVisit, record_id: Number) -> HTMLResponse:
    """A whole record beside its page."""
    stored = room.store.stored_record(record_id)
    try:
        size = room.pictures.size(stored.picture)
    except ImageError:
        size = None
    return render(
        room,
        visit,
        "record.html",
        record=stored,
        # Names of files tell number and date.
        file="" if room.store.inspections.holds_record(stored.id) else stored.key[0],
        book=book_name(stored.book, room.labels, visit.language),
        form=room.labels.title(stored.form, visit.language),
        size=size,
        fields=[_field_line(room, visit, stored, field, has_picture=size is not None) for field in stored.fields],
        warnings=[
            (warning.severity.value, room.labels.explain(warning, stored.form, visit.language))
            for warning in stored.warnings
        ],
    )


@router.get("/problems")
def problems(room: AnyRoom, visit: NamedVisit, book: Number | None = None) -> HTMLResponse:
    """Pages without records, and why."""
    found = room.store.page_problems(book)
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


def _book_line(room: Room, visit: Visit, book: BookSummary) -> dict[str, Any]:
    counts = book.counts
    return {
        "id": book.id,
        "name": book_name(book.key, room.labels, visit.language),
        "counts": counts,
        "waiting": room.store.open_tasks(book=book.id, person=visit.person, formerly=visit.formerly),
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
