"""Addresses in all communes of the gazetteer, in the many ways people write them on forms."""

from __future__ import annotations

from functools import cache
from random import Random

from extractor.training.texts.sample import data
from extractor.vietnamese.gazetteer import Commune, Unit, communes
from extractor.vietnamese.text import canonical_tones

PUNCTUATION = ((", ", 60), (" ", 30), (" - ", 5), ("- ", 2), (",", 3))


def _choice(rng: Random, weighted: list[list[object]] | tuple[tuple[str, int], ...]) -> str:
    if isinstance(weighted, tuple):
        return rng.choices([item for item, _ in weighted], [weight for _, weight in weighted])[0]
    return str(rng.choices([row[1] for row in weighted], [float(str(row[0])) for row in weighted])[0])


def _unit(rng: Random, unit: Unit, style: str) -> str:
    if style == "names" and not unit.name.isdigit():
        return unit.name
    if style == "short":
        word = str(rng.choice(data("addresses")["short"].get(unit.kind, [unit.kind])))
        return f"{word}{'' if word.endswith('.') and rng.random() < 0.5 else ' '}{unit.name}"
    return f"{unit.kind.lower() if style == 'lower' else unit.kind} {unit.name}".strip()


@cache
def _syllables() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last syllables of the names of two syllables, as often as they occur."""
    names = [commune.unit.name.split() for commune in communes()]
    pairs = [name for name in names if len(name) == 2]
    return tuple(first for first, _ in pairs), tuple(last for _, last in pairs)


def _hamlet(rng: Random, near: Commune) -> str:
    """Hamlets are named like communes, and as often by two such syllables that make no commune's name."""
    draw = rng.random()
    if draw < 0.35:
        return rng.choice(communes()).unit.name
    if draw < 0.45:
        return near.unit.name
    first, last = _syllables()
    return f"{rng.choice(first)} {rng.choice(last)}" if draw < 0.95 else rng.choice(last)


def _lead(rng: Random, near: Commune) -> str:
    table = data("addresses")
    text = _choice(rng, table["leads"])
    while "{n}" in text:
        text = text.replace("{n}", f"{rng.randint(1, 19)}{rng.choice('ABC') if rng.random() < 0.08 else ''}", 1)
    first = str(rng.randint(1, 10 ** rng.choice((1, 2, 2, 3))))
    more = f"/{rng.randint(1, 99)}" if rng.random() < 0.25 else rng.choice("ABC") if rng.random() < 0.12 else ""
    hamlet = _hamlet(rng, near)
    street = str(rng.choice(rng.choice(table["streets"])))
    return text.replace("{a}", first + more).replace("{s}", street).replace("{h}", hamlet)


def address(rng: Random, commune: Commune | None = None) -> str:
    """An invented address in a real commune, at most as long as a line holds.

    Args:
        rng: source of chance.
        commune: where it lies; any commune of the units until 2025, or now and then of those since.
    """
    commune = commune or rng.choice(communes("legacy" if rng.random() < 0.88 else "2025"))
    style = rng.choices(("names", "full", "short", "lower", "mixed"), (34, 22, 14, 10, 20))[0]
    levels = list(commune.levels)
    draw = rng.random()
    if draw < 0.14:
        levels = levels[-2:]
    elif draw < 0.2:
        levels = levels[:-1]
    parts = []
    for unit in levels:
        way = rng.choice(("names", "full", "short")) if style == "mixed" else style
        # A province's kind is mostly left out, and so is the word for a well-known city.
        if unit is commune.province and way != "short" and rng.random() < 0.75:
            way = "names"
        parts.append(_unit(rng, unit, way))
    lead = _lead(rng, commune)
    if lead:
        parts.insert(0, lead)
    comma = _choice(rng, PUNCTUATION)
    text = comma.join(parts)
    if comma == " ":
        text = text.replace(",", "")
    if rng.random() < 0.5:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.12:
        text = text.title()
    if rng.random() < 0.5:
        # The gazetteer writes hòa; half of the people write hoà.
        text = canonical_tones(text, "new")
    return text + ("." if rng.random() < 0.06 else "")
