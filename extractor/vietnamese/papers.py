"""Identity papers in one phrase: kind, number, day and place of issue."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
    """What a phrase about an identity paper says; parts that could not be made out are empty.

    Args:
        left: words of the phrase that none of the parts accounts for, without those that only join them; not compared.
        other: whether it names a paper of another kind than those that have a code; not compared.
    """

    type_code: str = ""
    number: str = ""
    issued: str = ""
    issuer: str = ""
    left: str = field(default="", compare=False)
    other: bool = field(default=False, compare=False)


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
    kinds = dict.fromkeys(code for code, pattern in _types() if pattern.search(text))
    # Where two kinds are named, the code of either would be half the truth.
    code = next(iter(kinds)) if len(kinds) == 1 else ""
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
    issuer = issuer.strip(" .,;")
    told = [numbers[0] if number else "", match.group() if match and issued else "", issuer]
    left = _left(text, told, known=bool(code))
    other = not kinds and any(c.isalpha() for c in left) and not _none().fullmatch(text)
    return IdentityPaper(code, number, issued, issuer, "" if _none().fullmatch(text) else left, other)


@cache
def _joining() -> re.Pattern[str]:
    return _any_of(load("identity_papers")["joining"])


@cache
def _none() -> re.Pattern[str]:
    return _any_of(load("identity_papers")["none"])


def _any_of(words: list[str]) -> re.Pattern[str]:
    listed = "|".join(re.escape(canonical_tones(word)) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)


def _left(text: str, told: list[str], *, known: bool) -> str:
    """What stays of a phrase without its parts and the words that join them."""
    for part in filter(None, told):
        text = text.replace(part, " ", 1)
    if known:
        for _, pattern in _types():
            text = pattern.sub(" ", text)
    return " ".join(re.findall(r"\w+", _joining().sub(" ", text)))


def _issuer(match: re.Match[str] | None) -> str:
    return (match.group("named") or match.group("issuer")) if match else ""
