"""Figures of a finished model on lines that took no part in training, for its model card."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.random import Generator

from extractor.readers.handwriting.alphabet import canonical
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.reader import HandwritingReader
from extractor.training.collections import LabelledLine
from extractor.training.confidence import (
    Judged,
    calibration_error_by_chance,
    confidences,
    expected_calibration_error,
)
from extractor.training.fonts.registry import FontSpec
from extractor.training.line_texts import date_in_digits, number
from extractor.training.metrics import LineErrors, line_errors, right_reading
from extractor.training.rendered import empty_lines, font_lines, stroke_lines
from extractor.training.samples import Sample, read_picture
from extractor.training.strokes import Scribe
from extractor.training.texts import GENERATORS


@dataclass(frozen=True, slots=True)
class Figures:
    """Errors of one kind of lines, and the gap between confidence and truth.

    Args:
        errors: of the texts.
        calibration_error: expected calibration error, 0 to 1.
        by_chance: mean calibration error that as many lines would show if every confidence meant what it says.
    """

    errors: LineErrors
    calibration_error: float
    by_chance: float


def name_text(rng: Generator) -> str:
    """A person's name, three in ten in capitals."""
    return GENERATORS["person_name"](Random(int(rng.integers(2**32)))).raw


def address_text(rng: Generator) -> str:
    """A place of residence."""
    return " ".join(GENERATORS["residence"](Random(int(rng.integers(2**32)))).raw.split()[:9])


RENDERED: tuple[tuple[str, Callable[[Generator], str]], ...] = (
    ("names", name_text), ("dates", date_in_digits), ("numbers", number), ("addresses", address_text),
)  # fmt: skip


_TRIES = 2000
"""Texts drawn at most for one that writers have all words of."""


def writable(scribe: Scribe, texts: Callable[[Generator], str]) -> Callable[[Generator], str]:
    """Such texts as the writers have all words of, letter by letter, if there are any; digits they have always."""

    def draw(rng: Generator) -> str:
        text = ""
        for _ in range(_TRIES):
            text = canonical(texts(rng))
            words = [word.rstrip(",.;:") for word in text.split()]
            if all(word in scribe.shared_words or word.strip("./-").isdigit() for word in words):
                break
        return text

    return draw


def rendered_lines(
    hands: Sequence[FontSpec], prints: Sequence[FontSpec], scribe: Scribe | None, each: int
) -> Iterator[tuple[str, Iterator[Sample]]]:
    """Streams of rendered lines by name: hand fonts, print, empty cells and, given a scribe, unseen writers' hands.

    Half of the lines carry random changes (light, blur, noise, rulings).
    """
    for place, (name, texts) in enumerate(RENDERED):
        rng = np.random.default_rng(9000 + place)
        yield f"{name} in unseen hand fonts", itertools.islice(font_lines(rng, hands, texts, clean_share=0.5), each)
    if scribe is not None:
        for place, (name, texts) in enumerate(RENDERED):
            rng = np.random.default_rng(9100 + place)
            lines = stroke_lines(rng, scribe, writable(scribe, texts), copied=0.0, borrowed=1.0, clean_share=0.5)
            yield f"{name} set from unseen writers' words", itertools.islice(lines, each)
        for place, most in enumerate((1, 8)):
            rng = np.random.default_rng(9200 + place)
            words = stroke_lines(rng, scribe, copied=1.0, most_words=most, clean_share=0.5)
            name = "single words of unseen writers" if most == 1 else "one to eight words of unseen writers"
            yield name, itertools.islice(words, each)
    prints_lines = font_lines(np.random.default_rng(9300), prints, clean_share=0.5)
    yield "all kinds of fields in unseen print fonts", itertools.islice(prints_lines, each)
    yield "empty cells", itertools.islice(empty_lines(np.random.default_rng(9400), scribe), each)


@dataclass(frozen=True, slots=True)
class Checked:
    """Lines of one kind with what was read: ``(text, confidence, truth)``; ``insensitive`` to case and punctuation."""

    name: str
    read: list[tuple[str, float, str]]
    insensitive: bool

    @property
    def confidences(self) -> list[float]:
        """Confidence of each line."""
        return [confidence for _, confidence, _ in self.read]

    @property
    def right(self) -> list[bool]:
        """Whether each line is read as its label has it."""
        return [right_reading(text, truth, insensitive=self.insensitive) for text, _, truth in self.read]

    @property
    def figures(self) -> Figures:
        """Errors, and what the confidence is worth."""
        errors = line_errors(
            [text for text, _, _ in self.read], [truth for _, _, truth in self.read], insensitive=self.insensitive
        )
        gap = expected_calibration_error(self.confidences, self.right)
        return Figures(errors, gap, calibration_error_by_chance(self.confidences))


def check(name: str, judged: Sequence[Judged], decoder: LineDecoder, *, insensitive: bool = False) -> Checked:
    """Read judged lines with a decoder."""
    read = confidences(judged, decoder)
    return Checked(
        name, [(text, sure, item.text) for (text, sure), item in zip(read, judged, strict=True)], insensitive
    )


def milliseconds_a_line(reader: HandwritingReader, lines: Sequence[LabelledLine]) -> float:
    """Processor time for reading a line, preparation and decoding included, in milliseconds."""
    pictures = [read_picture(line) for line in lines]
    reader.read(pictures[:2])
    start = time.process_time()
    reader.read(pictures)
    return 1000 * (time.process_time() - start) / len(pictures)
