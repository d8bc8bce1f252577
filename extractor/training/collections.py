"""Readers of handwriting collections and their split into parts that share no form and no block of lines.

A collection is a folder with ``labels.tsv`` (picture path, tab, text). Lines belong to groups: a form is one hand, and
neighbouring forms may share one, so whole blocks of neighbours go to one part.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import MissingInputError, TruncatedInputError
from extractor.readers.handwriting.alphabet import canonical

PARTS = ("train", "tuning", "held_out")
"""Training; choice of checkpoints and fitting of confidences; reported figures."""


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """One line's picture and text, with the block of neighbouring lines it belongs to."""

    picture: Path
    text: str
    block: int


def read_collection(folder: Path, block_of: Callable[[str], int]) -> list[LabelledLine]:
    """Read ``labels.tsv`` of a folder.

    Args:
        folder: holds ``labels.tsv`` and the pictures it names.
        block_of: number of the block for a picture's file name.

    Raises:
        MissingInputError: there is no ``labels.tsv``.
    """
    labels = folder / "labels.tsv"
    if not labels.is_file():
        raise MissingInputError(labels, "the collection's labels are missing.", mend="Name a folder with labels.tsv.")
    lines = []
    try:
        rows = labels.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise TruncatedInputError(labels, "the labels are not in UTF-8.", mend="Save them in UTF-8.") from error
    for row in rows:
        name, _, text = row.partition("\t")
        if text.strip():
            picture = folder / name
            lines.append(LabelledLine(picture, canonical(text), block_of(picture.name)))
    return lines


def number_in(name: str) -> int:
    """The first number in a file name, 0 where there is none."""
    found = re.search(r"\d+", name)
    return int(found.group()) if found else 0


def read_kalapa(folder: Path) -> list[LabelledLine]:
    """Addresses in cells of photographed forms; a block is four forms that follow each other."""
    lines = read_collection(folder, number_in)
    rank = {form: index // 4 for index, form in enumerate(sorted({line.block for line in lines}))}
    return [LabelledLine(line.picture, line.text, rank[line.block]) for line in lines]


def read_cinnamon(folder: Path) -> list[LabelledLine]:
    """Scanned address lines; a block is fifty numbers that follow each other."""
    return read_collection(folder, lambda name: number_in(name) // 50)


def part_of_blocks(blocks: Iterable[int], seed: int, *, tuning: float = 0.08, held_out: float = 0.12) -> dict[int, str]:
    """Assign each block to a part, the same for the same seed.

    Args:
        blocks: block numbers, in any order.
        seed: fixes the assignment.
        tuning: share of the blocks for tuning, 0 to 1.
        held_out: share of the blocks for reported figures, 0 to 1.
    """
    order = sorted(set(blocks))
    random.Random(seed).shuffle(order)
    first, second = max(1, round(held_out * len(order))), max(1, round(tuning * len(order)))
    parts = dict.fromkeys(order[:first], "held_out")
    parts.update(dict.fromkeys(order[first : first + second], "tuning"))
    return {block: parts.get(block, "train") for block in order}


def split(lines: Iterable[LabelledLine], seed: int) -> dict[str, list[LabelledLine]]:
    """Lines by part, whole blocks together."""
    lines = list(lines)
    parts = part_of_blocks((line.block for line in lines), seed)
    return {part: [line for line in lines if parts[line.block] == part] for part in PARTS}
