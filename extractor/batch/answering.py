"""Answer the queue from a truth file: for trying out what comes after verification, and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from extractor.evaluation.truth import RecordId, TruthField, TruthRecord
from extractor.store import QueueEmpty, Store, Task

PERSONS = ("truth file 1", "truth file 2")
"""Two, since a field whose blind re-keying contradicts the machine has to be settled by another person."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How many fields were answered, and how many the truth says nothing of: those still wait."""

    answered: int
    unknown: int


def answer_from_truth(
    store: Store,
    truth: Mapping[RecordId, TruthRecord],
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Answered:
    """Decide every open field as the truth has it, in the name of persons that say so.

    Args:
        truth: see :func:`extractor.evaluation.truth.read_truth`.
        on_progress: called with the fields done and the fields there are.
    """
    total = store.status().review
    answered, unknown = 0, set[int]()
    for person in PERSONS:
        put_off: set[int] = set()
        while not isinstance(task := store.claim(person), QueueEmpty):
            if task.field_id in put_off:
                store.release(task, task.token, person=person)
                break  # Only fields put off are left.
            field = _truth_of(task, truth)
            if field is None:
                put_off.add(task.field_id)
                store.skip(task, task.token, person=person)
                continue
            store.decide(task, task.token, person=person, raw=field.raw, value=field.value, state=field.state)
            answered += 1
            on_progress(min(answered, total), total)
        unknown |= put_off
    return Answered(answered, len(unknown))


def _truth_of(task: Task, truth: Mapping[RecordId, TruthRecord]) -> TruthField | None:
    record = truth.get(task.record)
    return record.fields.get(task.code) if record else None
