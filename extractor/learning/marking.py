"""Choose waiting fields of a folder for learning, and mark them in the queue.

All fields that wait are ranked by what the store knows of their readings; the foremost of them, and as many drawn by
lot so that nothing is out of reach, are looked at again with the reader, whose encoder tells which of them are alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor.batch.judging import lot
from extractor.field_reading import HANDWRITING
from extractor.learning.crops import field_lines
from extractor.learning.rarity import has_minority_name, rare_letters
from extractor.learning.selecting import Pool, Rule, choose, joined, ranks
from extractor.readers.handwriting.images import prepare
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.records import FieldState
from extractor.scans.types import Image
from extractor.store import Learning, OpenField, Store

_BEAM = 5
_LOOKED_AT = 6
"""Fields looked at for each one wanted."""

_LEAST = 300
_AT_ONCE = 64
_UNUSUAL = 0.3
"""What an unusual name is worth beside the rank of the expected errors, in the first look."""

_KNOWN = 200
"""Settled fields looked at, so that what is like them counts as nothing new."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen.

    Args:
        waiting: fields in handwriting that wait and may be chosen.
        looked_at: how many of them were looked at.
        marked: how many are marked now.
        kinds: of these, by kind.
        pages_missing: pages whose pictures are missing or damaged; their fields were left out.
    """

    waiting: int
    looked_at: int
    marked: int
    kinds: dict[str, int]
    pages_missing: int


def mark_for_learning(
    store: Store,
    out: Path,
    model: Path,
    count: int,
    rule: Rule,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Chosen:
    """Mark the fields that a reader would learn most from, instead of those marked before that still wait.

    Args:
        store: of the folder.
        out: output folder of the run.
        model: folder of the reader that is to learn.
        count: fields to mark; 0 marks none and takes all marks away.
        rule: how scores are put together.
        on_progress: is told how many fields were looked at, and how many there are to look at.

    Raises:
        ModelError: the reader cannot be loaded.
    """
    learning = Learning(store)
    fields = [field for field in learning.open_fields() if _is_handwritten(field)]
    if count <= 0 or not fields:
        return Chosen(len(fields), 0, learning.mark([]), {}, 0)
    settled = sorted((field for field in learning.settled_fields() if _is_handwritten(field)), key=_lot)[:_KNOWN]
    foremost = _foremost(fields, max(_LEAST, _LOOKED_AT * count))
    looks = _Looks(model)
    missing: set[tuple[str, int]] = set()
    wanted = [*foremost, *settled]
    for field, lines in field_lines(out, wanted, on_missing=lambda file, page: missing.add((file, page))):
        looks.add(field, lines)
        on_progress(looks.fields, len(wanted))
    seen, pool = looks.done()
    waiting = {field.id for field in foremost}
    new = [number for number, field in enumerate(seen) if field.id in waiting]
    old = [number for number, field in enumerate(seen) if field.id not in waiting]
    best = [seen[new[number]] for number in choose(pool.part(new), count, rule, known=pool.vectors[old])]
    marked = learning.mark([field.id for field in best])
    return Chosen(len(fields), len(new), marked, dict(Counter(field.kind for field in best)), len(missing))


class _Looks:
    """Looks at the lines of fields, some at a time, and keeps of each field the line it is least sure of."""

    def __init__(self, model: Path) -> None:
        from extractor.readers.handwriting.model import load_recogniser

        self._model = load_recogniser(model)
        # Without its language model: what is common in texts must not hide what the pixels leave open.
        self._decoder = LineDecoder(self._model.config.alphabet, beam=_BEAM)
        self._letters = rare_letters(self._model.config.alphabet)
        self._waiting: list[tuple[OpenField, list[NDArray[np.float32]]]] = []
        self._fields: list[OpenField] = []
        self._pools: list[Pool] = []
        self.fields = 0

    def add(self, field: OpenField, lines: Sequence[Image]) -> None:
        """Take the lines of a field; nothing is kept of one that has no place on its page."""
        self._waiting.append((field, [prepare(line)[0] for line in lines]))
        self.fields += 1
        if sum(len(prepared) for _, prepared in self._waiting) >= _AT_ONCE:
            self._look()

    def done(self) -> tuple[list[OpenField], Pool]:
        """All fields that were looked at, and what was seen of each."""
        self._look()
        if not self._pools:
            self._pools.append(self._seen([]))
        return self._fields, joined(self._pools).standardised()

    def _look(self) -> None:
        pool = self._seen([picture for _, prepared in self._waiting for picture in prepared])
        kept, start = [], 0
        for field, prepared in self._waiting:
            lines = range(start, start + len(prepared))
            start += len(prepared)
            # Something is written in the field, but not on each of its lines.
            if numbers := [n for n in lines if pool.doubts[n].text] or lines:
                kept.append(max(numbers, key=lambda n: pool.doubts[n].expected_errors))
                self._fields.append(field)
        self._pools.append(pool.part(kept))
        self._waiting.clear()

    def _seen(self, prepared: Sequence[NDArray[np.float32]]) -> Pool:
        from extractor.learning.looking import encode, look_at, read_features

        return look_at(read_features(self._model.head, encode(self._model, prepared)), self._decoder, self._letters)


def _is_handwritten(field: OpenField) -> bool:
    """Whether the reader of handwriting read it and something stands there; print and ticks have other readers."""
    return field.machine.reader == HANDWRITING and field.machine.state is not FieldState.BLANK


def _lot(field: OpenField) -> float:
    return lot(f"learning/{'/'.join(map(str, field.record))}/{field.code}")


def _foremost(fields: Sequence[OpenField], most: int) -> list[OpenField]:
    """At most so many fields to look at: half of them the most doubtful by their stored readings, half by lot."""
    if len(fields) <= most:
        return list(fields)
    errors = np.array([(1.0 - field.machine.confidence) * len(field.machine.raw) for field in fields])
    unusual = np.array([float(has_minority_name(field.machine.raw)) for field in fields])
    order = [fields[number] for number in np.argsort(-(ranks(errors) + _UNUSUAL * unusual), kind="stable")]
    return [*order[: most // 2], *sorted(order[most // 2 :], key=_lot)[: most - most // 2]]
