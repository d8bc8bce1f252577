"""Communes with the units above them: the three levels in force until June 2025, and the two since July 2025.

The system ``earlier`` adds communes that were merged away, or moved to another district, in the years before 2025.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from extractor.vietnamese.text import canonical_tones, list_key

KINDS = (
    "Thành phố", "Tỉnh", "Quận", "Huyện", "Thị xã", "Phường", "Thị trấn", "Xã", "Đặc khu",
)  # fmt: skip
"""Kinds of units, as the official names begin."""

_BEGINNINGS = tuple((kind, kind.lower() + " ") for kind in KINDS)


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
        lowered = full.lower()
        for kind, beginning in _BEGINNINGS:
            if lowered.startswith(beginning):
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


def _rows(name: str) -> Iterator[list[str]]:
    """Rows of a table of this package, without the lines that explain it."""
    table = resources.files(__package__).joinpath("data", name).read_text("utf-8")
    return (row.split("\t") for row in table.splitlines() if not row.startswith("#"))


@cache
def communes(system: str = "legacy") -> tuple[Commune, ...]:
    """All communes of a system, ``legacy`` or ``earlier`` (three levels) or ``2025`` (two), ordered by code.

    Raises:
        ValueError: there is no such system.
    """
    found = []
    for of, _, province, district, names in _rows("communes.tsv"):
        if of == system:
            above = Unit.of(district) if district else None
            found += [Commune(Unit.of(name), above, Unit.of(province)) for name in names.split("|")]
    if not found:
        raise ValueError(f"There is no system of units named '{system}'; known are legacy, earlier and 2025.")
    return tuple(found)


def successors(commune: Commune) -> tuple[Commune, ...]:
    """The communes that have stood where a commune of June 2025 stood since July 2025.

    One for most; several for one that was divided, of which the first holds most of it: to which of them a place
    belongs now cannot be told from the names. None for a commune that is not in the table of June 2025.
    """
    return _successors().get(_levels_key(commune.province, commune.district, commune.unit), ())


def _levels_key(*units: Unit | None) -> tuple[str, ...]:
    return tuple(list_key(canonical_tones(unit.full)) for unit in units if unit is not None)


@cache
def _successors() -> dict[tuple[str, ...], tuple[Commune, ...]]:
    found: dict[tuple[str, ...], list[tuple[bool, Commune]]] = {}
    for province, name, old_province, district, names in _rows("successors.tsv"):
        now = Commune(Unit.of(name), None, Unit.of(province))
        for former in names.split("|"):
            key = _levels_key(Unit.of(old_province), Unit.of(district), Unit.of(former.rstrip("*")))
            found.setdefault(key, []).append((not former.endswith("*"), now))
    # Sorting by the mark alone keeps the order of the table among the others.
    return {key: tuple(now for _, now in sorted(items, key=lambda item: item[0])) for key, items in found.items()}
