"""Reading the same kept lines with a candidate and with the reader in use.

Lines that either of them learned from are refused, and with them the whole set: by the books and hands they are from,
and by their pictures, whatever set they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from extractor.errors import EvaluationError
from extractor.learning.bootstrap import compare
from extractor.learning.comparison import Comparison, Figure, Lines, Slice
from extractor.learning.line_set import LearningLine, LineSet, groups, read_line_set
from extractor.learning.training_record import TrainingRecord, pixel_digest, read_training_record
from extractor.readers import Reader, Reading
from extractor.readers.handwriting import HandwritingReader
from extractor.readers.handwriting.alphabet import canonical
from extractor.readers.handwriting.runtime import Precision, inspect_folder

CERTAINTY, DRAWS, SEED = 0.95, 2000, 1
BATCH = 32

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """Lines to evaluate on.

    Args:
        whole: the set they are from.
        lines: the lines.
        groups: number of each line's group.
        facts: what is kept of them in the evaluation's file.
    """

    whole: LineSet
    lines: tuple[LearningLine, ...]
    groups: tuple[int, ...]
    facts: Lines


def read_kept(folder: Path, part: str) -> Kept:
    """Read one part of a set.

    Raises:
        MissingInputError: there is no set in the folder.
        LineSetError: the set is damaged.
        EvaluationError: it has no line of that part.
    """
    whole = read_line_set(folder)
    lines = whole.of_part(part)
    if not lines:
        raise EvaluationError(
            f"{folder}: the set has no line of the part '{part}'.", mend="Export a set from more verified books."
        )
    numbers = groups((line.book, line.hand) for line in lines)
    of_lines = tuple(numbers[line.book, line.hand] for line in lines)
    facts = Lines(
        set=whole.manifest.version,
        purpose=whole.manifest.purpose,
        consent=whole.manifest.consent,
        part=part,
        lines=len(lines),
        groups=len(set(of_lines)),
        books=tuple(sorted({line.book for line in lines})),
        hands=tuple(sorted({line.hand for line in lines})),
        pixels=tuple(sorted({pixel_digest(whole.picture(line)) for line in lines})),
    )
    return Kept(whole, lines, of_lines, facts)


def refuse_learned(on: Lines, record: TrainingRecord, name: str) -> None:
    """Refuse lines that a model learned from.

    Args:
        name: what the model is called in the error.

    Raises:
        EvaluationError: a book, a hand or a picture is among those it learned from.
    """
    found = [
        f"{len(shared)} of the {what}"
        for what, shared in (
            ("books", record.books.intersection(on.books)),
            ("hands", record.hands.intersection(on.hands)),
            ("pictures", record.pixels.intersection(on.pixels)),
        )
        if shared
    ]
    if found:
        raise EvaluationError(
            f"The {name} learned from {' and '.join(found)} of these lines: nothing can be measured on them.",
            mend="Evaluate on the part 'held_out' of a set that keeps books and hands apart.",
        )


def evaluate_candidate(
    candidate: Path,
    current: Path,
    kept: Kept,
    *,
    precision: Precision = "float32",
    on_progress: Progress = lambda done, total: None,
    make_reader: Callable[[Path], Reader] | None = None,
) -> Comparison:
    """Read kept lines with both models and compare what they made of them.

    Args:
        candidate: model folder.
        current: model folder of the reader in use, or of another one to hold it against.
        kept: the lines, see :func:`read_kept`.
        precision: of the arithmetic.
        on_progress: is told of lines done and lines in all, both readers counted.
        make_reader: makes a reader of a model folder, instead of the usual one.

    Raises:
        EvaluationError: one of the models learned from such lines, or both are the same.
        ModelError: a model is missing or damaged, or does not say what it learned from.
    """
    digests = {folder: inspect_folder(folder).digest for folder in (candidate, current)}
    if digests[candidate] == digests[current]:
        raise EvaluationError(
            f"{candidate}: this is the very model it would be held against.", mend="Name another one with --against."
        )
    for folder, name in ((candidate, "candidate"), (current, "model it is held against")):
        refuse_learned(kept.facts, read_training_record(folder), name)
    make = make_reader or (lambda folder: HandwritingReader(folder, precision=precision))
    total, read = 2 * len(kept.lines), {}
    for place, folder in enumerate((current, candidate)):
        reader = make(folder)
        found: list[Reading] = []
        for start in range(0, len(kept.lines), BATCH):
            found += _read(reader, kept, kept.lines[start : start + BATCH])
            on_progress(place * len(kept.lines) + len(found), total)
        read[folder] = found
    truths = [canonical(line.text) for line in kept.lines]
    right = {folder: [item.text == truth for item, truth in zip(read[folder], truths, strict=True)] for folder in read}
    both = list(zip(kept.lines, right[current], right[candidate], strict=True))
    return Comparison(
        candidate=digests[candidate],
        current=digests[current],
        precision=precision,
        on=kept.facts,
        certainty=CERTAINTY,
        draws=DRAWS,
        slices=tuple(_slices(kept, truths, read[current], read[candidate])),
        broken=tuple(sorted(line.picture for line, before, after in both if before and not after)),
        mended=sum(after and not before for _, before, after in both),
    ).sealed()


def _read(reader: Reader, kept: Kept, lines: Sequence[LearningLine]) -> list[Reading]:
    pictures = [np.asarray(cv2.imread(str(kept.whole.picture(line)), cv2.IMREAD_GRAYSCALE), np.uint8) for line in lines]
    return list(reader.read(pictures))


def _slices(
    kept: Kept, truths: Sequence[str], current: Sequence[Reading], candidate: Sequence[Reading]
) -> Iterable[Slice]:
    chosen: list[tuple[str, str, list[int]]] = [("all", "all", list(range(len(kept.lines))))]
    for by, names in (
        ("kind", [line.kind for line in kept.lines]),
        ("stratum", [line.source for line in kept.lines]),
    ):
        chosen += [(by, name, [i for i, its in enumerate(names) if its == name]) for name in sorted(set(names))]
    for by, name, places in chosen:
        of_groups = [kept.groups[place] for place in places]
        figures = compare(
            [truths[place] for place in places],
            [current[place] for place in places],
            [candidate[place] for place in places],
            of_groups,
            draws=DRAWS,
            certainty=CERTAINTY,
            seed=SEED,
        )
        yield Slice.model_validate({
            "by": by, "name": name, "lines": len(places), "groups": len(set(of_groups)),
            **{figure: Figure.of(compared) for figure, compared in figures.items()},
        })  # fmt: skip
