"""Bounds that the operating system keeps for a process: memory, processor time, size of files."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from extractor.scans.limits import Limits

_MEBI = 1024 * 1024
_BYTES_PER_PIXEL = 3
_SPARE_SECONDS = 5


def confine(limits: Limits, seconds: float) -> None:
    """Bound what this process, and each program it starts, may take for its next task.

    Processor time is counted from now on. Where the system has no such bounds (Windows), only the time that the asking
    process watches is bounded.

    Args:
        limits: ``decode_mebibytes`` is memory on top of what the process holds already.
        seconds: of processor time.
    """
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    largest = max(limits.file_bytes, int(limits.megapixels * 1e6) * _BYTES_PER_PIXEL) + _MEBI
    _bound(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds) + _SPARE_SECONDS)
    _bound(resource.RLIMIT_FSIZE, largest)
    _bound(resource.RLIMIT_CORE, 0)  # an image of the memory would hold what stands in a register
    if held := _held():
        _bound(resource.RLIMIT_AS, held + limits.decode_mebibytes * _MEBI)


def _bound(kind: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _held() -> int:
    """Bytes of address space of this process; 0 where the system does not tell, and so has no bound that works."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * _page_bytes()
    except OSError:
        return 0


def _page_bytes() -> int:
    import resource

    return resource.getpagesize()
