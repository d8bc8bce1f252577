"""Checks within a record and along a book; they warn and explain, and never change a value."""

# The modules of checks register themselves.
from extractor.rules import along, births, common, others
from extractor.rules.checking import check_book, check_record
from extractor.rules.evidence import supports
from extractor.rules.registry import Rule, all_rules
from extractor.rules.table import rules_table

__all__ = [
    "Rule",
    "all_rules",
    "along",
    "births",
    "check_book",
    "check_record",
    "common",
    "others",
    "rules_table",
    "supports",
]
