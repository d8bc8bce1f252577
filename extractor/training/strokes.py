"""Handwriting kept as pen strokes: loading it, and writing new lines in one writer's hand.

The strokes file (arrays ``points``, ``stroke_ends``, ``word_ends``, ``texts``, ``writers``, ``lines``) holds words of
many writers. A line is written by setting words of one writer side by side on a common baseline; numbers are written
digit by digit with digits cut out of the writer's number words.
"""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from extractor.errors import MissingInputError, TruncatedInputError
from extractor.readers.handwriting.alphabet import canonical
from extractor.training.collections import part_of_blocks

Stroke = NDArray[np.float32]
"""(points, 2): x to the right and y downwards, in units of the writer's median word height."""

NUMBER_WORDS = frozenset(["một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười"])
"""Some of these are labels of a digit written instead; such ink has fewer strokes than letters and marks need."""


@dataclass(frozen=True, slots=True)
class InkWord:
    """One written word: its text and its strokes, x starting at 0, y 0 in the middle of the small letters."""

    text: str
    strokes: tuple[Stroke, ...]
    width: float
    line: int


@dataclass(slots=True)
class Writer:
    """All words of one writer, by lower-case text, and single digits cut out of number words."""

    number: int
    words: list[InkWord] = field(default_factory=list)
    by_text: dict[str, list[InkWord]] = field(default_factory=lambda: defaultdict(list))
    digits: dict[str, list[InkWord]] = field(default_factory=lambda: defaultdict(list))


def _ink_word(text: str, strokes: Sequence[Stroke], line: int) -> InkWord:
    left = min(float(stroke[:, 0].min()) for stroke in strokes)
    right = max(float(stroke[:, 0].max()) for stroke in strokes)
    shift = np.array([left, 0.0], dtype=np.float32)
    return InkWord(text, tuple(stroke - shift for stroke in strokes), right - left, line)


def _middle(strokes: Sequence[Stroke]) -> float:
    """Median height of the ink, weighted by its length: close to the middle of the small letters."""
    heights, lengths = [], []
    for stroke in strokes:
        if len(stroke) > 1:
            heights.append((stroke[1:, 1] + stroke[:-1, 1]) / 2)
            lengths.append(np.hypot(*np.diff(stroke, axis=0).T))
    if not heights:
        return float(np.mean([stroke[:, 1].mean() for stroke in strokes]))
    height, length = np.concatenate(heights), np.concatenate(lengths)
    order = np.argsort(height)
    return float(height[order][np.searchsorted(np.cumsum(length[order]), length.sum() / 2)])


def _cut_digits(word: InkWord) -> list[InkWord]:
    """Single digits of a number word, or nothing where its strokes do not fall apart into as many groups."""
    groups: list[tuple[float, float, list[Stroke]]] = []
    for stroke in sorted(word.strokes, key=lambda item: float(item[:, 0].min())):
        left, right = float(stroke[:, 0].min()), float(stroke[:, 0].max())
        if groups and left < groups[-1][1] - 0.25 * min(right - left, groups[-1][1] - groups[-1][0]):
            start, end, members = groups[-1]
            groups[-1] = (start, max(end, right), [*members, stroke])
        else:
            groups.append((left, right, [stroke]))
    if len(groups) != len(word.text):
        return []
    return [_ink_word(text, members, word.line) for text, (_, _, members) in zip(word.text, groups, strict=True)]


