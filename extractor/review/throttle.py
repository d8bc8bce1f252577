"""Slow down whoever tries many passwords from one address, whichever accounts they are for."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_ADDRESSES = 10_000


class Throttle:
    """Counts failures an address. Safe to share between threads.

    Args:
        failures: as many within ``seconds`` and the address has to wait until the oldest is that old.
        clock: gives seconds that never go back.
    """

    def __init__(
        self, *, failures: int = 30, seconds: float = 600.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures, self._seconds, self._clock = failures, seconds, clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """How long the address has to wait; 0 where it need not."""
        with self._lock:
            tries = self._recent(address)
            return tries[0] + self._seconds - self._clock() if len(tries) >= self._failures else 0.0

    def failed(self, address: str) -> None:
        """Count a failure of the address."""
        with self._lock:
            tries = self._recent(address)
            tries.append(self._clock())
            self._tries[address] = tries
            self._tries.move_to_end(address)
            while len(self._tries) > _ADDRESSES:
                self._tries.popitem(last=False)

    def _recent(self, address: str) -> deque[float]:
        tries = self._tries.get(address, deque(maxlen=self._failures))
        while tries and tries[0] <= self._clock() - self._seconds:
            tries.popleft()
        return tries
