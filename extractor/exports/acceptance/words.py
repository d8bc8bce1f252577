"""Numbers and texts of acceptance as officers read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any

import yaml

from extractor.exports.acceptance.outcome import Rate
from extractor.exports.faults import Fault

VIETNAM = timezone(timedelta(hours=7))
"""Vietnam's time, the same all year; days of reports are counted in it."""


@cache
def texts() -> dict[str, Any]:
    """The texts of this room, from ``texts.yaml``."""
    path = resources.files("extractor.exports.acceptance").joinpath("texts.yaml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def percent(share: float, digits: int = 2) -> str:
    """A share as people write it (``0.0125`` -> ``1,25 %``)."""
    return f"{100 * share:.{digits}f} %".replace(".", ",")


def count(number: int) -> str:
    """A number with a full stop between thousands; a dash for one that is not known."""
    return "–" if number < 0 else f"{number:,}".replace(",", ".")


def day(at: datetime) -> str:
    """The day in Vietnam (``05/01/2026``)."""
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y")


def rate_text(rate: Rate) -> str:
    """A rate of errors; a dash where nothing was inspected."""
    return percent(rate.interval.share) if rate.inspected else "–"


def interval(rate: Rate) -> str:
    """A confidence interval, or that nothing was estimated."""
    words = texts()["report"]
    if not rate.inspected:
        return "–"
    if rate.interval.low == rate.interval.high:
        return str(words["whole"])
    return str(words["interval"]).format(low=percent(rate.interval.low), high=percent(rate.interval.high))


def kind_name(kind: str) -> str:
    """A kind of field as officers call it."""
    names: dict[str, str] = texts()["kinds"]
    return names.get(kind, kind)


def fault_text(fault: Fault) -> str:
    """What does not add up, in a sentence that names the file."""
    return f"{fault.file.parent.name}/{fault.file.name}: {fault.said('vi')}"
