"""Answer the queue from a truth file: for trying out what comes after verification, and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from extractor.evaluation.truth import RecordId, TruthField, TruthRecord
from extractor.store import QueueEmpty, Store, Task
from extractor.store.inspection_results import Judgement, Part, Reading

PERSONS = ("truth file 1", "truth file 2")
"""Two, since a field whose blind re-keying contradicts the machine has to be settled by another person."""

INSPECTORS = ("truth file, inspector", "truth file, judge")
"""Neither decided any field before, or none would be given to them."""


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


def inspect_from_truth(
    store: Store,
    inspection: int,
    truth: Mapping[RecordId, TruthRecord],
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Answered:
    """Key the sample of an inspection as the truth has it, and judge every difference by it.

    Args:
        truth: see :func:`extractor.evaluation.truth.read_truth`.
        on_progress: called with the fields done and the fields of the sample.
    """
    fields = {field.id: (field.record, field.code) for field in store.inspections.fields(inspection)}
    answered, unknown = 0, set[int]()
    for part, person in zip((Part.INSPECTOR, Part.JUDGE), INSPECTORS, strict=True):
        while (task := store.inspections.claim(inspection, part, person)) is not None:
            record, code = fields[task.id]
            field = truth[record].fields.get(code) if record in truth else None
            if field is None and task.id in unknown:
                break  # Held by this very person: only such fields are left.
            if field is None:
                unknown.add(task.id)
                continue
            if part is Part.INSPECTOR:
                store.inspections.answer(
                    task.id, task.token, person=person, raw=field.raw, value=field.value, state=field.state
                )
                answered += 1
                on_progress(answered, len(fields))
            else:
                dispute = store.inspections.dispute(task)
                store.inspections.judge(
                    task.id, task.token, _judged(field, dispute.first, dispute.second), person=person
                )
        for held in store.inspections.held(inspection, part, person):
            store.inspections.release(held.id, held.token, person=person)
    return Answered(answered, len(unknown))


def _holds(reading: Reading, field: TruthField) -> bool:
    if reading.value is None or field.value is None:
        return (reading.raw, reading.state) == (field.raw, field.state.value)
    return reading.value == field.value


def _judged(field: TruthField, first: Reading, second: Reading) -> Judgement:
    first_right, second_right = _holds(first, field), _holds(second, field)
    if first_right and second_right:
        return Judgement.BOTH
    if first_right or second_right:
        return Judgement.FIRST if first_right else Judgement.SECOND
    return Judgement.NEITHER
