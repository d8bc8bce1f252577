"""Approving books: somebody who did not verify a book puts a name under it as it stands.

An approval is for the content it was given under. Whatever changes afterwards - a decision, a page read anew, a record
more - is not approved, and the book waits for an approval again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from extractor.errors import ApprovalError, NotStoredError
from extractor.records import Decision
from extractor.store import audit
from extractor.store.approval_tables import ApprovalRow
from extractor.store.content import ContentDigests, content_digest
from extractor.store.convert import person_key
from extractor.store.missing import open_reports
from extractor.store.order import current_records
from extractor.store.reading import counts
from extractor.store.results import Counts
from extractor.store.store import Store
from extractor.store.tables import WAITS, BookRow, FieldRow, PageRow, RecordRow, TaskRow


class Obstacle(StrEnum):
    """Why a book cannot be approved, or not by this person."""

    EMPTY = "approval_empty"
    """It has no records."""
    WAITING = "approval_waiting"
    """Fields wait for people, blind ones too."""
    PROBLEMS = "approval_problems"
    """Pages without records were not looked at."""
    MISSING = "approval_missing"
    """Pages were reported missing, and nobody found them or accepted that they lack."""
    OWN_WORK = "approval_own_work"
    """The person decided fields of the book."""


_SAID = {
    Obstacle.EMPTY: ("The book has no records.", "Read its pages first."),
    Obstacle.WAITING: ("Fields of the book wait for people.", "Verify them first."),
    Obstacle.PROBLEMS: ("Pages of the book yielded no records and nobody said what they are.", "Look at them first."),
    Obstacle.MISSING: ("Pages of the book were reported missing.", "Find them, or say why the book lacks them."),
    Obstacle.OWN_WORK: ("The person verified fields of the book.", "Let somebody else approve it."),
}


@dataclass(frozen=True, slots=True)
class Approval:
    """A name under a book.

    Args:
        current: the book holds what it held then, none of its fields waits for a person, and the approval was not
            withdrawn.
    """

    id: int
    book_id: int
    person: str
    at: datetime
    records: int
    fields: int
    current: bool
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a book stands before an approver.

    Args:
        digest: of the content looked at, to be given back when approving.
        waiting: fields that wait for people, blind ones too.
        missing: pages that were reported missing.
        people: how many fields each person decided, as they stand.
        obstacles: why it cannot be approved by the person asked for; none where it can.
        approvals: all there ever were, newest first.
    """

    book_id: int
    digest: str
    counts: Counts
    waiting: int
    missing: int
    people: Mapping[str, int]
    obstacles: tuple[Obstacle, ...]
    approvals: tuple[Approval, ...]

    @property
    def approval(self) -> Approval | None:
        """The approval in force, or none."""
        return next((approval for approval in self.approvals if approval.current), None)


