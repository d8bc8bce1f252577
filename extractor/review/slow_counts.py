"""Numbers that take the database long to count, and are shown again for a while instead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_Found = TypeVar("_Found")

_LONG_SECONDS = 0.2
_TIMES_AS_LONG = 40
"""A number that took a second is kept for forty: then such counts are a fortieth of the work that one person makes."""


class SlowCounts:
    """Keeps what took long, and nothing else: what is counted at once is always the number of this moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._guard = threading.Lock()

    def get(self, key: Hashable, count: Callable[[], _Found]) -> _Found:
        """What ``count`` gives or gave not long ago; of two who ask at once, both may count."""
        begun = self._clock()
        with self._guard:
            until, kept = self._kept.get(key, (begun, None))
        if until > begun:
            found: _Found = kept
            return found
        found = count()
        ended = self._clock()
        if ended - begun >= _LONG_SECONDS:
            with self._guard:
                self._kept = {other: each for other, each in self._kept.items() if each[0] > ended}
                self._kept[key] = (ended + _TIMES_AS_LONG * (ended - begun), found)
        return found
