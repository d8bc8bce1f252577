"""A candidate beside the reader in use, on the same kept lines: the file that a promotion rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import EvaluationError
from extractor.learning.bootstrap import Compared

COMPARISON_FILE = "evaluation.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Frozen):
    """One figure of both readers; see :class:`extractor.learning.bootstrap.Compared`."""

    current: float
    candidate: float
    difference: float
    low: float | None
    high: float | None

    @classmethod
    def of(cls, compared: Compared) -> Figure:
        """The figure, in so many digits as are told."""

        def told(value: float | None) -> float | None:
            return None if value is None else round(value, 6)

        return cls.model_validate({
            name: told(getattr(compared, name)) for name in ("current", "candidate", "difference", "low", "high")
        })  # fmt: skip


class Slice(_Frozen):
    """Both readers on some of the lines.

    Args:
        by: what these lines share: nothing, the kind of field, or the source of the scan.
        name: which kind, or which source.
        lines: how many they are.
        groups: of how many groups that share neither book nor hand.
        cer: character error rate.
        wer: word error rate.
        exact: share of lines read exactly.
        ece: expected calibration error of the confidence.
    """

    by: Literal["all", "kind", "stratum"]
    name: str
    lines: int
    groups: int
    cer: Figure
    wer: Figure
    exact: Figure
    ece: Figure


class Lines(_Frozen):
    """Which lines were read.

    Args:
        set: version of their set.
        purpose: what its lines may be used for.
        consent: on which decision or consent they were given out.
        part: of the set.
        lines: how many.
        groups: of how many groups.
        books: names of their books inside the set.
        hands: names of their hands.
        pixels: digests of their pictures.
    """

    set: str
    purpose: str
    consent: str
    part: str
    lines: int
    groups: int
    books: tuple[str, ...]
    hands: tuple[str, ...]
    pixels: tuple[str, ...]


class Comparison(_Frozen):
    """What both readers made of the lines. It holds no text of them.

    Args:
        candidate: digest of the candidate.
        current: digest of the model it was held against.
        precision: of the readers' arithmetic.
        on: the lines.
        certainty: of the intervals, 0 to 1.
        draws: how often groups were drawn for them.
        slices: figures of all lines, then by kind, then by source.
        broken: pictures of the lines that the reader in use reads exactly and the candidate does not, as the set names
            them.
        mended: how many lines it is the other way round with.
        digest: of all of the above, so that a changed file is noticed.
    """

    format: Literal[1] = 1
    candidate: str
    current: str
    precision: str
    on: Lines
    certainty: float = Field(gt=0, lt=1)
    draws: int
    slices: tuple[Slice, ...]
    broken: tuple[str, ...]
    mended: int
    digest: str = ""

    @property
    def whole(self) -> Slice:
        """All lines."""
        return self.slices[0]

    @property
    def kinds(self) -> Mapping[str, Slice]:
        """The lines of each kind of field."""
        return {found.name: found for found in self.slices if found.by == "kind"}

    def sealed(self) -> Comparison:
        """The same with its digest."""
        return self.model_copy(update={"digest": self._own_digest()})

    def to_json(self) -> str:
        """The content of the file."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"

    def _own_digest(self) -> str:
        content: dict[str, Any] = self.model_dump(mode="json", exclude={"digest"})
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def read_comparison(file: Path) -> Comparison:
    """Read the file of an evaluation.

    Raises:
        EvaluationError: it is missing or damaged, or was changed.
    """
    mend = "Name the evaluation.json that 'extractor model evaluate' wrote, or evaluate again."
    try:
        found = Comparison.model_validate_json(file.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{file}: the evaluation cannot be read.", mend=mend) from error
    except ValidationError as error:
        raise EvaluationError(f"{file}: this is no evaluation of a candidate.", mend=mend) from error
    if found.digest != found.sealed().digest or not found.slices or found.whole.by != "all":
        raise EvaluationError(f"{file}: the evaluation was changed after it was made.", mend=mend)
    return found
