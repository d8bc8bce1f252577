"""Take records, books, problems and counts out of the store, always in the same order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, case, func, select, tuple_
from sqlalchemy.orm import Session

from extractor.errors import NotStoredError
from extractor.records import BookKey, Decision, FieldValue, Record, RuleWarning
from extractor.store import convert, rekeying, tasks
from extractor.store.hiding import Shown, what_is_shown
from extractor.store.order import PLACE, current_records
from extractor.store.results import (
    BookSummary,
    Counts,
    DecidedField,
    FieldContext,
    HistoryEntry,
    Neighbour,
    PageImage,
    ProblemResolution,
    StoredField,
    StoredProblem,
    StoredRecord,
    WaitingField,
)
from extractor.store.saving import DECIDED, book_is
from extractor.store.tables import (
    WAITS,
    Action,
    BookRow,
    DecisionRow,
    FieldRow,
    FileRow,
    PageRow,
    ProblemRow,
    RecordRow,
    TaskRow,
    WarningRow,
)

_CHUNK = 200
_Item = TypeVar("_Item")

Reading = Callable[[], AbstractContextManager[Session]]


def records(reading: Reading, book_id: int | None) -> Iterator[Record]:
    """All current records in order; each chunk is read in a transaction of its own."""
    yield from _in_chunks(reading, book_id, _records)


def records_at_once(session: Session, book_id: int) -> Iterator[Record]:
    """All current records of a book in order, in one transaction."""
    ids = record_ids(session, book_id)
    for start in range(0, len(ids), _CHUNK):
        yield from _records(session, ids[start : start + _CHUNK])


def record_of(session: Session, record_id: int) -> Record:
    """One current record.

    Raises:
        NotStoredError: there is no such record, or a newer reading no longer has it.
    """
    found = _records(session, [record_id])
    if not found:
        raise NotStoredError(f"There is no record {record_id} in the store.")
    return found[0]


def decided_fields(reading: Reading, book_id: int | None) -> Iterator[DecidedField]:
    """All current fields that people settled, in the order of records; each chunk in a transaction of its own."""
    yield from _in_chunks(reading, book_id, _decided_fields)


def waiting_fields(reading: Reading, book_id: int | None) -> Iterator[WaitingField]:
    """All current fields with an open task, in the order of records; each chunk in a transaction of its own."""
    yield from _in_chunks(reading, book_id, _waiting_fields)


def books(session: Session) -> tuple[BookSummary, ...]:
    """All books that have pages, in the order of their identity."""
    by_book = counts(session)
    return tuple(
        BookSummary(number, key, Counts(**by_book.get(number, {}))) for number, key in book_keys(session).items()
    )


def book_keys(session: Session) -> dict[int, BookKey]:
    """The same without counts, by their numbers."""
    rows = session.scalars(
        select(BookRow)
        .where(BookRow.id.in_(select(PageRow.book_id).where(PageRow.superseded_at.is_(None))))
        .order_by(BookRow.register, BookRow.year, BookRow.number, BookRow.agency, BookRow.id)
    )
    return {row.id: convert.book_key(row) for row in rows}


def counts(session: Session, book_ids: Collection[int] | None = None) -> dict[int, dict[str, int]]:
    """Numbers of :class:`Counts` by book, of all books or of those named."""
    found: dict[int, dict[str, int]] = {}

    def add(name: str, wanted: Select[int, int]) -> None:
        for book_id, number in session.execute(wanted.group_by(PageRow.book_id)):
            found.setdefault(book_id, {})[name] = number

    current: ColumnElement[bool] = PageRow.superseded_at.is_(None)
    if book_ids is not None:
        current = and_(current, PageRow.book_id.in_(book_ids))
    add("pages", select(PageRow.book_id, func.count()).where(current))
    add(
        "page_problems",
        select(PageRow.book_id, func.count())
        .join(ProblemRow, ProblemRow.page_id == PageRow.id)
        .where(current, ProblemRow.resolution.is_(None)),
    )
    add("records", current_records(select(PageRow.book_id, func.count())).where(current))
    tallies = [func.sum(case((FieldRow.decision == decision.value, 1), else_=0)) for decision in Decision]
    fields = current_records(select(PageRow.book_id, *tallies)).join(FieldRow, FieldRow.record_id == RecordRow.id)
    for row in session.execute(fields.where(current, FieldRow.retired_at.is_(None)).group_by(PageRow.book_id)):
        found.setdefault(row[0], {}).update(
            {decision.value: int(number) for decision, number in zip(Decision, row[1:], strict=True)}
        )
    return found


def problems(session: Session, book_id: int | None) -> tuple[StoredProblem, ...]:
    """All problems of pages, in order, whether somebody looked at them or not."""
    wanted = (
        select(ProblemRow, PageRow, FileRow.path, BookRow)
        .join(PageRow, PageRow.id == ProblemRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .join(BookRow, BookRow.id == PageRow.book_id)
        .where(PageRow.superseded_at.is_(None))
        .order_by(FileRow.sort_key, FileRow.path, PageRow.page)
    )
    if book_id is not None:
        wanted = wanted.where(PageRow.book_id == book_id)
    return tuple(stored_problem(row, page, path, book) for row, page, path, book in session.execute(wanted))


def stored_problem(row: ProblemRow, page: PageRow, path: str, book: BookRow) -> StoredProblem:
    """A page problem from its rows."""
    return StoredProblem(
        id=row.id,
        page_id=page.id,
        problem=convert.page_problem(row, path, page.page),
        book_id=book.id,
        book=convert.book_key(book),
        picture=convert.picture(page),
        resolution=None if row.resolution is None else ProblemResolution(row.resolution),
        resolved_by=row.resolved_by,
    )


def page_image(session: Session, page_id: int) -> PageImage:
    """The picture of a page.

    Raises:
        NotStoredError: there is no such page.
    """
    row = session.get(PageRow, page_id)
    if row is None:
        raise NotStoredError(f"There is no page {page_id} in the store.")
    return convert.picture(row)


def stored_record(session: Session, record_id: int) -> StoredRecord:
    """One record with all that is known of its fields.

    Raises:
        NotStoredError: there is no such record, or a newer reading no longer has it.
    """
    found = session.execute(
        current_records(select(RecordRow, PageRow, FileRow, BookRow))
        .join(BookRow, BookRow.id == PageRow.book_id)
        .where(RecordRow.id == record_id)
    ).one_or_none()
    if found is None:
        raise NotStoredError(f"There is no record {record_id} in the store.")
    row, page, file, book = found
    before, after = _beside(session, row, page, file)
    shown = what_is_shown(session, (row.id, before, after))
    return StoredRecord(
        id=row.id,
        page_id=page.id,
        book_id=book.id,
        book=convert.book_key(book),
        key=(file.path, page.page, row.number),
        form=row.form,
        registration=convert.registration(row.registration),
        picture=convert.picture(page),
        fields=tuple(
            StoredField(
                id=field.id,
                code=field.code,
                kind=field.kind,
                field=shown.meant(field),
                person=field.person,
                decided_at=field.decided_at,
                hidden=(row.id, field.code) in shown.hidden,
            )
            for field in _fields(session, [row.id]).get(row.id, [])
        ),
        warnings=_tellable(_warnings(session, [row.id]).get(row.id, ()), shown.hidden),
        previous_id=before,
        following_id=after,
        form_version=row.form_version,
    )


def record_ids(session: Session, book_id: int) -> tuple[int, ...]:
    """Numbers of all current records of a book, in order."""
    return tuple(
        session.scalars(current_records(select(RecordRow.id)).where(PageRow.book_id == book_id).order_by(*PLACE))
    )


def field_context(session: Session, field_id: int, *, beside: bool = True) -> FieldContext:
    """What a person needs to see to judge a field.

    Args:
        beside: with the rules' warnings and the records before and after, which take longest. Without, it is not
            looked up either what a ditto mark must keep back: then nobody may be shown the field's value.

    Raises:
        NotStoredError: there is no such field.
    """
    found = session.execute(_context_wanted(), {"field": field_id}).one_or_none()
    if found is None:
        raise NotStoredError(f"There is no field {field_id} in the store.")
    field, record, page, file, book, task = found
    before, after = _beside(session, record, page, file) if beside else (None, None)
    # Of all fields, since a rule may name others; ditto marks are looked up for this one.
    shown = what_is_shown(session, (record.id, before, after), code=field.code) if beside else Shown((), (), {})
    warnings = _tellable(_warnings(session, [record.id]).get(record.id, ()), shown.hidden) if beside else ()
    neighbours = _neighbours(session, (before, after), field.code, shown) if beside else {}
    warnings = tuple(warning for warning in warnings if field.code in warning.fields)
    return FieldContext(
        field_id=field.id,
        record_id=record.id,
        page_id=page.id,
        book=convert.book_key(book),
        form=record.form,
        code=field.code,
        kind=field.kind,
        field=shown.stored(field),
        picture=convert.picture(page),
        char_confidences=tuple(field.char_confidences),
        warnings=warnings,
        named=_named(session, record.id, {code for each in warnings for code in each.fields} - {field.code}, shown),
        previous=neighbours.get(before),
        following=neighbours.get(after),
        blind=task is not None and tasks.is_blind(task),
        task_id=None if task is None else task.id,
        rekeyed_by=rekeying.contradicted(session, [field.id]).get(field.id, "") if task and task.rekeyed_by else "",
    )


def history(session: Session, field_id: int) -> tuple[HistoryEntry, ...]:
    """All that ever happened to a field, oldest first."""
    rows = session.scalars(select(DecisionRow).where(DecisionRow.field_id == field_id).order_by(DecisionRow.id))
    return tuple(HistoryEntry(row.id, row.at, row.person, row.action, row.before, row.after) for row in rows)


def book_id_of(session: Session, book: BookKey | int | None) -> int | None:
    """Number of a book in the store.

    Raises:
        NotStoredError: there is no such book.
    """
    if book is None or isinstance(book, int):
        return book
    found = session.scalar(select(BookRow.id).where(*book_is(book)))
    if found is None:
        raise NotStoredError(
            "There is no such book in the store.", mend="Name register, year, number and agency as stored."
        )
    return found


def _in_chunks(
    reading: Reading, book_id: int | None, read: Callable[[Session, Sequence[int]], Sequence[_Item]]
) -> Iterator[_Item]:
    """What ``read`` makes of the current records, a few at a time, in order."""
    with reading() as session:
        wanted = current_records(select(RecordRow.id)).order_by(*PLACE)
        ids = list(session.scalars(wanted if book_id is None else wanted.where(PageRow.book_id == book_id)))
    for start in range(0, len(ids), _CHUNK):
        with reading() as session:
            chunk = read(session, ids[start : start + _CHUNK])
        yield from chunk


def _decided_fields(session: Session, ids: Sequence[int]) -> list[DecidedField]:
    decided = FieldRow.record_id.in_(ids), FieldRow.retired_at.is_(None), FieldRow.decision.in_(DECIDED)
    # The machine leaves a field alone from the first answer that counts, so that one's "before" is the machine's last.
    first: dict[int, DecisionRow] = {}
    standing = rekeying.standing(DecisionRow, (*rekeying.SETTLING, Action.REKEYED.value))
    answers = select(DecisionRow).join(FieldRow, FieldRow.id == DecisionRow.field_id).where(*decided, *standing)
    for row in session.scalars(answers.order_by(DecisionRow.id)):
        first.setdefault(row.field_id, row)
    fields = (
        current_records(select(FieldRow, RecordRow.number, PageRow.page, FileRow.path, TaskRow.blind))
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .join(TaskRow, TaskRow.field_id == FieldRow.id)
        .where(*decided)
        .order_by(*PLACE, FieldRow.position, FieldRow.id)
    )
    return [
        DecidedField(
            record=(path, page, number),
            code=field.code,
            kind=field.kind,
            machine=convert.columns_value(first[field.id].before),
            final=convert.field_value(field),
            blind=agreed_blind or first[field.id].action == Action.REKEYED.value,
        )
        for field, number, page, path, agreed_blind in session.execute(fields)
    ]


def _waiting_fields(session: Session, ids: Sequence[int]) -> list[WaitingField]:
    fields = (
        current_records(
            select(FieldRow.code, RecordRow.number, PageRow.page, FileRow.path, TaskRow.blind, TaskRow.rekeyed_by)
        )
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .join(TaskRow, TaskRow.field_id == FieldRow.id)
        .where(RecordRow.id.in_(ids), FieldRow.retired_at.is_(None), WAITS)
        .order_by(*PLACE, FieldRow.position, FieldRow.id)
    )
    return [
        WaitingField(record=(path, page, number), code=code, blind=blind, disputed=bool(rekeyed_by))
        for code, number, page, path, blind, rekeyed_by in session.execute(fields)
    ]


def _records(session: Session, ids: Sequence[int]) -> list[Record]:
    rows = session.execute(
        current_records(select(RecordRow, PageRow.page, FileRow.path)).where(RecordRow.id.in_(ids)).order_by(*PLACE)
    ).all()
    fields, warnings = _fields(session, ids), _warnings(session, ids)
    return [
        Record(
            file=path,
            page=page,
            record=row.number,
            form=row.form,
            form_version=row.form_version,
            registration=convert.registration(row.registration),
            fields={field.code: convert.field_value(field) for field in fields.get(row.id, [])},
            warnings=warnings.get(row.id, ()),
        )
        for row, page, path in rows
    ]


def _fields(session: Session, ids: Sequence[int]) -> Mapping[int, list[FieldRow]]:
    found: dict[int, list[FieldRow]] = {}
    wanted = select(FieldRow).where(FieldRow.record_id.in_(ids), FieldRow.retired_at.is_(None))
    for row in session.scalars(wanted.order_by(FieldRow.record_id, FieldRow.position, FieldRow.id)):
        found.setdefault(row.record_id, []).append(row)
    return found


def _warnings(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[RuleWarning, ...]]:
    found: dict[int, tuple[RuleWarning, ...]] = {}
    for row in session.scalars(_warnings_wanted(), {"records": list(ids)}):
        found[row.record_id] = (*found.get(row.record_id, ()), convert.rule_warning(row))
    return found


def _beside(session: Session, record: RecordRow, page: PageRow, file: FileRow) -> tuple[int | None, int | None]:
    """Numbers of the records before and after in the same book."""
    here = {
        "book": page.book_id,
        "file": file.id,
        "sort_key": file.sort_key,
        "path": file.path,
        "page": page.page,
        "number": record.number,
    }
    found = []
    for in_file, in_book in _beside_wanted():
        number = session.scalar(in_file, here)
        found.append(session.scalar(in_book, here) if number is None else number)
    return found[0], found[1]


def _tellable(warnings: Sequence[RuleWarning], hidden: Collection[tuple[int, str]]) -> tuple[RuleWarning, ...]:
    """Warnings that tell nothing of hidden fields; a rule may compare a field with the same one of a record beside."""
    codes = {code for _, code in hidden}
    return tuple(warning for warning in warnings if codes.isdisjoint(warning.fields))


def _named(
    session: Session, record_id: int, codes: Collection[str], shown: Shown
) -> tuple[tuple[str, FieldValue], ...]:
    """The fields of a record with these codes, in the order of the form."""
    if not codes:
        return ()
    asked = {"records": [record_id], "codes": sorted(codes)}
    return tuple((field.code, shown.stored(field)) for field in session.scalars(_named_wanted(), asked))


def _neighbours(
    session: Session, record_ids: Collection[int | None], code: str, shown: Shown
) -> dict[int | None, Neighbour]:
    """The field with that code of each of these records that has one."""
    asked = {"records": [number for number in record_ids if number is not None], "code": code}
    return {
        record_id: Neighbour((path, page, number), record_id, shown.stored(field), (record_id, code) in shown.hidden)
        for field, record_id, number, page, path in session.execute(_neighbours_wanted(), asked)
    }


# The statements behind every field that a person is shown. Each is made once: making it takes longer than running it.

_RECORDS: BindParameter[Any] = bindparam("records", expanding=True)


@cache
def _context_wanted() -> Select[FieldRow, RecordRow, PageRow, FileRow, BookRow, TaskRow]:
    return (
        current_records(select(FieldRow, RecordRow, PageRow, FileRow, BookRow, TaskRow))
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .join(BookRow, BookRow.id == PageRow.book_id)
        .outerjoin(TaskRow, TaskRow.field_id == FieldRow.id)
        .where(FieldRow.id == bindparam("field"))
    )


@cache
def _warnings_wanted() -> Select[WarningRow]:
    wanted = select(WarningRow).where(WarningRow.record_id.in_(_RECORDS))
    return wanted.order_by(WarningRow.record_id, WarningRow.position)


@cache
def _named_wanted() -> Select[FieldRow]:
    named = FieldRow.code.in_(bindparam("codes", expanding=True))
    wanted = select(FieldRow).where(FieldRow.record_id.in_(_RECORDS), named, FieldRow.retired_at.is_(None))
    return wanted.order_by(FieldRow.position, FieldRow.id)


@cache
def _beside_wanted() -> tuple[tuple[Select[int], Select[int]], tuple[Select[int], Select[int]]]:
    """Nearest record before and after, each first in the same file, where an index finds it, then in the whole book."""
    same_book = current_records(select(RecordRow.id)).where(PageRow.book_id == bindparam("book")).limit(1)
    same_file = same_book.where(PageRow.file_id == bindparam("file"))
    # What is said of the page alone is so for the index, which knows nothing of the record's number.
    page, number = bindparam("page", type_=Integer), bindparam("number", type_=Integer)
    place, spot = tuple_(PageRow.page, RecordRow.number), tuple_(page, number)
    earlier, later = same_file.where(PageRow.page <= page), same_file.where(PageRow.page >= page)
    file, here = tuple_(FileRow.sort_key, FileRow.path), tuple_(bindparam("sort_key"), bindparam("path"))
    backwards = [column.desc() for column in PLACE]
    return (
        (earlier.where(place < spot).order_by(*backwards[2:]), same_book.where(file < here).order_by(*backwards)),
        (later.where(place > spot).order_by(*PLACE[2:]), same_book.where(file > here).order_by(*PLACE)),
    )


@cache
def _neighbours_wanted() -> Select[FieldRow, int, int, int, str]:
    return (
        current_records(select(FieldRow, RecordRow.id, RecordRow.number, PageRow.page, FileRow.path))
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .where(RecordRow.id.in_(_RECORDS), FieldRow.code == bindparam("code"), FieldRow.retired_at.is_(None))
    )
