"""Numbers on the command line of benchmarks: what cannot be measured is refused before anything is."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def count(least: int = 1) -> Callable[[str], int]:
    """Reads whole numbers from ``least`` up."""

    def read(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} up")
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
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 up")
    return number
