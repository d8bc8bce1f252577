"""Encoder features kept on disk, so that a new head can be trained many times faster than the whole recogniser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.readers.handwriting.encoder import LineEncoder
from extractor.training.arithmetic import training_precision
from extractor.training.samples import Sample

FEATURES_FILE = "features.bin"
INDEX_FILE = "index.jsonl"


def batches_by_width(samples: Iterable[Sample], size: int, *, window: int = 512) -> Iterator[list[Sample]]:
    """Group samples whose prepared pictures are equally wide.

    Args:
        samples: any stream; it may be endless.
        size: lines in a full batch.
        window: lines waiting at most; beyond that the largest group goes out although it is not full.
    """
    waiting: dict[int, list[Sample]] = {}
    count = 0
    for sample in samples:
        group = waiting.setdefault(sample.prepared.shape[1], [])
        group.append(sample)
        count += 1
        if len(group) < size:
            if count <= window:
                continue
            group = max(waiting.values(), key=len)
        waiting.pop(group[0].prepared.shape[1])
        count -= len(group)
        yield group
    yield from waiting.values()


def stack(samples: list[Sample]) -> torch.Tensor:
    """Pictures of one width as (batch, 1, 48, width)."""
    return torch.from_numpy(np.stack([sample.prepared for sample in samples]))[:, None]


def cache_features(
    encoder: LineEncoder,
    samples: Iterable[Sample],
    folder: Path,
    *,
    batch: int = 16,
    on_progress: Callable[[int], None] = lambda count: None,
) -> int:
    """Compute the features of all samples and append them to a folder.

    Half precision is enough: the features' own noise under bfloat16 arithmetic is larger.

    Returns:
        Lines written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    encoder.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    count = 0
    with (folder / FEATURES_FILE).open("ab") as data, (folder / INDEX_FILE).open("a", encoding="utf-8") as index:
        for group in batches_by_width(samples, batch):
            lines = stack(group).contiguous(memory_format=torch.channels_last)
            with torch.inference_mode(), training_precision("cpu"):
                features = encoder(lines).float().numpy().astype(np.float16)
            for sample, rows in zip(group, features, strict=True):
                entry = {"at": data.tell(), "steps": rows.shape[0], "text": sample.text, "source": sample.source}
                data.write(rows.tobytes())
                index.write(json.dumps(entry, ensure_ascii=False) + "\n")
            data.flush()
            index.flush()
            count += len(group)
            on_progress(count)
    return count


class FeatureCache:
    """Reads what :func:`cache_features` wrote; rows stay on disk until asked for."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.entries: list[tuple[NDArray[np.float16], str, str]] = []
        for folder in folders:
            if not (folder / INDEX_FILE).is_file():
                raise ModelError(f"{folder}: no cached features.", mend="Cache features first.")
            data = np.memmap(folder / FEATURES_FILE, dtype=np.float16, mode="r")
            for row in (folder / INDEX_FILE).read_text("utf-8").splitlines():
                entry = json.loads(row)
                start, size = entry["at"] // 2, entry["steps"] * LineEncoder.features
                if start + size <= data.size:
                    rows = data[start : start + size].reshape(entry["steps"], LineEncoder.features)
                    self.entries.append((rows, entry["text"], entry["source"]))

    def __len__(self) -> int:
        return len(self.entries)

    def batches(self, size: int, seed: int) -> Iterator[tuple[torch.Tensor, list[str]]]:
        """All lines once in random order, in batches of equal length."""
        order = np.random.default_rng(seed).permutation(len(self.entries))
        groups: dict[int, list[int]] = {}
        batches = []
        for number in order:
            group = groups.setdefault(len(self.entries[number][0]), [])
            group.append(int(number))
            if len(group) == size:
                batches.append(groups.pop(len(self.entries[number][0])))
        batches += groups.values()
        for position in np.random.default_rng(seed + 1).permutation(len(batches)):
            chosen = [self.entries[number] for number in batches[position]]
            features = np.stack([rows for rows, _, _ in chosen]).astype(np.float32)
            yield torch.from_numpy(features), [text for _, text, _ in chosen]
