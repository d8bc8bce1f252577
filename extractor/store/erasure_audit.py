"""How the audit chain stays whole where content was erased by order.

A link's code covers the digest of what it vouches for, never the content. So nothing of the chain changes when content
goes: only the digest of that one link cannot be worked out again. Each order to erase is an event of the chain itself,
and vouches for the digests of what it left. A link is held against the newest such digest, or else against its own.
Whoever blanks rows without the key cannot make such an event, and whoever puts erased content back is found as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session

from extractor.errors import ErasureError
from extractor.store import audit
from extractor.store.erasure_tables import ErasureRow
from extractor.store.tables import AuditRow

ACTION, SUBJECT = "erased", "erasure:"


class Expected:
    """The digest that each link's content must have now.

    Args:
        left: digests of what erasures left, by number of the link.
    """

    def __init__(self, left: dict[int, str]) -> None:
        self._left = left

    def digest(self, event: AuditRow) -> str:
        """The digest to hold a link's content against."""
        return self._left.get(event.seq, event.digest)

    @property
    def erased(self) -> Collection[int]:
        """Numbers of the links of whose content something was erased."""
        return self._left.keys()


def expected(session: Session) -> tuple[Expected, list[str]]:
    """What the links' contents must be, and what is wrong with the orders to erase themselves.

    Only orders that the chain vouches for count; the codes of their links are checked by who walks the chain.
    """
    events = session.scalars(
        select(AuditRow)
        .where(AuditRow.action == ACTION, AuditRow.subject.startswith(SUBJECT, autoescape=True))
        .order_by(AuditRow.seq)
    )
    rows = {row.id: row for row in session.scalars(select(ErasureRow))}
    left: dict[int, str] = {}
    faults: list[str] = []
    for event in events:
        number = int(event.subject.removeprefix(SUBJECT))
        row = rows.pop(number, None)
        if row is None:
            faults.append(f"Erasure {number} is missing.")
        elif audit.digest_of(content(row)) != event.digest:
            faults.append(f"Erasure {number} was changed.")
        else:
            left.update({int(seq): digest for seq, digest in row.events.items() if int(seq) < event.seq})
    faults += [f"Erasure {number} has no event." for number in sorted(rows)]
    return Expected(left), faults


def content(row: ErasureRow) -> dict[str, object]:
    """What the chain vouches for of one order to erase."""
    return {
        "id": row.id,
        "at": row.at.astimezone(UTC).isoformat(),
        "person": row.person,
        "reason": row.reason,
        "scope": row.scope,
        "events": row.events,
    }


def broken() -> ErasureError:
    """The chain does not hold for what is to be erased: erasing must not cover that up."""
    return ErasureError(
        "The audit chain does not hold for what is to be erased.", mend="Find out why with 'extractor audit verify'."
    )


def events_of_decisions(session: Session, decisions: Collection[int]) -> Iterator[tuple[AuditRow, list[int]]]:
    """The links that vouch for any of these decisions, with the numbers of all decisions each is about."""
    wanted = select(AuditRow).where(AuditRow.subject.startswith(audit.DECISION, autoescape=True)).order_by(AuditRow.seq)
    for event in session.scalars(wanted.execution_options(yield_per=2000)):
        numbers = [int(number) for number in event.subject.removeprefix(audit.DECISION).split(",")]
        if any(number in decisions for number in numbers):
            yield event, numbers
