"""Figures of a finished model on lines that took no part in training, for its model card."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.random import Generator

from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.reader import HandwritingReader
from extractor.readers.handwriting.runtime import Run
from extractor.training.collections import LabelledLine
from extractor.training.confidence import confidences, expected_calibration_error, logits_of
from extractor.training.fonts.registry import FontSpec
from extractor.training.line_texts import date_in_digits, number
from extractor.training.metrics import LineErrors, line_errors
from extractor.training.rendered import empty_lines, font_lines, stroke_lines
from extractor.training.samples import Sample, plain, read_picture
from extractor.training.strokes import Scribe
from extractor.training.texts import GENERATORS


@dataclass(frozen=True, slots=True)
class Figures:
    """Errors of one kind of lines, and the gap between confidence and truth (expected calibration error, 0 to 1)."""

    errors: LineErrors
    calibration_error: float


def name_text(rng: Generator) -> str:
    """A person's name, three in ten in capitals."""
    return GENERATORS["person_name"](Random(int(rng.integers(2**32)))).raw


def address_text(rng: Generator) -> str:
    """A place of residence."""
    return " ".join(GENERATORS["residence"](Random(int(rng.integers(2**32)))).raw.split()[:9])


RENDERED: tuple[tuple[str, Callable[[Generator], str]], ...] = (
    ("names", name_text), ("dates", date_in_digits), ("numbers", number), ("addresses", address_text),
)  # fmt: skip


def rendered_lines(
    hands: Sequence[FontSpec], prints: Sequence[FontSpec], scribe: Scribe, each: int
) -> Iterator[tuple[str, Iterator[Sample]]]:
    """Streams of rendered lines by name: each kind in unseen hand fonts, print, unseen writers' words, empty cells."""
    for place, (name, texts) in enumerate(RENDERED):
        rng = np.random.default_rng(9000 + place)
        yield f"{name}, hand fonts", itertools.islice(font_lines(rng, hands, texts, clean_share=0.5), each)
    for place, (name, texts) in enumerate(RENDERED[1:3]):
        rng = np.random.default_rng(9100 + place)
        lines = stroke_lines(rng, scribe, texts, copied=0.0, clean_share=0.5)
        yield f"{name}, writers' digits", itertools.islice(lines, each)
    words = stroke_lines(np.random.default_rng(9200), scribe, copied=1.0, clean_share=0.5)
    yield "writers' words", itertools.islice(words, each)
    yield "print fonts", itertools.islice(font_lines(np.random.default_rng(9300), prints, clean_share=0.5), each)
    yield "empty cells", itertools.islice(empty_lines(np.random.default_rng(9400), scribe), each)


def judge(run: Run, decoder: LineDecoder, samples: Iterator[Sample], *, insensitive: bool = False) -> Figures:
    """Errors and calibration of a stream of lines; ``insensitive`` leaves case and punctuation out of the errors."""
    judged = logits_of(run, samples)
    read = confidences(judged, decoder)
    texts = [item.text for item in judged]
    right = [text == truth for (text, _), truth in zip(read, texts, strict=True)]
    gap = expected_calibration_error([confidence for _, confidence in read], right)
    return Figures(line_errors([text for text, _ in read], texts, insensitive=insensitive), gap)


def judge_collection(run: Run, decoder: LineDecoder, lines: Sequence[LabelledLine], *, insensitive: bool) -> Figures:
    """Errors and calibration on real lines."""
    return judge(run, decoder, plain(lines, "real"), insensitive=insensitive)


def milliseconds_a_line(reader: HandwritingReader, lines: Sequence[LabelledLine]) -> float:
    """Processor time for reading a line, preparation and decoding included, in milliseconds."""
    pictures = [read_picture(line) for line in lines]
    reader.read(pictures[:2])
    start = time.process_time()
    reader.read(pictures)
    return 1000 * (time.process_time() - start) / len(pictures)
