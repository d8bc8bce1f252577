"""What a place is taken to mean, as plain values for people and programs."""

from __future__ import annotations

from typing import TypedDict

from extractor.vietnamese.address_search import find_in_time
from extractor.vietnamese.gazetteer import successors

_LIKELY = 1.0
"""Ways that differ from what is written by so much more than the best one are left out; 1 is a wrong letter."""


class Understood(TypedDict):
    """One way to understand a place.

    Keys: ``spelt`` is the text with the units' names as in the gazetteer, ``units`` their full names, narrow to wide,
    ``differs`` the weighted distance of what is written (0: spelt so), ``today`` the communes that stand there since
    July 2025 with their provinces: none where no commune of June 2025 is named, several where that commune was divided.
    """

    spelt: str
    units: list[str]
    differs: float
    today: list[str]


def understand(text: str, year: int | None = None) -> list[Understood]:
    """The likely ways to understand a place, the likeliest first; empty where it names no known unit.

    Args:
        text: as written.
        year: of the record, where it is known; it decides which provinces existed, and which system of units is meant.
    """
    ways = find_in_time(text, year)
    return [
        Understood(
            spelt=way.text,
            units=list(way.names),
            differs=round(sum(found.cost for found in way.units), 2),
            today=[
                ", ".join(unit.full for unit in now.levels) for now in (successors(way.commune) if way.commune else ())
            ],
        )
        for way in ways
        if way.cost <= ways[0].cost + _LIKELY
    ]
