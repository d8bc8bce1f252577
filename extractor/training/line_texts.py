"""Texts for training lines: what fields of registers hold, with more numbers and more unusual words than books have.

Names, addresses, dates in words and the like come from :mod:`extractor.training.texts`. Numbers and dates get a larger
share here than they have on pages, because no word helps to read a digit; and unrelated syllables are set together so
that no lexicon is learnt by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

from numpy.random import Generator

from extractor.errors import SettingsError
from extractor.training.texts import GENERATORS, any_line
from extractor.training.texts.addresses import address
from extractor.training.texts.persons import person_name
from extractor.training.texts.sample import data

SHORT_WORDS = (
    "Nam", "Nữ", "nam", "nữ", "Kinh", "Việt Nam", "Nt", "nt", "-nt-", "//", "Không", "không", "Con", "Cha",
    "Mẹ", "Cháu", "Ông", "Bà", "CMND", "CCCD", "số", "Số", "UBND", "TP-HT", "xã", "huyện", "tỉnh", "x", "X",
    "Thường trú", "ĐKKH", "-", "Độc thân", "Kết hôn lần thứ nhất", "Đã ly hôn", "Góa", "Chết", "Mất",
    "Hộ chiếu", "Giấy chứng sinh", "/", "...",
)  # fmt: skip


def _pick(rng: Generator, items: Sequence[Any]) -> Any:
    return items[int(rng.integers(len(items)))]


@cache
def _strings(name: str) -> tuple[str, ...]:
    """All strings of a data file that hold letters and no placeholder, with leading codes of units removed."""
    found: list[str] = []

    def walk(item: Any) -> None:
        if isinstance(item, dict):
            for key, value in item.items():
                walk(key)
                walk(value)
        elif isinstance(item, list):
            for value in item:
                walk(value)
        elif isinstance(item, str) and "{" not in item and not item.isascii():
            head, _, rest = item.partition(" ")
            found.append(rest if head in ("h", "q", "tx", "tp", "p", "tt") and rest else item)

    walk(data(name))
    return tuple(dict.fromkeys(found))


def cased(rng: Generator, text: str) -> str:
    """A text in one of the cases that clerks use; mostly as it is."""
    draw = rng.random()
    if draw < 0.2:
        return text.upper()
    return text.lower() if draw < 0.24 else text


def date_in_digits(rng: Generator) -> str:
    """A date, or a part of one, in the ways clerks write it."""
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1905, 2026))
    padded = rng.random() < 0.7
    first, second = (f"{day:02d}", f"{month:02d}") if padded else (str(day), str(month))
    draw = rng.random()
    if draw < 0.55:
        separator = str(_pick(rng, "..//-"))
        return f"{first}{separator}{second if not padded or rng.random() < 0.8 else month}{separator}{year}"
    if draw < 0.65:
        return f"{first} tháng {second} năm {year}"
    if draw < 0.72:
        return f"ngày {first} tháng {second} năm {year}" if rng.random() < 0.6 else f"Ngày {first}/{second}/{year}"
    if draw < 0.84:
        return str(year)
    if draw < 0.92:
        return f"{second}{_pick(rng, '/.-')}{year}"
    return (
        f"{rng.integers(0, 24)} giờ {rng.integers(0, 60):02d} phút"
        if draw < 0.95
        else f"{first}{_pick(rng, '/.-')}{second}"
    )


def number(rng: Generator) -> str:
    """A register number, an identity number, a count or a house number."""
    draw = rng.random()
    if draw < 0.22:
        return f"{rng.integers(1, 400)}/{rng.integers(1985, 2026)}"
    if draw < 0.3:
        return f"{rng.integers(1, 400):02d}/TP-{_pick(rng, ('KS', 'KH', 'KT', 'HT'))}"
    if draw < 0.48:
        return "".join(str(digit) for digit in rng.integers(0, 10, 9))
    if draw < 0.64:
        return "0" + "".join(str(digit) for digit in rng.integers(0, 10, 11))
    if draw < 0.7:
        return f"{_pick(rng, 'BCPN')}{rng.integers(1000000, 9999999)}"
    if draw < 0.86:
        return str(rng.integers(0, 10 ** int(rng.integers(1, 4))))
    if draw < 0.93:
        return f"{rng.integers(1, 20):02d}/{rng.integers(1985, 2026)}/QĐ-UBND"
    return f"{rng.integers(1, 300)}{_pick(rng, ('', 'A', 'B', '/' + str(rng.integers(1, 90))))}"


def figures(rng: Generator) -> str:
    """A date in digits or a number, by turns."""
    return date_in_digits(rng) if rng.random() < 0.5 else number(rng)


def short_word(rng: Generator) -> str:
    """One of the shortest entries."""
    return str(_pick(rng, SHORT_WORDS))


def syllables(rng: Generator) -> str:
    """Unrelated words of names and places, so that no lexicon is learnt by heart."""
    pool = _strings("places") + _strings("people") + _strings("names")
    words = [str(_pick(rng, str(_pick(rng, pool)).split())) for _ in range(int(rng.integers(1, 5)))]
    return cased(rng, " ".join(words))


def field(rng: Generator) -> str:
    """What a field of any kind may hold, verbatim."""
    return any_line(Random(int(rng.integers(2**32))))[1].raw


def kind_text(rng: Generator, kind: str) -> str:
    """What a field of one kind may hold, verbatim.

    Args:
        rng: source of chance.
        kind: one of :data:`extractor.training.texts.GENERATORS`, such as ``person_name``, ``date`` or ``residence``.

    Raises:
        SettingsError: there are no texts of that kind.
    """
    if kind not in GENERATORS:
        raise SettingsError(f"There are no texts of the kind '{kind}'.", mend=f"Use one of: {', '.join(GENERATORS)}.")
    return GENERATORS[kind](Random(int(rng.integers(2**32)))).raw


def home(rng: Generator) -> str:
    """An address anywhere in the country."""
    return address(Random(int(rng.integers(2**32))))


def capital_name(rng: Generator) -> str:
    """A person's name in capitals, as the name of whom the record is about is often written."""
    return person_name(Random(int(rng.integers(2**32)))).raw.upper()


KINDS: tuple[tuple[float, Callable[[Generator], str]], ...] = (
    (0.40, field), (0.16, date_in_digits), (0.12, number), (0.06, short_word), (0.10, syllables), (0.16, home),
)  # fmt: skip


def line_text(rng: Generator) -> str:
    """One field's text of any kind; now and then empty."""
    weights = [weight for weight, _ in KINDS]
    kind = KINDS[int(rng.choice(len(KINDS), p=[weight / sum(weights) for weight in weights]))][1]
    text = kind(rng)
    words = text.split()
    if len(words) > 9:
        # A field of several lines: take what one line holds.
        start = int(rng.integers(len(words) - 5))
        text = " ".join(words[start : start + int(rng.integers(4, 10))])
    return text
