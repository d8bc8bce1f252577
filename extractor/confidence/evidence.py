"""What speaks for and against one field's value, as numbers a calibrator can weigh."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEATURES = (
    "logit_reader",
    "logit_min_char",
    "logit_decoded",
    "margin",
    "known",
    "agreement",
    "disagreement",
    "printed",
    "log_length",
    "lines",
    "edge_ink",
    "residual",
    "coverage_gap",
    "supports",
    "warnings",
    "second_agreement",
    "second_disagreement",
    "logit_second",
)
"""Names of the numbers in :meth:`FieldEvidence.vector`, in order."""

_FLOOR = 1e-4
_MOST_COUNTED = 3
BLANK_GROUP = "blank"
PROPOSED = "_proposed"
"""Ending of the groups of texts that no reader saw."""
REPEATED = "_repeated"
"""Ending of the groups of officers' names, for which no threshold is ever certified.

One name misread is misread in every record of the book: the errors come in dozens, and a bound that takes fields for
independent would promise too much.
"""


PHOTO, COARSE = "photo", "coarse"
LEAST_DPI = 150.0
"""Resolution below which a scan counts as coarse."""


def _logit(probability: float) -> float:
    clipped = min(max(probability, _FLOOR), 1 - _FLOOR)
    return math.log(clipped / (1 - clipped))


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """Evidence for one field's proposed value.

    Args:
        kind: kind of field, see :class:`extractor.templates.form.Kind`.
        blank: nothing seems to be written there.
        reader: product of the line confidences of the reader that won, 0 to 1.
        min_char: least certain character, 0 to 1.
        decoded: probability of the value after decoding by kind, 0 to 1.
        margin: its distance to the next different value's probability, 0 to 1.
        known: the value is in a list or parses by a grammar.
        agreement: 1 where a second reader proposes the same value, -1 where it proposes another, 0 where none read it.
        second: 1 where the reader of handwriting read the same value without the leaders and rulings of the form, -1
            where it read another, 0 where there were none to take away.
        second_decoded: probability of the value at that second sight, 0 to 1; :attr:`decoded` where there was none.
        printed: probability that the crop holds print, 0 to 1.
        length: number of characters read.
        lines: number of line regions read.
        edge_ink: share of the ink that touches the region's edge, 0 to 1.
        residual_mm: registration residual in millimetres of paper.
        coverage: share of the template's anchors found, 0 to 1.
        supports: how many independent findings speak for the value (words equal digits, number follows, ...).
        warnings: how many rule warnings concern the field.
        proposed: a list or grammar suggests the text, and no reader saw it letter for letter.
        repeated: the field names an officer, who is the same in many records of the book.
        source: what sort of picture the page is: empty for a scan, :data:`PHOTO` or :data:`COARSE`.
        adapted: the text is that of a reader that was adapted to the book's hand, of which no certificate promises
            anything.
    """

    kind: str
    blank: bool = False
    reader: float = 0.0
    min_char: float = 0.0
    decoded: float = 0.0
    margin: float = 0.0
    known: bool = False
    agreement: int = 0
    printed: float = 0.0
    length: int = 0
    lines: int = 1
    edge_ink: float = 0.0
    residual_mm: float = 0.0
    coverage: float = 1.0
    supports: int = 0
    warnings: int = 0
    proposed: bool = False
    repeated: bool = False
    source: str = ""
    adapted: bool = False
    second: int = 0
    second_decoded: float = 0.0

    def vector(self) -> NDArray[np.float64]:
        """The evidence as numbers of similar size, ``(len(FEATURES),)``."""
        return np.array(
            [
                _logit(self.reader) / 4,
                _logit(self.min_char) / 4,
                _logit(self.decoded) / 4,
                self.margin,
                float(self.known),
                float(self.agreement > 0),
                float(self.agreement < 0),
                self.printed,
                math.log1p(self.length) / 3,
                min(self.lines, 4) / 2,
                self.edge_ink,
                min(self.residual_mm, 5.0),
                1.0 - self.coverage,
                min(self.supports, _MOST_COUNTED) / 2,
                min(self.warnings, _MOST_COUNTED) / 2,
                float(self.second > 0),
                float(self.second < 0),
                _logit(self.second_decoded) / 4,
            ],
            dtype=np.float64,
        )

    def with_findings(self, supports: int, warnings: int, *, repeated: bool = False) -> FieldEvidence:
        """The same evidence with what the rules found along the book."""
        return replace(self, supports=supports, warnings=warnings, repeated=repeated)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for storing."""
        return {item.name: getattr(self, item.name) for item in fields(self)}  # asdict copies deeply, ten times slower

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> FieldEvidence:
        """Inverse of :meth:`to_dict`; unknown keys of other versions are left out."""
        names = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in names})


def group_of(evidence: FieldEvidence) -> str:
    """The group that is calibrated and certified together: a kind of field, or all empty fields, by source of picture.

    Texts that no reader saw are a group of their own: a table that lacks a unit of the past must not be able to put its
    neighbour's name into a record on the strength of fields that were read as they stand. Photographs and coarse scans
    are groups of their own too: what was proved on good scans says nothing about them.
    """
    return f"{kind_group(evidence)}@{evidence.source}" if evidence.source else kind_group(evidence)


def kind_group(evidence: FieldEvidence) -> str:
    """The group that the field would belong to on a good scan."""
    if evidence.blank:
        return BLANK_GROUP
    if evidence.repeated:
        return f"{evidence.kind}{REPEATED}"
    return f"{evidence.kind}{PROPOSED}" if evidence.proposed else evidence.kind


def source_of(dpi: float, *, photograph: bool) -> str:
    """What sort of picture a page is, for :attr:`FieldEvidence.source`; ``dpi`` as stated or estimated."""
    if photograph:
        return PHOTO
    return COARSE if dpi < LEAST_DPI else ""
