"""Streams of training lines: pictures, prepared for the recogniser, with their texts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from extractor.errors import TruncatedInputError
from extractor.readers.handwriting.images import prepare
from extractor.training.augment import augment
from extractor.training.collections import LabelledLine
from extractor.training.ink import Grey


@dataclass(frozen=True, slots=True)
class Sample:
    """One prepared line.

    Args:
        prepared: (48, width) values from -1 (ink) to +1 (paper), the width a multiple of 64.
        text: what is written.
        source: name of the stream it came from.
    """

    prepared: NDArray[np.float32]
    text: str
    source: str


def read_picture(line: LabelledLine) -> Grey:
    """The line's grey picture.

    Raises:
        TruncatedInputError: the file is damaged.
    """
    grey = cv2.imread(str(line.picture), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise TruncatedInputError(line.picture, "the picture cannot be decoded.", mend="Copy the collection anew.")
    return np.asarray(grey, dtype=np.uint8)


def plain(lines: Iterable[LabelledLine], source: str) -> Iterator[Sample]:
    """The lines as they are, once and in order."""
    for line in lines:
        yield Sample(prepare(read_picture(line))[0], line.text, source)


def augmented(rng: Generator, lines: Iterable[LabelledLine], source: str) -> Iterator[Sample]:
    """Each line once, changed at random."""
    for line in lines:
        yield Sample(prepare(augment(rng, read_picture(line)))[0], line.text, source)


def shuffled_forever(rng: Generator, lines: list[LabelledLine], source: str, *, plain_share: float) -> Iterator[Sample]:
    """Endless passes over the lines, each in a new order; a share of the lines goes unchanged."""
    order = list(lines)
    shuffle = random.Random(int(rng.integers(2**32)))
    while True:
        shuffle.shuffle(order)
        for line in order:
            grey = read_picture(line)
            if rng.random() >= plain_share:
                grey = augment(rng, grey)
            yield Sample(prepare(grey)[0], line.text, source)


def interleave(rng: Generator, streams: list[tuple[float, Iterator[Sample]]]) -> Iterator[Sample]:
    """Endless mixture of endless streams, each drawn with its weight."""
    weights = np.array([weight for weight, _ in streams])
    weights = weights / weights.sum()
    while True:
        yield next(streams[int(rng.choice(len(streams), p=weights))][1])
