"""Numbers on the command line of benchmarks: what cannot be measured is refused before anything is."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

_MOST = 10**12


def count(least: int = 1) -> Callable[[str], int]:
    """Reads whole numbers from ``least`` up to a million millions."""

    def read(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or len(text) > 20 or not least <= int(text) <= _MOST:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {least} to {_MOST:,}")
        return int(text)

    return read


def above_nothing(text: str) -> float:
    """Read a number above 0."""
    number = from_nothing(text)
    if number == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def from_nothing(text: str) -> float:
    """Read a number from 0 up."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to {_MOST:,}")
    return number
