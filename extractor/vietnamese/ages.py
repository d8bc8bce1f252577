"""Ages where a birth year is asked for, such as ``27 t`` or ``27 tuổi``."""

from __future__ import annotations

import re

from extractor.vietnamese.text import single_spaces

_AGE = re.compile(r"(?:(?:được|khoảng)\s+)?(\d{1,3})\s*(?:tuổi|t\.?)", re.IGNORECASE)
OLDEST = 130
"""Higher numbers are taken for slips."""


def parse_age(raw: str) -> int | None:
    """Age in completed or counted years, or none where the text is no age."""
    match = _AGE.fullmatch(single_spaces(raw).strip(" ."))
    if not match or int(match.group(1)) > OLDEST:
        return None
    return int(match.group(1))


def birth_years(age: int, year: int) -> tuple[int, int]:
    """First and last year in which somebody of that age in ``year`` can be born.

    Books of different times count from birth, or count the year of birth as the first (tuổi mụ), so the answer is
    three years wide.
    """
    return year - age - 1, year - age + 1
