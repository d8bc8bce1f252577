"""Invented texts of civil-status registers with their values, and whole records whose fields agree."""

from extractor.training.texts.birth import BirthRecord, birth_record
from extractor.training.texts.books import BookSetting, make_book
from extractor.training.texts.kinds import DEFAULT_WEIGHTS, GENERATORS, any_line
from extractor.training.texts.records import InventedRecord, any_record, region_of, with_dittos, years_of
from extractor.training.texts.sample import BLANK, Sample

__all__ = [
    "BLANK",
    "DEFAULT_WEIGHTS",
    "GENERATORS",
    "BirthRecord",
    "BookSetting",
    "InventedRecord",
    "Sample",
    "any_line",
    "any_record",
    "birth_record",
    "make_book",
    "region_of",
    "with_dittos",
    "years_of",
]
