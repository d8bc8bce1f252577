"""How often a certificate breaks its promise, and how many fields it lets pass.

    python benchmarks/certification.py BOOK... --work DIR [--trials 200] [--target-error 0.02] [--labels 0.5]
    python benchmarks/certification.py --kalapa DIR --cinnamon DIR [--model models/handwriting] ...

BOOK is a folder with scans and ``truth.jsonl``, as ``extractor synth`` draws them; ``--work`` is the working folder of
``extractor calibrate``: what was read there is not read again. In each trial the books are dealt out by chance: three
fifths make a certificate (every third of these fits, the others prove; ``--labels 0.5`` takes half of them), the rest
is tested. Side by side, on the same deal:

- ``certificate``: a calibrator and a proved threshold for each kind (:func:`extractor.confidence.fit_certificate`);
- ``raw score``: the reader's own line confidence and one threshold for all kinds, the lowest at which the labelled
  books' error does not exceed the target. This is what is commonly done.

The second form takes real address lines instead of rendered books: those of the two collections that took no part in
training, read and decoded as address fields. A form, or a block of fifty neighbouring lines, counts as a book; case and
punctuation do not count, because the labels of one collection have neither.

A promise is broken where the error among the fields accepted in the tested books is above the target. That error is
itself an estimate: ``for sure`` counts the trials in which it is above the target beyond chance (exact binomial test
at 5 %, which takes fields for independent; those of one hand are not). Trials share books, so they are not independent
either. A certificate promises each kind by itself, so kinds are counted too. Kind by kind the calibration error of few
fields is large by chance; how large it would be if every confidence were true stands beside it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from extractor.batch.calibrate import label_books
from extractor.batch.run import RunOptions
from extractor.confidence import FieldEvidence, LabelledField, fit_certificate
from extractor.confidence.certify import GRID
from extractor.confidence.evidence import group_of
from extractor.pipeline import PipelineOptions
from extractor.readers.crops import edge_ink
from extractor.readers.handwriting import HandwritingReader
from extractor.templates.form import FieldSpec, Kind
from extractor.training.collections import read_cinnamon, read_kalapa, split
from extractor.training.confidence import calibration_error_by_chance, expected_calibration_error
from extractor.training.metrics import right_reading
from extractor.training.samples import read_picture
from extractor.vietnamese import Context, decode

CERTAINTY = 0.95
ADDRESS = FieldSpec(code="address", label="Nơi cư trú", kind=Kind.PLACE)


@dataclass(frozen=True)
class Judged:
    """A tested field: its kind, its confidence, whether it passes, and whether it is right."""

    group: str
    confidence: float
    accepted: bool
    right: bool


@dataclass
class KindTally:
    """What one way did with one kind of field over all trials; calibration errors are of each trial by itself."""

    fields: int = 0
    right: int = 0
    accepted: int = 0
    wrong: int = 0
    calibration: list[float] = field(default_factory=list)
    by_chance: list[float] = field(default_factory=list)

    def count(self, members: Sequence[Judged]) -> None:
        """Count one trial's fields of the kind."""
        sure, right = [item.confidence for item in members], [item.right for item in members]
        self.fields += len(members)
        self.right += sum(right)
        self.accepted += sum(item.accepted for item in members)
        self.wrong += sum(item.accepted and not item.right for item in members)
        self.calibration.append(expected_calibration_error(sure, right))
        self.by_chance.append(calibration_error_by_chance(sure, draws=5))


@dataclass
class Tally:
    """What one way did over all trials."""

    way: str
    trials: int = 0
    broken: int = 0
    broken_for_sure: int = 0
    kinds: int = 0
    kinds_broken: int = 0
    kinds_broken_for_sure: int = 0
    accepted: int = 0
    wrong: int = 0
    flagged: int = 0
    flagged_wrong: int = 0
    coverage: list[float] = field(default_factory=list)
    calibration: list[float] = field(default_factory=list)
    by_kind: dict[str, KindTally] = field(default_factory=dict)

    def count(self, fields: Sequence[Judged], target: float) -> None:
        """Count one trial."""
        self.trials += 1
        taken = [item for item in fields if item.accepted]
        wrong = sum(not item.right for item in taken)
        self.accepted += len(taken)
        self.wrong += wrong
        self.flagged += len(fields) - len(taken)
        self.flagged_wrong += sum(not item.right for item in fields) - wrong
        self.coverage.append(len(taken) / len(fields))
        sure, right = [item.confidence for item in fields], [item.right for item in fields]
        self.calibration.append(expected_calibration_error(sure, right))
        self.broken += bool(taken) and wrong > target * len(taken)
        self.broken_for_sure += above_for_sure(wrong, len(taken), target)
        groups: dict[str, list[Judged]] = {}
        for item in fields:
            groups.setdefault(item.group, []).append(item)
        for group, members in sorted(groups.items()):
            self.by_kind.setdefault(group, KindTally()).count(members)
            taken_here = [item for item in members if item.accepted]
            if not taken_here:
                continue
            wrong_here = sum(not item.right for item in taken_here)
            self.kinds += 1
            self.kinds_broken += wrong_here > target * len(taken_here)
            self.kinds_broken_for_sure += above_for_sure(wrong_here, len(taken_here), target)


