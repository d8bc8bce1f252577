"""What the benchmark is made of: which books, in which hand, on which paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from extractor.errors import SettingsError
from extractor.templates import load_forms
from extractor.templates.form import Kind, Role
from extractor.training.synth.layout import layout_names

_FILE = Path(__file__).with_name("sets.yaml")


class SetPlan(BaseModel):
    """One set: its forms (all where empty) and strengths (the benchmark's where empty)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forms: tuple[str, ...] = ()
    strengths: tuple[float, ...] = ()


class Plan(BaseModel):
    """The content of ``sets.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str
    version: str
    dpi: int
    strengths: tuple[float, ...]
    records: int
    typed_every: int
    hands: str
    sets: dict[str, SetPlan]
    groups: dict[str, tuple[Kind, ...]]

    def group_of(self, kind: Kind) -> str:
        """The group that a kind of field is counted in."""
        return next(name for name, kinds in self.groups.items() if kind in kinds)


@dataclass(frozen=True, slots=True)
class BookPlan:
    """One book: the first page of a form, and how it is drawn.

    Args:
        name: also its seed, with the benchmark's version.
        strength: 0 to 5, faults of paper, printing and scanner.
        typed: filled by a printer and not by hand.
    """

    name: str
    form: str
    strength: float
    typed: bool


@cache
def load_plan() -> Plan:
    """What this version of the benchmark is made of."""
    return Plan.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def all_books(plan: Plan) -> list[BookPlan]:
    """Every book of the benchmark: one for each form of records and each strength."""
    records = {form.name for form in load_forms() if form.schema.role is Role.RECORDS}
    pairs = [(form, strength) for form in sorted(set(layout_names()) & records) for strength in plan.strengths]
    return [
        BookPlan(f"{form}-{strength:g}", form, strength, place % plan.typed_every == 0)
        for place, (form, strength) in enumerate(pairs)
    ]


def books_of(plan: Plan, name: str) -> list[BookPlan]:
    """The books of a set.

    Raises:
        SettingsError: there is no such set.
    """
    chosen = plan.sets.get(name)
    if chosen is None:
        raise SettingsError(f"There is no set '{name}'.", mend=f"Name one of {', '.join(plan.sets)}.")
    strengths = chosen.strengths or plan.strengths
    books = [book for book in all_books(plan) if book.strength in strengths]
    return [book for book in books if not chosen.forms or book.form in chosen.forms]
