"""Spoil real files in seeded ways and give each to its reader: a result or a refusal with a mend, and nothing else.

Each case has to end within bounds of time and memory. Files that a process of its own decodes in the product (PDF,
TIFF, JPEG, PNG, ZIP) are given to it through the same door as in a run; all others are read in a branch of this
process, so that a crash costs the one case and is told. Whatever does not end so is a finding: its file is kept and the
command ends with 1. With ``--out`` the same command goes on where it was ended.

Example: ``python benchmarks/fuzzing.py --out robustness``, all kinds, 100,000 cases each; one case again:
``--format jpeg --first 1234 --cases 1``.
"""

from __future__ import annotations

import argparse
import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

from fuzz_figures import HEAD, Figures, Tally, in_memory
from fuzz_mutations import spoil
from fuzz_targets import TARGETS, NoMendError, Target, outcome
from kept_figures import KeptFiguresError
from option_numbers import count, from_nothing

from extractor.scans.decoding import asking

_BATCH, _ISOLATED_BATCH = 2_000, 100
_KEPT_EVERY = 5_000
_ANSWERS = 20_000
"""Of one decoder, which takes half a second to start; in the product it makes way for a fresh one sooner."""
_FINE = ("read", "refused")
_ENDED = "ended"
_CPU_SECONDS = 10.0
_MEMORY = 1536 << 20
_STATE = struct.Struct("QQQ")


class TooSlowError(BaseException):
    """A case took more processor time than it may; no ``except Exception`` stops it."""


@dataclass(frozen=True)
class Series:
    """Cases of one format: the same for the same numbers."""

    name: str
    seed: int = 0

    @property
    def target(self) -> Target:
        """What they are made of and given to."""
        return TARGETS[self.name]

    def case(self, number: int) -> tuple[bytes, int]:
        """Content of a case, and which seed it was made of."""
        random = Random(f"{self.name}:{self.seed}:{number}")
        seeds = self.target.seeds()
        chosen = random.randrange(len(seeds))
        return spoil(self.name, seeds[chosen], random, seeds), chosen

    def run(self, number: int, folder: Path) -> str:
        """How a case ended: read, refused, or the kind and place of an error that is neither."""
        content, chosen = self.case(number)
        try:
            return outcome(self.target, folder, content, chosen)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            frames = traceback.extract_tb(error.__traceback__)
            places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
            said = f": {error}" if isinstance(error, NoMendError) else ""
            return f"{type(error).__name__}{said} at {' > '.join(places[-4:])}"


def fuzz(series: Series, *, cases: int, first: int = 0, findings: Path | None = None, until: float = 0) -> Tally:
    """Run cases of a format.

    Args:
        first: number of the first case.
        findings: folder that gets the files of cases that ended otherwise than they may.
        until: time on the monotonic clock after which no further batch begins; 0: all cases.
    """
    tally, number, end = Tally(), first, first + cases
    began = _processor_seconds()
    while number < end and not (until and time.monotonic() > until):
        last = min(end, number + (_ISOLATED_BATCH if series.target.isolated else _BATCH))
        with tempfile.TemporaryDirectory(prefix="fuzz-", dir=in_memory()) as folder:
            batch = _isolated if series.target.isolated else _branched
            number = batch(series, range(number, last), Path(folder), tally)
    if findings is not None and tally.findings:
        findings.mkdir(parents=True, exist_ok=True)
        for found, _ in tally.findings:
            content, chosen = series.case(found)
            (findings / f"{series.name}.{chosen}.{found}").write_bytes(content)
    tally.cases = number - first
    tally.seconds = _processor_seconds() - began
    return tally


