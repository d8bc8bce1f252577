"""Knowledge of Vietnamese: dates, names, places, word lists; from what was read to the value for export."""

from extractor.vietnamese.columns import left_out, other_paper_column, split_columns, split_signer
from extractor.vietnamese.context import Context, Decoded, Normalised
from extractor.vietnamese.date_words import parse_date_words
from extractor.vietnamese.dates import PartialDate, Unparsed, parse_date, parse_value
from extractor.vietnamese.decode import decode
from extractor.vietnamese.ditto import is_ditto
from extractor.vietnamese.normalise import normalise
from extractor.vietnamese.witness import reconcile_dates

__all__ = [
    "Context",
    "Decoded",
    "Normalised",
    "PartialDate",
    "Unparsed",
    "decode",
    "is_ditto",
    "left_out",
    "normalise",
    "other_paper_column",
    "parse_date",
    "parse_date_words",
    "parse_value",
    "reconcile_dates",
    "split_columns",
    "split_signer",
]