def load_writers(file: Path) -> list[Writer]:
    """All writers of a strokes file, each scaled by the median height of their words.

    Raises:
        MissingInputError: there is no such file.
        TruncatedInputError: it is damaged or holds something else.
    """
    if not file.is_file():
        raise MissingInputError(file, "the strokes are missing.", mend="Name a file like vnondb_words.npz.")
    try:
        with np.load(file, allow_pickle=False) as data:
            points = data["points"].astype(np.float32)
            stroke_ends, word_ends = data["stroke_ends"], data["word_ends"]
            texts, numbers, lines = data["texts"], data["writers"], data["lines"]
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise TruncatedInputError(
            file, "these are no pen strokes.", mend="Name a file like vnondb_words.npz."
        ) from error
    stroke_starts = np.concatenate([[0], stroke_ends[:-1]])
    word_starts = np.concatenate([[0], word_ends[:-1]])
    raw: dict[int, list[tuple[str, list[Stroke], int]]] = defaultdict(list)
    for word, text in enumerate(texts):
        span = range(int(word_starts[word]), int(word_ends[word]))
        strokes = [points[stroke_starts[stroke] : stroke_ends[stroke]] for stroke in span]
        strokes = [stroke for stroke in strokes if len(stroke)]
        if strokes and not (str(text).lower() in NUMBER_WORDS and len(strokes) < 3):
            raw[int(numbers[word])].append((canonical(str(text)), strokes, int(lines[word])))
    return [_writer(number, items) for number, items in sorted(raw.items())]


def _writer(number: int, items: list[tuple[str, list[Stroke], int]]) -> Writer:
    heights = [max(s[:, 1].max() for s in strokes) - min(s[:, 1].min() for s in strokes) for _, strokes, _ in items]
    unit = max(float(np.median(heights)), 1.0)
    writer = Writer(number)
    for text, strokes, line in items:
        middle = np.array([0.0, _middle(strokes)], dtype=np.float32)
        word = _ink_word(text, [np.asarray((stroke - middle) / unit, dtype=np.float32) for stroke in strokes], line)
        writer.words.append(word)
        writer.by_text[text.lower()].append(word)
        if text.isdigit():
            for digit in _cut_digits(word):
                writer.digits[digit.text].append(digit)
    return writer


