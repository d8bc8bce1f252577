"""Put results of the machine into the store without ever touching what a person decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from extractor.errors import StoreError
from extractor.records import BookKey, Decision, FieldValue, PageProblem, Record, RuleWarning
from extractor.store import audit, rekeying, tasks
from extractor.store.convert import clean, field_columns, row_columns
from extractor.store.erasure_tables import ErasedPageRow
from extractor.store.natural import natural_key
from extractor.store.page_tables import InstructionRow
from extractor.store.renumbering import renumber
from extractor.store.results import RESOLUTIONS, MachineChange, PageResult, RecordKey
from extractor.store.tables import (
    Action,
    BookRow,
    DecisionRow,
    FieldRow,
    FileRow,
    PageRow,
    PageStatus,
    ProblemRow,
    RecordRow,
    WarningRow,
)

_Row = TypeVar("_Row", FileRow, BookRow)

DECIDED = (Decision.CONFIRMED.value, Decision.CORRECTED.value)


@dataclass(frozen=True, slots=True)
class Writer:
    """One writing transaction: its session, the audit key and the time it counts as."""

    session: Session
    key: bytes
    now: datetime


def page_done(session: Session, sha256: str, file: str, page: int, pipeline_version: str) -> bool:
    """Whether these pixels were stored under this name by this very pipeline."""
    found = session.scalar(
        _current_page(file, page).where(PageRow.sha256 == sha256, PageRow.pipeline_version == pipeline_version)
    )
    return found is not None


def save_page(writer: Writer, result: PageResult) -> bool:
    """Store a page; returns whether anything was new."""
    session = writer.session
    file = _file_row(session, result)
    if _is_erased(session, result):
        return False
    book = _book_row(session, result.book)
    rows = list(session.scalars(select(PageRow).where(PageRow.file_id == file.id, PageRow.page == result.page)))
    same = [row for row in rows if row.sha256 == result.sha256]
    row = same[0] if same else None
    if row is not None and row.superseded_at is None and row.pipeline_version == result.pipeline_version:
        return False
    for other in rows:
        if other is not row and other.superseded_at is None:
            other.superseded_at = writer.now
            tasks.withdraw_page(session, other.id)
    if row is None:
        row = PageRow(file_id=file.id, page=result.page, sha256=result.sha256)
        session.add(row)
    _fill_page(writer, row, result, book)
    session.flush()
    _save_problem(session, row, result)
    _save_records(writer, row, result)
    content = [
        result.sha256,
        result.pipeline_version,
        [record.model_dump(mode="json") for record in result.records],
        None if result.problem is None else result.problem.model_dump(mode="json"),
    ]
    _audit(writer, "page", f"page:{row.id}", content)
    return True


def _is_erased(session: Session, result: PageResult) -> bool:
    """Whether something on these pixels was erased by order: then they give no records again, in whatever file."""
    erased = select(ErasedPageRow.page_id).where(ErasedPageRow.sha256 == result.sha256).limit(1)
    return session.scalar(erased) is not None


def update_machine_values(writer: Writer, changes: Iterable[MachineChange]) -> int:
    """Replace values that no person decided, and hand out those drawn for re-keying; returns how many changed."""
    history: list[DecisionRow] = []
    vouched: list[object] = []
    drawn: set[int] = set()
    stirred: dict[int, dict[int, FieldRow]] = {}
    kept: set[int] = set()
    touched: dict[RecordKey, tuple[RecordRow, PageRow, dict[str, FieldRow]]] = {}
    for change in changes:
        if change.record not in touched:
            touched[change.record] = _find_record(writer.session, change.record)
            kept |= _kept(writer.session, touched[change.record][2].values())
        _, page, fields = touched[change.record]
        if change.code not in fields:
            raise StoreError(f"{_named(change.record)}: there is no field '{change.code}'.")
        row = fields[change.code]
        if row.id in kept:
            continue
        if _replace(writer, row, change.value, Action.RECONSIDERED, history):
            vouched.append([row.id, field_columns(change.value)])
        elif not change.recheck:
            continue
        if change.recheck:
            drawn.add(row.id)
        stirred.setdefault(page.book_id, {})[row.id] = row
    for book_id, rows in stirred.items():
        tasks.synchronise(writer.session, list(rows.values()), book_id=book_id, drawn=drawn)
    audit.append_decisions(writer.session, writer.key, history)
    if vouched:
        _audit(writer, "judged", f"fields:{len(vouched)}", vouched)
    return len(vouched)


def replace_warnings(writer: Writer, warnings: Mapping[RecordKey, Sequence[RuleWarning]]) -> int:
    """Set the warnings of each record named; returns of how many records they changed."""
    changed = 0
    for key, wanted in warnings.items():
        record, _ = _find_row(writer.session, key)
        # As after an answer, which may be of the same moment: two who set them would leave those of both.
        writer.session.execute(select(RecordRow.id).where(RecordRow.id == record.id).with_for_update())
        changed += set_warnings(writer.session, record.id, wanted)
    return changed


def _fill_page(writer: Writer, row: PageRow, result: PageResult, book: BookRow) -> None:
    first: Record | PageProblem = result.records[0] if result.records else _given(result.problem)
    row.book_id = book.id
    row.width, row.height, row.image = result.width, result.height, result.image
    row.image_to_source = None if result.image_to_source is None else list(result.image_to_source)
    row.pipeline_version = result.pipeline_version
    row.form = first.form or ""
    row.form_version = first.form_version if isinstance(first, Record) else ""
    row.registration = None if first.registration is None else first.registration.model_dump(mode="json")
    row.status = (PageStatus.READ if result.records else PageStatus.PROBLEM).value
    row.stored_at = writer.now
    row.superseded_at = None


def _save_problem(session: Session, page: PageRow, result: PageResult) -> None:
    problem = result.problem
    row = session.scalar(select(ProblemRow).where(ProblemRow.page_id == page.id))
    if problem is None:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = ProblemRow(page_id=page.id, resolution=None, resolved_by="", resolved_at=None)
        session.add(row)
    row.kind = problem.kind.value
    row.message = problem.message
    row.form = problem.form
    row.registration = None if problem.registration is None else problem.registration.model_dump(mode="json")
    row.overlay = problem.overlay
    session.flush()
    if result.told and not result.records:
        row.resolution, row.resolved_by, row.resolved_at = _said(session, result)


def _said(session: Session, result: PageResult) -> tuple[str | None, str, datetime | None]:
    """What a person said a page without records is, who, and when."""
    newest = session.scalar(
        select(InstructionRow)
        .where(
            InstructionRow.file == result.file,
            InstructionRow.page == result.page,
            InstructionRow.sha256 == result.sha256,
        )
        .order_by(InstructionRow.id.desc())
        .limit(1)
    )
    said = str(newest.content.get("is", "")) if newest is not None else ""
    if newest is None or said not in RESOLUTIONS:
        return None, "", None
    return RESOLUTIONS[said].value, newest.person, newest.at


def _save_records(writer: Writer, page: PageRow, result: PageResult) -> None:
    session = writer.session
    renumber(session, page.id, result.records, told=result.told)
    known = {row.number: row for row in session.scalars(select(RecordRow).where(RecordRow.page_id == page.id))}
    history: list[DecisionRow] = []
    for record in result.records:
        row = known.pop(record.record, None)
        if row is None:
            row = RecordRow(page_id=page.id, number=record.record)
            session.add(row)
        row.form, row.form_version = record.form, record.form_version
        row.registration = record.registration.model_dump(mode="json")
        row.retired_at = None
        session.flush()
        history += _save_fields(writer, page, row, record, result)
        set_warnings(session, row.id, record.warnings)
    for row in known.values():
        _retire_record(writer, row, told=result.told)
    audit.append_decisions(session, writer.key, history)


def _save_fields(
    writer: Writer, page: PageRow, row: RecordRow, record: Record, result: PageResult
) -> list[DecisionRow]:
    session = writer.session
    # Locked, so that no person decides a field between our look at it and our change.
    wanted = select(FieldRow).where(FieldRow.record_id == row.id).order_by(FieldRow.id).with_for_update()
    known = {field.code: field for field in session.scalars(wanted)}
    kept = _kept(session, known.values())
    history: list[DecisionRow] = []
    current: list[FieldRow] = []
    for position, (code, value) in enumerate(record.fields.items()):
        field = known.pop(code, None)
        if field is None:
            field = FieldRow(record_id=row.id, code=code, person="", **field_columns(value))
            session.add(field)
        else:
            if field.id not in kept:
                _replace(writer, field, value, Action.REREAD, history)
            if value.box is not None:
                field.box = list(value.box)  # where it lies is the machine's to say, even for a decided field
        field.position = position
        field.kind = result.kinds.get(code, "")
        field.retired_at = None
        if field.id not in kept:
            field.reader_version = result.reader_versions.get(value.reader, "")
            field.template_version = record.form_version
            doubts = result.char_confidences.get((record.record, code), ())
            field.char_confidences = list(doubts) if len(doubts) == len(field.raw) else []
        current.append(field)
    for field in known.values():
        if field.id not in kept:
            field.retired_at = writer.now
            current.append(field)
    session.flush()
    tasks.synchronise(session, current, book_id=page.book_id)
    return history


def _kept(session: Session, fields: Collection[FieldRow]) -> set[int]:
    """Numbers of the fields that are people's and no longer the machine's, among fields that are locked already.

    A field is a person's once decided, and also while its blind re-keying contradicts the machine. That is looked up
    after the lock was got: the statement that waits for a lock does not see what became true meanwhile.
    """
    decided = {field.id for field in fields if field.decision in DECIDED}
    waiting = [field.id for field in fields if field.decision == Decision.REVIEW.value]
    return decided | rekeying.contradicted(session, waiting).keys()


def _replace(writer: Writer, row: FieldRow, value: FieldValue, action: Action, history: list[DecisionRow]) -> bool:
    """Give a field that is the machine's what the machine makes of it now; returns whether anything changed.

    Another reading puts the old one into ``history``. Another confidence of the same reading does not: every field of
    a book gets one whenever the book is judged, and the audit chain vouches for that as a whole.
    """
    before, after = row_columns(row), field_columns(value)
    if before == after:
        return False
    if any(before[name] != after[name] for name in ("raw", "value", "state")):
        history.append(
            DecisionRow(
                field_id=row.id, at=writer.now, person="", action=action.value, token=None, before=before, after=after
            )
        )
    if before["raw"] != after["raw"]:
        row.char_confidences = []
    for name, content in after.items():
        setattr(row, name, content)
    return True


def _retire_record(writer: Writer, row: RecordRow, *, told: bool) -> None:
    """Take a record out that a newer reading does not find, unless a person worked on it.

    Args:
        told: a person said that it is none; what people decided of it stays in the history.
    """
    session = writer.session
    wanted = select(FieldRow).where(FieldRow.record_id == row.id).order_by(FieldRow.id).with_for_update()
    fields = list(session.scalars(wanted))
    if row.retired_at is not None or (_kept(session, fields) and not told):
        return
    row.retired_at = writer.now
    tasks.withdraw_fields(session, [field.id for field in fields])


def set_warnings(session: Session, record_id: int, warnings: Sequence[RuleWarning]) -> int:
    """Set a record's warnings; returns 1 where they changed, else 0."""
    wanted: list[dict[str, Any]] = [
        {
            "record_id": record_id,
            "position": position,
            "rule": warning.rule,
            "fields": list(warning.fields),
            "message": clean(warning.message),
            "message_en": clean(warning.message_en),
            "severity": warning.severity.value,
        }
        for position, warning in enumerate(warnings)
    ]
    rows = session.scalars(select(WarningRow).where(WarningRow.record_id == record_id).order_by(WarningRow.position))
    present = [
        {
            "record_id": row.record_id,
            "position": row.position,
            "rule": row.rule,
            "fields": row.fields,
            "message": row.message,
            "message_en": row.message_en,
            "severity": row.severity,
        }
        for row in rows
    ]
    if present == wanted:
        return 0
    session.execute(delete(WarningRow).where(WarningRow.record_id == record_id))
    if wanted:
        session.execute(insert(WarningRow), wanted)
    return 1


