"""What came of fuzzing so far, kept in a file after each batch so that a long run goes on where it was ended."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from kept_figures import read_kept
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from extractor.whole_files import write_whole

HEAD = f"{'format':15}{'cases':>9}{'read':>9}{'refused':>9}{'findings':>9}{'ms a case':>11}"


def in_memory() -> str | None:
    """A folder in memory, where the system has one: most of a case's time would go into small files on a disk."""
    memory = Path("/dev/shm")
    return str(memory) if os.access(memory, os.W_OK) else None


@dataclass
class Tally:
    """What came of the cases of one format.

    Args:
        cases: how many were run.
        ends: how many were read or refused.
        findings: number of the case and what it ended with, of those that ended otherwise.
        seconds: of processor time, with those of all processes that were started.
    """

    cases: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        """Count another's cases in."""
        self.cases += other.cases
        self.ends.update(other.ends)
        self.findings += other.findings
        self.seconds += other.seconds

    def row(self, name: str) -> str:
        """A line of the table below :data:`HEAD`."""
        pace = 1000 * self.seconds / max(1, self.cases)
        counts = (self.cases, self.ends["read"], self.ends["refused"], len(self.findings))
        return f"{name:15}{''.join(f'{count:9}' for count in counts)}{pace:11.2f}"


class _Kept(BaseModel):
    """A tally as it stands in the file, with what its cases were made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    first: int
    cases: int = Field(ge=0)
    read: int = Field(ge=0)
    refused: int = Field(ge=0)
    findings: list[tuple[int, str]]
    seconds: float = Field(ge=0)


_SHAPE = TypeAdapter(dict[str, _Kept])


class Figures:
    """Tallies by format in a JSON file; without one they are kept nowhere.

    Args:
        first: number of the first case; what was run from another first case or seed is begun anew.

    Raises:
        KeptFiguresError: the file is damaged or cannot be read.
    """

    def __init__(self, path: Path | None, seed: int, first: int) -> None:
        self._path, self._seed, self._first = path, seed, first
        self._known: dict[str, _Kept] = read_kept(path, _SHAPE) if path and path.exists() else {}

    def found(self, name: str) -> Tally:
        """What came of a format until now."""
        known = self._known.get(name)
        if known is None or (known.seed, known.first) != (self._seed, self._first):
            return Tally()
        ends = Counter(read=known.read, refused=known.refused)
        return Tally(known.cases, ends, list(known.findings), known.seconds)

    def keep(self, name: str, tally: Tally) -> None:
        """Write what came of a format, whole or not at all."""
        if self._path is None:
            return
        self._known[name] = _Kept(
            seed=self._seed,
            first=self._first,
            cases=tally.cases,
            read=tally.ends["read"],
            refused=tally.ends["refused"],
            findings=list(tally.findings),
            seconds=round(tally.seconds, 1),
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, _SHAPE.dump_json(self._known, indent=1) + b"\n")
