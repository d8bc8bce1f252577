"""Locks on files that end with the process that holds them, however it ends."""

from __future__ import annotations

import sys
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt
    import time

    _PAUSE = 0.1

    def lock(file: IO[Any], *, wait: bool) -> None:
        """Lock an open file for this process alone, until it is closed.

        Raises:
            OSError: another holds it, and ``wait`` is false.
        """
        file.seek(0)
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                if not wait:
                    raise
            time.sleep(_PAUSE)

else:
    import fcntl

    def lock(file: IO[Any], *, wait: bool) -> None:
        """Lock an open file for this process alone, until it is closed.

        Raises:
            OSError: another holds it, and ``wait`` is false.
        """
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