def above_for_sure(wrong: int, count: int, target: float) -> bool:
    """Whether so many errors would be unlikely (below 5 %) if the error were at the target."""
    from scipy.stats import binom

    return count > 0 and float(binom.sf(wrong - 1, count, target)) < 1 - CERTAINTY


Way = Callable[[Sequence[LabelledField], Sequence[LabelledField], float], list[Judged]]


def by_certificate(made: Sequence[LabelledField], tested: Sequence[LabelledField], target: float) -> list[Judged]:
    """Judge by a certificate made from the first fields."""
    certificate = fit_certificate(made, source="trial", forms={}, readers={}, target_error=target, certainty=CERTAINTY)
    judged = []
    for item in tested:
        confidence = certificate.confidence(item.evidence)
        accepted = certificate.accepts(item.evidence, confidence)
        judged.append(Judged(group_of(item.evidence), confidence, accepted, item.correct))
    return judged


def by_raw_score(made: Sequence[LabelledField], tested: Sequence[LabelledField], target: float) -> list[Judged]:
    """Judge by the reader's own confidence with one threshold for all."""
    scores = np.array([item.evidence.reader for item in made])
    right = np.array([item.correct for item in made])
    grid = sorted({*GRID, *np.linspace(0.05, 0.95, 19).round(2).tolist()})
    fitting = [t for t in grid if (scores >= t).any() and (~right[scores >= t]).mean() <= target]
    threshold = min(fitting, default=2.0)
    return [
        Judged(group_of(item.evidence), item.evidence.reader, item.evidence.reader >= threshold, item.correct)
        for item in tested
    ]


WAYS: dict[str, Way] = {"certificate": by_certificate, "raw score": by_raw_score}


def deal(
    fields: Sequence[LabelledField], rng: np.random.Generator, labels: float = 1.0
) -> tuple[list[LabelledField], list[LabelledField]]:
    """Three fifths of the books to make a certificate from, in an order by chance, and the rest to test it.

    Args:
        labels: share of those three fifths that is used; which books are tested does not depend on it.
    """
    books = sorted({item.book for item in fields})
    order = [books[index] for index in rng.permutation(len(books))]
    to_make = max(2, round(0.6 * len(order)))
    made = {book: f"{place:04d}" for place, book in enumerate(order[: max(2, round(labels * to_make))])}
    tested = set(order[to_make:])
    return (
        [replace(item, book=made[item.book]) for item in fields if item.book in made],
        [item for item in fields if item.book in tested],
    )


def label_lines(kalapa: Path, cinnamon: Path, model: Path, seed: int) -> list[LabelledField]:
    """Evidence of real address lines that the reader was not trained on, with whether the decoded text is right."""
    labelled = []
    reader = HandwritingReader(model)
    for name, lines in (("kalapa", read_kalapa(kalapa)), ("cinnamon", read_cinnamon(cinnamon))):
        parts = split(lines, seed)
        chosen = [*parts["tuning"], *parts["held_out"]]
        pictures = [read_picture(line) for line in chosen]
        for line, picture, reading in zip(chosen, pictures, reader.read(pictures), strict=True):
            decoded = decode(ADDRESS, reading.candidates, Context())
            evidence = FieldEvidence(ADDRESS.kind.value, blank=True)
            if decoded and decoded[0].raw:
                first = decoded[0]
                others = [item.probability for item in decoded[1:] if item.value != first.value]
                evidence = FieldEvidence(
                    ADDRESS.kind.value, reader=reading.confidence, decoded=first.probability, known=first.known,
                    min_char=min(reading.char_confidences, default=reading.confidence),
                    margin=first.probability - max(others, default=0.0), length=len(first.raw),
                    edge_ink=edge_ink(picture), proposed=first.proposed,
                )  # fmt: skip
            right = bool(decoded) and right_reading(decoded[0].raw, line.text, insensitive=True)
            labelled.append(LabelledField(evidence, right, f"{name}-{line.block:04d}"))
    return labelled


