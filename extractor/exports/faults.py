"""What may be wrong with files that are handed over, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and how to mend it.

    Args:
        code: key of ``faults.yaml``.
        detail: what fills its words.
    """

    file: Path
    code: str
    detail: tuple[tuple[str, object], ...] = ()

    @property
    def message(self) -> str:
        """What is wrong, for whoever runs the program."""
        return self.said("en")

    @property
    def mend(self) -> str:
        """How to mend it."""
        return _words()[self.code].get("mend", _words()["again"]["mend"])

    def said(self, language: str) -> str:
        """What is wrong: a sentence in English (``en``), for officers without the full stop (``vi``)."""
        return _words()[self.code][language].format(**dict(self.detail))

    def __str__(self) -> str:
        return f"{self.file}: {self.message} {self.mend}"


def fault(file: Path, code: str, **detail: object) -> Fault:
    """A fault with what fills its words."""
    return Fault(file, code, tuple(detail.items()))


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    path = resources.files("extractor.exports").joinpath("faults.yaml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
