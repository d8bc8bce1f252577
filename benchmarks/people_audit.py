"""Compare what scripted people were told with what stands in the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from people_at_work import Person, Said
from sqlalchemy import select

from extractor.store import Store, person_key
from extractor.store.tables import Action, DecisionRow, FieldRow, TaskRow, TaskStatus

_SETTLING = (Action.CONFIRM.value, Action.CORRECT.value)
_ANSWERING = (*_SETTLING, Action.REKEYED.value)


@dataclass
class Outcome:
    """How it ended.

    Args:
        refused: answers the database keeps as refused; nobody's lease ran out or was taken, so there is none.
        lost: answers reported as saved that do not stand in the history.
        doubled: answers that stand there more often than they were given.
        open: fields that still wait.
    """

    database: str
    kills: int
    seconds: float
    saved: int = 0
    blind: int = 0
    disputes: int = 0
    taken_back: int = 0
    repeated: int = 0
    refused: int = 0
    lost: int = 0
    doubled: int = 0
    open: int = 0
    faults: list[str] = field(default_factory=list)


def compare(store: Store, people: Sequence[Person], *, database: str, kills: int, seconds: float) -> Outcome:
    """All that can be wrong afterwards."""
    found = Outcome(database, kills, seconds, saved=sum(len(person.saved) for person in people))
    found.taken_back = sum(person.taken_back for person in people)
    found.repeated = sum(person.repeated for person in people)
    with store.reading() as session:
        history = session.scalars(select(DecisionRow).order_by(DecisionRow.id)).all()
        tasks = {row.id: row for row in session.scalars(select(TaskRow))}
        fields = {row.id: row for row in session.scalars(select(FieldRow))}
        found.open = sum(row.status == TaskStatus.OPEN.value for row in tasks.values())
        _answers(found, people, history)
        _undone(found, people, history)
        _fields(found, people, history, fields, {row.field_id for row in tasks.values()})
        _leases(found, people)
        held = sum(row.person != "" for row in tasks.values())
    found.faults += [fault for person in people for fault in person.faults]
    found.faults += [f"{person.login} was told that an answer is lost" for person in people for _ in person.lost]
    if found.open or held:
        found.faults.append(f"{found.open} fields still wait, {held} are held")
    return found


def _answers(found: Outcome, people: Sequence[Person], history: Sequence[DecisionRow]) -> None:
    """Every answer that was reported as saved stands there once, and nothing stands there that nobody said."""
    said = {(person.name, answer.field, answer.key[1]): answer for person in people for answer in person.saved}
    if len(said) != found.saved:
        found.faults.append("an answer was reported as saved twice under one lease")
    stored = Counter((row.person, row.field_id, row.token) for row in history if row.action in _ANSWERING)
    found.lost = sum(key not in stored for key in said)
    found.doubled = sum(stored.values()) - len(stored)
    found.refused = sum(row.action == Action.REFUSED.value for row in history)
    unsaid = sum(key not in said for key in stored)
    for number, what in (
        (found.lost, "answers were lost"),
        (found.doubled, "answers were taken twice"),
        (found.refused, "answers were refused"),
        (unsaid, "answers stand there of which nobody was told"),
    ):
        if number:
            found.faults.append(f"{number} {what}")
    for row in history:
        answer = said.get((row.person, row.field_id, row.token or 0))
        if row.action in (Action.CORRECT.value, Action.REKEYED.value) and answer and not _holds(row.after, answer):
            found.faults.append(f"field {row.field_id}: another answer stands there than was given")


def _undone(found: Outcome, people: Sequence[Person], history: Sequence[DecisionRow]) -> None:
    """As many decisions were taken back as people were told."""
    undone = Counter(row.person for row in history if row.action == Action.UNDO.value)
    for person in people:
        if undone[person.name] != person.taken_back:
            found.faults.append(f"{person.login} took {person.taken_back} back, in the history {undone[person.name]}")


def _fields(
    found: Outcome,
    people: Sequence[Person],
    history: Sequence[DecisionRow],
    fields: dict[int, FieldRow],
    waited: set[int],
) -> None:
    """Every field is settled once, disputed ones by another person, and holds what the settler said."""
    reversed_ = {row.reverses for row in history}
    standing: defaultdict[int, list[DecisionRow]] = defaultdict(list)
    for row in history:
        if row.action in _ANSWERING and row.id not in reversed_:
            standing[row.field_id].append(row)
    said = {(person.name, answer.field, answer.key[1]): answer for person in people for answer in person.saved}
    for field_id in sorted(waited):
        rows = standing[field_id]
        settled = [row for row in rows if row.action in _SETTLING]
        rekeyed = [row for row in rows if row.action == Action.REKEYED.value]
        if len(settled) != 1 or len(rekeyed) > 1:
            found.faults.append(f"field {field_id}: settled {len(settled)} times, contradicted {len(rekeyed)} times")
            continue
        now, (row,) = fields[field_id], settled
        if rekeyed:
            found.disputes += 1
            if person_key(rekeyed[0].person) == person_key(row.person):
                found.faults.append(f"field {field_id}: settled by whoever contradicted the machine")
        if (now.raw, now.state, now.person) != (row.after["raw"], row.after["state"], row.person):
            found.faults.append(f"field {field_id}: does not hold what was settled")
        answer = said.get((row.person, field_id, row.token or 0))
        agreed_blind = row.before["decision"] == "accepted"
        if answer and not agreed_blind and not _holds(row.after, answer):
            found.faults.append(f"field {field_id}: holds something else than was answered last")


def _leases(found: Outcome, people: Sequence[Person]) -> None:
    """No field was in two people's hands under one token."""
    for one, other in combinations(people, 2):
        if both := one.handed & other.handed:
            found.faults.append(f"{len(both)} fields were handed to {one.login} and {other.login} at once")


def _holds(after: dict[str, object], answer: Said) -> bool:
    raw = answer.raw if answer.state not in ("blank", "not_on_form") else ""
    return (after["raw"], after["state"]) == (raw.strip(), answer.state)
