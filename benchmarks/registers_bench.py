"""Vietnamese Registers, a benchmark: how well engines read the lines and pages of civil-status registers.

    python benchmarks/registers_bench.py make FOLDER [--quick]        # draw the books: FOLDER/lines and FOLDER/pages
    python benchmarks/registers_bench.py collection FOLDER kalapa     # a track of real lines no training has seen
    python benchmarks/registers_bench.py engines                      # what can be measured, and what is installed
    python benchmarks/registers_bench.py read TRACK --engine NAME...  # answers of engines, each in its own process
    python benchmarks/registers_bench.py score TRACK ANSWERS...       # figures of anybody's answers
    python benchmarks/registers_bench.py table                        # the tables of benchmarks/README.md
    python benchmarks/registers_bench.py chart FILE.png               # what the errors of all engines are

``benchmarks/README.md`` tells what is measured and why, by which rules, and how to take part without this program.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from extractor.errors import EvaluationError, ExtractorError

_HERE = Path(__file__).resolve().parent
README, RESULTS = _HERE / "README.md", _HERE / "results"
_err = Console(stderr=True)


def make(options: argparse.Namespace) -> int:
    """Draw a set."""
    from vietnamese_registers.making import drawn_with, load_published, make_set

    made = make_set(options.folder, options.set, lambda book: _err.print(f"{book.name} ..."))
    if made.other:
        published, here = load_published()["drawn_with"], drawn_with()
        differ = [
            f"{name} {here[name]} (published: {published[name]})" for name in here if here[name] != published[name]
        ]
        _err.print(
            f"[bold]The pixels of {len(made.other)} of {made.books} books are not those published[/bold]; their texts "
            f"are. Other versions here: {', '.join(differ) or 'none; perhaps the processor'}. "
            "Results will say so and are set apart in the table."
        )
    _err.print(f"{made.books} books: {options.folder / 'lines'}, {options.folder / 'pages'}")
    return 0


def freeze(options: argparse.Namespace) -> int:
    """Write down the digests of a new version."""
    from vietnamese_registers.making import PUBLISHED
    from vietnamese_registers.making import freeze as write_down

    count = write_down(lambda book: _err.print(f"{book.name} ..."))
    _err.print(f"{count} books: {PUBLISHED}")
    return 0


def collection(options: argparse.Namespace) -> int:
    """Make a track of real lines."""
    from vietnamese_registers.making import make_collection

    count = make_collection(options.folder, options.collection, options.seed)
    _err.print(f"{count} lines: {options.folder}")
    return 0


def engines(options: argparse.Namespace) -> int:
    """Show all engines."""
    from vietnamese_registers.engines import Options, all_engines

    table = Table("Name", "Engine", "Lines", "Pages", "Version here", "Licence", "How to get it")
    for name, engine in all_engines().items():
        try:
            version = engine.version(Options())
        except (ImportError, ExtractorError):
            version = "not installed"
        pages = "fields" if engine.records else "words" if engine.words else "-"
        lines = "yes" if engine.lines else "-"
        table.add_row(name, engine.title, lines, pages, version, engine.licence, engine.install)
    Console(width=170).print(table)
    return 0


def read(options: argparse.Namespace) -> int:
    """Let engines read a track, each in a process of its own on one thread."""
    if len(options.engine) == 1 and os.environ.get("OMP_THREAD_LIMIT") == "1":
        return _read_one(options)
    failed = 0
    for name in options.engine:
        command = [sys.executable, __file__, "read", str(options.track), "--engine", name, "--out", str(options.out)]
        command += ["--model", str(options.model)] if options.model else []
        # Before any library is loaded: how many threads it takes is decided then.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"), "1")
        failed |= subprocess.run(command, env={**os.environ, **threads}, check=False).returncode
    return failed


def _read_one(options: argparse.Namespace) -> int:
    import cv2
    from vietnamese_registers.answers import write_answers
    from vietnamese_registers.engines import Options, all_engines
    from vietnamese_registers.reading import read_with
    from vietnamese_registers.tracks import read_track

    cv2.setNumThreads(1)
    name, known = options.engine[0], all_engines()
    if name not in known:
        _err.print(f"There is no engine '{name}'; there are {', '.join(known)}.")
        return 2
    folder = read_track(options.track)
    with Progress(console=_err) as bar:
        task: TaskID = bar.add_task(f"{known[name].title}, {folder.track.set} {folder.track.track}", total=None)
        try:
            answers = read_with(
                known[name],
                folder,
                Options(options.model),
                lambda done, all_: bar.update(task, completed=done, total=all_),
            )
        except ImportError as error:
            _err.print(f"{known[name].title} is left out, it is not installed ({error}): {known[name].install}")
            return 3
    path = options.out / f"{folder.track.set}-{folder.track.track}-{name}.jsonl"
    write_answers(path, answers)
    _err.print(f"written: {path}")
    return 0


def score(options: argparse.Namespace) -> int:
    """Score answers and show the figures."""
    from vietnamese_registers.answers import read_answers
    from vietnamese_registers.results import make_result, read_results, write_result
    from vietnamese_registers.table import tables
    from vietnamese_registers.tracks import read_track

    folder = read_track(options.track)
    for path in options.answers:
        answers = read_answers(path, [task.id for task in folder.tasks])
        written = write_result(options.out, make_result(folder, answers, f"{datetime.now(UTC):%Y-%m-%d}"))
        _err.print(f"written: {written}")
    print(tables(read_results(options.out)))
    return 0


def table(options: argparse.Namespace) -> int:
    """Put the tables into the README, or tell whether they are those of the results."""
    from vietnamese_registers.table import put_into

    text = put_into(README, options.results)
    if options.check:
        same = text == README.read_text(encoding="utf-8")
        _err.print("The tables are those of the results." if same else "The tables are not those of the results.")
        return 0 if same else 1
    README.write_text(text, encoding="utf-8")
    return 0


def chart(options: argparse.Namespace) -> int:
    """Draw the result files."""
    from vietnamese_registers.chart import draw
    from vietnamese_registers.results import read_results

    found = read_results(options.results)
    if not found:
        raise EvaluationError(f"{options.results}: no results there.", mend="Name a folder that 'score' wrote to.")
    draw(found, options.file)
    return 0


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("make", help="draw the books")
    command.add_argument("folder", type=Path)
    command.add_argument("--set", default="standard", help="standard (87 pages), small (29) or quick (6)")
    command.add_argument("--quick", dest="set", action="store_const", const="quick", help="the same as --set quick")
    command.set_defaults(do=make)
    command = commands.add_parser("collection", help="make a track of real lines")
    command.add_argument("folder", type=Path)
    command.add_argument("collection", type=Path, help="folder of a collection: kalapa or cinnamon")
    command.add_argument("--seed", type=int, default=1, help="of the split the reader was trained with")
    command.set_defaults(do=collection)
    command = commands.add_parser("freeze", help="for a new version: write down the digests of its books")
    command.set_defaults(do=freeze)
    command = commands.add_parser("engines", help="show what can be measured")
    command.set_defaults(do=engines)
    command = commands.add_parser("read", help="let engines read a track")
    command.add_argument("track", type=Path)
    command.add_argument("--engine", nargs="+", required=True, metavar="NAME")
    command.add_argument("--model", type=Path, help="weights, for engines that bring none")
    command.add_argument("--out", type=Path, default=Path("answers"))
    command.set_defaults(do=read)
    command = commands.add_parser("score", help="score answers")
    command.add_argument("track", type=Path)
    command.add_argument("answers", nargs="+", type=Path)
    command.add_argument("--out", type=Path, default=Path("results"), help="folder for result files")
    command.set_defaults(do=score)
    command = commands.add_parser("table", help="write the tables of benchmarks/README.md")
    command.add_argument("--results", type=Path, default=RESULTS)
    command.add_argument("--check", action="store_true", help="only tell whether they are right")
    command.set_defaults(do=table)
    command = commands.add_parser("chart", help="draw what the errors of all engines are")
    command.add_argument("file", type=Path)
    command.add_argument("--results", type=Path, default=RESULTS)
    command.set_defaults(do=chart)
    options = parser.parse_args()
    try:
        return int(options.do(options))
    except ExtractorError as error:
        _err.print(f"{error.message}\n{error.mend}", style="bold", markup=False, highlight=False)
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
