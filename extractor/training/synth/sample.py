"""Renders the bundled sample book: ``python -m extractor.training.synth.sample FOLDER``."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from extractor.records import BookKey
from extractor.training.synth.book import RenderedBook, render_book
from extractor.training.synth.output import write_lines

SEED = 35
STRENGTH = 1.6
QUALITY = 72
RECORDS = 12


def render_sample(out: Path) -> None:
    """Render the two sample books and their truth into ``out``: a PDF of a book, and a folder of a PDF a record."""
    first = render_book(
        out,
        "ks-2016",
        seed=SEED,
        records=RECORDS,
        strength=STRENGTH,
        hand_split="test",
        output="pdf",
        book=BookKey(year="2017", number="01"),
        hands=2,
        printed=(5, 6, 10),
        camera=False,
        quality=QUALITY,
    )
    entries = _take_truth(first, "")
    folder = out / "KS.2009.01"
    if folder.exists():
        shutil.rmtree(folder)
    second = render_book(
        folder,
        "ks-2006",
        seed=SEED,
        records=RECORDS,
        strength=STRENGTH,
        hand_split="test",
        output="pdf-per-record",
        book=BookKey(year="2009", number="01"),
        hands=2,
        printed=(),
        camera=False,
        quality=QUALITY,
    )
    entries += _take_truth(second, "KS.2009.01/")
    write_lines(out / "truth.jsonl", entries)


def _take_truth(book: RenderedBook, prefix: str) -> list[dict[str, Any]]:
    """The book's truth with file names below the sample's folder; its own truth files are removed."""
    entries = [json.loads(line) for line in book.truth.read_text(encoding="utf-8").splitlines()]
    book.truth.unlink()
    book.layout.unlink()
    return [entry | {"file": prefix + entry["file"]} for entry in entries]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Render the bundled sample book.")
    parser.add_argument("out", type=Path, help="folder to write to")
    render_sample(parser.parse_args().out)
