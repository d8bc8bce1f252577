"""The connection to a Ray cluster, and what can go wrong with it, in our words."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from extractor.errors import ClusterError, SettingsError

_log = logging.getLogger(__name__)
SILENCE = 20.0
"""Seconds without an answer after which the head counts as lost: Ray itself would end the whole process after sixty."""
_EVERY = 2.0
_LOST = "What was read is kept; start the cluster anew and run the same command again."


class Head:
    """The cluster's head, asked again and again from a thread of its own: when it is gone, whoever asks may wait long.

    Args:
        ray: Ray's module, connected.
        address: what the user called it.
    """

    def __init__(self, ray: Any, address: str) -> None:
        host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
        self._ray, self._at, self._address = ray, (host.strip("[]"), int(port)), address
        self._answered = time.monotonic()
        self._end = threading.Event()
        self.processors = 0
        """Of all machines of the cluster together, when the head was last asked."""
        self._ask()
        threading.Thread(target=self._watch, daemon=True, name="cluster-head").start()

    def check(self) -> None:
        """Ask whether it is there.

        Raises:
            ClusterError: it has not answered for :data:`SILENCE` seconds.
        """
        if time.monotonic() - self._answered > SILENCE:
            raise ClusterError(f"--cluster {self._address}: the head is lost.", mend=_LOST)

    def leave(self) -> None:
        """Ask no more."""
        self._end.set()

    def _watch(self) -> None:
        while not self._end.wait(_EVERY):
            try:
                socket.create_connection(self._at, timeout=_EVERY).close()
                self._ask()
            except Exception as error:
                _log.debug("the head did not answer (%s)", type(error).__name__)

    def _ask(self) -> None:
        self.processors = int(self._ray.cluster_resources().get("CPU", 0))
        self._answered = time.monotonic()


@contextmanager
def connected(address: str) -> Iterator[tuple[Any, Head]]:
    """Join a cluster that runs on this machine among others; gives Ray's module, and its head to ask for.

    Args:
        address: ``HOST:PORT`` of the cluster's head, or ``auto``.

    Raises:
        SettingsError: Ray is not installed.
        ClusterError: there is no cluster at the address, or it was lost.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing of this leaves the office
    try:
        import ray
    except ImportError as error:
        raise SettingsError(
            "--cluster: Ray is not installed.", mend="Install it: pip install 'extractor[cluster]'."
        ) from error
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False)
    except Exception as error:  # Ray raises what the part that failed happens to raise
        raise ClusterError(
            f"--cluster {address}: no cluster answers there ({type(error).__name__}).",
            mend=f"Start it with 'ray start --head' and join this machine with 'ray start --address={address}'.",
        ) from error
    head = Head(ray, address)
    try:
        yield ray, head
    except (ray.exceptions.RaySystemError, ray.exceptions.RpcError, ConnectionError) as error:
        raise ClusterError(f"--cluster {address}: the cluster was lost.", mend=_LOST) from error
    finally:
        head.leave()
        ray.shutdown()
