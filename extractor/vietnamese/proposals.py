"""Readings that no reader gave but a list or grammar suggests, near to what was read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

from extractor.templates.form import Kind
from extractor.vietnamese.address_search import find_in_time
from extractor.vietnamese.columns import split_signer
from extractor.vietnamese.context import Context
from extractor.vietnamese.date_words import words
from extractor.vietnamese.distance import LOOKALIKE, distance
from extractor.vietnamese.lists import ClosedList, ethnic_groups, nationalities, relations, sexes, titles
from extractor.vietnamese.loading import load
from extractor.vietnamese.names import near_surnames
from extractor.vietnamese.places import parse_place
from extractor.vietnamese.text import compare_key, single_spaces

_LISTS = {
    Kind.SEX: sexes,
    Kind.ETHNIC_GROUP: ethnic_groups,
    Kind.NATIONALITY: nationalities,
    Kind.RELATION: relations,
    Kind.TITLE: titles,
}
_DIGIT_KINDS = frozenset({Kind.DATE, Kind.RECORD_NUMBER, Kind.BOOK_NUMBER, Kind.NUMBER, Kind.IDENTITY_NUMBER})
_TO_DIGITS = str.maketrans("OoDQlIi|!SsBbZzgqA", "000011111558622994")
_WORD = re.compile(r"[^\W\d_]+")
_MOST_STRANGE_WORDS = 3
_CHOICES_A_WORD = 3
_TEN = "mười"
"""Stands for itself; after another digit the word is mươi."""


class Proposal(NamedTuple):
    """A suggested text and its weight against what was read, above 0 to 1."""

    text: str
    weight: float


def list_of(kind: Kind) -> ClosedList | None:
    """The closed list of a kind, or none for a kind that has none."""
    return _LISTS[kind]() if kind in _LISTS else None


def propose(kind: Kind, text: str, context: Context) -> Iterator[Proposal]:
    """Suggestions for a text that is not in the list or does not parse; may suggest what does not parse either.

    Args:
        kind: of the field.
        text: what was read.
        context: what is known about the book.
    """
    entries = list_of(kind)
    if entries is not None:
        settings: dict[str, float] = load("decoding")["lists"][kind.value]
        for near in entries.nearest(text, settings["reach"]):
            frequent = entries.share[near.value] ** settings["sharpness"]
            yield Proposal(near.spelling, _channel(near.distance, settings["steepness"]) * frequent)
    elif kind is Kind.SIGNER:
        yield from _with_known_title(text, context)
        yield from _with_known_surname(text)
    elif kind is Kind.PERSON_NAME:
        yield from _with_known_surname(text)
    elif kind is Kind.PLACE:
        yield from _with_known_units(text, context)
    elif kind is Kind.DATE_WORDS:
        yield from _repaired_words(text)
    elif kind in _DIGIT_KINDS:
        yield from _digits_for_letters(text)


def _channel(found: float, steepness: float) -> float:
    """Likelihood of reading something so far from the truth, relative to reading the truth."""
    return float(2.718281828459045 ** (-steepness * found))


def _digits_for_letters(text: str) -> Iterator[Proposal]:
    """Letters that stand among digits, as the digits they look like; whole words (tháng, năm) stay."""
    changed = 0

    def swap(match: re.Match[str]) -> str:
        nonlocal changed
        run = match.group()
        if len(run) > 2 or (new := run.translate(_TO_DIGITS)) == run or not new.isdecimal():
            return run
        changed += len(run)
        return new

    proposed = _WORD.sub(swap, text.replace("|", "l").replace("!", "l"))
    if changed:
        yield Proposal(proposed, _channel(LOOKALIKE * changed, load("decoding")["word_steepness"]))


def _with_known_title(text: str, context: Context) -> Iterator[Proposal]:
    """The text with its ending, taken for a title, as the list spells it."""
    text = single_spaces(text)
    _, title = split_signer(text)
    endings = [title] if title and text.endswith(title) else []
    if not endings:
        words_ = text.split(" ")
        endings = [" ".join(words_[start:]) for start in range(2, len(words_))]
    for ending in endings:
        for proposal in propose(Kind.TITLE, ending, context):
            yield Proposal(text[: len(text) - len(ending)] + proposal.text, proposal.weight)


def _with_known_surname(text: str) -> Iterator[Proposal]:
    """The text with its first word as the surname it spells but for a tone or a mark."""
    first, _, rest = single_spaces(text).partition(" ")
    for name, far in near_surnames(first) if rest else ():
        yield Proposal(f"{_in_case_of(first, name)} {rest}", _channel(far, load("decoding")["word_steepness"]))


def _with_known_units(text: str, context: Context) -> Iterator[Proposal]:
    """The text with the names of communes, districts and provinces it nearly spells."""
    steepness = load("decoding")["word_steepness"]
    ways = find_in_time(text, context.book_year)
    # What every way lacks says nothing about which of them is right.
    lacking = min((way.fees for way in ways), default=0.0)
    for way in ways:
        yield Proposal(way.text, _channel(way.cost - lacking, steepness))
    if not ways:
        yield from _with_known_province(text)


def _with_known_province(text: str) -> Iterator[Proposal]:
    """The text with its last words as the province they nearly spell."""
    text = single_spaces(text).rstrip(" .,;")
    steepness = load("decoding")["word_steepness"]
    for name in parse_place(text).near:
        ending = " ".join(text.split(" ")[-len(name.split(" ")) :])
        far = distance(ending, name)
        proposed = name.upper() if ending.isupper() else name
        yield Proposal(text[: len(text) - len(ending)] + proposed, _channel(far, steepness))


@cache
def _vocabulary() -> tuple[str, ...]:
    data: dict[str, Any] = load("date_words")
    lists = [list_ for name in ("ones", "after_ten", "after_twenty", "months") for list_ in data[name].values()]
    lists += [list_ for name, list_ in data["sets"].items() if name != "lunar"]
    return tuple(sorted({word for list_ in lists for word in list_}))


@cache
def _rare_words() -> frozenset[str]:
    return frozenset(load("date_words")["rare"])


@lru_cache(maxsize=4096)
def _near_words(word: str) -> tuple[tuple[str, float], ...]:
    reach = load("decoding")["word_reach"]
    found = []
    for known in _vocabulary():
        limit = reach * max(len(known), len(word))
        far = distance(word, known, limit)
        if far <= limit:
            found.append((far, known))
    return tuple((known, far) for far, known in sorted(found)[:_CHOICES_A_WORD])


def _repaired_words(text: str) -> Iterator[Proposal]:
    """The text with words the grammar does not know replaced by near ones it does."""
    grammar = words()
    known = grammar.known()
    pieces = single_spaces(text).split(" ")
    bare = [piece.strip(" .,;:()") for piece in pieces]
    strange = [
        index for index, word in enumerate(bare) if word and not word.isdecimal() and compare_key(word) not in known
    ]
    if not 0 < len(strange) <= _MOST_STRANGE_WORDS:
        return
    steepness, rare = load("decoding")["word_steepness"], load("decoding")["rare_word"]
    for choice in itertools.product(*(_near_words(bare[index].casefold()) for index in strange)):
        new, total = list(pieces), 0.0
        for index, (word, far) in zip(strange, choice, strict=True):
            if word == _TEN and index and compare_key(bare[index - 1]) in grammar.ones:
                break
            new[index] = pieces[index].replace(bare[index], _in_case_of(bare[index], word))
            total += far + (rare if word in _rare_words() else 0.0)
        else:
            yield Proposal(" ".join(new), _channel(total, steepness))


def _in_case_of(model: str, word: str) -> str:
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word
