"""A certificate: calibrators and thresholds, what proved them, and what they are valid for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractor.confidence.calibrator import logistic
from extractor.confidence.evidence import FEATURES, FieldEvidence, group_of, kind_group
from extractor.errors import ModelError
from extractor.whole_files import write_whole

Share = Annotated[float, Field(ge=0, le=1)]

_UNPROVED = 0.999
_DAMAGED_MEND = "Put an undamaged copy in its place, make it again, or run with '--certificate none'."
"""Highest score shown where no calibrator exists: such a field is never accepted, the score only orders the queue."""


class ScoreReference(BaseModel):
    """How the calibrator's scores of the proving fields were spread, for noticing that later fields look otherwise.

    Args:
        edges: inner edges of the bins, rising.
        shares: share of the fields in each bin, one more than there are edges.
        mean: mean score.
        fields: how many fields there were.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    edges: tuple[float, ...]
    shares: tuple[Share, ...]
    mean: float
    fields: int = Field(gt=0)

    @model_validator(mode="after")
    def _bins_fit(self) -> Self:
        if len(self.shares) != len(self.edges) + 1:
            raise ValueError("the spread of scores has not one bin more than edges")
        return self


class GroupCertificate(BaseModel):
    """Calibrator and threshold of one group of fields.

    Args:
        weights: logistic weights, the intercept first, then one for each of :data:`FEATURES`.
        knots: scores and probabilities of the isotonic map.
        threshold: least confidence accepted; above 1 where nothing is certified.
        accepted: labelled fields that proved the threshold.
        wrong: how many of those were wrong.
        bound: upper bound of the error among accepted.
        labelled: labelled fields of the group in the proving part.
        reference: spread of their scores; none in certificates of earlier versions.
        together: groups that were too rare to be proved alone and were proved as one, this one among them; the figures
            accepted, wrong and bound are of all of them. Empty where it was proved alone.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    weights: tuple[float, ...]
    knots: tuple[tuple[float, ...], tuple[Share, ...]]
    threshold: float = Field(gt=0)
    accepted: int = Field(ge=0)
    wrong: int = Field(ge=0)
    bound: Share
    labelled: int = Field(ge=0)
    reference: ScoreReference | None = None
    together: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_applied(self) -> Self:
        scores, probabilities = self.knots
        if not scores or len(scores) != len(probabilities):
            raise ValueError("a map of scores to probabilities is empty or not of pairs")
        if sorted(scores) != list(scores) or sorted(probabilities) != list(probabilities):
            raise ValueError("a map of scores to probabilities falls")
        if self.wrong > self.accepted:
            raise ValueError("more fields are wrong than there are")
        return self


class Certificate(BaseModel):
    """Everything needed to turn evidence into a confidence and a decision.

    Args:
        evidence: in words, which labelled fields it rests on.
        target_error: highest error among accepted that was proved.
        certainty: with which certainty.
        forms: form versions it holds for, ``{form: version}``.
        readers: reader versions it holds for, ``{reader: version}``.
        made: date it was made on, ``yyyy-mm-dd``; empty in certificates of earlier versions.
        data: hash of the labelled fields it rests on; empty likewise.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    evidence: str
    target_error: float = Field(gt=0, lt=1)
    certainty: float = Field(gt=0, lt=1)
    features: tuple[str, ...] = FEATURES
    forms: dict[str, str]
    readers: dict[str, str]
    groups: dict[str, GroupCertificate]
    made: str = ""
    data: str = ""

    @model_validator(mode="after")
    def _proves_what_it_promises(self) -> Self:
        for name, group in self.groups.items():
            if len(group.weights) != len(self.features) + 1:
                raise ValueError(f"group '{name}' has not one weight for each feature")
            if group.threshold <= 1 and (not group.accepted or group.bound > self.target_error):
                raise ValueError(f"group '{name}' accepts fields and proves no error below the target")
        return self

    def covers(self, form: str, form_version: str, readers: dict[str, str]) -> bool:
        """Whether it holds for that form as read by those readers; a changed form or reader voids it."""
        return self.forms.get(form) == form_version and self.holds_for(readers)

    def holds_for(self, readers: Mapping[str, str]) -> bool:
        """Whether it was proved with those readers, ``{reader: version}``."""
        return all(readers.get(name) == version for name, version in self.readers.items())

    def confidence(self, evidence: FieldEvidence) -> float:
        """Calibrated probability that the value is exactly right, 0 to 1.

        A source of pictures that nothing is known of is given what scans of the kind have; it accepts nothing.
        """
        group = self.groups.get(group_of(evidence)) or self.groups.get(kind_group(evidence))
        if group is None:
            return unproved_confidence(evidence)
        score = logistic(np.asarray(group.weights), evidence.vector()[None, :])
        xs, ys = group.knots
        return round(float(np.interp(score[0], xs, ys)), 4)

    def accepts(self, evidence: FieldEvidence, confidence: float) -> bool:
        """Whether a field with that confidence may pass without a person; never where an adapted reader read it."""
        if evidence.adapted:
            return False
        group = self.groups.get(group_of(evidence))
        return group is not None and confidence >= group.threshold


def unproved_confidence(evidence: FieldEvidence) -> float:
    """A score for ordering where no certificate holds: the decoded probability, never 1."""
    return round(min(evidence.decoded, _UNPROVED), 4)


def load_certificate(path: Path) -> Certificate:
    """Read a certificate.

    Raises:
        ModelError: the file is missing or damaged, promises what it does not prove, or was made for other features.
    """
    try:
        certificate = Certificate.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f"There is no certificate at {path}.", mend="Make one with 'extractor certify' or 'extractor calibrate'."
        ) from error
    except ValidationError as error:
        raise ModelError(f"{path} is no certificate: {error.errors()[0]['msg']}.", mend=_DAMAGED_MEND) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is no certificate: it cannot be read.", mend=_DAMAGED_MEND) from error
    if not certificate.readers:
        raise ModelError(f"{path} names no reader that it was made for.", mend=_DAMAGED_MEND)
    if "features" not in certificate.model_fields_set or certificate.features != FEATURES:
        raise ModelError(f"{path} was made for other features.", mend="Make it again with 'extractor calibrate'.")
    return certificate


def shipped_certificate(path: Path) -> Certificate | None:
    """The certificate of an installation, or none where it was taken away: then every field goes to people.

    Raises:
        ModelError: there is one and it is damaged, or was made for other features.
    """
    return load_certificate(path) if path.exists() else None


def save_certificate(path: Path, certificate: Certificate) -> None:
    """Write a certificate as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (certificate.model_dump_json(indent=1) + "\n").encode())
