"""What the audit chain vouches for of inspections: the samples as drawn, and every answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from extractor.store import audit, erasure_audit
from extractor.store.erasure_audit import Expected
from extractor.store.saving import Writer
from extractor.store.tables import (
    AuditRow,
    InspectedFieldRow,
    InspectedRecordRow,
    InspectionAnswerRow,
    InspectionRow,
)

_ANSWER = "inspection_answer:"
_SAMPLE = "inspection_sample:"


def append_answer(writer: Writer, row: InspectionAnswerRow) -> None:
    """Vouch for an answer."""
    audit.append(
        writer.session,
        writer.key,
        at=writer.now,
        actor=row.person,
        action=f"inspection_{row.action}",
        subject=f"{_ANSWER}{row.id}",
        content=_answer_content(row),
    )


def append_sample(writer: Writer, row: InspectionRow) -> None:
    """Vouch for a sample as drawn, with everything that was exported of it."""
    audit.append(
        writer.session,
        writer.key,
        at=writer.now,
        actor=row.person,
        action="inspection_drawn",
        subject=f"{_SAMPLE}{row.id}",
        content=_sample_content(writer.session, row),
    )


def faults(session: Session, events: Sequence[AuditRow], vouched: set[int], must: Expected) -> Iterator[str]:
    """What of inspections differs from what ``events`` vouch for; adds the answers' numbers to ``vouched``.

    Args:
        must: the digests that the links' contents must have.
    """
    for event in events:
        kind, _, number = event.subject.rpartition(":")
        if f"{kind}:" == _ANSWER:
            vouched.add(int(number))
            answer = session.get(InspectionAnswerRow, int(number))
            if answer is None:
                yield f"Answer {number} of an inspection is missing."
            elif audit.digest_of(_answer_content(answer)) != must.digest(event):
                yield f"Answer {number} of an inspection was changed."
        elif f"{kind}:" == _SAMPLE:
            sample = session.get(InspectionRow, int(number))
            if sample is None:
                yield f"Inspection {number} is missing."
            elif audit.digest_of(_sample_content(session, sample)) != must.digest(event):
                yield f"The sample of inspection {number} was changed."


def unvouched(session: Session, vouched: set[int]) -> Iterator[str]:
    """Answers that no event vouches for."""
    for number in session.scalars(select(InspectionAnswerRow.id).order_by(InspectionAnswerRow.id)):
        if number not in vouched:
            yield f"Answer {number} of an inspection has no event."


def left(
    session: Session, fields: Mapping[int, InspectedFieldRow], answers: Mapping[int, InspectionAnswerRow]
) -> Iterator[tuple[int, str]]:
    """Links that vouch for samples and answers that are to be emptied, and the digest of what they are about then.

    Args:
        fields: inspected fields to be emptied, by number.
        answers: answers to be emptied, by number.

    Raises:
        ErasureError: the chain does not hold for one of them even now.
    """
    must, _ = erasure_audit.expected(session)
    for number in sorted({field.inspection_id for field in fields.values()}):
        sample = session.get_one(InspectionRow, number)
        content = _sample_content(session, sample)
        event = _holding(session, f"{_SAMPLE}{number}", content, must)
        content["fields"] = [
            [field, code, *(("", None) if own in fields else (raw, value)), state, pending]
            for own, (field, code, raw, value, state, pending) in zip(
                _fields_of(session, number), content["fields"], strict=True
            )
        ]
        yield event.seq, audit.digest_of(content)
    for number, answer in sorted(answers.items()):
        content = _answer_content(answer)
        event = _holding(session, f"{_ANSWER}{number}", content, must)
        yield event.seq, audit.digest_of({**content, "raw": "", "value": None})


def _fields_of(session: Session, inspection_id: int) -> Sequence[int]:
    wanted = select(InspectedFieldRow.id).where(InspectedFieldRow.inspection_id == inspection_id)
    return session.scalars(wanted.order_by(InspectedFieldRow.id)).all()


def _holding(session: Session, subject: str, content: object, must: Expected) -> AuditRow:
    event = session.scalar(select(AuditRow).where(AuditRow.subject == subject).order_by(AuditRow.seq).limit(1))
    if event is None or audit.digest_of(content) != must.digest(event):
        raise erasure_audit.broken()
    return event


def _answer_content(row: InspectionAnswerRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "field": row.inspected_field_id,
        "at": row.at.astimezone(UTC).isoformat(),
        "person": row.person,
        "action": row.action,
        "token": row.token,
        "reverses": row.reverses,
        "raw": row.raw,
        "value": row.value,
        "state": row.state,
    }


def _sample_content(session: Session, row: InspectionRow) -> dict[str, Any]:
    records = session.scalars(
        select(InspectedRecordRow)
        .where(InspectedRecordRow.inspection_id == row.id)
        .order_by(InspectedRecordRow.position)
    )
    fields = session.scalars(
        select(InspectedFieldRow).where(InspectedFieldRow.inspection_id == row.id).order_by(InspectedFieldRow.id)
    )
    return {
        "plan": [row.level, row.aql, row.severity, row.code_letter, row.lot_size, row.sample_size, row.acceptance],
        "seed": row.seed,
        "person": row.person,
        "lot": row.lot,
        "records": [[one.record_id, one.position, one.book, one.pdf_name] for one in records],
        "fields": [[one.field_id, one.code, one.raw, one.value, one.state, one.pending] for one in fields],
    }
