"""How often somebody may ask: a bucket of tokens for each, filled at a steady pace."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_REMEMBERED = 10_000
"""Buckets kept; the ones longest unused are dropped first, and would be full again anyway."""


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
