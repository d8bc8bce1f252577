"""File names in the order people expect: page 2 before page 10."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = re.compile(r"[0-9]+")


def natural_key(path: str) -> str:
    """Text that sorts byte by byte as ``path`` should: numbers by size, folders before longer names.

    Each run of digits is led by the count of its digits, so that ``9`` (``019``) comes before ``10`` (``0210``).
    """
    text = unicodedata.normalize("NFC", path).replace("/", "\x01")

    def led(match: re.Match[str]) -> str:
        digits = match.group().lstrip("0") or "0"
        return f"{min(len(digits), 99):02d}{digits}"

    return _DIGITS.sub(led, text)
