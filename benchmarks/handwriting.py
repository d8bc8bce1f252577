"""How well engines read single lines, all on the same pictures in one run.

    python benchmarks/handwriting.py [FOLDER...] [--rendered 100] [--held-out 1] [--engines NAME...] [--out DIR]

FOLDER holds ``labels.tsv`` (picture path, tab, text). With ``--held-out SEED``, folders named ``kalapa`` and
``cinnamon`` give only the lines that training with that seed kept for reported figures. ``--rendered N`` adds lines
that are drawn on the spot, N of each kind, in fonts no reader was trained on; they need no folder at all.

Each engine runs in a process of its own, on one thread, and one that is not installed is named and left out:
``pip install asterocr trueocr rapidocr`` brings the peers. Measured for each:

- CER, WER and exact lines as written, and without case and punctuation,
- CER without tone marks and without any marks, so that tones, letter marks and base letters are told apart,
- processor time for a line and peak memory of the process, model and libraries included.

Prints a table for each set of lines; ``--out`` receives ``handwriting.json`` and ``handwriting.png``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import queue
import resource
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from handwriting_engines import ENGINES, Image, Read
from rich.console import Console
from rich.table import Table

from extractor.training.collections import read_cinnamon, read_collection, read_kalapa, split
from extractor.training.figures import RENDERED
from extractor.training.fonts.registry import load_fonts
from extractor.training.metrics import line_errors, plain_words
from extractor.training.rendered import font_lines
from extractor.training.samples import read_picture

TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
KNOWN = {"kalapa": read_kalapa, "cinnamon": read_cinnamon}


@dataclass(frozen=True)
class Lines:
    """Pictures with their texts."""

    name: str
    pictures: list[Image]
    texts: list[str]


@dataclass(frozen=True)
class Outcome:
    """What one engine made of one set of lines; shares from 0 up, milliseconds, megabytes."""

    engine: str
    lines: str
    count: int
    cer: float
    wer: float
    exact: float
    plain_cer: float
    plain_exact: float
    no_tones_cer: float
    no_marks_cer: float
    milliseconds: float
    megabytes: float


def without(text: str, marks: frozenset[str] | None) -> str:
    """The text without some combining marks, or without any and with đ as d."""
    kept = "".join(
        letter
        for letter in unicodedata.normalize("NFD", text)
        if not (letter in marks if marks is not None else unicodedata.combining(letter))
    )
    if marks is None:
        kept = kept.replace("đ", "d").replace("Đ", "D")
    return unicodedata.normalize("NFC", kept)


def from_folder(folder: Path, held_out: int | None, limit: int) -> Lines:
    """Lines of a folder."""
    reader = KNOWN.get(folder.name)
    lines = reader(folder) if reader else read_collection(folder, lambda name: 0)
    name = folder.name
    if held_out is not None and reader:
        lines = split(lines, held_out)["held_out"]
        name += ", unseen"
    lines = lines[: limit or None]
    if not lines:
        raise SystemExit(f"{folder}: no lines there.")
    return Lines(name, [read_picture(line) for line in lines], [line.text for line in lines])


def rendered(each: int) -> Iterator[Lines]:
    """Lines drawn in fonts of the test split: four kinds of fields by hand, and print."""
    hands, prints = load_fonts("hand", "test"), load_fonts("print", "test")
    streams = [
        (f"{name}, unseen hand fonts", font_lines(np.random.default_rng(place), hands, texts, clean_share=0.5))
        for place, (name, texts) in enumerate(RENDERED)
    ]
    streams.append(("all fields, unseen print fonts", font_lines(np.random.default_rng(50), prints, clean_share=0.5)))
    for name, stream in streams:
        made = list(itertools.islice(stream, each))
        pictures = [((item.prepared + 1) * 127.5).astype(np.uint8) for item in made]
        yield Lines(name, pictures, [item.text for item in made])


def _work(engine: str, sets: list[Lines], answers: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    cv2.setNumThreads(1)
    try:
        answers.put((engine, _read_all(ENGINES[engine](), sets)))
    except Exception as error:
        answers.put((engine, f"{type(error).__name__}: {error}"))


def _read_all(read: Read, sets: list[Lines]) -> tuple[list[tuple[list[str], float]], float]:
    """Texts and milliseconds a line for each set, and the peak memory in megabytes."""
    found = []
    for lines in sets:
        read(lines.pictures[:2])
        start, children = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
        texts = read(lines.pictures)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Tesseract runs as a program of its own.
        spent = time.process_time() - start + after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        found.append((texts, 1000 * spent / max(1, len(texts))))
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return found, peak / 1024


def measure(engine: str, sets: list[Lines]) -> list[Outcome] | str:
    """Run an engine in its own process; a text says why it could not."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_work, args=(engine, sets, answers))
    process.start()
    answer: object = None
    while answer is None:
        try:
            _, answer = answers.get(timeout=1)
        except queue.Empty:
            if not process.is_alive():
                answer = f"its process ended with {process.exitcode}"
    process.join()
    if isinstance(answer, str):
        return answer
    outcomes = []
    for lines, (texts, milliseconds) in zip(sets, answer[0], strict=True):
        read = [unicodedata.normalize("NFC", text) for text in texts]
        as_written, plain = line_errors(read, lines.texts), line_errors(read, lines.texts, insensitive=True)
        pairs = [(plain_words(text), plain_words(truth)) for text, truth in zip(read, lines.texts, strict=True)]
        bare = [
            line_errors([without(text, marks) for text, _ in pairs], [without(truth, marks) for _, truth in pairs]).cer
            for marks in (TONES, None)
        ]
        outcomes.append(
            Outcome(
                engine, lines.name, len(read), as_written.cer, as_written.wer, as_written.exact, plain.cer, plain.exact,
                bare[0], bare[1], milliseconds, answer[1],
            )
        )  # fmt: skip
    return outcomes


