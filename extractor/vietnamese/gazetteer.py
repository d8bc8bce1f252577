"""Communes with the units above them: the three levels in force until June 2025, and the two since July 2025.

The system ``earlier`` adds communes that were merged away, or moved to another district, in the years before 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

KINDS = (
    "Thành phố", "Tỉnh", "Quận", "Huyện", "Thị xã", "Phường", "Thị trấn", "Xã", "Đặc khu",
)  # fmt: skip
"""Kinds of units, as the official names begin."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit's name, without and with its kind."""

    kind: str
    name: str

    @property
    def full(self) -> str:
        """Kind and name, as in ``Xã Tân Lập``."""
        return f"{self.kind} {self.name}".strip()

    @classmethod
    def of(cls, full: str) -> Unit:
        """Take an official name apart, whatever its case; a name of no known kind keeps an empty one."""
        for kind in KINDS:
            if full.lower().startswith(kind.lower() + " "):
                return cls(kind, full[len(kind) + 1 :])
        return cls("", full)


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune with its district (none since July 2025) and its province."""

    unit: Unit
    district: Unit | None
    province: Unit

    @property
    def levels(self) -> tuple[Unit, ...]:
        """Narrow to wide."""
        return (self.unit, self.province) if self.district is None else (self.unit, self.district, self.province)


@cache
def communes(system: str = "legacy") -> tuple[Commune, ...]:
    """All communes of a system, ``legacy`` or ``earlier`` (three levels) or ``2025`` (two), ordered by code.

    Raises:
        ValueError: there is no such system.
    """
    table = resources.files(__package__).joinpath("data", "communes.tsv").read_text("utf-8")
    found = []
    for row in table.splitlines():
        if row.startswith("#"):
            continue
        of, _, province, district, names = row.split("\t")
        if of == system:
            above = Unit.of(district) if district else None
            found += [Commune(Unit.of(name), above, Unit.of(province)) for name in names.split("|")]
    if not found:
        raise ValueError(f"There is no system of units named '{system}'; known are legacy, earlier and 2025.")
    return tuple(found)
