"""Kill, cut the power, fill the disk and take the right to write, at every durable step of every kind of work.

For each step of reading, answering, exporting, certifying, backing up: the work is done on a fresh copy of a small
folder and ends at that step. Then no file that stands under its own name may be half, no acknowledged decision lost,
the log must hold; and the same work, taken up again, must end in the same bytes as work that nothing happened to.

Example: ``python benchmarks/faults.py --out robustness-output`` for all steps, which goes on where it was ended;
``--scene export --mode cut --every 5`` for some.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fuzz_figures import in_memory  # noqa: E402
from kept_figures import KeptFiguresError, read_kept  # noqa: E402
from pydantic import ConfigDict, TypeAdapter, with_config  # noqa: E402
from support import fault_scenes  # noqa: E402
from support.fault_points import MODES  # noqa: E402
from support.fault_scenes import SCENES, halves, lost, play, prepare, state  # noqa: E402
from typing_extensions import TypedDict  # noqa: E402  # pydantic takes that of typing from Python 3.12 on

from extractor.settings import get_settings  # noqa: E402
from extractor.whole_files import write_whole  # noqa: E402


@dataclass
class Told:
    """What came of all steps of a scene.

    Args:
        steps: how many durable steps the work has.
        cases: how many of them were failed at.
        ends: how the work ended there.
        faults: step, and what was wrong then or afterwards.
    """

    steps: int
    cases: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)


@with_config(ConfigDict(extra="forbid"))
class Series(TypedDict):
    """Figures of one kind of work and one of fault, as they are kept; see :class:`Told`."""

    every: int
    steps: int
    cases: int
    ends: dict[str, int]
    faults: list[tuple[int, str]]
    seconds: float


_SHAPE = TypeAdapter(dict[str, Series])


class Stage:
    """Folders as each scene finds them and leaves them when nothing happens, made once."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._wanted: dict[str, tuple[dict[str, str], int]] = {}

    def found(self, name: str) -> Path:
        """The folder as a scene finds it."""
        before = SCENES[name].before
        folder = self._place / "-".join(("bare", *before))
        if not folder.exists():
            if before:
                shutil.copytree(self.found(before[-1]), folder)
                assert play(before[-1], folder).how == "done"
            else:
                prepare(folder, get_settings().templates_dir)
        return folder

    def wanted(self, name: str) -> tuple[dict[str, str], int]:
        """State after the work of a scene, and the number of its durable steps."""
        if name not in self._wanted:
            folder = self.copy(name)
            ended = play(name, folder)
            assert ended.how == "done", ended
            self._wanted[name] = (state(folder), len(ended.steps))
            shutil.rmtree(folder)
        return self._wanted[name]

    def forget(self, name: str) -> None:
        """Forget what a scene leads to, for its work changed."""
        self._wanted.pop(name, None)

    def copy(self, name: str) -> Path:
        """A fresh copy at the place where the folder is always worked upon, for paths are kept in it."""
        folder = self._place / "work"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.found(name), folder)
        return folder


def fail_at(stage: Stage, name: str, mode: str, at: int) -> tuple[str, list[str]]:
    """Do a scene's work with one step failing, then again without; returns how it ended, and all that was wrong."""
    wanted, _ = stage.wanted(name)
    folder = stage.copy(name)
    ended = play(name, folder, mode, at)
    wrong = [f"half: {file}" for file in halves(folder)] + [f"lost: {line}" for line in lost(folder)]
    if ended.how not in ("done", "killed", "refused"):
        wrong.append(f"ended with {ended.how}")
    (folder / fault_scenes.LATER).touch()
    again = play(name, folder)
    if again.how != "done":
        wrong.append(f"not taken up again: {again.how}")
    wrong += [f"half at last: {file}" for file in halves(folder)] + [f"lost at last: {line}" for line in lost(folder)]
    now = state(folder)
    wrong += [f"other bytes: {key}" for key in sorted(wanted.keys() | now.keys()) if wanted.get(key) != now.get(key)]
    return ended.how, wrong


def examine(stage: Stage, name: str, mode: str, every: int = 1, first: int = 1) -> Told:
    """Fail at each step of a scene, or at some."""
    _, steps = stage.wanted(name)
    told = Told(steps)
    for at in range(first, steps + 1, every):
        how, wrong = fail_at(stage, name, mode, at)
        told.cases += 1
        told.ends[how] += 1
        told.faults += [(at, one) for one in wrong]
    return told


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", action="append", choices=list(SCENES), help="default: all")
    parser.add_argument("--mode", action="append", choices=MODES, help="default: all")
    parser.add_argument("--every", type=int, default=1, help="every how manieth step")
    parser.add_argument("--out", type=Path, help="folder for the figures; what it holds already is not done again")
    options = parser.parse_args()
    kept = options.out and options.out / "faults.json"
    try:
        figures = read_kept(kept, _SHAPE) if kept and kept.exists() else {}
    except KeptFiguresError as error:
        parser.exit(int(error.exit_code), f"{error}\n")
    found = False
    print(f"{'work':10}{'fault':11}{'steps':>6}{'cases':>6}{'killed':>8}{'refused':>8}{'done':>6}{'wrong':>6}{'s':>7}")
    with tempfile.TemporaryDirectory(prefix="faults-", dir=in_memory()) as place:
        stage = Stage(Path(place))
        for name in options.scene or SCENES:
            for mode in options.mode or MODES:
                known = figures.get(f"{name} {mode}")
                if known is None or known["every"] > options.every:
                    known = figures[f"{name} {mode}"] = _figures(stage, name, mode, options.every)
                    if kept:
                        kept.parent.mkdir(parents=True, exist_ok=True)
                        write_whole(kept, json.dumps(figures, indent=1).encode() + b"\n")
                ends = known["ends"]
                print(
                    f"{name:10}{mode:11}{known['steps']:6}{known['cases']:6}{ends.get('killed', 0):8}"
                    f"{ends.get('refused', 0):8}{ends.get('done', 0):6}{len(known['faults']):6}{known['seconds']:7.1f}",
                    flush=True,
                )
                for at, wrong in known["faults"]:
                    print(f"  step {at}: {wrong}", flush=True)
                found = found or bool(known["faults"])
    return found


def _figures(stage: Stage, name: str, mode: str, every: int) -> Series:
    """Figures of a series, as they are kept; seconds are of processor time."""
    began = os.times()
    told = examine(stage, name, mode, every)
    seconds = sum(os.times()[:4]) - sum(began[:4])
    return {
        "every": every, "steps": told.steps, "cases": told.cases, "ends": dict(told.ends), "faults": told.faults,
        "seconds": round(seconds, 1),
    }  # fmt: skip


if __name__ == "__main__":
    fault_scenes.warm()
    sys.exit(main())
