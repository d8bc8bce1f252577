"""The register of rules: texts from ``data/rules.yaml``, checks from functions registered under the same ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from extractor.records import RuleWarning, Severity
from extractor.rules.view import BookView, RecordView

_TEXTS = Path(__file__).with_name("data") / "rules.yaml"
_NO_VALUES: Mapping[str, str] = MappingProxyType({})
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Finding(NamedTuple):
    """What a check found: the fields concerned and the values of the message's placeholders."""

    fields: tuple[str, ...]
    values: Mapping[str, str] = _NO_VALUES


class BookFinding(NamedTuple):
    """What a check along the book found; ``position`` is the record's place in the book, from 0."""

    position: int
    fields: tuple[str, ...]
    values: Mapping[str, str] = _NO_VALUES


RecordCheck = Callable[[RecordView], Iterable[Finding]]
BookCheck = Callable[[BookView], Iterable[BookFinding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as users see it.

    Args:
        id: such as ``R02-year``; the number is the rule's in the list offices check by.
        severity: see :class:`extractor.records.Severity`.
        source: law or practice behind it.
        fields: codes of the fields it concerns, or empty where it concerns kinds.
        kinds: kinds of field it concerns, where it is not bound to codes.
        registers: register codes it applies to; empty for all.
        along_book: whether it compares records.
        title: what should hold, Vietnamese; ``title_en`` in English.
        message: what is said when it does not, with placeholders; ``message_en`` in English.
    """

    id: str
    severity: Severity
    source: str
    title: str
    title_en: str
    message: str
    message_en: str
    fields: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    registers: tuple[str, ...] = ()
    along_book: bool = False

    def applies_to(self, register: str) -> bool:
        """Whether records of that register are checked; foreign forms have no register and are never."""
        return bool(register) and (not self.registers or register in self.registers)

    def warning(self, fields: tuple[str, ...], values: Mapping[str, str]) -> RuleWarning:
        """The warning with its messages filled in."""
        return RuleWarning(
            rule=self.id,
            fields=fields,
            message=self.message.format(**values),
            message_en=self.message_en.format(**values),
            severity=self.severity,
        )


@cache
def all_rules() -> dict[str, Rule]:
    """All rules by id, in the order of the list."""
    with _TEXTS.open(encoding="utf-8") as file:
        data: dict[str, dict[str, Any]] = yaml.load(file, Loader=_Loader)  # noqa: S506 - a safe loader either way
    return {
        name: Rule(
            id=name,
            severity=Severity(entry["severity"]),
            source=entry["source"],
            title=entry["title"],
            title_en=entry["title_en"],
            message=entry["message"],
            message_en=entry["message_en"],
            fields=tuple(entry["fields"]),
            kinds=tuple(entry.get("kinds", ())),
            registers=tuple(entry.get("registers", ())),
            along_book=entry.get("scope") == "book",
        )
        for name, entry in data.items()
    }


record_checks: dict[str, RecordCheck] = {}
book_checks: dict[str, BookCheck] = {}


def record_rule(rule: str) -> Callable[[RecordCheck], RecordCheck]:
    """Register a check of single records under a rule's id."""

    def register(check: RecordCheck) -> RecordCheck:
        record_checks[rule] = check
        return check

    return register


def book_rule(rule: str) -> Callable[[BookCheck], BookCheck]:
    """Register a check along a book under a rule's id."""

    def register(check: BookCheck) -> BookCheck:
        book_checks[rule] = check
        return check

    return register
