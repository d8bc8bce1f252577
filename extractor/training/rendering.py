"""Training lines made in processes of their own, so that drawing never keeps the trainer waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from extractor.errors import ExitCode, ExtractorError
from extractor.training.features import batches_by_width, stack
from extractor.training.samples import Sample

Batch = tuple[torch.Tensor, list[str]]
"""Pictures of one width, (batch, 1, 48, width), and their texts."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on its way from a drawing process to the trainer."""

    message: str
    mend: str
    exit_code: ExitCode


class LineBatches(IterableDataset[Batch | Failure]):
    """Endless batches of lines.

    Args:
        stream: makes an endless stream of samples from a number, a different one for each process; can be pickled.
        keep: whether a sample's text can be learnt; can be pickled.
        size: lines in a batch.
    """

    def __init__(self, stream: Callable[[int], Iterator[Sample]], keep: Callable[[str], bool], size: int) -> None:
        self._stream, self._keep, self._size = stream, keep, size

    def __iter__(self) -> Iterator[Batch | Failure]:
        """Batches of this process's own stream."""
        worker = get_worker_info()
        if worker is not None:
            # One process a core draws; threads inside each would only get in each other's way.
            cv2.setNumThreads(1)
        try:
            yield from self._batches(worker.id if worker else 0)
        except ExtractorError as error:
            if worker is None:
                raise
            # Raised in another process it would come out as a wall of text.
            yield Failure(error.message, error.mend, error.exit_code)

    def _batches(self, process: int) -> Iterator[Batch]:
        readable = (sample for sample in self._stream(process) if self._keep(sample.text))
        for group in batches_by_width(readable, self._size, window=12 * self._size):
            yield stack(group), [sample.text for sample in group]


def batches(
    stream: Callable[[int], Iterator[Sample]], keep: Callable[[str], bool], size: int, processes: int
) -> Iterator[Batch]:
    """Endless batches, drawn by so many processes, or with 0 by this one between two steps of training."""
    lines = LineBatches(stream, keep, size)
    # Not forked: a copy of a process whose libraries run threads may wait for ever for one that was not copied.
    made = (
        DataLoader(lines, batch_size=None, num_workers=processes, prefetch_factor=8, multiprocessing_context="spawn")
        if processes
        else lines
    )
    for item in made:
        if isinstance(item, Failure):
            error = ExtractorError(item.message, mend=item.mend)
            error.exit_code = item.exit_code
            raise error
        yield item
