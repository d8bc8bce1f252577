"""Ground truth for :mod:`geometry`: text lines of ALTO files with the column each lies in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import yaml
from numpy.typing import NDArray

OUTSIDE = -1
"""A line in no column: in the head, in the margin."""

_COLUMN = re.compile(r"^Col_(\d+)$")
_NOT_BODY = {"header", "marginal", "printed", "Stamp"}
_EDGES_FILE = Path(__file__).with_name("notary_columns.yaml")


@dataclass(frozen=True)
class TruthLine:
    """A text line: its box's centre, its column from 0 (or :data:`OUTSIDE`), whether it begins an entry."""

    x: float
    y: float
    column: int
    begins: bool


@dataclass(frozen=True)
class PageTruth:
    """Lines of a page, and how their columns are known: ``tags`` or ``edges`` read off by eye."""

    lines: tuple[TruthLine, ...]
    source: str
    size: tuple[int, int]

    @property
    def centres(self) -> NDArray[np.float64]:
        """Centres of all lines, ``(n, 2)``."""
        return np.array([(line.x, line.y) for line in self.lines])

    @property
    def columns(self) -> NDArray[np.intp]:
        """Columns of all lines."""
        return np.array([line.column for line in self.lines])

    @property
    def entries(self) -> int:
        """Lines tagged as an entry's first; 0 where the file has no such tags."""
        return sum(line.begins for line in self.lines)


def read_truth(path: Path) -> PageTruth:
    """Read an ALTO file.

    A line has the column of its block's tag (``Col_1`` ...). Where a file's lines stand in no such block, their columns
    follow from the edges in ``notary_columns.yaml``, by the middle of the line's own box.

    Raises:
        ValueError: the file has neither tags nor edges read off.
    """
    root = ET.parse(path).getroot()
    space = root.tag.partition("}")[0] + "}"
    labels = {tag.get("ID"): tag.get("LABEL", "") for tag in root.iter(f"{space}OtherTag")}
    page = next(root.iter(f"{space}Page"))
    found: list[tuple[float, float, set[str]]] = []
    for block in root.iter(f"{space}TextBlock"):
        for line in block.iter(f"{space}TextLine"):
            box = [float(line.get(name, "0")) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
            tags = {labels.get(tag, "") for node in (block, line) for tag in (node.get("TAGREFS") or "").split()}
            found.append((box[0] + box[2] / 2, box[1] + box[3] / 2, tags))
    edges = yaml.safe_load(_EDGES_FILE.read_text("utf-8")).get(path.stem)
    tagged = any(_column(tags) is not None for *_, tags in found)
    if not tagged and edges is None:
        raise ValueError(f"{path}: its lines have no column tags, and {_EDGES_FILE.name} has no edges for it.")
    lines = []
    for x, y, tags in found:
        column = _column(tags)
        if column is None and edges is not None and not tags & _NOT_BODY:
            column = _by_edges(x, y, edges)
        lines.append(TruthLine(x, y, OUTSIDE if column is None else column, "First_line" in tags))
    size = (int(float(page.get("WIDTH", "0"))), int(float(page.get("HEIGHT", "0"))))
    return PageTruth(tuple(lines), "edges" if edges is not None else "tags", size)


def _column(tags: set[str]) -> int | None:
    for tag in tags:
        match = _COLUMN.match(tag)
        if match:
            return int(match[1]) - 1
    return None


def _by_edges(x: float, y: float, edges: dict) -> int:
    if y < edges["head"]:
        return OUTSIDE
    heights = [row[0] for row in edges["edges"]]
    places = np.array([row[1] for row in edges["edges"]], np.float64)
    row = [np.interp(y, heights, places[:, edge]) for edge in range(places.shape[1])]
    column = int(np.searchsorted(row, x)) - 1
    return column if 0 <= column < len(row) - 1 else OUTSIDE
