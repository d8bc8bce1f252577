"""Endless streams of rendered lines: strokes in one writer's hand, fonts, and print mixed with handwriting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.random import Generator

from extractor.readers.handwriting.alphabet import canonical, vietnamese_letters
from extractor.readers.handwriting.images import prepare
from extractor.training.augment import augment, rule
from extractor.training.fonts.registry import FontSpec
from extractor.training.ink import Ink, draw_strokes, draw_text, put_on_paper
from extractor.training.line_texts import line_text
from extractor.training.samples import Sample
from extractor.training.strokes import Scribe

_BASE_LETTERS = frozenset(vietnamese_letters()) | {chr(code) for code in range(32, 127)} | frozenset("…°")


def can_write(font: FontSpec, text: str) -> bool:
    """Whether the font has all letters of the text."""
    return set(text) <= _BASE_LETTERS | set(font.highland) | set(font.highland.upper())


def _finish(rng: Generator, ink: Ink, text: str, source: str, *, neighbour: Ink | None, clean_share: float) -> Sample:
    grey = put_on_paper(rng, ink, neighbour=neighbour)
    if rng.random() >= clean_share:
        grey = augment(rng, grey)
    return Sample(prepare(grey)[0], canonical(text), source)


def stroke_lines(
    rng: Generator, scribe: Scribe, texts: Callable[[Generator], str] = line_text, *, copied: float = 0.35,
    most_words: int = 8, borrowed: float = 0.8, clean_share: float = 0.2, source: str = "strokes",
) -> Iterator[Sample]:  # fmt: skip
    """Lines in writers' hands.

    Args:
        rng: source of chance.
        scribe: holds the writers.
        texts: gives the texts to be written.
        copied: share of lines that keep the writer's own sequence of words.
        most_words: words in such a line at most.
        borrowed: share of the other lines that take words the writer lacks from other writers.
        clean_share: share of lines without augmentation.
        source: name the samples carry.
    """
    while True:
        writer = scribe.choose(rng)
        if rng.random() < copied:
            text, strokes = scribe.as_written(rng, writer, most_words)
        else:
            text, strokes = scribe.write(rng, writer, canonical(texts(rng)), borrow=rng.random() < borrowed)
        neighbour = None
        if rng.random() < 0.15:
            neighbour = draw_strokes(rng, scribe.as_written(rng, writer, 7)[1])
        yield _finish(rng, draw_strokes(rng, strokes), text, source, neighbour=neighbour, clean_share=clean_share)


def font_lines(
    rng: Generator, fonts: Sequence[FontSpec], texts: Callable[[Generator], str] = line_text, *,
    clean_share: float = 0.2, source: str = "fonts",
) -> Iterator[Sample]:  # fmt: skip
    """Lines in fonts, each line in one."""
    while True:
        font = fonts[int(rng.integers(len(fonts)))]
        text = canonical(texts(rng))
        if not text or not can_write(font, text):
            continue
        neighbour = draw_text(rng, line_text(rng), font.path, font.scale) if rng.random() < 0.15 else None
        yield _finish(
            rng, draw_text(rng, text, font.path, font.scale), text, source, neighbour=neighbour, clean_share=clean_share
        )


def empty_lines(rng: Generator, scribe: Scribe | None, *, source: str = "empty") -> Iterator[Sample]:
    """Cells in which nothing is written: paper, rulings, and, given a scribe, slivers of the lines above or below."""
    while True:
        ink: Ink = np.zeros((72, int(72 * rng.uniform(0.5, 9))), dtype=np.float32)
        neighbour = None
        if scribe is not None and rng.random() < 0.4:
            neighbour = draw_strokes(rng, scribe.as_written(rng, scribe.choose(rng), 7)[1])
        grey = put_on_paper(rng, ink, neighbour=neighbour)
        if rng.random() < 0.5:
            grey = rule(rng, grey)
        yield Sample(prepare(augment(rng, grey) if rng.random() < 0.8 else grey)[0], "", source)


def mixed_lines(
    rng: Generator, scribe: Scribe | None, printed: Sequence[FontSpec], hands: Sequence[FontSpec], *,
    source: str = "mixed",
) -> Iterator[Sample]:  # fmt: skip
    """Print and handwriting taking turns, as in ``ngày 05 tháng 3 năm 2009`` with printed words.

    Without a scribe, all handwriting is set in fonts.
    """
    while True:
        font = printed[int(rng.integers(len(printed)))]
        hand = hands[int(rng.integers(len(hands)))]
        writer = scribe.choose(rng) if scribe is not None and rng.random() < 0.65 else None
        pieces: list[Ink] = []
        texts = []
        for label, value in _mixed_parts(rng):
            if label:
                pieces.append(_cropped(draw_text(rng, label, font.path, font.scale)))
                texts.append(label)
            if scribe is not None and writer is not None:
                written, strokes = scribe.write(rng, writer, value)
                pieces.append(_cropped(draw_strokes(rng, strokes)))
                texts.append(written)
            elif can_write(hand, value):
                pieces.append(_cropped(draw_text(rng, value, hand.path, hand.scale)))
                texts.append(value)
        gaps = [np.zeros((72, int(rng.uniform(12, 45))), dtype=np.float32) for _ in pieces]
        ink = np.concatenate([part for pair in zip(gaps, pieces, strict=True) for part in pair] + [gaps[0]], axis=1)
        yield _finish(rng, ink, " ".join(texts), source, neighbour=None, clean_share=0.2)


def _cropped(ink: Ink) -> Ink:
    """The columns that hold ink, 72 rows from the middle."""
    columns = np.flatnonzero(ink.max(axis=0) > 0.1)
    start = max(0, (ink.shape[0] - 72) // 2)
    return ink[start : start + 72, columns[0] : columns[-1] + 1] if len(columns) else ink[start : start + 72]


def _mixed_parts(rng: Generator) -> list[tuple[str, str]]:
    """Printed label and handwritten value, in reading order."""
    day, month, year = f"{rng.integers(1, 32):02d}", f"{rng.integers(1, 13):02d}", str(rng.integers(1950, 2026))
    draw = rng.random()
    if draw < 0.35:
        return [(str(rng.choice(["ngày", "Ngày", "Sinh ngày", ""])), day), ("tháng", month), ("năm", year)]
    if draw < 0.5:
        return [(str(rng.choice(["Số:", "Số", "Quyển số:"])), f"{rng.integers(1, 400)}/{year}")]
    if draw < 0.6:
        return [("Giới tính:", str(rng.choice(["Nam", "Nữ"]))), ("Dân tộc:", str(rng.choice(["Kinh", "Hoa", "Khmer"])))]
    labels = ["Họ và tên:", "Họ, chữ đệm, tên:", "Nơi sinh:", "Nơi cư trú:", "Quê quán:", "Ghi chú:", "Ông:", "Bà:"]
    return [(str(rng.choice(labels)), canonical(line_text(rng)) or "Nam")]
