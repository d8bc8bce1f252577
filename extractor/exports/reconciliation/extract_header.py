"""The header of an extract, in one row or in two (*Mẹ* above *Họ tên* and *Năm sinh* is *Họ tên Mẹ*)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from extractor.errors import ExportError
from extractor.exports.reconciliation.profile import PopulationProfile, header_key

FEWEST = 3
"""Known headers that make a row the header, and a sheet one of persons."""
HIGHEST = 20
"""Rows among which the header is looked for: titles, seals and dates stand above it."""

Joined = Mapping[tuple[int, int], int]
"""Row and first column of joined cells, and the column after their last; all from 0."""


@dataclass(frozen=True, slots=True)
class Header:
    """What names the columns.

    Args:
        above: rows above the last one of the header.
        unsure: a title of the upper row of which nothing says how many of the titles below belong to it.
    """

    above: int
    titles: list[str]
    unsure: str = ""

    def check(self, path: Path) -> None:
        """Refuse a header that can be read in more than one way.

        Raises:
            ExportError: it can.
        """
        if self.unsure:
            raise ExportError(
                f"{path}: row {self.above}: it cannot be told which of the titles below belong to '{self.unsure}'.",
                mend="Join the cells of that title in a workbook (.xlsx), or write whole titles, such as 'Họ tên mẹ'.",
            )


def find_header(
    rows: Sequence[Sequence[str]], profile: PopulationProfile, joined: Callable[[], Joined] = lambda: {}
) -> Header:
    """The row that names most columns that the profile knows, alone or with the one above or below it.

    Args:
        rows: the first rows as text.
        joined: gives the joined cells; it is asked only where they matter.
    """
    if not rows:
        return Header(0, [])
    reader = _Reader(profile, cache(joined))
    best = _row(rows, reader.knows)
    alone = Header(best, list(rows[best]))
    pairs = [reader.pair(rows, top) for top in (best - 1, best) if 0 <= top < len(rows) - 1]
    pairs = [pair for pair in pairs if _bare(pair.titles) != _bare(rows[pair.above])]
    fitting = [pair for pair in pairs if reader.fits(tuple(pair.titles))]
    # Under 'Mẹ' a title that is complete by itself is not the person's own, and 'Họ tên' is no person.
    below = zip(rows[best], rows[best + 1], strict=False) if best + 1 < len(rows) else ()
    grouped = any(over and under and reader.knows(f"{under} {over}") for over, under in below)
    grouped |= best > 0 and any(map(reader.knows, rows[best - 1]))
    found = fitting or (pairs if grouped else [alone, *pairs]) or [alone]
    return max(found, key=lambda header: sum(map(reader.knows, header.titles)))


def _row(rows: Sequence[Sequence[str]], knows: Callable[[str], bool]) -> int:
    """Index of the row that names most columns; 0 where none names enough."""
    known = [sum(map(knows, row)) for row in rows[:HIGHEST]]
    best = max(known)
    return known.index(best) if best >= FEWEST else 0


def _bare(titles: Sequence[str]) -> list[str]:
    """Titles without the empty cells at the end."""
    last = max((place for place, title in enumerate(titles, start=1) if title), default=0)
    return list(titles[:last])


class _Reader:
    def __init__(self, profile: PopulationProfile, joined: Callable[[], Joined]) -> None:
        self._profile = profile
        self._joined = joined
        self._told = {header_key(name) for names in profile.columns.values() for name in names}
        self.knows = cache(profile.knows)
        self.fits = cache(self._fits)

    def _fits(self, titles: tuple[str, ...]) -> bool:
        try:
            self._profile.match(titles)
        except ValueError:
            return False
        return True

    def pair(self, rows: Sequence[Sequence[str]], top: int) -> Header:
        """Two rows as one header.

        Joined cells tell how far a title of the upper row reaches. Where none are joined, as in every CSV file, it
        reaches over empty cells as far as makes a header that fits the profile. Where that may be read in two ways
        it is unsure: a mother's number must not be taken for the person's own.
        """
        width = max(len(rows[top]), len(rows[top + 1]))
        upper, lower = ([*row, *[""] * (width - len(row))] for row in rows[top : top + 2])
        firsts = [place for place, title in enumerate(upper) if title]
        groups = {place for place in firsts if lower[place] and self.knows(f"{lower[place]} {upper[place]}")}
        known = any(self.knows(upper[place]) for place in firsts)
        spans = self._joined() if groups or known else {}
        reaches = []
        for first in firsts:
            farthest = self._farthest(upper, lower, first)
            end = spans.get((top, first))
            reaches.append(range(first + 1, farthest + 1) if end is None else (min(end, width),))
        readings = {ends: _titles(upper, lower, firsts, ends) for ends in product(*reaches)}
        fitting = [ends for ends, titles in readings.items() if self.fits(tuple(titles))]
        chosen = (fitting or list(readings))[-1]
        unsure = ""
        for number, first in enumerate(firsts):
            end = chosen[number]
            follows = end < width and not upper[end] and header_key(lower[end]) in self._told
            # The next title may be of this person too, though the profile has no column for it.
            open_end = (top, first) not in spans and (first in groups or end > first + 1) and end == reaches[number][-1]
            several = len({ends[number] for ends in fitting}) > 1
            if fitting and (several or (follows and open_end)):
                unsure = unsure or upper[first]
        return Header(top + 1, readings[chosen], unsure)

    def _farthest(self, upper: Sequence[str], lower: Sequence[str], first: int) -> int:
        """The column after the last that a title may reach over."""
        end = first + 1
        while end < len(upper) and not upper[end] and lower[end] and self.knows(f"{lower[end]} {upper[first]}"):
            end += 1
        return end


def _titles(upper: Sequence[str], lower: Sequence[str], firsts: Sequence[int], ends: Sequence[int]) -> list[str]:
    titles = [under or over for under, over in zip(lower, upper, strict=True)]
    for first, end in zip(firsts, ends, strict=True):
        for place in range(first, end):
            if lower[place]:
                titles[place] = f"{lower[place]} {upper[first]}"
    return titles
