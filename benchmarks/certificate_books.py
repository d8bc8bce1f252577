"""Draw and read the labelled books that the shipped certificate rests on, and make it.

    python benchmarks/certificate_books.py PLAN --work DIR              # draws, reads, writes DIR/certificate.json
    python benchmarks/certificate_books.py PLAN --work DIR --share 1/2 &      # two processes, each half of the books;
    python benchmarks/certificate_books.py PLAN --work DIR --share 2/2        # then the first line again makes it

PLAN is a file such as ``models/confidence/books.yaml``. What was drawn and read before is not done again: a broken
run goes on where it was. ``DIR/books/*`` and ``DIR/read`` can be given to ``benchmarks/certification.py`` afterwards.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml
from rich.console import Console
from rich.progress import track

from extractor.batch.calibrate import TRUTH, calibrate, label_books
from extractor.batch.run import RunOptions
from extractor.batch.summary import render_certificate
from extractor.confidence import save_certificate
from extractor.pipeline import PipelineOptions
from extractor.training.synth import render_book


@dataclass(frozen=True)
class PlannedBook:
    """One book to draw."""

    name: str
    form: str
    seed: int
    strength: float
    records: int
    hands: str

    def draw(self, folder: Path) -> None:
        """Draw it unless it lies there whole; the truth is written last."""
        if not (folder / TRUTH).exists():
            render_book(
                folder, self.form, seed=self.seed, records=self.records, strength=self.strength, hand_split=self.hands
            )


def planned_books(plan: Path) -> list[PlannedBook]:
    """The books of a plan, in order."""
    data = yaml.safe_load(plan.read_text(encoding="utf-8"))
    books = []
    for number in range(data["books"]):
        form = data["forms"][number % len(data["forms"])]
        strength = data["strengths"][number % len(data["strengths"])]
        seed = data["first_seed"] + number
        books.append(PlannedBook(f"{number:04d}-{form}", form, seed, strength, data["records"], data["hands"]))
    return books


def fitting_books(plan: Path) -> set[str] | None:
    """Names of the books that fit the calibrators, the first ``fits`` of the plan; without that, every third does."""
    fits = yaml.safe_load(plan.read_text(encoding="utf-8")).get("fits")
    return None if fits is None else {book.name for book in planned_books(plan)[:fits]}


def main() -> None:
    """Draw, read, and make the certificate of all books."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--share", default="", help="1/2: every second book, only drawn and read")
    parser.add_argument("--books", type=int, help="only the first so many")
    parser.add_argument("--target-error", type=float, default=0.01)
    parser.add_argument("--templates", type=Path, default=Path("page_templates"))
    given = parser.parse_args()
    books = planned_books(given.plan)[: given.books]
    read = given.work / "read"
    options = RunOptions((), read, PipelineOptions(read, (given.templates,)), workers=1)
    part, _, parts = given.share.partition("/")
    mine = books[int(part) - 1 :: int(parts)] if given.share else books
    folders = [given.work / "books" / book.name for book in mine]
    console = Console(stderr=True, width=110)
    for book, folder in track(list(zip(mine, folders, strict=True)), "drawing", console=console):
        book.draw(folder)

    def report(done: int, total: int) -> None:
        console.print(f"{done} of {total} books read")

    if given.share:
        label_books(folders, options, on_book=report)
        return
    source = f"{len(books)} rendered books of {given.plan.name}, hands of the part '{books[0].hands}'"
    made = date.today().isoformat()
    fitting = fitting_books(given.plan)
    if fitting is not None:
        fitting &= {book.name for book in books}
    certificate = calibrate(
        folders, options, source=source, target_error=given.target_error, made=made, fitting=fitting,
        on_book=report,
    )  # fmt: skip
    save_certificate(given.work / "certificate.json", certificate)
    console.print(render_certificate(certificate))


if __name__ == "__main__":
    main()
