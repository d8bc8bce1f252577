"""Look at unlabelled lines with a reader: what it reads, how sure it is, and where its encoder places them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from extractor.learning.doubt import doubt_of, path_reading
from extractor.learning.rarity import RareLetters, minority_name
from extractor.learning.selecting import Pool
from extractor.readers.handwriting.decoding import log_softmax
from extractor.readers.handwriting.encoder import NECK_CHANNELS
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import LineRecogniser

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """What a recogniser makes of one line.

    Args:
        features: (steps, 888) of the encoder, in half precision.
        logits: (frames, classes).
    """

    features: NDArray[np.float16]
    logits: NDArray[np.float32]


def encode(model: LineRecogniser, prepared: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float16]]:
    """Features of lines ``(48, width)``, prepared as :mod:`extractor.readers.handwriting.images` does, in order."""
    by_width: dict[int, list[int]] = {}
    for index, picture in enumerate(prepared):
        by_width.setdefault(picture.shape[1], []).append(index)
    found: dict[int, NDArray[np.float16]] = {}
    model.encoder.eval()
    for indices in by_width.values():
        for start in range(0, len(indices), _BATCH):
            some = indices[start : start + _BATCH]
            with torch.inference_mode():
                rows = model.encoder(torch.from_numpy(np.stack([prepared[index] for index in some])[:, None]))
            found.update(zip(some, rows.numpy().astype(np.float16), strict=True))
    return [found[index] for index in range(len(prepared))]


def read_features(head: nn.Module, features: Iterable[NDArray[np.float16]]) -> list[Seen]:
    """Logits of a head, which maps (batch, steps, values) to (batch, frames, classes), on features, in order."""
    rows = list(features)
    by_length: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        by_length.setdefault(len(row), []).append(index)
    found: dict[int, Seen] = {}
    head.eval()
    for indices in by_length.values():
        for start in range(0, len(indices), 2 * _BATCH):
            some = indices[start : start + 2 * _BATCH]
            stacked = torch.from_numpy(np.stack([rows[index] for index in some]).astype(np.float32))
            with torch.inference_mode():
                logits = head(stacked).numpy()
            found.update((index, Seen(rows[index], each)) for index, each in zip(some, logits, strict=True))
    return [found[index] for index in range(len(rows))]


def pooled(seen: Seen) -> NDArray[np.float32]:
    """The neck's features where the reader sees letters, as one vector ``(120,)``: their mean, weighted by that.

    Steps of blank paper would make all short lines alike; the columns below the neck tell pens and papers apart more
    than letters.
    """
    letters = 1.0 - np.exp(log_softmax(seen.logits, 1.0)[:, 0])
    weights = letters.reshape(len(seen.features), -1).sum(axis=1) + 1e-3
    neck = seen.features[:, :NECK_CHANNELS].astype(np.float32)
    return np.asarray(weights @ neck / weights.sum(), dtype=np.float32)


def look_at(seen: Sequence[Seen], decoder: LineDecoder, letters: RareLetters, *, nbest: bool = True) -> Pool:
    """Score lines for choosing among them; the vectors are as the encoder gives them.

    Args:
        seen: of each line.
        decoder: reads the best few texts; a small beam is enough.
        letters: the rare ones.
        nbest: look for the best few texts. Without, the best path alone is read, ten times as fast; small margins and
            expected edits are then none.
    """
    doubts, minority = [], []
    for each in seen:
        readings = decoder.texts(each.logits) if nbest else [path_reading(each.logits, decoder.alphabet)]
        doubts.append(doubt_of(each.logits, readings))
        minority.append(minority_name(readings))
    vectors = np.stack([pooled(each) for each in seen]) if seen else np.zeros((0, NECK_CHANNELS), dtype=np.float32)
    presence = [letters.presence(each.logits) for each in seen]
    return Pool(
        tuple(doubts),
        np.array(minority, dtype=np.float64),
        vectors,
        letters,
        np.stack(presence) if presence else np.zeros((0, len(letters.letters)), dtype=np.float32),
    )
