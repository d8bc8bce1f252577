"""Labels that no OCR engine has read: where their letters stand as ink tells where their values begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from extractor.readers.furniture import Furniture
from extractor.templates.label_template import ValuePlace
from extractor.templates.letters import breadth
from extractor.templates.placing import Placed

_GAP_MM = 0.9
"""Words stand further apart than this; letters of print do not."""
_STRAY_MM = 20.0
"""How far along its line a label may stand from where its neighbours put it."""
_LEAST = 4
"""Labels that must have been read to know how wide the print is."""


def on_their_ink(labels: Sequence[Placed], furniture: Furniture, mm: float) -> list[Placed]:
    """Give labels that were not found the ends of the words on their line that are as wide as one of their wordings.

    Args:
        labels: labels of a block, on the lines they stand on.
        furniture: page furniture, working pixels.
        mm: working pixels in a millimetre.
    """
    read = [p for p in labels if p.found and len(p.label.text) > 4]
    if len(read) < _LEAST:
        return list(labels)
    unit = float(np.median([(p.right - p.left) / breadth(p.label.text + ":") for p in read]))
    moved = list(labels)
    for i, label in enumerate(labels):
        if label.found or label.label.optional or label.label.value is not ValuePlace.RIGHT or label.label.cells:
            continue
        beside = [p for k, p in enumerate(moved) if k != i and p.row == label.row and (p.found or k < i)]
        after = max([p.right for p in beside if p.left < label.left], default=0.0)
        before = min([p.left for p in beside if p.left > label.left], default=float(furniture.ink.shape[1]))
        widths = [breadth(wording + ":") * unit for wording in label.label.wordings]
        ends = _words_of_width(label, widths, _words(label, furniture, after, before, mm), mm)
        if ends is not None:
            moved[i] = replace(label, left=ends[0], right=ends[1])
    return moved


def _words(label: Placed, furniture: Furniture, after: float, before: float, mm: float) -> list[tuple[int, int]]:
    """Runs of inked columns at the height of a label's small letters, between its neighbours."""
    left = int(max(0.0, after, label.left - _STRAY_MM * mm))
    right = int(min(before, label.right + _STRAY_MM * mm))
    top, bottom = int(max(0.0, label.baseline - 0.8 * label.height)), int(label.baseline + 0.1 * label.height)
    if right - left < 2 or bottom - top < 2:
        return []
    inked = np.flatnonzero(furniture.ink[top:bottom, left:right].any(axis=0)) + left
    if not len(inked):
        return []
    runs = np.split(inked, np.flatnonzero(np.diff(inked) > _GAP_MM * mm) + 1)
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]


def _words_of_width(
    label: Placed, widths: Sequence[float], words: Sequence[tuple[int, int]], mm: float
) -> tuple[float, float] | None:
    """Ends of neighbouring words that are together as wide as a wording and stand nearest to where it should."""
    found: list[tuple[float, tuple[float, float]]] = []
    for first, (left, _) in enumerate(words):
        for _, right in words[first : first + 8]:
            for width in widths:
                error = abs(right - left - width)
                if error < 0.07 * width + 0.5 * mm:
                    found.append((error + 0.15 * abs(left - label.left), (float(left), float(right))))
    return min(found)[1] if found else None
