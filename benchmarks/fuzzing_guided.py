"""Spoil files where that leads the reader new ways: fuzzing guided by coverage, with Atheris.

``fuzzing.py`` spoils files blindly and so gives each case the same chance; here what made a reader go a way it had not
gone is kept and spoilt further. It is for the files that the program reads in Python and in its own process (records,
sets of lines, rules, templates, workbooks): Atheris sees the branches of Python alone, and decoders of pictures run in
processes of their own. Half of the spoiling knows the kind of file, the other half is libFuzzer's.

A case has to end in a result or in a refusal with a mend, within 60 s by the clock, the only time that libFuzzer knows,
and 2 GiB; whatever ends otherwise is kept below ``--out`` and the command ends with 1. With ``--out`` the same command
goes on from the files it had kept.

Example: ``python benchmarks/fuzzing_guided.py --out robustness``, 100,000 cases of each kind.
"""

from __future__ import annotations

import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [path for path in (str(_HERE), str(_HERE.parent)) if path not in sys.path]

from fuzz_figures import HEAD, Figures, Tally, in_memory  # noqa: E402
from kept_figures import KeptFiguresError  # noqa: E402
from option_numbers import count  # noqa: E402

KINDS = ("records", "line-set", "yaml-rules", "yaml-template", "workbook")
_WATCHED = ("extractor", "yaml", "openpyxl", "zipfile")
"""Packages whose branches count as ways."""
_CHUNK = 20_000
"""Cases of one process, which takes some seconds to start."""
_LONGEST = 64 * 1024
_SECONDS, _MEBIBYTES = 60, 2048
_COUNTS = struct.Struct("QQ")
_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=count(), default=100_000, help="of each kind")
    parser.add_argument("--format", action="append", choices=sorted(KINDS), help="default: all")
    parser.add_argument("--seed", type=count(), default=1)
    parser.add_argument("--out", type=Path, help="folder for the figures, which it goes on from, and for what is kept")
    asked = parser.parse_args()
    if find_spec("atheris") is None:
        parser.exit(2, "Atheris is not installed: pip install atheris (for Linux on x86-64).\n")
    try:
        figures = Figures(asked.out and asked.out / "fuzzing_guided.json", asked.seed, 0)
    except KeptFiguresError as error:
        parser.exit(int(error.exit_code), f"{error}\n")
    tallies, ways = {}, {}
    with tempfile.TemporaryDirectory(prefix="fuzz-guided-") as temporary:
        place = (asked.out or Path(temporary)) / "guided"
        for kind in asked.format or KINDS:
            tallies[kind], ways[kind] = guide(kind, asked.cases, asked.seed, place / kind, figures)
    print(HEAD + f"{'branches at first':>20}{'in the end':>12}{'files kept':>12}")
    for kind, tally in tallies.items():
        first, last, kept = ways[kind] or ("-", "-", "-")
        print(f"{tally.row(kind)}{first:>20}{last:>12}{kept:>12}")
    return any(tally.findings for tally in tallies.values())


def guide(kind: str, cases: int, seed: int, place: Path, figures: Figures) -> tuple[Tally, tuple[int, int, int] | None]:
    """Run cases of a kind in processes of their own, up to the first finding.

    Returns:
        What came of them, those of earlier runs counted in; the branches that this command began with (those that the
        files as they should be lead to, and the files kept before), those in the end, and how many files are kept now;
        none where nothing was left to run.
    """
    tally, ways = figures.found(kind), None
    while tally.cases < cases and not tally.findings:
        done = min(_CHUNK, cases - tally.cases)
        more, seen = _process(kind, done, seed + tally.cases, place)
        tally.add(more)
        figures.keep(kind, tally)
        ways = (ways[0] if ways else seen[0], seen[1], seen[2])
        print(f"{tally.row(kind)}   so far, of {cases}; {seen[1]} branches", file=sys.stderr, flush=True)
    return tally, ways


