"""Personal identity numbers: what the twelve digits say (Decree 137/2015, Circular 07/2016/TT-BCA)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from extractor.vietnamese.loading import load
from extractor.vietnamese.text import single_spaces

LENGTHS = frozenset({8, 9, 12})
"""Eight digits before 1976 (not everywhere), nine on identity cards (CMND), twelve since 2016."""

_DIGITS = re.compile(r"\d(?:[\d\s.]*\d)?")
_COUNTRY_CODES = range(101, 1000)
"""Codes from 101 up stand for births registered abroad."""


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """The parts of a twelve-digit number.

    Args:
        province: name of the province of birth registration; empty for an unknown code or one of a country.
        sex: ``1`` male, ``2`` female.
        birth_year: year of birth, four digits.
    """

    digits: str
    province_code: str
    province: str
    known_code: bool
    sex: str
    birth_year: int


@cache
def province_codes() -> dict[str, str]:
    """Province names by the code in identity numbers."""
    return {entry["code"]: entry["name"] for entry in load("provinces")["provinces"] if "code" in entry}


def identity_digits(raw: str) -> str | None:
    """The digits of a writing that holds nothing but digits, spaces and stops, else none."""
    text = single_spaces(raw)
    return re.sub(r"[\s.]", "", text) if _DIGITS.fullmatch(text.strip(" .")) else None


def take_apart(digits: str) -> IdentityNumber | None:
    """The parts of a twelve-digit number, or none for another length."""
    if not re.fullmatch(r"[0-9]{12}", digits):
        return None
    code, sign = digits[:3], int(digits[3])
    province = province_codes().get(code, "")
    return IdentityNumber(
        digits=digits,
        province_code=code,
        province=province,
        known_code=bool(province) or int(code) in _COUNTRY_CODES,
        sex="1" if sign % 2 == 0 else "2",
        birth_year=1900 + 100 * (sign // 2) + int(digits[4:6]),
    )


def plausible(digits: str) -> bool:
    """Whether the number has a length that exists and, with twelve digits, a province or country code."""
    parts = take_apart(digits)
    return len(digits) in LENGTHS and (parts is None or parts.known_code)
