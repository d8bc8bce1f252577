"""Identity papers in one phrase: kind, number, day and place of issue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from extractor.vietnamese.dates import PartialDate, parse_date
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import canonical_tones, single_spaces

_NUMBER = re.compile(r"(?<![\w/.])(?:[A-Z]{1,2}\s?\d{6,8}|\d[\d .]{6,18}\d|\d{8,12})(?![\w/])")
_ISSUED = re.compile(
    r"(?:(?:được|đã)\s+)?cấp\s*(?:ngày|ng\.|:)?\s*:?\s*"
    r"(?P<date>\d{1,2}(?:\s*[./\-]\s*|\s*tháng\s*)\d{1,2}(?:\s*[./\-]\s*|\s*năm\s*)\d{4}|\d{4}(?!\d))",
    re.IGNORECASE,
)
_OFFICE = r"(?:công an|CA|cục|sở|phòng|bộ|đại sứ quán)\b"
_ISSUER_BEFORE = re.compile(
    rf"(?:\bdo\s+(?P<named>.+?)|(?<=[\s,;])(?P<issuer>{_OFFICE}.+?))\s*,?\s*(?:cấp\b|$)", re.IGNORECASE
)
_ISSUER_AFTER = re.compile(
    rf"^\s*[,;\-]?\s*(?:(?:tại|ở|bởi|do|nơi cấp\s*:?)\s+(?P<named>.+)|(?P<issuer>{_OFFICE}.+))$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class IdentityPaper:
    """What a phrase about an identity paper says; parts that could not be made out are empty."""

    type_code: str = ""
    number: str = ""
    issued: str = ""
    issuer: str = ""


@cache
def _types() -> tuple[tuple[str, re.Pattern[str]], ...]:
    pairs = [(word, entry["code"]) for entry in load("identity_papers")["types"] for word in entry["words"]]
    pairs.sort(key=lambda pair: -len(pair[0]))
    return tuple(
        (code, re.compile(rf"(?<!\w){re.escape(canonical_tones(word))}(?!\w)", re.IGNORECASE)) for word, code in pairs
    )


def parse_paper(raw: str) -> IdentityPaper:
    """Make out kind, number, date and place of issue; what is not written plainly stays empty."""
    text = canonical_tones(single_spaces(raw)).strip(" .,;")
    code = next((code for code, pattern in _types() if pattern.search(text)), "")
    issued, rest = "", text
    match = _ISSUED.search(text)
    issuer = ""
    if match:
        date = parse_date(match.group("date"))
        issued = date.value if isinstance(date, PartialDate) else ""
        rest = text[: match.start()]
        after = _ISSUER_AFTER.match(text[match.end() :])
        issuer = _issuer(after)
    numbers = [found.group() for found in _NUMBER.finditer(rest)]
    number = re.sub(r"[\s.]", "", numbers[0]) if len(numbers) == 1 else ""
    issuer = issuer or _issuer(_ISSUER_BEFORE.search(text))
    return IdentityPaper(code, number, issued, issuer.strip(" .,;"))


def _issuer(match: re.Match[str] | None) -> str:
    return (match.group("named") or match.group("issuer")) if match else ""
