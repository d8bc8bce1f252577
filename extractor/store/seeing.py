"""Who was shown which readings of the machine, so that nobody types a field blind that stood before them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session

from extractor.records import Decision
from extractor.store import tasks
from extractor.store.convert import person_key
from extractor.store.hiding import Place, what_is_shown
from extractor.store.order import current_records
from extractor.store.store import Store
from extractor.store.tables import FieldRow, PageRow, RecordRow, SeenRow, TaskRow, TaskStatus


def note_seen(store: Store, record_id: int, person: str) -> int:
    """Note that a person was shown a record; returns how many of its fields that was new for.

    Counted are fields that the machine settled and that are shown: these may be drawn for blind re-keying later, and
    then go to others. To look at a record again writes nothing.
    """
    return _note(store, person, [record_id], None)


def note_fields_seen(store: Store, places: Collection[Place], person: str) -> int:
    """The same for single fields, by their record's number and their code."""
    return _note(store, person, sorted({number for number, _ in places}), frozenset(places))


def _note(store: Store, person: str, record_ids: Sequence[int], places: Collection[Place] | None) -> int:
    """Note the fields at these places, or all of the records."""
    key = person_key(person)
    with store.reading() as session:
        if not _new(session, record_ids, key, places):
            return 0
    with store.writing() as writer:
        session = writer.session
        # Locked as by whoever draws fields: so each gets one task, and none is drawn between the look and the note.
        session.execute(_wanted(record_ids, key, places).with_for_update(of=FieldRow))
        found = _new(session, record_ids, key, places)
        present = {
            task.field_id: task
            for task in session.scalars(select(TaskRow).where(TaskRow.field_id.in_([field.id for field, _ in found])))
        }
        for field, book_id in found:
            task = present.get(field.id)
            if task is None:
                task = TaskRow(field_id=field.id, book_id=book_id, person="", token=0)
                tasks.wait(task, field, blind=False)
                task.status = TaskStatus.WITHDRAWN.value
                session.add(task)
        session.flush()
        numbers = session.scalars(select(TaskRow.id).where(TaskRow.field_id.in_([field.id for field, _ in found])))
        session.add_all(SeenRow(task_id=number, person=key) for number in numbers)
        return len(found)


def _new(
    session: Session, record_ids: Sequence[int], key: str, places: Collection[Place] | None
) -> list[tuple[FieldRow, int]]:
    """Those of the fields that are shown and that the person was not shown before, with the number of their book."""
    if not record_ids:
        return []
    rows = session.execute(_wanted(record_ids, key, places)).all()
    if not rows:
        return []
    hidden = what_is_shown(session, record_ids).hidden
    return [
        (field, book_id)
        for field, book_id in rows
        if (place := (field.record_id, field.code)) not in hidden and (places is None or place in places)
    ]


def _wanted(record_ids: Sequence[int], key: str, places: Collection[Place] | None) -> Select[FieldRow, int]:
    """Accepted fields of the records that the person was not shown; of places, those of any record with any code."""
    seen = exists().where(TaskRow.field_id == FieldRow.id, and_(SeenRow.task_id == TaskRow.id, SeenRow.person == key))
    wanted = (
        current_records(select(FieldRow, PageRow.book_id))
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .where(
            RecordRow.id.in_(record_ids),
            FieldRow.retired_at.is_(None),
            FieldRow.decision == Decision.ACCEPTED.value,
            ~seen,
        )
        .order_by(FieldRow.id)
    )
    return wanted if places is None else wanted.where(FieldRow.code.in_(sorted({code for _, code in places})))
