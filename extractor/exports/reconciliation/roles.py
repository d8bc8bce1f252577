"""Which columns of which register make a person, from ``registers.yaml``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

Attribute = Literal[
    "identity", "old_identity", "name", "birth", "sex", "ethnic_group", "nationality", "birthplace", "origin",
    "residence", "mother_name", "mother_birth", "mother_identity", "father_name", "father_birth", "father_identity",
    "spouse_name",
]  # fmt: skip
"""What a population extract may say of a person."""

ATTRIBUTES: tuple[Attribute, ...] = Attribute.__args__  # type: ignore[attr-defined]


class Kin(BaseModel):
    """Of which other role of the record the person is ``mother`` or ``father``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: str
    kind: Literal["mother", "father"] = Field(alias="as")


class Teller(BaseModel):
    """The columns of who told the event, and the relations in which that is the person's husband or wife."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    relation: str
    spouse: tuple[str, ...]


class Role(BaseModel):
    """A person that a register's records name.

    Args:
        role: short name, unique in the register.
        title: how the forms call the person.
        principal: whether the person's case is the record's.
        once: whether a person stands at most once in such registers.
        sex: ``1`` or ``2`` where the role tells it.
        columns: import column or field code by attribute; ``paper`` is the number of any identity paper.
        told_by: where the name of a husband or wife may stand who told the event.
        supplies: attribute of the population by the import column it can fill.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    title: str
    principal: bool = False
    once: bool = False
    sex: str = ""
    kin: Kin | None = None
    columns: dict[Attribute | Literal["paper"], str]
    told_by: Teller | None = None
    supplies: dict[str, Attribute] = {}

    @property
    def used(self) -> tuple[str, ...]:
        """All columns that the person is compared by."""
        teller = (self.told_by.name, self.told_by.relation) if self.told_by else ()
        return (*self.columns.values(), *teller)

    @model_validator(mode="after")
    def _has_a_name(self) -> Role:
        if "name" not in self.columns:
            raise ValueError(f"role '{self.role}' has no column for the name")
        return self


@cache
def registers() -> dict[str, tuple[Role, ...]]:
    """The roles by register code; principals first."""
    text = (resources.files(__package__) / "registers.yaml").read_text(encoding="utf-8")
    found = {
        code: tuple(sorted((Role.model_validate(role) for role in roles), key=lambda role: not role.principal))
        for code, roles in yaml.safe_load(text)["registers"].items()
    }
    for code, roles in found.items():
        names = [role.role for role in roles]
        if len(set(names)) != len(names):
            raise ValueError(f"registers.yaml: a role of {code} stands twice")
        if any(role.kin and role.kin.of not in names for role in roles):
            raise ValueError(f"registers.yaml: a role of {code} is kin of an unknown one")
    return found


def role_of(register: str, role: str) -> Role:
    """The role of a register by name; raises ``KeyError`` where there is none."""
    return next(found for found in registers()[register] if found.role == role)
