"""Watching a training: errors on the tuning lines now and then, told, kept, and counted for the best checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from extractor.readers.handwriting.model import LineRecogniser
from extractor.training import train
from extractor.training.ctc import Alphabet
from extractor.training.metrics import LineErrors
from extractor.training.samples import Sample

Report = Callable[[str], None]
OnErrors = Callable[[int, Mapping[str, LineErrors]], None]
"""Is told of each validation: lines seen, and the errors by source."""

FILE = "validations.jsonl"


@dataclass(frozen=True, slots=True)
class Validation:
    """Errors on the tuning lines after so many lines of the second stage, by source of lines."""

    lines: int
    errors: Mapping[str, LineErrors]

    @property
    def score(self) -> float:
        """What the best checkpoint has least of: the mean of the sources' character error rates."""
        return sum(item.cer for item in self.errors.values()) / len(self.errors)


class Watch:
    """Validates a model while it is trained.

    Args:
        file: keeps the validations, beside the checkpoints; none for a helping process.
        tuning: lines that take no part in training.
        seen: lines that the stage had learnt from when it was stopped.
        report: receives a line a validation.
        on_errors: is told of each validation.
    """

    def __init__(
        self, file: Path | None, tuning: Sequence[Sample], seen: int, report: Report, on_errors: OnErrors
    ) -> None:
        self._file, self._tuning, self._report, self._on_errors = file, tuning, report, on_errors
        self.seen = seen
        if file is not None and not seen:
            file.unlink(missing_ok=True)

    def validate(self, model: LineRecogniser) -> float:
        """Read the tuning lines; gives :attr:`Validation.score`."""
        errors = train.read_samples(model, self._tuning, Alphabet(model.config.alphabet))
        found = Validation(self.seen, errors)
        self._report(train.describe_errors(errors))
        if self._file is not None:
            entry = {"lines": found.lines, "errors": {name: asdict(item) for name, item in errors.items()}}
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._on_errors(found.lines, errors)
        return found.score


def read_validations(folder: Path) -> list[Validation]:
    """All validations of a run, from its working folder, in order; a row that was left half is passed over."""
    file = folder / FILE
    found: list[Validation] = []
    for row in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            entry: dict[str, Any] = json.loads(row)
        except ValueError:  # the process was killed while it wrote
            continue
        errors = {name: LineErrors(**item) for name, item in entry["errors"].items()}
        found.append(Validation(int(entry["lines"]), errors))
    return found
