"""Find for each subject its person, or say why not: the whole comparison, from tables to verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb

from extractor.exports.reconciliation.assigning import Assigned, assign
from extractor.exports.reconciliation.blocking import find_pairs
from extractor.exports.reconciliation.comparing import COMPARISONS, compare_pairs
from extractor.exports.reconciliation.verdicts import plain, row_tag
from extractor.exports.reconciliation.weights import Weights, default_weights

_SHOWN = 5
_WITHIN = 12.0
_FORCED = 200.0


class Kind(StrEnum):
    """What became of a subject."""

    LINKED = "linked"
    ABSENT = "absent"
    TWIN = "twin"
    """Somebody was born the same day of the same parents under another name."""
    DOUBLED_PERSON = "doubled_person"
    """Two entries of the extract look like one person."""
    DOUBLED_RECORD = "doubled_record"
    """Two records claim one person."""
    ALIKE = "alike"
    """Several persons fit about as well."""
    DOUBTFUL = "doubtful"
    """One person fits, not well enough."""
    CONTESTED = "contested"
    """The extract has the person's number twice, for two persons."""
    UNSETTLED = "unsettled"
    """Officers' verdicts contradict each other, or were given on other values than today's."""
    CROWDED = "crowded"
    """So many bear the name that not all were looked at."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be the subject.

    Args:
        person: number in the table of persons.
        bits: evidence, above 0 where it is likelier than that the person is not in the extract.
        levels: how each attribute compares, see :mod:`extractor.exports.reconciliation.comparing`.
    """

    person: int
    bits: float
    levels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Link:
    """What became of one subject.

    Args:
        candidates: the best persons, best first; for a link the person linked, and the runner-up if there is one.
        margin: bits by which the answer beats every other.
        rivals: other subjects that claim the same person.
        by_officer: an officer said so.
    """

    kind: Kind
    candidates: tuple[Candidate, ...]
    margin: float
    rivals: tuple[int, ...] = ()
    by_officer: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What officers said of pairs of subject number and person.

    A person is named by identity number or by the tag of a row
    (:func:`extractor.exports.reconciliation.verdicts.row_tag`).

    Args:
        unsure: pairs, by identity number, of which what was said cannot count.
    """

    same: frozenset[tuple[int, str]] = frozenset()
    other: frozenset[tuple[int, str]] = frozenset()
    unsure: frozenset[tuple[int, str]] = frozenset()


def link(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    exclusive: Mapping[int, str],
    *,
    table: str = "subject",
    weights: Weights | None = None,
    said: Said | None = None,
) -> dict[int, Link]:
    """Link the subjects of ``table`` to the persons.

    The table is that of :func:`extractor.exports.reconciliation.subjects.load_subjects`.

    Args:
        exclusive: group of each subject of which a person can be only one within the group.
    """
    weights, said = weights or default_weights(), said or Said()
    persons = int(connection.execute("SELECT count(*) FROM person").fetchall()[0][0])
    find_pairs(connection, table)
    compare_pairs(connection, weights, persons, folder, table)
    subjects = [int(number) for (number,) in connection.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()]  # noqa: S608
    crowded = {int(number) for (number,) in connection.execute("SELECT DISTINCT s FROM crowded").fetchall()}
    found, kin, contested, unsure = _edges(connection, said)
    assigned = assign(
        {subject: [(c.person, c.bits) for c in found.get(subject, ())] for subject in subjects}, exclusive
    )
    forced = {subject for subject, candidates in found.items() if candidates[0].bits >= _FORCED}
    twins = _alike_persons(connection)
    taken = {
        (exclusive[subject], answer.person)
        for subject, answer in assigned.items()
        if subject in exclusive and answer.person is not None and answer.margin >= weights.sure
    }
    links: dict[int, Link] = {}
    for subject in subjects:
        candidates = tuple(found.get(subject, ()))
        answer = assigned[subject]
        kind = _kind(
            subject,
            candidates,
            answer,
            weights=weights,
            crowded=crowded,
            contested=set() if subject in forced else contested,
            twins=twins,
        )
        if kind is Kind.LINKED and subject in forced:
            pass
        elif kind in (Kind.LINKED, Kind.ABSENT) and any((subject, c.person) in unsure for c in candidates):
            kind = Kind.UNSETTLED
        elif kind is Kind.LINKED and not _corroborated(candidates, answer):
            kind = Kind.DOUBTFUL
        elif kind is Kind.ABSENT and any(_own(c) for c in candidates):
            # Whoever bears the name and was born the very day is for a person to rule out.
            kind = Kind.DOUBTFUL
        if kind is Kind.ABSENT:
            relatives = [c for c in kin.get(subject, ()) if (exclusive.get(subject, ""), c.person) not in taken]
            if relatives:
                kind, candidates = Kind.TWIN, tuple(relatives)
        if kind is Kind.LINKED:
            candidates = tuple(sorted(candidates, key=lambda c: (c.person != answer.person, -c.bits, c.person)))
        best = candidates[0].bits if candidates else 0.0
        shown = tuple(c for c in candidates if c.bits > best - _WITHIN)[:_SHOWN]
        if kind is Kind.LINKED:
            shown = candidates[:2]
        links[subject] = Link(kind, shown, round(answer.margin, 3), answer.rivals, subject in forced)
    return links


def _own(candidate: Candidate) -> bool:
    """Whether name and whole date of birth are the subject's own."""
    return candidate.levels["name"] in (0, 1) and candidate.levels["birth"] == 0


