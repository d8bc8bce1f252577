"""The learning loop, gone through once: from reviewed books to a promoted reader, and back.

    python benchmarks/learning_loop.py --work DIR [--books 80] [--records 3] [--lines 12000] [--seed 8]

Draws books of invented people in handwriting fonts that the shipped reader was not trained with, reads them, lets
their truth answer the queue, exports a set of lines, fine-tunes the reader in use on it, holds the candidate against it
on the books that were kept apart, promotes it where the rule allows (or, as a trial, by a laxer one), reads further
books (drawn, kept out of the set) before, after and once more after going back. Prints what happened, writes
``loop.json``.

Everything goes through the command line, each step as an office would type it, and nothing outside DIR is changed. A
step that is done is not done again: stopped, the same command goes on. All books share a few fonts, as the books of one
office share its clerks: the figures say what learning from an office's books does for its other books, and nothing of
hands that nobody has seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from extractor.learning.fine_tuning import shipped_recipe
from extractor.learning.promotion import shipped_rule
from extractor.records import BookKey
from extractor.training.synth import render_book

FORMS = ("ks-2016", "ks-2006")
PERSON = "learning loop"
NEW = 501
"""Number of the first of the further books."""


class Loop:
    """The steps, and what is known of those that are done.

    Args:
        options: of the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.work = options, options.work
        self.work.mkdir(parents=True, exist_ok=True)
        self.file = self.work / "loop.json"
        self.known: dict[str, Any] = json.loads(self.file.read_text("utf-8")) if self.file.is_file() else {}
        self.console = Console(stderr=True)

    def step(self, name: str, *arguments: object, codes: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Run a command of ``extractor``, unless it is done; keeps exit code, output and time."""
        if name in self.known:
            return dict(self.known[name])
        given = [str(argument) for argument in arguments]
        self.console.print(f"{name}: extractor {' '.join(given)}", highlight=False, soft_wrap=True)
        environment = {**os.environ, "EXTRACTOR_REGISTRY_DIR": str(self.work / "registry"), "COLUMNS": "160"}
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", "from extractor.cli import main; main()", *given],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode not in codes:
            sys.exit(f"{name} failed:\n{done.stdout}{done.stderr}")
        return self.keep(
            name, code=done.returncode, said=(done.stdout + done.stderr[-2000:]).strip(),
            seconds=round(time.monotonic() - started),
        )  # fmt: skip

    def keep(self, name: str, **facts: Any) -> dict[str, Any]:
        """Keep what a step gave."""
        self.known[name] = facts
        self.file.write_text(json.dumps(self.known, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return facts

    def draw(self, folder: Path, books: int, first: int) -> None:
        """Draw books, and put their truths together in one file."""
        truth = folder / "truth.jsonl"
        if truth.is_file():
            return
        self.console.print(f"drawing {books} books into {folder}")
        rows = []
        for number in range(first, first + books):
            book = folder / f"{number:03d}"
            if not (book / "truth.jsonl").is_file():
                render_book(
                    book, FORMS[number % len(FORMS)], seed=self.options.seed * 1000 + number, strength=2.0,
                    records=self.options.records, hand_split="test", printed=(), camera=False, dpi=200,
                    book=BookKey(year="2012" if number % 2 else "2017", number=f"{number:02d}"),
                )  # fmt: skip
            for row in (book / "truth.jsonl").read_text("utf-8").splitlines():
                entry = json.loads(row)
                # As a run over the folder names the file.
                rows.append(json.dumps({**entry, "file": f"{book.name}/{entry['file']}"}, ensure_ascii=False) + "\n")
        truth.write_text("".join(rows), "utf-8")

    def read_new_books(self, name: str) -> dict[str, Any]:
        """Read the further books with the reader in use; what is right, and what passes without a person."""
        out, books = self.work / "new-out", self.work / "new-books"
        self.step(f"run {name}", "run", books, "--out", out, "--workers", self.options.workers, "--quiet", codes=(0, 3))
        self.step(f"evaluate {name}", "evaluate", out / "records.jsonl", books / "truth.jsonl", "--json")
        return dict(json.loads(self.known[f"evaluate {name}"]["said"])["overall"])

    def recipe(self) -> Path:
        """The shipped recipe with so many lines instead of a time, so that a run repeats."""
        entries = yaml.safe_load(shipped_recipe().read_text("utf-8"))
        entries["fine_tune"] = {**entries["fine_tune"], "lines": self.options.lines, "minutes": 600}
        entries["validate_every"] = max(entries["validate_every"], self.options.lines // 8)
        file = self.work / "recipe.yaml"
        file.write_text(yaml.safe_dump(entries), "utf-8")
        return Path(file)

    def laxer_rule(self) -> Path:
        """A rule that asks for fewer character errors alone: for trying the way there and back, never for real use."""
        entries = yaml.safe_load(shipped_rule().read_text("utf-8"))
        for asked in (*entries["kinds"].values(), entries["other_kinds"]):
            asked["may_fall"] = 100.0
        entries["overall"] = {"figure": "cer", "better_by": 0.0}
        file = self.work / "rule.yaml"
        file.write_text(yaml.safe_dump(entries), "utf-8")
        return Path(file)

    def run(self) -> None:
        """Go through the loop."""
        work, options = self.work, self.options
        out, of_set, candidate, compared = work / "out", work / "set", work / "candidate", work / "evaluation"
        self.draw(work / "books", options.books, 1)
        self.draw(work / "new-books", options.new_books, NEW)
        new = {"before": self.read_new_books("before")}
        self.step(
            "run", "run", work / "books", "--out", out, "--certificate", "none", "--workers", options.workers,
            "--quiet", codes=(0, 3),
        )  # fmt: skip
        self.step("answer", "queue", "answer", out, "--truth", work / "books" / "truth.jsonl")
        self.step(
            "export", "dataset", "export", of_set, "--from", out, "--purpose", "the learning loop",
            "--consent", "people are invented", "--person", PERSON, codes=(0, 3),
        )  # fmt: skip
        self.step("train", "train", self.recipe(), "--from", of_set, "--out", candidate)
        self.step("compare", "model", "evaluate", candidate, "--on", of_set, "--out", compared)
        promote = (
            "model", "promote", candidate, "--evaluation", compared / "evaluation.json", "--person", PERSON,
            "--log-in", out,
        )  # fmt: skip
        promoted = self.step("promote", *promote, codes=(0, 2))
        if promoted["code"]:
            # So few books prove little of a single kind. To see the way there and back all the same:
            promoted = self.step("promote by a laxer rule", *promote, "--rule", self.laxer_rule(), codes=(0, 2))
        if promoted["code"] == 0:
            new["after promotion"] = self.read_new_books("after promotion")
            self.step("list", "model", "list")
            self.step("rollback", "model", "rollback", "--person", PERSON, "--log-in", out)
            new["after going back"] = self.read_new_books("after going back")
        self.step("log", "audit", "verify", out)
        self.tell(new)

    def tell(self, new: dict[str, dict[str, Any]]) -> None:
        """Print what happened."""
        told = Console(width=160)
        for name in ("export", "train", "compare", "promote", "promote by a laxer rule", "list", "rollback", "log"):
            if name in self.known:
                told.print(f"\n{name}, {self.known[name]['seconds']} s", style="bold")
                told.print(self.known[name]["said"], highlight=False, markup=False)
        told.print("\n| Further books, read | fields | exact | CER | accepted by the machine | wrong of these |")
        told.print("|---|---|---|---|---|---|")
        for when, found in new.items():
            told.print(
                f"| {when} | {found['fields']} | {100 * found['exact']:.1f} % | "
                f"{100 * found['character_error_rate']:.2f} % | {100 * found['accepted']:.1f} % | "
                f"{found['accepted_errors']} of {found['accepted_fields']} |",
                soft_wrap=True,
            )


def main() -> None:
    """Read the options, go through the loop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--books", type=int, default=80)
    parser.add_argument("--new-books", type=int, default=6)
    parser.add_argument("--records", type=int, default=3)
    parser.add_argument("--lines", type=int, default=12_000, help="lines that the candidate is trained on")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=8)
    Loop(parser.parse_args()).run()


if __name__ == "__main__":
    main()
