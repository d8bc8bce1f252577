"""Numbers, shares, days and ranges as people of a language write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from extractor.exports.acceptance.risk import Interval
from extractor.review.forecast import Forecast

_SWAPPED = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Figures:
    """Writes figures in one language."""

    language: str

    def number(self, number: float, places: int = 0) -> str:
        """A number with its thousands apart: ``1.234,5`` in Vietnamese, ``1,234.5`` in English."""
        text = f"{number:,.{places}f}"
        return text.translate(_SWAPPED) if self.language == "vi" else text

    def percent(self, share: float, places: int = 0) -> str:
        """A share as percent; never 0 or 100 % where it only rounds to them."""
        shown = round(100 * share, places)
        if 0 < share < 1 and shown in (0, 100) and places < 2:
            return self.percent(share, places + 1)
        return f"{self.number(100 * share, places)} %"

    def interval(self, interval: Interval) -> str:
        """From the lowest to the highest share (``13,5 – 35,2 %``)."""
        return f"{self.number(100 * interval.low, 1)} – {self.number(100 * interval.high, 1)} %"

    def day(self, day: date) -> str:
        """A day (``05/01/2026``)."""
        return day.strftime("%d/%m/%Y")

    def range(self, ahead: Forecast) -> str:
        """From the earliest to the latest day of a forecast; open where there is no latest."""
        return f"{self.day(ahead.first)} – {self.day(ahead.last) if ahead.last else '…'}"
