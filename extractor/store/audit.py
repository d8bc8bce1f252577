"""The audit chain: each event carries a code over itself and the one before, made with a secret key.

Whoever edits, removes or re-orders events without the key breaks the chain; whoever cuts its end is found by comparing
with a head that was noted elsewhere, and by the decisions that then have no event.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from extractor.errors import StoreError
from extractor.store.engine import to_json
from extractor.store.results import AuditReport
from extractor.store.tables import AuditRow, DecisionRow

if TYPE_CHECKING:
    from extractor.store.erasure_audit import Expected

_LOCK = 0x6578_7472  # any number, the same in every process: the chain grows by one writer at a time
_START = "0" * 64
_CHUNK = 2_000
_IN_LIMIT = 500
_DECISIONS_AN_EVENT = 100
DECISION = "decision:"
"""What the subjects of events begin with that vouch for decisions."""

_TABLE: Any = AuditRow.__table__
_COLUMNS = tuple(_TABLE.columns.keys())
_INSERT = insert(_TABLE)

EMPTY_HEAD = "0:"
MACHINE = "machine"


def load_or_make_key(path: Path) -> bytes:
    """Key kept in ``path``, readable by its owner alone; made at first use.

    Raises:
        StoreError: the file cannot be read or written, or holds no key.
    """
    try:
        if not path.exists():
            _make_key(path)
        content = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{path}: the audit key cannot be read.", mend="Give the key file that belongs to this database."
        ) from error
    try:
        key = bytes.fromhex(content)
    except ValueError:
        key = b""
    if len(key) < 32:
        raise StoreError(
            f"{path}: the file holds no audit key (64 hexadecimal digits).",
            mend="Give the key file that belongs to this database.",
        )
    return key


def key_of(engine: Engine, path: Path) -> bytes:
    """Key of a database, kept in ``path``; made at first use of a database, and never for one with a log.

    Raises:
        StoreError: the file cannot be read or written, holds no key, or is missing although there is a log.
    """
    if not path.exists():
        with Session(engine) as session:
            used = session.scalar(select(AuditRow.seq).limit(1)) is not None
        if used and not path.exists():  # asked again: another process may have begun the log just now
            raise StoreError(
                f"{path}: the audit key of this database is missing.",
                mend="Put it back from the output folder that this database was used with, from where it is kept, or "
                "from a backup made --with-key.",
            )
    return load_or_make_key(path)


def _make_key(path: Path) -> None:
    """Write a new key so that ``path`` never is there without its whole content; another process's key is kept."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # readable by its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        except OSError:
            # A disk without hard links, such as a memory stick: there, two who begin at once are not told apart.
            if not path.exists():
                Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def digest_of(content: object) -> str:
    """SHA-256 of a value's JSON text, hexadecimal."""
    return hashlib.sha256(to_json(content).encode()).hexdigest()


def decision_content(row: DecisionRow) -> dict[str, object]:
    """What the chain vouches for of one decision."""
    return {
        "id": row.id,
        "field": row.field_id,
        "at": row.at.astimezone(UTC).isoformat(),
        "person": row.person,
        "action": row.action,
        "token": row.token,
        "reverses": row.reverses,
        "before": row.before,
        "after": row.after,
    }


def append(
    session: Session, key: bytes, *, at: datetime, actor: str, action: str, subject: str, content: object = None
) -> None:
    """Add one event to the chain, in the transaction of ``session``.

    Args:
        actor: the person, or ``machine``.
        subject: what it is about, by number (``decision:17``), never by content.
        content: what the event vouches for; only its hash is kept.
    """
    lock(session)
    last = session.execute(select(AuditRow.seq, AuditRow.mac).order_by(AuditRow.seq.desc()).limit(1)).first()
    row = AuditRow(
        seq=last.seq + 1 if last else 1,
        at=at.astimezone(UTC).isoformat(),
        actor=actor,
        action=action,
        subject=subject,
        digest=digest_of(content),
        previous=last.mac if last else _START,
    )
    row.mac = _code(key, row)
    # Straight into its table: everybody who answers waits while the chain is locked.
    session.execute(_INSERT, {name: getattr(row, name) for name in _COLUMNS})


