"""Checks within a record and along a book; they warn and explain, and never change a value."""

# The modules of checks register themselves.
from extractor.rules import along, births, common, others
from extractor.rules.checking import along_book_again, check_again, check_book, check_record, record_rules
from extractor.rules.evidence import supports
from extractor.rules.registry import Rule, all_rules
from extractor.rules.table import rules_table

__all__ = [
    "Rule",
    "all_rules",
    "along",
    "along_book_again",
    "births",
    "check_again",
    "check_book",
    "check_record",
    "common",
    "others",
    "record_rules",
    "rules_table",
    "supports",
]
