"""How much there is and how much waits, in the few numbers that those who run a server watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from extractor.store.client_tables import JobRow
from extractor.store.jobs import JobState
from extractor.store.store import Store
from extractor.store.tables import WAITS, PageRow, PageStatus


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of the whole store.

    Args:
        open_tasks: fields that wait for a person, whether held at this moment or not.
        pages: current pages by what became of them (:class:`PageStatus`).
        jobs: jobs of all output folders by state (:class:`JobState`).
    """

    open_tasks: int
    pages: Mapping[str, int]
    jobs: Mapping[str, int]


def count(store: Store) -> Counts:
    """Count.

    Raises:
        StoreError: the database does not answer.
    """
    with store.looking() as session:
        waiting = session.scalar(select(func.count()).where(WAITS))
        pages = session.execute(
            select(PageRow.status, func.count()).where(PageRow.superseded_at.is_(None)).group_by(PageRow.status)
        )
        jobs = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
        return Counts(
            open_tasks=waiting or 0,
            pages={status.value: 0 for status in PageStatus} | {str(key): int(number) for key, number in pages},
            jobs={state.value: 0 for state in JobState} | {str(key): int(number) for key, number in jobs},
        )
