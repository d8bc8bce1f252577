"""How often the place is right that a line of a real address names: commune, district and province.

    python benchmarks/places.py FOLDER [--part held_out] [--seed 1] [--model models/handwriting] [--out DIR]

FOLDER is the Kalapa collection (addresses in cells of photographed forms, ``labels.tsv`` beside the pictures). Lines
whose label names no known place are left out of the shares of places. Numbers of the labels, those of wards too, are
not real; such a line counts with its district and province. Side by side, on the same readings of one run:

- ``read``: the reader's first text, as it is;
- ``province only``: the same with the province corrected to the one it nearly spells;
- ``gazetteer``: the reader's candidates weighed by :func:`extractor.vietnamese.decode`.

A place is right when all levels that the label names are the same units. Texts are compared without case and
punctuation.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from extractor.readers.handwriting import HandwritingReader
from extractor.readers.wrapped import read_wrapped
from extractor.templates.form import FieldSpec, Kind
from extractor.training.collections import read_kalapa, split
from extractor.training.metrics import line_errors
from extractor.training.samples import read_picture
from extractor.vietnamese import Context, decode
from extractor.vietnamese.address_search import find_address
from extractor.vietnamese.distance import distance
from extractor.vietnamese.places import parse_place

PLACE = FieldSpec(code="place", label="place", kind=Kind.PLACE)


@dataclass(frozen=True)
class Outcome:
    """What one way reached; right, wrong and unknown places are shares of the lines whose label names a place."""

    way: str
    cer: float
    exact: float
    right: float
    wrong: float
    unknown: float
    milliseconds: float


def province_only(text: str) -> str:
    """The text with its end as the province it nearly spells."""
    near = parse_place(text).near
    if not near:
        return text
    words = text.split(" ")
    name = min(near, key=lambda item: distance(" ".join(words[-item.count(" ") - 1 :]), item))
    return " ".join([*words[: -name.count(" ") - 1], name])


def place(text: str) -> tuple[str, ...]:
    """Units that a text names, spelt as they are; none where it only nearly spells them."""
    ways = find_address(text)
    return ways[0].names if ways and ways[0].spelt else ()


def judge(way: str, texts: Sequence[str], truths: Sequence[str], seconds: float) -> Outcome:
    """Compare texts and places with the labels."""
    errors = line_errors(list(texts), list(truths), insensitive=True)
    pairs = [(place(text), place(truth)) for text, truth in zip(texts, truths, strict=True) if len(place(truth)) > 1]
    right = sum(found == true for found, true in pairs)
    unknown = sum(not found for found, _ in pairs)
    count = max(1, len(pairs))
    return Outcome(
        way, errors.cer, errors.exact, right / count, (len(pairs) - right - unknown) / count, unknown / count,
        1000 * seconds / max(1, len(texts)),
    )  # fmt: skip


def main() -> None:
    """Read, decode, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=["tuning", "held_out"], default="held_out")
    parser.add_argument("--seed", type=int, default=1, help="the seed the reader was trained with")
    parser.add_argument("--model", type=Path, default=Path("models/handwriting"))
    parser.add_argument("--year", default="2020", help="year of the records, as far as it is known")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    lines = split(read_kalapa(given.folder), given.seed)[given.part]
    truths = [line.text for line in lines]
    readings = read_wrapped(HandwritingReader(given.model), [read_picture(line) for line in lines])
    texts = [reading.text for reading in readings]
    find_address("Hà Nội")
    context = Context(year=given.year)
    started = time.process_time()
    decoded = [decode(PLACE, reading.candidates, context) for reading in readings]
    spent = time.process_time() - started
    outcomes = [
        judge("read", texts, truths, 0.0),
        judge("province only", [province_only(text) for text in texts], truths, 0.0),
        judge("gazetteer", [items[0].raw if items else "" for items in decoded], truths, spent),
    ]
    count = sum(len(place(truth)) > 1 for truth in truths)
    table = Table(
        "way", "CER %", "exact text %", "place right %", "wrong %", "none %", "ms a line",
        title=f"{len(lines)} lines, {count} of them with a place in the gazetteer",
    )  # fmt: skip
    for item in outcomes:
        shares = (item.cer, item.exact, item.right, item.wrong, item.unknown)
        table.add_row(item.way, *(f"{100 * share:.1f}" for share in shares), f"{item.milliseconds:.0f}")
    Console().print(table)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        rows = [asdict(item) for item in outcomes]
        (given.out / "places.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
