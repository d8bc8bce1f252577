"""Give each record at most one person, and each person to at most one record where the register allows no more.

The assignment is the one with the largest sum of bits (:func:`scipy.optimize.linear_sum_assignment`). A link is as
sure as the best assignment without it is worse: two persons who fit alike, or two records that claim one person,
leave a small margin, and a small margin is no answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Edges = Mapping[int, Sequence[tuple[int, float]]]
"""By subject: persons with the bits that speak for them, best first."""

_LARGEST = 120
"""Subjects or persons up to which a group is solved as a whole."""
_NEVER = -1.0e6


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the assignment says of one subject.

    Args:
        person: the person it gets, or none.
        margin: bits by which every assignment that does otherwise is worse.
        rivals: other subjects that claim the person it likes best.
    """

    person: int | None
    margin: float
    rivals: tuple[int, ...] = ()


def assign(edges: Edges, exclusive: Mapping[int, str]) -> dict[int, Assigned]:
    """Assign persons to subjects.

    Args:
        edges: candidates of each subject; those with negative bits are no better than nobody.
        exclusive: subjects of which a person can be only one within the group named; all others stand for themselves.
    """
    found = {subject: _alone(candidates) for subject, candidates in edges.items() if subject not in exclusive}
    for group in _groups({subject: edges[subject] for subject in edges if subject in exclusive}, exclusive):
        if len(group) == 1:
            found[group[0]] = _alone(edges[group[0]])
        else:
            found.update(_together(group, edges))
    return found


def _alone(candidates: Sequence[tuple[int, float]]) -> Assigned:
    best = candidates[0][1] if candidates else 0.0
    second = max(candidates[1][1] if len(candidates) > 1 else 0.0, 0.0)
    if best <= 0:
        return Assigned(None, -best)
    return Assigned(candidates[0][0], best - second)


def _groups(edges: Edges, exclusive: Mapping[int, str]) -> Iterable[list[int]]:
    """Subjects that are linked by persons whom more than one of them likes better than nobody."""
    claims: dict[tuple[str, int], list[int]] = defaultdict(list)
    for subject, candidates in edges.items():
        for person, bits in candidates:
            if bits > 0:
                claims[exclusive[subject], person].append(subject)
    parent = {subject: subject for subject in edges}

    def root(subject: int) -> int:
        while parent[subject] != subject:
            parent[subject] = parent[parent[subject]]
            subject = parent[subject]
        return subject

    for claimants in claims.values():
        for other in claimants[1:]:
            one, two = root(claimants[0]), root(other)
            if one != two:
                parent[max(one, two)] = min(one, two)
    groups: dict[int, list[int]] = defaultdict(list)
    for subject in sorted(edges):
        groups[root(subject)].append(subject)
    return groups.values()


def _together(group: list[int], edges: Edges) -> dict[int, Assigned]:
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    liked = {subject: [(person, bits) for person, bits in edges[subject] if bits > 0] for subject in group}
    persons = sorted({person for candidates in liked.values() for person, _ in candidates})
    claims: dict[int, list[int]] = defaultdict(list)
    for subject, candidates in liked.items():
        for person, _ in candidates:
            claims[person].append(subject)
    rivals = {
        subject: tuple(other for other in claims[candidates[0][0]] if other != subject) if candidates else ()
        for subject, candidates in liked.items()
    }
    if max(len(group), len(persons)) > _LARGEST:
        # So many alike are beyond any doubt doubtful.
        return {subject: Assigned(None, 0.0, rivals[subject]) for subject in group}
    column = {person: index for index, person in enumerate(persons)}
    # Behind the persons each subject has a column of its own for nobody, worth nothing.
    value = np.full((len(group), len(persons) + len(group)), _NEVER)
    for row, subject in enumerate(group):
        value[row, len(persons) + row] = 0.0
        for person, bits in liked[subject]:
            value[row, column[person]] = bits

    def solve() -> tuple[float, list[int]]:
        rows, columns = linear_sum_assignment(value, maximize=True)
        return float(value[rows, columns].sum()), [int(number) for number in columns]

    best, chosen = solve()
    found = {}
    for row, subject in enumerate(group):
        kept = value[row, chosen[row]]
        value[row, chosen[row]] = _NEVER
        margin = best - solve()[0]
        value[row, chosen[row]] = kept
        got = persons[chosen[row]] if chosen[row] < len(persons) else None
        found[subject] = Assigned(got, margin if liked[subject] else -edges[subject][0][1], rivals[subject])
    return found
