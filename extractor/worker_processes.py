"""What the processes of this program do first."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading

_OBJECTS_BETWEEN = 50_000


def collect_rarely() -> None:
    """Let Python look for garbage in cycles after 50,000 new objects, not after 700.

    Loading the packages makes a million objects that stay, and a fifth of its time went into looking through them.
    """
    gc.set_threshold(_OBJECTS_BETWEEN, 20, 50)


def begin() -> None:
    """Leave stopping to the parent, end where it ends, and keep to one thread of arithmetic.

    A pool's process that waits for work does not notice that its parent was killed, since it holds both ends of the
    pipe that it waits on; it would stay in memory with its models for ever.
    """
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
        os.environ[name] = "1"
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
