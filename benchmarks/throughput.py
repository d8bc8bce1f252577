"""Pages a minute on one machine, beside Tesseract and AsterOCR on the same pages and cores.

    python benchmarks/throughput.py [--pages 12] [--workers 1 2] [--aster PYTHON] [--long 500] [--steps] [--out FILE]

Record pages (A4, 300 dpi, 23 to 30 fields, every fifth filled by a printer) are drawn from one seed as JPEG files.
Then, one after another, in one run:

- ``extractor run`` over them, from the scans to decisions, workbooks and report, with each number of workers;
- Tesseract reading the same pages whole, one process a page as one starts it by hand (``tesseract PAGE - -l vie``), as
  many at once as there are workers;
- AsterOCR, where ``--aster`` names a Python that has it. It reads lines and finds none, so it is given the written
  values cut out where the truth says that they are: what it needs for the values of a page alone;
- how long ``extractor --help`` and a run on one page take;
- with ``--long N``, a book of N pages in one PDF, the drawn pages over and over: the memory it takes;
- with ``--steps``, where the processor seconds of a page go.

Processor seconds are those of all processes together. A busy machine raises them by a half, since caches and cores are
shared; pages a minute are by the clock, and suffer much more. ``free`` is the rate that the processor seconds would
give if as many cores as workers had nothing else to do. ``each further`` leaves out what is done once a run, such as
starting and loading: it is the difference between a run on all pages and one on a single page. Memory is the largest
sum over the processes of a run, shared memory counted once (PSS).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from option_numbers import count, from_nothing
from throughput_parts import lines_of, peak_pss, write_long_book

from extractor.errors import SettingsError
from extractor.training.synth import render_book

_COMMAND = (sys.executable, "-m", "extractor")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
_PACE = 0.5
"""Seconds between looks at the memory; each look costs the process some milliseconds."""
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Measured:
    """One command or several: seconds by the clock and of the processor, and the largest memory in MB."""

    seconds: float
    cpu: float
    memory: float = 0.0


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=count(), default=12)
    parser.add_argument("--form", nargs="+", default=["ks-2016", "ks-2006"])
    parser.add_argument("--strength", type=from_nothing, default=2.0)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--workers", type=count(), nargs="+", default=[1, 2])
    parser.add_argument("--aster", default="", metavar="PYTHON", help="a Python that has AsterOCR installed")
    parser.add_argument(
        "--long", type=count(0), default=0, metavar="PAGES", help="also measure a book of so many pages"
    )
    parser.add_argument("--starts", type=count(), default=3, help="how often starts are measured; their median counts")
    parser.add_argument("--steps", action="store_true", help="also print where the processor seconds of a page go")
    parser.add_argument("--out", type=Path, help="write the figures there, as JSON")
    asked = parser.parse_args()
    if asked.aster and not _has_aster(asked.aster):
        parser.error(f"--aster {asked.aster}: no Python that has AsterOCR; pip install asterocr opencv-python-headless")
    with tempfile.TemporaryDirectory(prefix="extractor-throughput-") as name:
        try:
            pages = draw(asked, Path(name) / "pages")
        except SettingsError as error:  # such as a form that there is not
            parser.error(str(error))
        figures = measure(asked, pages, Path(name))
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _has_aster(python: str) -> bool:
    try:
        asked = [python, "-c", "import asterocr; print(asterocr.__name__)"]
        return subprocess.run(asked, capture_output=True, check=False).stdout.strip() == b"asterocr"
    except OSError:
        return False


def measure(asked: argparse.Namespace, pages: list[Path], work: Path) -> dict[str, object]:
    """Measure everything, print as it comes; returns the figures."""
    print(f"{len(pages)} pages, load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    _run(pages[:1], work / "warm")  # the first run of all exports the reader's graph
    starts = [_timed([*_COMMAND, "--help"]) for _ in range(asked.starts)]
    ones = [_run(pages[:1], work / f"one-{number}", 0) for number in range(asked.starts)]
    start, one = _middle(starts), _middle(ones)
    print(f"extractor --help: {start.seconds:.2f} s, {start.cpu:.2f} s of the processor", flush=True)
    print(f"run on one page, all cores: {one.seconds:.2f} s, {one.cpu:.2f} s of the processor", flush=True)
    rows: dict[str, dict[str, float]] = {}
    print(f"{'':34}{'CPU s a page':>14}{'each further':>14}{'pages a min.':>14}{'free':>8}{'MB':>8}")
    for workers in asked.workers:
        done = _run(pages, work / f"run-{workers}", workers)
        each = (done.cpu - one.cpu) / max(1, len(pages) - 1)
        rows[f"extractor, {workers} worker(s)"] = _row(done, len(pages), workers, each)
    for workers in asked.workers:
        rows[f"Tesseract whole, {workers} at once"] = _row(_tesseract(pages, workers), len(pages), workers)
    if asked.aster:
        rows["AsterOCR, values alone"] = _aster(asked.aster, pages, work / "lines")
    else:
        print("AsterOCR: left out, no --aster")
    figures: dict[str, object] = {"help": asdict(start), "one_page": asdict(one), "rows": rows}
    best, peer = (rows[f"{name}{asked.workers[0]}{rest}"]["cpu"] for name, rest in _PAIR)
    print(f"Tesseract's processor seconds are {peer / best:.1f} times ours", flush=True)
    if asked.long:
        book = write_long_book(pages, asked.long, work / "long.pdf")
        done = _run([book], work / "long", max(asked.workers), watch=_progress(asked.long, work / "long"))
        rows[f"extractor, {asked.long} pages"] = _row(done, asked.long, max(asked.workers), name="extractor, long book")
    if asked.steps:
        subprocess.run([sys.executable, str(_HERE / "throughput_steps.py"), *map(str, pages)], check=True)
    return figures


_PAIR = (("extractor, ", " worker(s)"), ("Tesseract whole, ", " at once"))


def draw(asked: argparse.Namespace, folder: Path) -> list[Path]:
    """The pages to read, equally many of each form, one JPEG a page, with ``layout.jsonl`` beside them."""
    pages: list[Path] = []
    each = max(1, asked.pages // len(asked.form))
    for number, form in enumerate(asked.form):
        book = render_book(
            folder / form, form, seed=asked.seed + number, records=each, strength=asked.strength, dpi=300,
            output="images", hand_split="test", hands=2, printed=range(5, each + 1, 5), camera=False,
            progress=lambda done, total, form=form: _say(f"drawing {form}: {done} of {total}"),
        )  # fmt: skip
        pages += book.files
    return pages


def _run(inputs: Sequence[Path], out: Path, workers: int = 1, watch: Callable[[], None] | None = None) -> Measured:
    command = [*_COMMAND, "run", *map(str, inputs), "--out", str(out), "--workers", str(workers), "--quiet"]
    done = _timed(command, watch)
    read = len(list((out / "pages").glob("*.json")))
    if len(inputs) > 1 and read != len(inputs):
        raise SystemExit(f"{read} of {len(inputs)} pages were read")
    if watch is None:
        shutil.rmtree(out)
    return done


def _timed(command: Sequence[str], watch: Callable[[], None] | None = None) -> Measured:
    """Run a command to its end; its processor seconds are those of all its processes."""
    began, before = time.monotonic(), _children()
    child = subprocess.Popen(command, env=os.environ | _ONE_THREAD, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors: list[bytes] = []
    reading = threading.Thread(target=lambda: errors.append(child.stderr.read() if child.stderr else b""))
    reading.start()
    memory, running = 0.0, True
    while running:
        try:
            child.wait(_PACE)
            running = False
        except subprocess.TimeoutExpired:
            memory = max(memory, peak_pss(child.pid))
            if watch:
                watch()
    reading.join()
    if child.returncode:
        raise SystemExit(f"{' '.join(command[:6])} ...: {errors[0].decode(errors='replace')[-2000:]}")
    return Measured(time.monotonic() - began, _children() - before, memory)


def _children() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def _middle(several: Sequence[Measured]) -> Measured:
    return Measured(*(statistics.median(values) for values in zip(*(asdict(m).values() for m in several), strict=True)))


def _tesseract(pages: Sequence[Path], at_once: int) -> Measured:
    began, before = time.monotonic(), _children()

    def read(page: Path) -> None:
        command = ["tesseract", str(page), "-", "-l", "vie"]
        subprocess.run(command, env=os.environ | _ONE_THREAD, check=True, capture_output=True)
        _say(f"Tesseract: {page.name}")

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(read, pages))
    return Measured(time.monotonic() - began, _children() - before)


def _aster(python: str, pages: Sequence[Path], folder: Path) -> dict[str, float]:
    """AsterOCR on the written values of the pages; its own loading is left out."""
    count = lines_of(pages, folder)
    command = [python, str(_HERE / "throughput_aster.py"), str(folder)]
    done = subprocess.run(command, env=os.environ | _ONE_THREAD, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"AsterOCR: left out, {done.stderr.strip().splitlines()[-1:]}")
        return {}
    said = json.loads(done.stdout.splitlines()[-1])
    print(f"AsterOCR reads {count / len(pages):.0f} values a page")
    return _row(Measured(said["seconds"], said["cpu"]), len(pages), 1, name="AsterOCR, values alone")


def _row(done: Measured, pages: int, at_once: int, each: float | None = None, *, name: str = "") -> dict[str, float]:
    cpu = done.cpu / pages
    row = {"cpu": cpu, "each": each or cpu, "minute": 60 * pages / done.seconds, "free": 60 * at_once / (each or cpu)}
    if done.memory:
        row["mb"] = done.memory
    title = name or (f"extractor, {at_once} worker(s)" if each else f"Tesseract whole, {at_once} at once")
    memory = f"{done.memory:8.0f}" if done.memory else f"{'-':>8}"
    print(f"{title:34}{cpu:14.2f}{row['each']:14.2f}{row['minute']:14.1f}{row['free']:8.1f}{memory}", flush=True)
    return row


def _progress(total: int, out: Path) -> Callable[[], None]:
    began = time.monotonic()

    def tell() -> None:
        done = len(list((out / "pages").glob("*.json"))) if (out / "pages").exists() else 0
        rate = 60 * done / max(1.0, time.monotonic() - began)
        _say(f"long book: {done} of {total} pages, {rate:.0f} a minute")

    return tell


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:60}")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
