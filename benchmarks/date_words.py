"""How many dates in words are parsed right, parsed wrong, and left unparsed.

    python benchmarks/date_words.py [--count 10000] [--seed 1] [--out FILE]

Dates of 1900 to 2030, one in ten without a day or without day and month, are written in the styles people use
(:func:`extractor.vietnamese.date_writer.random_style`): north and south, mùng, giêng and chạp, lăm and nhăm, bẩy,
dropped "mươi", digit by digit, years of the sixty-year cycle, every case and place of tones. The same texts are then
spoilt as a reader spoils them: a word lost, one doubled, one without its marks, one number word read as another. What
is left often spells another date by the rules: no grammar can know, and only the digits beside it can tell.

Side by side, where they are installed, with packages that turn number words into numbers (vn-numberwords,
vietnam-number). They know no dates, so the text is cut for them at *ngày*, *tháng* and where the year begins.

The writer is ours as the grammar is: what neither of them thought of is not counted here.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from extractor.vietnamese import parse_date_words
from extractor.vietnamese.date_writer import date_in_words, random_style
from extractor.vietnamese.dates import PartialDate, make_date
from extractor.vietnamese.text import fold_marks

FIRST, LAST = date(1900, 1, 1), date(2030, 12, 31)
NUMBERS = ("một", "hai", "ba", "bốn", "tư", "năm", "lăm", "sáu", "bảy", "tám", "chín", "mười", "mươi")
OUTCOMES = ("right", "wrong", "not parsed")

Parser = Callable[[str], PartialDate | None]
Spoiler = Callable[[random.Random, list[str]], list[str]]


def grammar(text: str) -> PartialDate | None:
    """The date by our closed grammar, or None where it is not parsed."""
    found = parse_date_words(text)
    return found if isinstance(found, PartialDate) else None


def by_number_words(to_number: Callable[[str], int]) -> Parser:
    """A parser that cuts a text into day, month and year and asks a package for each number."""

    def parse(text: str) -> PartialDate | None:
        plain = re.sub(r"[,.]|\(.*?\)", " ", unicodedata.normalize("NFC", text.lower()))
        plain = " ".join(plain.split())
        match = re.fullmatch(
            r"(?:(?:ngày )?(?:mùng |mồng )?(.+?) )??(?:tháng (.+?) )??(?:năm )?(\S+ (?:nghìn|ngàn) ?.*|(?:\S+ ){3}\S+)",
            plain,
        )
        if match is None:
            return None
        day, month, year = match.groups()
        try:
            found = make_date(
                int(to_number(year)), int(to_number(month)) if month else None, int(to_number(day)) if day else None
            )
        except Exception:  # what a package raises for what it cannot read is not agreed on
            return None
        return found if isinstance(found, PartialDate) else None

    return parse


def parsers() -> dict[str, Parser]:
    """Ours, and those of the packages that are installed."""
    found: dict[str, Parser] = {"closed grammar": grammar}
    for package, module, name in (
        ("vn-numberwords", "vn_numberwords", "words_to_number"), ("vietnam-number", "vietnam_number", "w2n"),
    ):  # fmt: skip
        try:
            found[package] = by_number_words(getattr(importlib.import_module(module), name))
        except ImportError:
            Console(stderr=True).print(f"{package} is not installed and is left out.")
    return found


def _lost(rng: random.Random, words: list[str]) -> list[str]:
    place = rng.randrange(len(words))
    return [*words[:place], *words[place + 1 :]]


def _doubled(rng: random.Random, words: list[str]) -> list[str]:
    place = rng.randrange(len(words))
    return [*words[:place], words[place], *words[place:]]


def _unmarked(rng: random.Random, words: list[str]) -> list[str]:
    """A word without its marks."""
    plain = [fold_marks(word) for word in words]
    places = [place for place, word in enumerate(words) if word != plain[place]]
    if not places:
        return words
    place = rng.choice(places)
    return [*words[:place], plain[place], *words[place + 1 :]]


def _another(rng: random.Random, words: list[str]) -> list[str]:
    """A number word read as another one."""
    places = [place for place, word in enumerate(words) if word.lower().strip(",") in NUMBERS]
    if not places:
        return words
    place = rng.choice(places)
    other = rng.choice([word for word in NUMBERS if word != words[place].lower().strip(",")])
    return [*words[:place], other, *words[place + 1 :]]


SPOILT: dict[str, Spoiler] = {
    "as written": lambda _, words: words,
    "a word lost": _lost,
    "a word doubled": _doubled,
    "a word without marks": _unmarked,
    "a number word for another": _another,
}


def draw(rng: random.Random) -> tuple[PartialDate, str]:
    """A date and one way to write it."""
    day = FIRST + timedelta(days=rng.randrange((LAST - FIRST).days + 1))
    when = PartialDate(day.year, day.month, day.day)
    if rng.random() < 0.1:
        when = PartialDate(day.year, day.month) if rng.random() < 0.5 else PartialDate(day.year)
    return when, date_in_words(when, random_style(rng))


def outcome(parse: Parser, text: str, when: PartialDate) -> str:
    """Right, wrong or not parsed."""
    found = parse(text)
    return "not parsed" if found is None else "right" if found == when else "wrong"


def main() -> None:
    """Write, spoil, parse and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.count < 1:
        parser.error("--count must be at least 1")
    if given.out and (given.out.is_dir() or not given.out.parent.is_dir()):
        parser.error(f"--out {given.out} is no file that could be written")
    rng = random.Random(given.seed)
    texts = [draw(rng) for _ in range(given.count)]
    known = parsers()
    counts: dict[tuple[str, str], Counter[str]] = {}
    console = Console(stderr=True)
    for spoilt, spoil in SPOILT.items():
        for when, text in track(texts, spoilt, console=console, transient=True):
            changed = " ".join(spoil(rng, text.split(" ")))
            for name, parse in known.items():
                counts.setdefault((spoilt, name), Counter())[outcome(parse, changed, when)] += 1
    table = Table("text", "by", *(f"{name} %" for name in OUTCOMES), title=f"{given.count:,} dates in words")
    for (spoilt, name), tally in counts.items():
        table.add_row(spoilt, name, *(f"{100 * tally[result] / given.count:.2f}" for result in OUTCOMES))
    Console(width=120).print(table)
    if given.out:
        rows = [{"text": spoilt, "by": name, **tally} for (spoilt, name), tally in counts.items()]
        given.out.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