def main() -> None:
    """Read, deal, judge, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("books", type=Path, nargs="*")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--kalapa", type=Path)
    parser.add_argument("--cinnamon", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/handwriting"))
    parser.add_argument("--split-seed", type=int, default=1, help="the seed the reader was trained with")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--target-error", type=float, default=0.02)
    parser.add_argument(
        "--labels", type=float, default=1.0, help="share of the making books that is used, above 0 to 1"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--templates", type=Path, default=Path("page_templates"))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if not 0.0 < given.labels <= 1.0:
        parser.error("--labels is a share, above 0 to 1")
    fields: Sequence[LabelledField]
    if given.kalapa and given.cinnamon:
        fields = label_lines(given.kalapa, given.cinnamon, given.model, given.split_seed)
    elif len(given.books) < 4 or given.work is None:
        parser.error("give --work and at least four books: two to make a certificate from, and two to test it")
    else:
        options = RunOptions((), given.work, PipelineOptions(given.work, (given.templates,)), workers=given.workers)
        fields = label_books(given.books, options).fields
    tallies = {name: Tally(name) for name in WAYS}
    console = Console(stderr=True)
    for trial in track(range(given.trials), "trials", console=console, transient=True):
        made, tested = deal(fields, np.random.default_rng([given.seed, trial]), given.labels)
        for name, way in WAYS.items():
            tallies[name].count(way(made, tested, given.target_error), given.target_error)
    table = Table(
        "way", "promise broken %", "for sure %", "of kinds %", "for sure %", "fields passed %", "wrong of these %",
        "flagged, truly wrong %", "ECE %",
        title=f"{given.trials} trials, {len(fields)} fields of {len({item.book for item in fields})} books, "
        f"target {given.target_error:.1%}, {given.labels:.0%} of the labels",
    )  # fmt: skip
    for tally in tallies.values():
        shares = (
            tally.broken / tally.trials,
            tally.broken_for_sure / tally.trials,
            tally.kinds_broken / max(1, tally.kinds),
            tally.kinds_broken_for_sure / max(1, tally.kinds),
            float(np.mean(tally.coverage)),
            tally.wrong / max(1, tally.accepted),
            tally.flagged_wrong / max(1, tally.flagged),
            float(np.mean(tally.calibration)),
        )
        table.add_row(tally.way, *(f"{100 * share:.1f}" for share in shares))
    Console(width=140).print(table)
    for tally in tallies.values():
        Console(width=140).print(kinds_table(tally))
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        rows = [asdict(tally) for tally in tallies.values()]
        (given.out / "certification.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        draw(list(tallies.values()), given.target_error, given.out / "certification.png")


def kinds_table(tally: Tally) -> Table:
    """Kind by kind: how many fields are right, how many pass, and how far the confidence is off."""
    table = Table(
        "kind", "fields a trial", "right %", "passed %", "wrong of these %", "ECE %", "by chance %",
        title=f"{tally.way}: kind by kind, means over the trials",
    )  # fmt: skip
    for group, kind in sorted(tally.by_kind.items()):
        shares = (
            kind.right / kind.fields,
            kind.accepted / kind.fields,
            kind.wrong / max(1, kind.accepted),
            float(np.mean(kind.calibration)),
            float(np.mean(kind.by_chance)),
        )
        count = f"{kind.fields / len(kind.calibration):.0f}"
        table.add_row(group, count, *(f"{100 * share:.1f}" for share in shares))
    return table


def draw(tallies: Sequence[Tally], target: float, file: Path) -> None:
    """Coverage of all trials as one histogram a way, with the error among passed fields in the legend."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for tally, colour in zip(tallies, ("#0072b2", "#d55e00"), strict=True):
        error = tally.wrong / max(1, tally.accepted)
        label = f"{tally.way}: {error:.2%} wrong of those passed, promise broken in {tally.broken / tally.trials:.0%}"
        axes.hist(
            [100 * share for share in tally.coverage], bins=25, range=(0, 100), alpha=0.6, color=colour, label=label
        )
    axes.set(
        xlabel="fields passed without a person, %", ylabel="trials", title=f"Target: {target:.1%} error among passed"
    )
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    figure.savefig(file, metadata={"Software": None})


if __name__ == "__main__":
    main()