def show(outcomes: list[Outcome], console: Console) -> None:
    """One table for each set of lines."""
    for name in dict.fromkeys(item.lines for item in outcomes):
        chosen = [item for item in outcomes if item.lines == name]
        table = Table(title=f"{name} ({chosen[0].count} lines)")
        for column in (
            "engine", "CER %", "WER %", "exact %", "CER %, no case, punctuation", "exact %", "CER %, no tones",
            "CER %, no marks", "ms a line", "MB",
        ):  # fmt: skip
            table.add_column(column, justify="left" if column == "engine" else "right")
        for item in chosen:
            shares = (
                item.cer, item.wer, item.exact, item.plain_cer, item.plain_exact, item.no_tones_cer, item.no_marks_cer,
            )  # fmt: skip
            table.add_row(
                item.engine, *(f"{100 * share:.1f}" for share in shares), f"{item.milliseconds:.0f}",
                f"{item.megabytes:.0f}",
            )  # fmt: skip
        console.print(table)


def plot(outcomes: list[Outcome], file: Path) -> None:
    """Character errors of every engine on every set, split into base letters, letter marks and tones."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(item.lines for item in outcomes))
    figure, axes = plt.subplots(1, len(names), figsize=(3.2 * len(names), 3.6), sharey=True, layout="constrained")
    for axis, name in zip(np.atleast_1d(axes), names, strict=True):
        chosen = [item for item in outcomes if item.lines == name][::-1]
        places = np.arange(len(chosen))
        left = np.zeros(len(chosen))
        parts = {
            "base letters": [item.no_marks_cer for item in chosen],
            "letter marks (ă â đ ê ô ơ ư)": [max(0.0, item.no_tones_cer - item.no_marks_cer) for item in chosen],
            "tones": [max(0.0, item.plain_cer - item.no_tones_cer) for item in chosen],
        }
        for (label, values), colour in zip(parts.items(), ("#0072b2", "#e69f00", "#cc79a7"), strict=True):
            widths = 100 * np.array(values)
            axis.barh(places, widths, left=left, label=label, color=colour)
            left += widths
        axis.set_yticks(places, [item.engine for item in chosen])
        axis.set_title(name, fontsize=9)
        axis.set_xlabel("character errors, %")
    figure.legend(*np.atleast_1d(axes)[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(file, dpi=130)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rendered", type=int, default=0, metavar="N")
    parser.add_argument("--held-out", type=int, metavar="SEED")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    # For the processes to come, before they load any library.
    os.environ.update(OMP_NUM_THREADS="1", OMP_THREAD_LIMIT="1")
    sets = [from_folder(folder, options.held_out, options.limit) for folder in options.folders]
    sets += rendered(options.rendered) if options.rendered else []
    if not sets:
        parser.error("give a folder, or --rendered N")
    console, progress = Console(width=150), Console(stderr=True)
    outcomes: list[Outcome] = []
    for engine in options.engines:
        progress.print(f"{engine} ...")
        found = measure(engine, sets)
        if isinstance(found, str):
            progress.print(f"{engine} is left out: {found}")
        else:
            outcomes += found
    show(outcomes, console)
    if options.out and outcomes:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "handwriting.json").write_text(json.dumps([asdict(item) for item in outcomes], indent=1) + "\n")
        plot(outcomes, options.out / "handwriting.png")


if __name__ == "__main__":
    main()
