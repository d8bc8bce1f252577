"""Weights of agreements and differences, from ``weights.yaml``: the probabilistic record linkage of Fellegi and Sunter.

I. P. Fellegi and A. B. Sunter, A theory for record linkage, JASA 64 (1969); frequencies of names as in W. E. Winkler,
Frequency-based matching in the Fellegi-Sunter model of record linkage (1989).
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import ExportError
from extractor.plain_yaml import load_yaml


class Level(BaseModel):
    """One way in which an attribute of two persons compares; see ``weights.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: str
    m: float = Field(gt=0, le=1)
    u: float = Field(gt=0, le=1)
    rarity: float = Field(default=0.0, ge=0, le=1)

    @property
    def bits(self) -> float:
        """The weight."""
        return math.log2(self.m / self.u)


class Weights(BaseModel):
    """All levels of all comparisons, and what a decision asks for, in bits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expected: float = Field(gt=0, lt=1)
    sure: float = Field(gt=0)
    absent: float = Field(gt=0)
    kept: float = Field(lt=0)
    comparisons: dict[str, tuple[Level, ...]]

    def prior(self, persons: int) -> float:
        """Bits that a candidate must gain to be as likely as that nobody in the extract is the person."""
        return math.log2(self.expected / (max(persons, 1) * (1 - self.expected)))


def read_weights(path: Path) -> Weights:
    """Weights from a file.

    Raises:
        ExportError: it cannot be read or is not of this kind.
    """
    try:
        return Weights.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ExportError(
            f"{path}: cannot be read as YAML ({type(error).__name__}).", mend="Correct the file."
        ) from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ExportError(f"{path}: {place}: {error.errors()[0]['msg']}.", mend="Correct the file.") from error


@cache
def default_weights() -> Weights:
    """The bundled weights."""
    return read_weights(Path(str(resources.files(__package__) / "weights.yaml")))
