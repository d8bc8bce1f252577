"""Ditto marks of a book: which of them hang on one another, and what stands above them all.

Nothing of a form is looked at, as in :func:`extractor.dittos.meant_when_exported`, which says the same of whole books.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from extractor.records import Decision, FieldState
from extractor.store.order import PLACE, current_records
from extractor.store.tables import FieldRow, FileRow, PageRow, RecordRow

_AT_ONCE = 40
"""Records read at a time; marks seldom go on for more than a page."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Ditto marks below one another, and the field that they stand for.

    Args:
        source: none where nothing stands above the first mark.
        marks: from the top.
    """

    source: FieldRow | None
    marks: tuple[FieldRow, ...]

    @property
    def members(self) -> tuple[FieldRow, ...]:
        """All fields of the chain, from the top."""
        return self.marks if self.source is None else (self.source, *self.marks)

    def meaning(self, mark: FieldRow) -> str | None:
        """What a settled mark stands for now; none while that is not known."""
        above = self.source
        value = above.value if above is not None and above.state == FieldState.READ.value else None
        settled = above is None or above.decision != Decision.REVIEW.value
        for one in self.marks:
            if one.decision == Decision.REVIEW.value:
                value, settled = one.value, False
            elif not settled:
                value = None
            if one is mark:
                break
        return value


def chains(session: Session, record_id: int, codes: Collection[str] | None = None) -> list[Chain]:
    """The chains that a record's fields are part of.

    Args:
        codes: only those of these fields; all by default.
    """
    found = session.execute(
        current_records(select(RecordRow, PageRow, FileRow)).where(RecordRow.id == record_id)
    ).one_or_none()
    if found is None:
        return []
    record, page, file = found
    place = (record, page, file)
    own = {field.code: field for field in _fields(session, [record_id], codes)}
    upward = {code: [field] for code, field in own.items() if _is_mark(field)}
    sources: dict[str, FieldRow] = {}
    _follow(session, place, upward, sources, back=True)
    downward = {code: [field] for code, field in own.items()}
    _follow(session, place, downward, {}, back=False)
    made = []
    for code, field in own.items():
        marks = [*reversed(upward.get(code, [])[1:]), *downward[code]]
        source = sources.get(code) if _is_mark(field) else field
        marks = marks if _is_mark(field) else marks[1:]
        if marks:
            made.append(Chain(source, tuple(marks)))
    return made


def _follow(
    session: Session,
    place: tuple[RecordRow, PageRow, FileRow],
    followed: dict[str, list[FieldRow]],
    sources: dict[str, FieldRow],
    *,
    back: bool,
) -> None:
    """Lengthen each list by the marks that go on in one direction; upwards, note what ends them."""
    alive = set(followed)
    for record_ids in _beyond(session, place, back=back) if alive else ():
        by_record: dict[int, dict[str, FieldRow]] = {}
        for row in _fields(session, record_ids, alive):
            by_record.setdefault(row.record_id, {})[row.code] = row
        for record_id in record_ids:
            for code in sorted(alive):
                field = by_record.get(record_id, {}).get(code)
                if field is not None and _is_mark(field):
                    followed[code].append(field)
                    continue
                alive.remove(code)
                if field is not None:
                    sources[code] = field
        if not alive:
            return


def _beyond(session: Session, place: tuple[RecordRow, PageRow, FileRow], *, back: bool) -> Iterator[list[int]]:
    """Numbers of the book's records before or after this one, the nearest first."""
    record, page, file = place
    here: tuple[object, ...] = (file.sort_key, file.path, page.page, record.number)
    order = [column.desc() for column in PLACE] if back else list(PLACE)
    while True:
        beyond = tuple_(*PLACE) < tuple_(*here) if back else tuple_(*PLACE) > tuple_(*here)
        rows = session.execute(
            current_records(select(RecordRow.id, *PLACE))
            .where(PageRow.book_id == page.book_id, beyond)
            .order_by(*order)
            .limit(_AT_ONCE)
        ).all()
        if rows:
            yield [row[0] for row in rows]
        if len(rows) < _AT_ONCE:
            return
        here = tuple(rows[-1][1:])


def _fields(session: Session, record_ids: Collection[int], codes: Collection[str] | None) -> list[FieldRow]:
    wanted = select(FieldRow).where(FieldRow.record_id.in_(record_ids), FieldRow.retired_at.is_(None))
    if codes is not None:
        wanted = wanted.where(FieldRow.code.in_(codes))
    return list(session.scalars(wanted.order_by(FieldRow.record_id, FieldRow.position, FieldRow.id)))


def _is_mark(field: FieldRow) -> bool:
    return field.state == FieldState.DITTO.value
