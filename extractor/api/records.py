"""Books, records by field code, page problems, and the pictures behind them."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from extractor.api.cursor import MOST, USUAL, make_cursor, read_number
from extractor.api.downloads import not_modified, serve_file, unchanged
from extractor.api.models import BookPage, BookShown, ProblemPage, RecordPage, RecordShown
from extractor.api.problems import ApiError, answers, not_found
from extractor.api.room import AnyRoom, ApiRoom, CropReader, RecordReader
from extractor.api.route import ApiRoute
from extractor.api.views import book_shown, problem_shown, record_listed, record_shown
from extractor.batch.policy import demanded
from extractor.errors import ImageError
from extractor.exports.fields import unfit_form
from extractor.exports.policy import Policy
from extractor.exports.prefill.entry import EntryDocument, entry_document
from extractor.records import Record
from extractor.review.places import place_of
from extractor.store import ApiKey, StoredRecord
from extractor.store.opening import must_open

router = APIRouter(prefix="/v1", route_class=ApiRoute)

BookId = Annotated[int, Path(ge=1, le=2**53)]
RecordId = Annotated[int, Path(ge=1, le=2**53)]
PageId = Annotated[int, Path(ge=1, le=2**53)]
Code = Annotated[str, Path(pattern=r"^[a-z][A-Za-z0-9]{0,63}$")]
OfBook = Annotated[int | None, Query(ge=1, le=2**53)]
After = Annotated[str | None, Query(max_length=80)]
Limit = Annotated[int, Query(ge=1, le=MOST)]

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture", "content": {"image/jpeg": {}, "image/png": {}}},
    206: {"description": "The part of it that Range names", "content": {"image/jpeg": {}, "image/png": {}}},
    304: {"description": "It is what If-None-Match names"},
}


@router.get("/books", tags=["books"], responses=answers(404))
def list_books(room: AnyRoom, key: RecordReader, after: After = None, limit: Limit = USUAL) -> BookPage:
    """Books and how far they are."""
    found = room.listing.books(books=key.books, after=read_number("b", after), limit=limit + 1)
    last = make_cursor("b", found[limit - 1].id) if len(found) > limit else None
    return BookPage(items=[book_shown(book) for book in found[:limit]], next=last)


@router.get("/books/{book_id}", tags=["books"], responses=answers(404))
def get_book(room: AnyRoom, key: RecordReader, book_id: BookId) -> BookShown:
    """A book and how far it is."""
    found = room.listing.books(books=[book_id], limit=1) if key.opens(book_id) else ()
    if not found:
        raise not_found("There is no such book.")
    return book_shown(found[0])


@router.get("/records", tags=["records"], responses=answers(404))
def list_records(
    *,
    room: AnyRoom,
    key: RecordReader,
    book: OfBook = None,
    form: Annotated[str, Query(max_length=80, pattern=r"^[\w.-]*$")] = "",
    state: Literal["waiting", "settled"] | None = None,
    after: After = None,
    limit: Limit = USUAL,
) -> RecordPage:
    """Records, by file as people count, page, and number on the page; their fields are asked for one by one."""
    found = room.listing.records(
        books=_books(key, book),
        form=form,
        settled=None if state is None else state == "settled",
        after=read_number("r", after),
        after_in=key.books,
        limit=limit + 1,
    )
    last = make_cursor("r", found[limit - 1].id) if len(found) > limit else None
    return RecordPage(items=[record_listed(line) for line in found[:limit]], next=last)


@router.get("/records/{record_id}", tags=["records"], responses=answers(404))
def get_record(room: AnyRoom, key: RecordReader, record_id: RecordId) -> RecordShown:
    """A record with its fields by code."""
    return record_shown(_record(room, key, record_id), room.labels)


@router.get("/records/{record_id}/entry", tags=["records"], responses=answers(404, 409))
def get_entry(room: AnyRoom, key: RecordReader, record_id: RecordId) -> EntryDocument:
    """A record as it is typed into another system: by field code and by import column.

    Where only approved books may leave the house, records of others are refused (409); so are records that were read
    with another version of their form than the one in use, whose columns may be others.
    """
    stored = _record(room, key, record_id)
    if demanded(room.store, room.out) is Policy.APPROVED and not room.approvals.approves(stored.book_id):
        raise ApiError(
            409, "not-approved", "The record's book is not approved as it stands.", mend="Have the book approved first."
        )
    form = room.in_use.get(stored.form)
    if form is None:
        raise not_found("The form of the record is not known to the server.")
    if unfit := unfit_form(stored.form_version, form):
        raise ApiError(409, unfit.code.replace("_", "-"), unfit.message_en, mend=unfit.mend_en)
    file, page, number = stored.key
    record = Record(
        file=file,
        page=page,
        record=number,
        form=stored.form,
        form_version=stored.form_version,
        registration=stored.registration,
        fields={field.code: field.field for field in stored.fields},
        warnings=stored.warnings,
    )
    hidden = [field.code for field in stored.fields if field.hidden]
    return entry_document(record, form, stored.book, room.supplements.get(stored.key), withheld=hidden)


@router.get("/page-problems", tags=["records"], responses=answers(404))
def list_problems(
    *,
    room: AnyRoom,
    key: RecordReader,
    book: OfBook = None,
    state: Literal["open", "resolved"] | None = None,
    after: After = None,
    limit: Limit = USUAL,
) -> ProblemPage:
    """Pages that yield no records, and why."""
    found = room.listing.problems(
        books=_books(key, book),
        resolved=None if state is None else state == "resolved",
        after=read_number("p", after),
        after_in=key.books,
        limit=limit + 1,
    )
    last = make_cursor("p", found[limit - 1].id) if len(found) > limit else None
    return ProblemPage(items=[problem_shown(problem) for problem in found[:limit]], next=last)


@router.get(
    "/records/{record_id}/fields/{code}/crop",
    tags=["pictures"],
    response_class=Response,
    responses={200: {"description": "The picture", "content": {"image/jpeg": {}}}, 304: _PICTURE[304], **answers(404)},
)
def get_crop(request: Request, room: AnyRoom, key: CropReader, record_id: RecordId, code: Code) -> Response:
    """A field cut out of its page, with a little of what is around it; its whole record where it was not located."""
    stored = _record(room, key, record_id)
    field = next((field for field in stored.fields if field.code == code), None)
    if field is None:
        raise not_found("The record has no such field.")
    context = room.store.field_context(field.id)
    area = place_of(room.store, context).area
    if area is None:
        raise ImageError("Neither the field nor its record has a place on the page.")
    content = room.pictures.crop(context.picture, area, media_type="image/jpeg")
    tag = hashlib.sha256(content).hexdigest()
    if unchanged(request, tag):
        return not_modified(tag)
    return Response(content, headers={"ETag": f'"{tag}"'}, media_type="image/jpeg")


@router.get(
    "/pages/{page_id}/image",
    tags=["pictures"],
    response_class=Response,
    responses={**_PICTURE, **answers(400, 404, 416)},
)
def get_page(request: Request, room: AnyRoom, key: CropReader, page_id: PageId) -> Response:
    """The picture of a page as it was kept."""
    book_id, picture = room.listing.page(page_id)
    must_open(key, book_id)
    path = room.pictures.path(picture.image)
    status = path.stat()
    # Pictures are written once; name, size and time tell one from another without reading it.
    tag = hashlib.sha256(f"{picture.image}:{status.st_size}:{status.st_mtime_ns}".encode()).hexdigest()
    return serve_file(request, path, tag)


def _record(room: ApiRoom, key: ApiKey, record_id: int) -> StoredRecord:
    stored = room.store.stored_record(record_id)
    must_open(key, stored.book_id)
    return stored


def _books(key: ApiKey, book: int | None) -> frozenset[int] | None:
    """The books a list is of: the one asked for, those the key is for, or all."""
    if book is None:
        return key.books
    return frozenset({book}) if key.opens(book) else frozenset()