def _corroborated(candidates: Sequence[Candidate], answer: Assigned) -> bool:
    """Whether more than name and year speaks for the person: the day, a number, kin, or the commune."""
    levels = next(c.levels for c in candidates if c.person == answer.person)
    if any(levels[name] == 0 for name in ("identity", "paper", "family")):
        return True
    # Without any date of birth, or with quite another, kin is not enough.
    return levels["birth"] == 0 or (
        levels["birth"] not in (-1, 7)
        and (
            any(levels[name] in (0, 1, 2, 3, 6) for name in ("mother", "father", "spouse"))
            or any(levels[name] in (0, 1) for name in ("origin", "residence"))
        )
    )


def _kind(
    subject: int,
    candidates: Sequence[Candidate],
    answer: Assigned,
    *,
    weights: Weights,
    crowded: set[int],
    contested: set[int],
    twins: Mapping[tuple[int, int], bool],
) -> Kind:
    if answer.person is not None and answer.margin >= weights.sure:
        return Kind.CONTESTED if answer.person in contested else Kind.LINKED
    if not candidates or candidates[0].bits <= -weights.absent:
        return Kind.CROWDED if subject in crowded else Kind.ABSENT
    if answer.rivals and candidates[0].bits > 0:
        return Kind.DOUBLED_RECORD
    if len(candidates) > 1 and candidates[1].bits > candidates[0].bits - weights.sure:
        one, other = candidates[0].person, candidates[1].person
        pair = (min(one, other), max(one, other))
        return Kind.ALIKE if pair not in twins else Kind.DOUBLED_PERSON if twins[pair] else Kind.TWIN
    return Kind.DOUBTFUL


def _edges(
    connection: duckdb.DuckDBPyConnection, said: Said
) -> tuple[dict[int, list[Candidate]], dict[int, list[Candidate]], set[int], set[tuple[int, int]]]:
    """Candidates and relatives by subject, best first, contested persons among them, and pairs that are unsure."""
    levels = ", ".join(f"l_{name}" for name in COMPARISONS)
    told = _told(connection, said)
    forced = {subject for subject, _ in told.same}
    rows = connection.execute(
        f"""
        SELECT s, p, net, eligible, contested, {levels} FROM edge JOIN person ON person.id = edge.p
        WHERE eligible OR net > 0 ORDER BY s, net DESC, p
        """  # noqa: S608
    )
    found: dict[int, list[Candidate]] = defaultdict(list)
    kin: dict[int, list[Candidate]] = defaultdict(list)
    contested: set[int] = set()
    while batch := rows.fetchmany(20_000):
        for subject, person, net, eligible, doubled, *compared in batch:
            if (subject, person) in told.other:
                continue
            if subject in forced and (subject, person) not in told.same:
                continue
            bits = _FORCED if subject in forced else float(net)
            candidate = Candidate(int(person), round(bits, 3), dict(zip(COMPARISONS, compared, strict=True)))
            (found if eligible or subject in forced else kin)[subject].append(candidate)
            if doubled:
                contested.add(int(person))
    return found, kin, contested, told.unsure


@dataclass(frozen=True, slots=True)
class _Told:
    """What officers said, as pairs of subject and row of today's extract."""

    same: set[tuple[int, int]]
    other: set[tuple[int, int]]
    unsure: set[tuple[int, int]]


def _told(connection: duckdb.DuckDBPyConnection, said: Said) -> _Told:
    """The rows among the candidates that verdicts name; another extract may not have them.

    What was said of a number counts only while it stands for one row, what was said of a row only while that row says
    the same. Where a person was ruled out and neither holds any more, the pair is unsure.
    """
    told = _Told(set(), set(), set())
    subjects = sorted({subject for subject, _ in said.same | said.other | said.unsure})
    if not subjects:
        return told
    rows = connection.execute(
        """
        SELECT e.s, e.p, p.contested, p.identity, p.name, p.birth, p.sex, p.mother_name, p.father_name
        FROM edge AS e JOIN person AS p ON p.id = e.p JOIN (SELECT unnest(?) AS s) AS named ON named.s = e.s
        """,
        [subjects],
    ).fetchall()
    names = ("identity", "name", "birth", "sex", "mother_name", "father_name")
    ruled_out = {(subject, plain(person)) for subject, person in said.other}
    for subject, person, contested, *values in rows:
        number = "" if contested else values[0]
        tag = row_tag(dict(zip(names, values, strict=True)))
        keys = {(subject, tag)} | ({(subject, number)} if number else set())
        if keys & said.same:
            told.same.add((subject, person))
        if keys & said.other:
            told.other.add((subject, person))
        elif (subject, values[0]) in said.unsure:
            told.unsure.add((subject, person))
    seen = {(subject, values[0]) for subject, person, _, *values in rows if (subject, person) in told.other}
    told.unsure.update(
        (subject, person)
        for subject, person, _, *values in rows
        if (subject, values[0]) in ruled_out - seen and (subject, person) not in told.same
    )
    return told


def _alike_persons(connection: duckdb.DuckDBPyConnection) -> dict[tuple[int, int], bool]:
    """Pairs of persons, among candidates of one subject, born alike of the same parents; whether the name is one."""
    rows = connection.execute(
        """
        SELECT DISTINCT least(a.id, b.id), greatest(a.id, b.id), a.name_key = b.name_key
        FROM edge AS x JOIN edge AS y ON x.s = y.s AND x.p < y.p AND x.eligible AND y.eligible
        JOIN person AS a ON a.id = x.p JOIN person AS b ON b.id = y.p
        WHERE x.net > 0 AND y.net > 0 AND a.year = b.year
            AND coalesce(a.month = b.month, true) AND coalesce(a.day = b.day, true)
            AND (a.mother_sound = b.mother_sound OR a.father_sound = b.father_sound)
            AND coalesce(a.mother_sound = b.mother_sound, true) AND coalesce(a.father_sound = b.father_sound, true)
        """
    ).fetchall()
    return {(int(one), int(two)): bool(same) for one, two, same in rows}
