"""How often somebody may ask: a bucket of tokens for each, filled at a steady pace."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

_REMEMBERED = 10_000
"""Buckets kept; the ones longest unused are dropped first, and would be full again anyway."""


class AtOnce:
    """Places for what is done at one time, in all and by name. Used by one event loop, without a lock.

    Args:
        most: in all; a quarter of them by one name.
    """

    def __init__(self, most: int) -> None:
        self.most, self.of_one = most, max(1, most // 4)
        self._taken: Counter[Hashable] = Counter()

    def full(self, name: Hashable | None = None) -> bool:
        """Whether there is no place, for anybody or for that name."""
        return self._taken.total() >= self.most if name is None else self._taken[name] >= self.of_one

    @contextmanager
    def place(self, name: Hashable) -> Iterator[None]:
        """Take a place."""
        self._taken[name] += 1
        try:
            yield
        finally:
            self._taken[name] -= 1
            self._taken += Counter()  # forgets names that hold none


class Throttle:
    """Token buckets by name. Safe to share between threads.

    Args:
        per_second: tokens that come in.
        burst: tokens a full bucket holds.
        clock: seconds, ever rising.
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, name: Hashable) -> int:
        """Take a token; returns 0, or after how many whole seconds there will be one."""
        now = self._clock()
        with self._lock:
            level, since = self._buckets.pop(name, (self._burst, now))
            level = min(self._burst, level + (now - since) * self._per_second)
            short = level < 1.0
            self._buckets[name] = (level if short else level - 1.0, now)
            while len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
        return max(1, math.ceil((1.0 - level) / self._per_second)) if short else 0
