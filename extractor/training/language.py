"""Estimating the character language model from generated texts of registers.

Counts are smoothed by interpolation with the next shorter context after Witten and Bell, "The zero-frequency problem"
(IEEE Transactions on Information Theory, 1991), which asks of the counts no more than generated text can give.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from extractor.readers.handwriting.alphabet import canonical
from extractor.readers.handwriting.language import Automaton, CharacterModel
from extractor.training.line_texts import cased, date_in_digits, number, short_word
from extractor.training.texts import any_line
from extractor.training.texts.addresses import address
from extractor.vietnamese.text import canonical_tones

LONGEST = 8
"""Characters of an n-gram at most: eight symbols of eight bits fill one integer."""

Keys = NDArray[np.uint64]


def register_texts(rng: Generator, lines: int) -> Iterable[str]:
    """Texts of fields as the registers hold them: two in five are addresses in all communes of the gazetteer."""
    for _ in range(lines):
        draw = rng.random()
        if draw < 0.40:
            text = address(Random(int(rng.integers(2**32))))
        elif draw < 0.86:
            text = any_line(Random(int(rng.integers(2**32))))[1].raw
        elif draw < 0.93:
            text = date_in_digits(rng)
        else:
            text = number(rng) if draw < 0.985 else short_word(rng)
        if rng.random() < 0.3:
            text = canonical_tones(text, "new")
        yield canonical(cased(rng, text) if rng.random() < 0.5 else text)


@dataclass(frozen=True, slots=True)
class _Order:
    """N-grams of one length, ascending, with counts and probabilities after smoothing."""

    keys: Keys
    counts: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def _corpus(texts: Iterable[str], alphabet: str) -> NDArray[np.uint8]:
    """Symbols of all texts, one 0 before each and one behind the last."""
    classes = {character: symbol for symbol, character in enumerate(alphabet, start=1)}
    symbols = bytearray([0])
    for text in texts:
        if all(character in classes for character in text):
            symbols += bytes(classes[character] for character in text) + b"\0"
    return np.frombuffer(bytes(symbols), np.uint8)


def _windows(corpus: NDArray[np.uint8], length: int) -> Keys:
    """All n-grams of one length that do not reach across the border of a text; the first symbol is the highest byte."""
    count = len(corpus) - length + 1
    keys = np.zeros(count, dtype=np.uint64)
    inner = np.ones(count, dtype=bool)
    for place in range(length):
        symbols = corpus[place : place + count]
        keys = (keys << np.uint64(8)) | symbols
        if 0 < place < length - 1:
            inner &= symbols != 0
    if length == 2:
        # An end directly followed by a start is an empty text, not an end of anything.
        inner &= keys != 0
    return keys[inner]


def estimate(
    texts: Iterable[str], alphabet: str, *, order: int = LONGEST, least: tuple[int, ...] = (1, 1, 1, 2, 2, 3, 3, 4)
) -> CharacterModel:
    """Estimate a model.

    Args:
        texts: whole texts of fields; those with characters outside the alphabet are left out.
        alphabet: characters in class order, at most 255.
        order: characters of the longest n-grams, 2 to 8.
        least: for each length, how often an n-gram must occur to be kept; must not fall with the length.

    Raises:
        ValueError: the alphabet, the order or the limits are out of range.
    """
    if not 2 <= order <= LONGEST or len(alphabet) > 255 or list(least) != sorted(least) or len(least) < order:
        raise ValueError("The order is 2 to 8, the alphabet at most 255 characters, the limits rise with the length.")
    corpus = _corpus(texts, alphabet)
    if len(corpus) < 2:
        raise ValueError("There is no text that the alphabet can write.")
    symbols = len(alphabet) + 1
    counts = np.bincount(corpus[1:], minlength=symbols).astype(np.int64)
    seen = int((counts > 0).sum())
    # The shortest context of all is smoothed with a uniform distribution, so that every character stays possible.
    flat = (counts + seen / symbols) / (counts.sum() + seen)
    orders = [_Order(np.arange(symbols, dtype=np.uint64), counts, flat)]
    backoffs: list[tuple[Keys, NDArray[np.float64]]] = []
    for length in range(2, order + 1):
        keys, counts = np.unique(_windows(corpus, length), return_counts=True)
        below = orders[-1]
        contexts, where = np.unique(keys >> np.uint64(8), return_inverse=True)
        total = np.bincount(where, weights=counts)
        kinds = np.bincount(where)
        kept = counts >= least[length - 1]
        # Shorter contexts that were not kept cannot lead here.
        place = np.searchsorted(below.keys, keys >> np.uint64(8)).clip(max=len(below.keys) - 1)
        kept &= below.keys[place] == keys >> np.uint64(8)
        lost = np.bincount(where, weights=np.where(kept, 0, counts))
        weight = (kinds + lost) / (total + kinds)
        if not kept.any():
            break
        mask = np.uint64((1 << 8 * (length - 1)) - 1)
        suffix = np.searchsorted(below.keys, keys[kept] & mask)
        probabilities = counts[kept] / (total + kinds)[where[kept]] + weight[where[kept]] * below.probabilities[suffix]
        orders.append(_Order(keys[kept], counts[kept], probabilities))
        known = np.isin(contexts, keys[kept] >> np.uint64(8))
        backoffs.append((contexts[known], weight[known]))
    return _automaton(orders, backoffs, alphabet)


def _automaton(orders: list[_Order], backoffs: list[tuple[Keys, NDArray[np.float64]]], alphabet: str) -> CharacterModel:
    """Number the contexts, shortest first, and point every arc and every context to its longest known suffix."""
    bases = np.cumsum([1, *(len(contexts) for contexts, _ in backoffs)])

    def longest_known(keys: Keys, length: int) -> NDArray[np.uint32]:
        """State of the longest suffix of each n-gram that is a context; 0 is the empty one."""
        states = np.zeros(len(keys), dtype=np.uint32)
        for size in range(1, min(length, len(backoffs)) + 1):
            contexts = backoffs[size - 1][0]
            suffix = keys & np.uint64((1 << 8 * size) - 1)
            place = np.searchsorted(contexts, suffix).clip(max=len(contexts) - 1)
            found = contexts[place] == suffix
            states[found] = (bases[size - 1] + place[found]).astype(np.uint32)
        return states

    first, backoff, shorter = [0], [0.0], [0]
    symbols: list[NDArray[np.uint8]] = []
    scores: list[NDArray[np.float64]] = []
    after: list[NDArray[np.uint32]] = []
    arcs = 0
    for length, entry in enumerate(orders, start=1):
        if length > 1:
            contexts, weight = backoffs[length - 2]
            ends = np.searchsorted(entry.keys >> np.uint64(8), contexts, side="right")
            first += (ends[:-1] + arcs).tolist()
            backoff += np.log(weight).tolist()
            shorter += longest_known(contexts, length - 2).tolist()
        symbols.append((entry.keys & np.uint64(255)).astype(np.uint8))
        scores.append(np.log(entry.probabilities))
        after.append(longest_known(entry.keys, length))
        arcs += len(entry.keys)
        first.append(arcs)
    start = int(longest_known(np.zeros(1, np.uint64), 1)[0])
    automaton = Automaton(
        np.array(first, np.uint32), np.concatenate(symbols), np.concatenate(scores).astype(np.float32),
        np.concatenate(after), np.array(backoff, np.float32), np.array(shorter, np.uint32),
    )  # fmt: skip
    return CharacterModel(alphabet, start, automaton)
