"""Addresses in units as they were before 2025, in the writings that registers use."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from extractor.training.texts.sample import Sample, data, plain

_LONG = {"h": "huyện", "q": "quận", "tx": "thị xã", "tp": "thành phố", "p": "phường", "tt": "thị trấn", "x": "xã"}
_SHORT = {"h": "H.", "q": "Q.", "tx": "TX.", "tp": "TP.", "p": "P.", "tt": "TT.", "x": "X."}


@dataclass(frozen=True, slots=True)
class Unit:
    """A commune with the units above it; ``commune`` and ``district`` are (kind, name)."""

    commune: tuple[str, str]
    district: tuple[str, str]
    province: str
    region: str
    code: str
    idcard: str
    city: bool


@dataclass(frozen=True, slots=True)
class PlaceStyle:
    """How one clerk writes places.

    Args:
        words: ``long`` (xã, huyện, tỉnh), ``short`` (X., H., T.), ``names`` (names alone) or ``capital`` (Xã, Huyện).
        comma: between the units.
    """

    words: str = "long"
    comma: str = ", "


def place_style(rng: Random) -> PlaceStyle:
    """A clerk's way of writing places."""
    words = rng.choices(("long", "short", "names", "capital"), (50, 15, 25, 10))[0]
    return PlaceStyle(words, rng.choices((", ", " - ", " "), (85, 12, 3))[0])


def make_unit(rng: Random, province: str | None = None, region: str | None = None) -> Unit:
    """A commune of the table, of the given province or region if any."""
    table: dict[str, Any] = data("places")["provinces"]
    if province is None:
        province = rng.choice([name for name, entry in table.items() if region in (None, entry["region"])])
    entry = table[province]
    district = rng.choice(list(entry["districts"]))
    return make_commune(rng, province, district)


def make_commune(rng: Random, province: str, district: str) -> Unit:
    """A commune of one district, ``district`` as the table names it."""
    entry: dict[str, Any] = data("places")["provinces"][province]
    commune = str(rng.choice(entry["districts"][district]))
    kind, _, name = commune.partition(" ")
    split = (kind, name) if kind in ("p", "tt") else ("x", commune)
    kind, _, name = district.partition(" ")
    return Unit(
        split, (kind, name), province, entry["region"], entry["code"], entry["idcard"], bool(entry.get("city", False))
    )


def unit_text(unit: Unit, style: PlaceStyle, levels: int = 3) -> str:
    """Commune, district, province in the clerk's way; ``levels`` 2 leaves the commune out, 1 the district too."""
    province = unit.province.removeprefix("TP. ")
    kind = "tp" if unit.city else "t"
    parts = []
    for key, name in (unit.commune, unit.district):
        numbered = name.isdigit()
        if style.words == "long" or (numbered and style.words == "names"):
            parts.append(f"{_LONG[key]} {name}")
        elif style.words == "capital":
            word = _LONG[key]
            parts.append(f"{word[0].upper()}{word[1:]} {name}")
        elif style.words == "short":
            parts.append(f"{_SHORT[key]} {name}" if not numbered else f"{_SHORT[key]}{name}")
        else:
            parts.append(name)
    top = {"long": "thành phố " if unit.city else "tỉnh ", "capital": "Thành phố " if unit.city else "Tỉnh "}
    if style.words == "short":
        parts.append(f"TP. {province}" if kind == "tp" else f"T. {province}")
    elif style.words == "names":
        parts.append(unit.province)
    else:
        parts.append(top[style.words] + province)
    return style.comma.join(parts[3 - levels :])


def _hamlet(rng: Random, region: str) -> str:
    places = data("places")
    pattern: str = rng.choice(places["hamlets"][region])
    while "{n}" in pattern:
        number = rng.choice((str(rng.randint(1, 12)), f"{rng.randint(1, 9)}{rng.choice('ABC')}"))
        pattern = pattern.replace("{n}", number, 1)
    return pattern.replace("{name}", rng.choice(places["hamlet_names"][region]))


def residence(rng: Random, unit: Unit | None = None, style: PlaceStyle | None = None, detail: float = 0.6) -> Sample:
    """A place of residence; with probability ``detail`` it starts with a hamlet or an (invented) house number."""
    unit = unit or make_unit(rng)
    style = style or place_style(rng)
    text = unit_text(unit, style)
    if rng.random() < detail:
        if unit.commune[0] == "x" or rng.random() < 0.4:
            lead = _hamlet(rng, unit.region)
        else:
            number = rng.choice((f"{rng.randint(1, 399)}", f"{rng.randint(1, 99)}/{rng.randint(1, 40)}"))
            lead = f"{rng.choice(('số ', '', 'Số nhà '))}{number} {rng.choice(data('places')['streets'])}"
        if style.words in ("capital", "names"):
            lead = lead[0].upper() + lead[1:]
        text = f"{lead}{style.comma}{text}"
    elif rng.random() < 0.5:
        text = text[0].upper() + text[1:]
    return plain(text)


def origin(rng: Random, unit: Unit | None = None, style: PlaceStyle | None = None) -> Sample:
    """A native place (quê quán): three units, or fewer."""
    unit = unit or make_unit(rng)
    style = style or place_style(rng)
    text = unit_text(unit, style, rng.choices((3, 2, 1), (75, 15, 10))[0])
    return plain(text[0].upper() + text[1:] if rng.random() < 0.4 else text)


def birthplace(rng: Random, unit: Unit | None = None, style: PlaceStyle | None = None) -> Sample:
    """A place of birth: a hospital, a health station, or a commune."""
    unit = unit or make_unit(rng)
    style = style or place_style(rng)
    commune, district, province = unit_text(unit, PlaceStyle(style.words, "|")).split("|")
    text: str = rng.choice(data("places")["birthplaces"])
    names = {"commune": commune, "district": district, "province": province, "province_name": unit.province}
    text = text.format(**names)
    if unit.city:
        text = text.replace(
            f"tỉnh {unit.province}", unit.province if unit.province.startswith("TP.") else f"TP. {unit.province}"
        )
    return plain(text)