def split_writers(writers: Sequence[Writer], seed: int) -> dict[str, list[Writer]]:
    """Writers by part; writers with neighbouring numbers stay together in fours."""
    parts = part_of_blocks((writer.number // 4 for writer in writers), seed)
    out: dict[str, list[Writer]] = {"train": [], "tuning": [], "held_out": []}
    for writer in writers:
        out[parts[writer.number // 4]].append(writer)
    return out


class Scribe:
    """Writes texts in the hands of given writers.

    Args:
        writers: whose hands may be used; digits a writer lacks are borrowed from the others.
        struck: share of lines in which a word was written wrongly and struck out; the text goes on without it.
    """

    def __init__(self, writers: Sequence[Writer], *, struck: float = 0.0) -> None:
        self.struck = struck
        self.writers = [writer for writer in writers if len(writer.words) >= 20]
        self.shared_digits: dict[str, list[InkWord]] = defaultdict(list)
        self.shared_words: dict[str, list[InkWord]] = defaultdict(list)
        for writer in writers:
            for digit, words in writer.digits.items():
                self.shared_digits[digit] += words
            for word in writer.words:
                self.shared_words[word.text].append(word)

    def choose(self, rng: Generator) -> Writer:
        """Any writer."""
        return self.writers[int(rng.integers(len(self.writers)))]

    def as_written(self, rng: Generator, writer: Writer, most_words: int) -> tuple[str, list[Stroke]]:
        """A run of words as the writer set them, with random spaces."""
        count = int(rng.integers(1, most_words + 1))
        start = int(rng.integers(max(1, len(writer.words) - count)))
        return self._set(rng, [[word] for word in writer.words[start : start + count]])

    def in_a_row(self, rng: Generator, words: Sequence[InkWord]) -> tuple[str, list[Stroke]]:
        """The words of a line, or any others, side by side with random spaces."""
        return self._set(rng, [[word] for word in words])

    def write(self, rng: Generator, writer: Writer, text: str, *, borrow: bool = True) -> tuple[str, list[Stroke]]:
        """Write a text as nearly as the writer's words allow.

        Words that the writer never wrote are taken from other hands where ``borrow`` allows it, else replaced by others
        of the same kind (capitalised or not); numbers with separators are set digit by digit.

        Returns:
            The text that really was written, and its strokes.
        """
        groups = []
        for token in text.split():
            if any(letter.isdigit() for letter in token):
                groups.append(self._number(rng, writer, token))
                continue
            core = token.rstrip(",.;:")
            choices = [word for word in writer.by_text.get(core.lower(), []) if word.text == core]
            if not choices and borrow:
                choices = self.shared_words.get(core, [])
            choices = choices or writer.by_text.get(core.lower(), [])
            if not choices:
                capital = core[:1].isupper()
                choices = [word for word in writer.words if word.text[:1].isupper() == capital] or writer.words
            group = [choices[int(rng.integers(len(choices)))]]
            if token != core:
                group.append(_mark(rng, token[-1]))
            groups.append(group)
        return self._set(rng, groups)

    def _number(self, rng: Generator, writer: Writer, token: str) -> list[InkWord]:
        group = []
        for character in token:
            if character in ".,/-:":
                group.append(_mark(rng, character))
                continue
            choices = writer.digits.get(character, [])
            if len(choices) < 2:
                choices = self.shared_digits.get(character, [])
            if choices:
                group.append(choices[int(rng.integers(len(choices)))])
        return group or [writer.words[int(rng.integers(len(writer.words)))]]

    def _set(self, rng: Generator, groups: list[list[InkWord]]) -> tuple[str, list[Stroke]]:
        """Set groups of touching pieces side by side with spaces between them."""
        if self.struck and rng.random() < self.struck:
            writer = self.choose(rng)
            wrong = writer.words[int(rng.integers(len(writer.words)))]
            groups = list(groups)
            groups.insert(int(rng.integers(len(groups) + 1)), [_strike_out(rng, wrong)])
        x = 0.0
        space = rng.uniform(0.22, 0.8)
        slope = rng.normal(0, 0.01)
        strokes: list[Stroke] = []
        for group in groups:
            rise = rng.normal(0, 0.04)
            gap = rng.uniform(0.03, 0.16)
            for piece in group:
                shift = np.array([x, rise + slope * x], dtype=np.float32)
                strokes += [stroke + shift for stroke in piece.strokes]
                x += piece.width + gap
            x += max(0.12, space * float(np.exp(rng.normal(0, 0.25))))
        texts = ("".join(piece.text for piece in group) for group in groups)
        return " ".join(text for text in texts if text), strokes


def _strike_out(rng: Generator, word: InkWord) -> InkWord:
    """A word struck out with one to three lines, or scribbled over; it counts for no text."""
    width = max(word.width, 0.2)
    if rng.random() < 0.6:
        heights = rng.normal(0, 0.09, int(rng.integers(1, 4)))
        ends = [
            (rng.uniform(-0.1, 0.1) * width, height, width * rng.uniform(0.9, 1.1), height + rng.normal(0, 0.08))
            for height in heights
        ]
        lines = [np.array([(x0, y0), (x1, y1)], dtype=np.float32) for x0, y0, x1, y1 in ends]
    else:
        turns = max(4, round(width / rng.uniform(0.07, 0.16)))
        xs = np.linspace(-0.05, 1.05, turns) * width
        ys = np.where(np.arange(turns) % 2, -1, 1) * rng.uniform(0.1, 0.3, turns)
        lines = [np.stack([xs, ys], axis=1).astype(np.float32)]
    return _ink_word("", [*word.strokes, *lines], word.line)


def _mark(rng: Generator, character: str) -> InkWord:
    """A drawn separator: dot, comma, dash, slash or colon."""
    size = rng.uniform(0.6, 1.3)
    drawings = {
        ".": [[(0, 0.22), (0.03, 0.24)]],
        ",": [[(0.05, 0.2), (0.06, 0.27), (0, 0.38)]],
        "-": [[(0, 0.02), (0.26 * size, 0.0)]],
        "/": [[(0.25 * size, -0.42), (0, 0.38)]],
        ":": [[(0, 0.2), (0.03, 0.22)], [(0, -0.1), (0.03, -0.08)]],
        ";": [[(0, -0.1), (0.03, -0.08)], [(0.05, 0.2), (0.06, 0.27), (0, 0.38)]],
    }
    strokes = [np.array(drawing, dtype=np.float32) for drawing in drawings[character]]
    strokes = [stroke + rng.normal(0, 0.015, stroke.shape).astype(np.float32) for stroke in strokes]
    return _ink_word(character, strokes, -1)
