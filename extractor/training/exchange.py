"""Letting several training processes learn together by averaging their weights now and then.

Each process learns from its own lines. Every so often it leaves its weights in a common folder and moves to the mean of
its own and the freshest ones the others left there; none waits for another. This is gossip averaging (Blot et al.,
"Gossip training for deep learning", 2016); it suits processor cores that other work keeps interrupting.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch

from extractor.readers.handwriting.model import LineRecogniser


class WeightExchange:
    """One process's side of the exchange.

    Args:
        folder: common to all processes.
        name: of this process, different from all others'.
        every: lines between exchanges.
    """

    def __init__(self, folder: Path, name: str, every: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._own = folder / f"{name}.weights"
        self._every = every
        self._next: int | None = None
        self._seen: dict[Path, int] = {}
        # What an earlier run left behind must not be mixed in.
        self._since = time.time_ns()

    def __call__(self, model: LineRecogniser, lines: int) -> None:
        """Exchange if it is time to.

        Args:
            model: its weights are changed in place.
            lines: lines that this process has learnt from.
        """
        if self._next is None:
            self._next = lines + self._every
        if lines < self._next:
            return
        self._next = lines + self._every
        partial = self._own.with_suffix(".partial")
        torch.save(model.state_dict(), partial)
        partial.replace(self._own)
        fresh = []
        for file in sorted(self._own.parent.glob("*.weights")):
            written = file.stat().st_mtime_ns
            if file != self._own and written > self._seen.get(file, self._since):
                self._seen[file] = written
                fresh.append(torch.load(file, weights_only=True))
        if fresh:
            mean = {
                key: torch.stack([value, *(state[key] for state in fresh)]).mean(dim=0)
                for key, value in model.state_dict().items()
            }
            model.load_state_dict(mean)
