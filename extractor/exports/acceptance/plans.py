"""Single sampling plans of ISO 2859-1: from lot size, inspection level and AQL to sample size and acceptance number.

The tables are data (``iso2859.yaml``). Reduced inspection is left out: its tables differ between the editions of the
standard, and no copy of the present one was at hand to check them against.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from extractor.errors import SettingsError

_DOWN, _UP = "v", "^"
_MOST_PERCENT = 10
"""Highest AQL that the standard takes for percent nonconforming items."""


class Severity(StrEnum):
    """How strictly a lot is judged; see :mod:`extractor.exports.acceptance.switching`."""

    NORMAL = "normal"
    TIGHTENED = "tightened"


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """A plan for one lot.

    Args:
        aql: percent nonconforming, as the standard prints it.
        code_letter: letter that lot size and level give.
        plan_letter: letter of the plan used, another one where the table's cell holds an arrow.
        sample_size: records to draw; the whole lot where the plan asks for as many or more.
        acceptance: most nonconforming records with which the lot is accepted.
    """

    lot_size: int
    level: str
    aql: str
    severity: Severity
    code_letter: str
    plan_letter: str
    sample_size: int
    acceptance: int

    @property
    def rejection(self) -> int:
        """Fewest nonconforming records with which the lot is not accepted."""
        return self.acceptance + 1

    @property
    def everything(self) -> bool:
        """Whether the whole lot is inspected."""
        return self.sample_size == self.lot_size


class Tables(BaseModel):
    """The published tables; see ``iso2859.yaml`` for what the cells mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    aqls: tuple[str, ...]
    sample_sizes: dict[str, int]
    lots_up_to: tuple[int, ...]
    levels: dict[str, str]
    tables: dict[Severity, dict[str, str]]

    def cell(self, severity: Severity, letter: str, aql: str) -> str:
        """A cell as printed: an acceptance number, or an arrow."""
        return self.tables[severity][letter].split()[self.aqls.index(aql)]


@cache
def load_tables() -> Tables:
    """The tables of the standard."""
    text = resources.files("extractor.exports.acceptance").joinpath("iso2859.yaml").read_text(encoding="utf-8")
    return Tables.model_validate(yaml.safe_load(text))


def plan_for(lot_size: int, level: str, aql: str, severity: Severity = Severity.NORMAL) -> SamplingPlan:
    """The single sampling plan for a lot.

    Args:
        lot_size: records in the lot.
        level: ``I``, ``II``, ``III``, or ``S-1`` to ``S-4``.
        aql: percent, one of the standard's values up to 10 (``1.0``; ``1`` is understood).

    Raises:
        SettingsError: there is no such level or AQL, or the lot is too small for a sample.
    """
    tables = load_tables()
    level, aql = named_level(level), named_aql(aql)
    if Decimal(aql) > _MOST_PERCENT:
        raise SettingsError(
            f"--aql {aql}: above {_MOST_PERCENT} the tables count faults per hundred records, not wrong records.",
            mend=f"Choose {_MOST_PERCENT} or less.",
        )
    if lot_size < 2:
        raise SettingsError(f"A lot of {lot_size} records cannot be sampled.", mend="Inspect all of it, or join books.")
    code_letter = tables.levels[level][sum(lot_size > most for most in tables.lots_up_to)]
    letter = _follow(tables, severity, code_letter, aql)
    return SamplingPlan(
        lot_size=lot_size,
        level=level,
        aql=aql,
        severity=severity,
        code_letter=code_letter,
        plan_letter=letter,
        sample_size=min(lot_size, tables.sample_sizes[letter]),
        acceptance=int(tables.cell(severity, letter, aql)),
    )


def named_level(text: str) -> str:
    """The level as the standard writes it.

    Raises:
        SettingsError: there is none of that name.
    """
    levels = load_tables().levels
    wanted = text.strip().upper()
    wanted = wanted if wanted in levels else wanted.replace("S", "S-", 1)
    if wanted not in levels:
        raise SettingsError(f"--level {text}: no inspection level.", mend=f"Choose one of: {', '.join(levels)}.")
    return wanted


def named_aql(text: str) -> str:
    """The AQL as the standard prints it.

    Raises:
        SettingsError: it is none of the standard's values.
    """
    aqls = load_tables().aqls
    try:
        number = Decimal(text.strip().removesuffix("%").replace(",", "."))
    except InvalidOperation:
        number = Decimal(-1)
    found = [aql for aql in aqls if Decimal(aql) == number]
    if not found:
        raise SettingsError(f"--aql {text}: not in the tables.", mend=f"Choose one of: {', '.join(aqls)} (percent).")
    return found[0]


def _follow(tables: Tables, severity: Severity, letter: str, aql: str) -> str:
    """The letter of the first plan that the arrows lead to."""
    letters = list(tables.tables[severity])
    at = letters.index(letter)
    while (cell := tables.cell(severity, letters[at], aql)) in (_DOWN, _UP):
        at += 1 if cell == _DOWN else -1
    return letters[at]
