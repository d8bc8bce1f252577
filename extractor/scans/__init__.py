"""Files in (PDF, TIFF, JPEG, PNG, ZIP), upright, flat and evenly lit pages out, under limits."""

from extractor.scans.clean import BLANK_INK, PHOTOGRAPH, TURNED, clean_page, ink_share
from extractor.scans.gutter import Gutter, find_gutter, may_be_spread
from extractor.scans.inputs import count_pages, list_pages, list_sources, open_inputs, page_refs
from extractor.scans.limits import Limits
from extractor.scans.names import REGISTERS, parse_book_name, parse_official_name
from extractor.scans.set_aside import OnSetAside, SetAside
from extractor.scans.sources import HandOfPage, PageRef, SourceFile
from extractor.scans.spread import HalfPage, Side, split_page
from extractor.scans.types import CleanPage, Image, Matrix, OfficialName, SourcePage

__all__ = [
    "BLANK_INK",
    "PHOTOGRAPH",
    "REGISTERS",
    "TURNED",
    "CleanPage",
    "Gutter",
    "HalfPage",
    "HandOfPage",
    "Image",
    "Limits",
    "Matrix",
    "OfficialName",
    "OnSetAside",
    "PageRef",
    "SetAside",
    "Side",
    "SourceFile",
    "SourcePage",
    "clean_page",
    "count_pages",
    "find_gutter",
    "ink_share",
    "list_pages",
    "list_sources",
    "may_be_spread",
    "open_inputs",
    "page_refs",
    "parse_book_name",
    "parse_official_name",
    "split_page",
]