def _file_row(session: Session, result: PageResult) -> FileRow:
    """The file's row, locked: pages of one file are stored one after the other, whoever stores them."""
    path = result.file
    wanted = select(FileRow).where(FileRow.path == path).with_for_update()
    row = session.scalar(wanted) or _insert(
        session, FileRow(path=path, sort_key=natural_key(path), sha256=result.file_sha256), wanted
    )
    if result.file_sha256 and row.sha256 != result.file_sha256:
        row.sha256 = result.file_sha256
    return row


def _book_row(session: Session, key: BookKey) -> BookRow:
    wanted = select(BookRow).where(*book_is(key))
    return session.scalar(wanted) or _insert(session, BookRow(**asdict(key)), wanted)


def _insert(session: Session, row: _Row, wanted: Select[_Row]) -> _Row:
    """Add a row, or take the one that another process added in the meantime."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return session.scalars(wanted).one()
    return row


def book_is(key: BookKey) -> tuple[Any, ...]:
    """Conditions that hold for the book of that identity."""
    return (
        BookRow.register == key.register,
        BookRow.year == key.year,
        BookRow.number == key.number,
        BookRow.agency == key.agency,
        BookRow.commune == key.commune,
        BookRow.district == key.district,
        BookRow.province == key.province,
    )


def _current_page(file: str, page: int) -> Any:
    return (
        select(PageRow)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(FileRow.path == file, PageRow.page == page, PageRow.superseded_at.is_(None))
    )


def _find_record(session: Session, key: RecordKey) -> tuple[RecordRow, PageRow, dict[str, FieldRow]]:
    """A record and its fields, which nobody else may change until the transaction ends."""
    record, row = _find_row(session, key)
    wanted = (
        select(FieldRow)
        .where(FieldRow.record_id == record.id, FieldRow.retired_at.is_(None))
        .order_by(FieldRow.id)
        .with_for_update()
    )
    return record, row, {field.code: field for field in session.scalars(wanted)}


def _find_row(session: Session, key: RecordKey) -> tuple[RecordRow, PageRow]:
    file, page, number = key
    found = session.execute(
        select(RecordRow, PageRow)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(
            FileRow.path == file,
            PageRow.page == page,
            PageRow.superseded_at.is_(None),
            RecordRow.number == number,
            RecordRow.retired_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        raise StoreError(f"{_named(key)}: there is no such record in the store.")
    record, row = found
    return record, row


def _named(key: RecordKey) -> str:
    return f"{key[0]}, page {key[1]}, record {key[2]}"


def _given(problem: PageProblem | None) -> PageProblem:
    assert problem is not None  # PageResult holds either
    return problem


def _audit(writer: Writer, action: str, subject: str, content: object) -> None:
    audit.append(
        writer.session,
        writer.key,
        at=writer.now,
        actor=audit.MACHINE,
        action=action,
        subject=subject,
        content=content,
    )
