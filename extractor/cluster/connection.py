"""The connection to a Ray cluster, and what can go wrong with it, in our words."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from extractor.errors import ClusterError, SettingsError

_LOST = "What was read is kept; start the cluster anew and run the same command again."


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Join a cluster that runs on this machine among others; gives Ray's module.

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
    try:
        yield ray
    except (ray.exceptions.RaySystemError, ray.exceptions.RpcError, ConnectionError) as error:
        raise ClusterError(f"--cluster {address}: the cluster was lost.", mend=_LOST) from error
    finally:
        ray.shutdown()