def fuzz_on(series: Series, figures: Figures, *, cases: int, first: int, findings: Path | None, until: float) -> Tally:
    """Run those cases of a format that the figures do not hold yet, and keep them there from batch to batch."""
    tally = figures.found(series.name)
    while tally.cases < cases and not (until and time.monotonic() > until):
        size = min(_KEPT_EVERY, cases - tally.cases)
        more = fuzz(series, cases=size, first=first + tally.cases, findings=findings, until=until)
        tally.add(more)
        figures.keep(series.name, tally)
        print(f"{tally.row(series.name)}   so far, of {cases}", file=sys.stderr, flush=True)
    return tally


def _processor_seconds() -> float:
    """Of this process and all that it started and that ended, decoders as well, which are ended for that."""
    asking._children.end()
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _isolated(series: Series, numbers: range, folder: Path, tally: Tally) -> int:
    for number in numbers:
        ended = series.run(number, folder)
        if ended in _FINE:
            tally.ends[ended] += 1
        else:
            _tell(series, number, ended, tally)
    return numbers.stop


def _branched(series: Series, numbers: range, folder: Path, tally: Tally) -> int:
    """Run a batch in a branch of this process, up to the first finding; returns the number of the next case."""
    state = mmap.mmap(-1, _STATE.size)
    state.write(_STATE.pack(numbers.start, 0, 0))
    series.target.seeds()
    child = os.fork()
    if not child:
        _branch(series, numbers, folder, state)
    _, status = os.waitpid(child, 0)
    number, read, refused = _STATE.unpack(state[:])
    tally.ends.update(read=read, refused=refused)
    if number == numbers.stop and not status:
        return numbers.stop
    told = folder / _ENDED
    _tell(series, number, told.read_text(encoding="utf-8") if told.is_file() else _death(status), tally)
    return int(number) + 1


def _branch(series: Series, numbers: range, folder: Path, state: mmap.mmap) -> None:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + _MEMORY, held + _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, _too_slow)
    counts: Counter[str] = Counter()
    for number in numbers:
        state[:] = _STATE.pack(number, counts["read"], counts["refused"])
        signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
        ended = series.run(number, folder)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if ended not in _FINE:
            (folder / _ENDED).write_text(ended, encoding="utf-8")
            os._exit(1)
        counts[ended] += 1
    state[:] = _STATE.pack(numbers.stop, counts["read"], counts["refused"])
    os._exit(0)


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    # Code that never comes back to Python is ended by the next one, whose default is to end the process.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
    raise TooSlowError


def _death(status: int) -> str:
    return f"the reader died of signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "the reader ended"


def _tell(series: Series, number: int, ended: str, tally: Tally) -> None:
    tally.findings.append((number, ended))
    print(f"{series.name}, case {number}: {ended}", file=sys.stderr, flush=True)


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=count(), default=100_000, help="of each format")
    parser.add_argument("--format", action="append", choices=sorted(TARGETS), help="default: all")
    parser.add_argument("--seed", type=count(0), default=0)
    parser.add_argument("--first", type=count(0), default=0, help="number of the first case")
    parser.add_argument("--minutes", type=from_nothing, default=0, help="of each format: no batch begins later")
    parser.add_argument("--out", type=Path, help="folder for the figures, which it goes on from, and for findings")
    options = parser.parse_args()
    asking._ANSWERS = _ANSWERS
    try:
        figures = Figures(options.out and options.out / "fuzzing.json", options.seed, options.first)
    except KeptFiguresError as error:
        parser.exit(int(error.exit_code), f"{error}\n")
    if options.out:
        try:
            options.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            parser.error(f"--out {options.out}: {error.strerror}")
    findings = options.out and options.out / "findings"
    tallies = {}
    for name in options.format or TARGETS:
        until = time.monotonic() + 60 * options.minutes if options.minutes else 0
        tallies[name] = fuzz_on(
            Series(name, options.seed),
            figures,
            cases=options.cases,
            first=options.first,
            findings=findings,
            until=until,
        )
    print(HEAD, *(tally.row(name) for name, tally in tallies.items()), sep="\n")
    return any(tally.findings for tally in tallies.values())


if __name__ == "__main__":
    sys.exit(main())
