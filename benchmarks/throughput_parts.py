"""Parts of ``throughput.py``: memory of a run's processes, a long book, lines for engines that find none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from extractor.training.synth.output import write_pdf

_KB = 1024.0


def peak_pss(root: int) -> float:
    """Memory of a process and all below it now, in MB, shared memory counted once; 0 where it cannot be told."""
    total = 0.0
    for process in [root, *_below(root)]:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:  # it has just ended, or there is no such file on this system
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / _KB
    return total


def _below(root: int) -> list[int]:
    found: list[int] = []
    for tasks in Path(f"/proc/{root}/task").glob("*/children"):
        try:
            children = [int(number) for number in tasks.read_text(encoding="ascii").split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_below(child)]
    return found


def write_long_book(pages: Sequence[Path], count: int, target: Path) -> Path:
    """A PDF of so many pages: the given pictures, over and over."""
    pictures = []
    for number in range(count):
        page = pages[number % len(pages)]
        with Image.open(page) as picture:
            pictures.append((page.read_bytes(), *picture.size))
    write_pdf(target, pictures, 300)
    return target


def lines_of(pages: Sequence[Path], folder: Path) -> int:
    """Cut the written values of drawn pages out where the truth has them, one picture a line; returns how many."""
    folder.mkdir(parents=True)
    count = 0
    for parent in sorted({page.parent for page in pages}):
        for line in (parent / "layout.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            image = cv2.imread(str(parent / entry["file"]), cv2.IMREAD_GRAYSCALE)
            if image is None:
                raise SystemExit(f"{entry['file']} is not there")
            for place in entry["fields"].values():
                if not place.get("ink"):
                    continue
                for x, y, w, h in place["regions"]:
                    crop = np.ascontiguousarray(image[max(0, y) : y + h, max(0, x) : x + w])
                    if min(crop.shape) > 1:
                        cv2.imwrite(str(folder / f"{count:05d}.png"), crop)
                        count += 1
    return count
