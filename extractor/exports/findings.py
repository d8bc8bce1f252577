"""What speaks against exporting a record, worded for the officer who mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from extractor.records import Severity

RecordId = tuple[str, int, int]
"""File, page and record number, as :attr:`extractor.records.Record.key`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason; an error holds the record back, a warning does not.

    Args:
        code: machine-readable reason, a key of ``reasons`` or ``warnings`` in ``texts.yaml``.
        columns: import columns concerned.
        labels: the same as people know them.
        other: what else is concerned: another record, a rule, a kind of failure. Never a value from a page.
    """

    code: str
    columns: tuple[str, ...]
    labels: str
    severity: Severity = Severity.ERROR
    other: str = ""

    @property
    def message(self) -> str:
        """The reason in Vietnamese."""
        return self._text("vi")

    @property
    def message_en(self) -> str:
        """The reason in English."""
        return self._text("en")

    @property
    def mend(self) -> str:
        """What to do about it, in Vietnamese."""
        return self._text("mend")

    @property
    def mend_en(self) -> str:
        """The same in English; empty where nobody reads it there."""
        return str(self._known().get("mend_en", ""))

    def _known(self) -> dict[str, str]:
        known = texts()
        found: dict[str, str] = known["reasons"].get(self.code) or known["warnings"][self.code]
        return found

    def _text(self, language: str) -> str:
        return self._known()[language].format(field=self.labels, other=self.other)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A record that does not leave the house, with all reasons why."""

    key: RecordId
    book: str
    reasons: tuple[Finding, ...]


@cache
def texts() -> dict[str, Any]:
    """The texts of this room, from ``texts.yaml``."""
    loaded = yaml.safe_load(resources.files("extractor.exports").joinpath("texts.yaml").read_text(encoding="utf-8"))
    return dict(loaded)


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that hold a record back."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def record_name(key: RecordId) -> str:
    """A record as people find it again: file, page and place on the page."""
    file, page, record = key
    return f"{file}, trang {page}" + (f", bản ghi {record}" if record > 1 else "")
