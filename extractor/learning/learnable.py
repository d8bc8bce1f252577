"""What training gets of a set: the parts ``train`` and ``tuning``, and nothing that could lead to the third.

Training is handed a :class:`Learnable` and never the set. No line of ``held_out`` is in it, and none of their pictures
is opened.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import LineSetError
from extractor.learning.line_set import LearningLine, Manifest, check_pictures, read_line_set
from extractor.learning.training_record import UsedSet, pixel_digest
from extractor.readers.handwriting.alphabet import canonical
from extractor.training.collections import LabelledLine
from extractor.training.lines import Decided

LEARNED_PARTS = ("train", "tuning")
"""Parts that training may read."""


@dataclass(frozen=True, slots=True)
class Learnable:
    """The lines of a set that a model may learn from.

    Args:
        decided: the lines, as training takes them.
        used: what is kept of them in the model's folder.
        manifest: what the set is.
    """

    decided: Decided
    used: UsedSet
    manifest: Manifest


def read_learnable(folder: Path) -> Learnable:
    """Read the parts of a set that a model may learn from.

    Raises:
        MissingInputError: there is no set in the folder.
        LineSetError: the set is damaged, or has no lines for training or none for tuning.
    """
    whole = read_line_set(folder, pictures=False)
    parts = {part: whole.of_part(part) for part in LEARNED_PARTS}
    for part, lines in parts.items():
        if not lines:
            raise LineSetError(
                f"{folder}: the set has no line of the part '{part}'.",
                mend="Verify more books, and export the set again: each part needs a book of its own.",
            )
    check_pictures(whole, [line for lines in parts.values() for line in lines])
    blocks = {name: number for number, name in enumerate(sorted({line.book for line in whole.lines}))}
    decided = {
        part: [LabelledLine(folder / line.picture, canonical(line.text), blocks[line.book]) for line in lines]
        for part, lines in parts.items()
    }
    return Learnable(Decided(whole.manifest.version, decided), _used(folder, whole.manifest, parts), whole.manifest)


def _used(folder: Path, manifest: Manifest, parts: dict[str, tuple[LearningLine, ...]]) -> UsedSet:
    lines = [line for part in parts.values() for line in part]
    return UsedSet(
        version=manifest.version,
        purpose=manifest.purpose,
        consent=manifest.consent,
        by=manifest.by,
        lines={part: len(found) for part, found in parts.items()},
        kinds=dict(sorted(Counter(line.kind for line in lines).items())),
        books=tuple(sorted({line.book for line in lines})),
        hands=tuple(sorted({line.hand for line in lines})),
        pixels=tuple(sorted({pixel_digest(folder / line.picture) for line in lines})),
    )