def lock(session: Session) -> None:
    """Keep everybody else from adding to the chain until the transaction ends; on SQLite writers are alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def append_decisions(session: Session, key: bytes, rows: Sequence[DecisionRow]) -> None:
    """Add decisions of one person or of the machine to history, each vouched for by an event of the chain."""
    session.add_all(rows)
    session.flush()
    for start in range(0, len(rows), _DECISIONS_AN_EVENT):
        part = rows[start : start + _DECISIONS_AN_EVENT]
        append(
            session,
            key,
            at=part[0].at,
            actor=part[0].person or MACHINE,
            action=part[0].action,
            subject=DECISION + ",".join(str(row.id) for row in part),
            content=[decision_content(row) for row in part],
        )


def verify(session: Session, key: bytes | None, *, head: str | None = None) -> AuditReport:
    """Walk the whole chain and compare the decisions with it.

    Args:
        key: without it the codes of the links are not checked, only what they link and what they vouch for.
        head: a head noted earlier; the chain must still hold that very link.
    """
    from extractor.store import erasure_audit, inspection_audit

    must, faults = erasure_audit.expected(session)
    vouched: set[int] = set()
    vouched_answers: set[int] = set()
    previous, seq, found = _START, 0, False
    after = select(AuditRow).order_by(AuditRow.seq).limit(_CHUNK)
    while rows := list(session.scalars(after.where(AuditRow.seq > seq))):
        for row in rows:
            if row.seq != seq + 1:
                faults.append(f"Events {seq + 1} to {row.seq - 1} are missing.")
            elif row.previous != previous:
                faults.append(f"Event {row.seq} does not follow the one before it.")
            if key is not None and not hmac.compare_digest(row.mac, _code(key, row)):
                faults.append(f"Event {row.seq} was changed, or made with another key.")
            found = found or head == f"{row.seq}:{row.mac}"
            previous, seq = row.mac, row.seq
        faults += _compare_decisions(session, rows, vouched, must)
        faults += inspection_audit.faults(session, rows, vouched_answers, must)
        session.expunge_all()
    if head and head != EMPTY_HEAD and not found:
        faults.append("The noted head is not part of the chain: events were cut off or replaced.")
    faults += [
        f"Decision {number} has no event."
        for number in session.scalars(select(DecisionRow.id).order_by(DecisionRow.id).execution_options(yield_per=1000))
        if number not in vouched
    ]
    faults += inspection_audit.unvouched(session, vouched_answers)
    head = f"{seq}:{previous}" if seq else EMPTY_HEAD
    return AuditReport(events=seq, head=head, faults=tuple(faults), erased=len(must.erased))


def key_fits(session: Session, key: bytes) -> bool:
    """Whether the chain's first event was made with this key; true for an empty chain."""
    first = session.scalars(select(AuditRow).order_by(AuditRow.seq).limit(1)).first()
    return first is None or hmac.compare_digest(first.mac, _code(key, first))


def head_of(session: Session) -> str:
    """Sequence number and code of the last event, ``"12:ab34..."``; ``"0:"`` for an empty chain."""
    last = session.execute(select(AuditRow.seq, AuditRow.mac).order_by(AuditRow.seq.desc()).limit(1)).first()
    return f"{last.seq}:{last.mac}" if last else EMPTY_HEAD


def holds(session: Session, head: str) -> bool:
    """Whether a head noted earlier is a link of the chain; the codes of the links are not looked at."""
    if head == EMPTY_HEAD:
        return True
    seq, _, mac = head.partition(":")
    if not (seq.isascii() and seq.isdecimal() and len(seq) <= 9):
        return False
    return session.scalar(select(AuditRow.mac).where(AuditRow.seq == int(seq))) == mac


def vouches(session: Session, action: str, subject: str, content: object) -> bool:
    """Whether the newest event of that action and subject vouches for this very content."""
    newest = (
        select(AuditRow.digest)
        .where(AuditRow.action == action, AuditRow.subject == subject)
        .order_by(AuditRow.seq.desc())
        .limit(1)
    )
    return session.scalar(newest) == digest_of(content)


def knows(session: Session, action: str) -> bool:
    """Whether there is any event of that action."""
    return session.scalar(select(AuditRow.seq).where(AuditRow.action == action).limit(1)) is not None


def newest_subject(session: Session, action: str) -> str:
    """Subject of the newest event of that action; empty where there is none."""
    newest = select(AuditRow.subject).where(AuditRow.action == action).order_by(AuditRow.seq.desc()).limit(1)
    return session.scalar(newest) or ""


def _compare_decisions(session: Session, events: Sequence[AuditRow], vouched: set[int], must: Expected) -> list[str]:
    """Compare the decisions that ``events`` vouch for with what stands in the table; adds their numbers."""
    named = {
        event.seq: [int(number) for number in event.subject.removeprefix(DECISION).split(",")]
        for event in events
        if event.subject.startswith(DECISION)
    }
    numbers = [number for part in named.values() for number in part]
    contents: dict[int, dict[str, object]] = {}
    for start in range(0, len(numbers), _IN_LIMIT):
        wanted = select(DecisionRow).where(DecisionRow.id.in_(numbers[start : start + _IN_LIMIT]))
        contents.update((row.id, decision_content(row)) for row in session.scalars(wanted))
    faults = []
    for event in events:
        part = named.get(event.seq, [])
        vouched.update(part)
        missing = [number for number in part if number not in contents]
        faults += [f"Decision {number} is missing." for number in missing]
        if part and not missing and digest_of([contents[number] for number in part]) != must.digest(event):
            shown = str(part[0]) if len(part) == 1 else f"{part[0]} to {part[-1]}"
            faults.append(f"Decision {shown} was changed.")
    return faults


def _code(key: bytes, row: AuditRow) -> str:
    content = to_json([row.seq, row.at, row.actor, row.action, row.subject, row.digest, row.previous])
    return hmac.new(key, content.encode(), hashlib.sha256).hexdigest()