class Approvals:
    """Approvals of a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._digests = ContentDigests()

    def digest(self, session: Session, book_id: int) -> str:
        """What the book holds now; see :func:`extractor.store.content.content_digest`."""
        return self._digests.digest(session, book_id)

    def standing(self, book_id: int, person: str = "", *, formerly: Collection[str] = ()) -> Standing:
        """How a book stands.

        Args:
            person: whose obstacles are asked for.
            formerly: names the person had before.

        Raises:
            NotStoredError: there is no such book.
        """
        with self._store.reading() as session:
            return _standing(session, book_id, self._digests.digest, person, *formerly)

    def approves(self, book_id: int) -> bool:
        """Whether the book is approved as it stands."""
        with self._store.reading() as session:
            found = counts(session, [book_id]).get(book_id, {})
            return bool(found) and not found["review"] and _standing_name(session, book_id, self.digest)

    def in_force(self) -> dict[int, Approval]:
        """The approvals in force, by number of the book."""
        with self._store.reading() as session:
            named = session.scalars(
                select(ApprovalRow.book_id).where(ApprovalRow.withdrawn_at.is_(None)).distinct()
            ).all()
            waiting = {book_id for book_id, found in counts(session, named).items() if found["review"]} if named else ()
            found = {book_id: _approvals(session, book_id, self.digest(session, book_id)) for book_id in named}
        standing = {
            book_id: [each for each in approvals if each.current]
            for book_id, approvals in found.items()
            if book_id not in waiting
        }
        return {book_id: approvals[0] for book_id, approvals in standing.items() if approvals}

    def approve(self, book_id: int, person: str, digest: str, *, formerly: Collection[str] = ()) -> Approval:
        """Put a person's name under a book.

        Args:
            digest: of the standing the person looked at; where the book changed since, nothing is approved.
            formerly: names the person had before, under which fields may have been decided.

        Raises:
            ApprovalError: there is an obstacle, or the book changed since.
            NotStoredError: there is no such book.
        """
        with self._store.writing() as writer:
            session = writer.session
            if session.get_bind().dialect.name == "postgresql":
                # One approver at a time; and nothing of the book may change between the look and the name under it.
                session.execute(text("LOCK TABLE approval IN SHARE ROW EXCLUSIVE MODE"))
                session.execute(text("LOCK TABLE field, record, page, task, missing_page IN SHARE MODE"))
            standing = _standing(session, book_id, content_digest, person, *formerly)
            if standing.obstacles:
                said, mend = _SAID[standing.obstacles[0]]
                raise ApprovalError(said, mend=mend)
            if standing.digest != digest:
                raise ApprovalError("The book changed meanwhile.", mend="Look at it again, then approve it.")
            if standing.approval is not None:
                return standing.approval
            row = ApprovalRow(
                book_id=book_id,
                person=person,
                at=writer.now,
                digest=digest,
                records=standing.counts.records,
                fields=standing.counts.fields,
                withdrawn_by="",
                withdrawn_at=None,
            )
            session.add(row)
            session.flush()
            audit.append(
                session,
                writer.key,
                at=writer.now,
                actor=person,
                action="approved",
                subject=f"book:{book_id}",
                content=[digest, row.records, row.fields],
            )
            return _approval(row, digest)

    def withdraw(self, book_id: int, person: str) -> Approval:
        """Take the approval in force back.

        Raises:
            ApprovalError: there is none.
            NotStoredError: there is no such book.
        """
        with self._store.writing() as writer:
            standing = _standing(writer.session, book_id, content_digest, person)
            if standing.approval is None:
                raise ApprovalError("The book is not approved.", mend="There is nothing to take back.")
            row = writer.session.get_one(ApprovalRow, standing.approval.id)
            row.withdrawn_by, row.withdrawn_at = person, writer.now
            audit.append(
                writer.session,
                writer.key,
                at=writer.now,
                actor=person,
                action="approval_withdrawn",
                subject=f"book:{book_id}",
                content=[row.id],
            )
            return _approval(row, standing.digest)


def _standing(session: Session, book_id: int, digest_of: Callable[[Session, int], str], *names: str) -> Standing:
    if session.scalar(select(BookRow.id).where(BookRow.id == book_id)) is None:
        raise NotStoredError(f"There is no book {book_id} in the store.")
    digest = digest_of(session, book_id)
    found = Counts(**counts(session, [book_id]).get(book_id, {}))
    waiting = session.scalar(select(func.count()).select_from(TaskRow).where(TaskRow.book_id == book_id, WAITS)) or 0
    missing = open_reports(session, [book_id]).get(book_id, 0)
    people = _people(session, book_id)
    return Standing(
        book_id=book_id,
        digest=digest,
        counts=found,
        waiting=max(waiting, found.review),
        missing=missing,
        people=people,
        obstacles=tuple(_obstacles(found, waiting, missing, people, names)),
        approvals=_approvals(session, book_id, "" if found.review else digest),
    )


def _obstacles(
    found: Counts, waiting: int, missing: int, people: Mapping[str, int], names: Collection[str]
) -> list[Obstacle]:
    own = {person_key(name) for name in names if name}
    facts = (
        (Obstacle.EMPTY, not found.records),
        (Obstacle.WAITING, bool(waiting or found.review)),
        (Obstacle.PROBLEMS, bool(found.page_problems)),
        (Obstacle.MISSING, bool(missing)),
        (Obstacle.OWN_WORK, not own.isdisjoint(map(person_key, people))),
    )
    return [obstacle for obstacle, holds in facts if holds]


def _people(session: Session, book_id: int) -> dict[str, int]:
    rows = session.execute(
        current_records(select(FieldRow.person, func.count()))
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .where(
            PageRow.book_id == book_id,
            FieldRow.retired_at.is_(None),
            FieldRow.decision.in_((Decision.CONFIRMED.value, Decision.CORRECTED.value)),
        )
        .group_by(FieldRow.person)
        .order_by(func.count().desc(), FieldRow.person)
    )
    return {row[0]: row[1] for row in rows}


def _approvals(session: Session, book_id: int, digest: str) -> tuple[Approval, ...]:
    rows = session.scalars(select(ApprovalRow).where(ApprovalRow.book_id == book_id).order_by(ApprovalRow.id.desc()))
    return tuple(_approval(row, digest) for row in rows)


def _standing_name(session: Session, book_id: int, digest_of: Callable[[Session, int], str]) -> bool:
    wanted = select(ApprovalRow.digest).where(ApprovalRow.book_id == book_id, ApprovalRow.withdrawn_at.is_(None))
    named = session.scalars(wanted).all()
    return bool(named) and digest_of(session, book_id) in named


def _approval(row: ApprovalRow, digest: str) -> Approval:
    return Approval(
        id=row.id,
        book_id=row.book_id,
        person=row.person,
        at=row.at,
        records=row.records,
        fields=row.fields,
        current=row.withdrawn_at is None and row.digest == digest,
        withdrawn_by=row.withdrawn_by,
        withdrawn_at=row.withdrawn_at,
    )