def _process(kind: str, cases: int, seed: int, place: Path) -> tuple[Tally, tuple[int, int, int]]:
    kept, findings = place / "kept", place / "findings"
    for folder in (kept, findings):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=in_memory()) as work:
        counts = Path(work) / "counts"
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import fuzzing_guided as one; "
             "one.child(*sys.argv[2:])", str(_HERE), kind, str(cases), str(seed), str(kept), str(findings), work],
            capture_output=True, text=True, errors="replace", check=False, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        after = os.times()
        read, refused = _COUNTS.unpack(counts.read_bytes()) if counts.is_file() else (0, 0)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    tally = Tally(read + refused, Counter(read=read, refused=refused), seconds=spent)
    if done.returncode:
        tally.cases += 1
        tally.findings.append((tally.cases - 1, _cause(done.stdout + done.stderr)))
    seen = [tuple(int(number) for number in match) for match in _COVERAGE.findall(done.stderr)] or [(0, 0, 0)]
    return tally, (seen[0][0], seen[-1][0], len(list(kept.iterdir())))


def _cause(said: str) -> str:
    """What ended a process: the error and its place, or what libFuzzer says of time and memory."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if "ERROR: libFuzzer" in line or re.match(r"[\w.]+(Error|Exception)\b", line)]
    places = re.findall(r'File "[^"]*?([^/"]+)", line (\d+)', said)
    where = " > ".join(f"{name}:{line}" for name, line in places[-4:])
    return f"{told[0] if told else (lines or ['ended without a word'])[-1]} at {where}"[:500]


def child(kind: str, cases: str, seed: str, *places: str) -> None:
    """Run cases in this process, which ends with them; a case is the number of its seed in a byte, then the file.

    Args:
        places: folders of what is kept, of findings, and for this process alone.
    """
    import atheris

    kept, findings, work = places
    with atheris.instrument_imports(include=list(_WATCHED), enable_loader_override=False):
        from fuzz_mutations import spoil
        from fuzz_targets import TARGETS, outcome

        target = TARGETS[kind]
        seeds = list(target.seeds())
        with tempfile.TemporaryDirectory(dir=work) as first:
            _try_all(target, seeds, Path(first), outcome)  # what a reader imports late has branches, too
    folder, told = Path(work) / "case", Path(work) / "counts"
    folder.mkdir()
    starts = Path(work) / "seeds"
    starts.mkdir()
    for number, content in enumerate(seeds):
        (starts / str(number)).write_bytes(bytes([number]) + content)
    counts = {"read": 0, "refused": 0}

    def one(data: bytes) -> None:
        number = data[0] % len(seeds) if data else 0
        counts[outcome(target, folder, data[1:], number)] += 1
        told.write_bytes(_COUNTS.pack(counts["read"], counts["refused"]))

    def spoilt(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        number = data[0] % len(seeds) if data else 0
        if random.random() < 0.5:
            changed = spoil(kind, bytes(data[1:]), random, seeds)
        else:
            changed = atheris.Mutate(data[1:], max(1, most - 1))
        return bytes([number]) + bytes(changed[: most - 1])

    atheris.Setup(
        ["fuzzing_guided", f"-runs={cases}", f"-seed={seed}", f"-max_len={_LONGEST}", f"-timeout={_SECONDS}",
         f"-rss_limit_mb={_MEBIBYTES}", f"-artifact_prefix={findings}/", "-len_control=0",
         f"-report_slow_units={_SECONDS}", kept, str(starts)],
        one, custom_mutator=spoilt,
    )  # fmt: skip
    atheris.Fuzz()


def _try_all(target: Any, seeds: list[bytes], folder: Path, outcome: Any) -> None:
    for number, content in enumerate(seeds):
        if outcome(target, folder, content, number) != "read":
            raise SystemExit(f"the seed {number} as it should be is refused")


if __name__ == "__main__":
    sys.exit(main())
