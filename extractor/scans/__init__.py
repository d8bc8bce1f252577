"""Files in (PDF, TIFF, JPEG, PNG, ZIP), upright, flat and evenly lit pages out, under limits."""

from extractor.scans.clean import BLANK_INK, PHOTOGRAPH, clean_page, ink_share
from extractor.scans.inputs import count_pages, list_pages, list_sources, open_inputs, page_refs
from extractor.scans.limits import Limits
from extractor.scans.names import REGISTERS, parse_book_name, parse_official_name
from extractor.scans.set_aside import OnSetAside, SetAside
from extractor.scans.sources import PageRef, SourceFile
from extractor.scans.types import CleanPage, Image, Matrix, OfficialName, SourcePage

__all__ = [
    "BLANK_INK",
    "PHOTOGRAPH",
    "REGISTERS",
    "CleanPage",
    "Image",
    "Limits",
    "Matrix",
    "OfficialName",
    "OnSetAside",
    "PageRef",
    "SetAside",
    "SourceFile",
    "SourcePage",
    "clean_page",
    "count_pages",
    "ink_share",
    "list_pages",
    "list_sources",
    "open_inputs",
    "page_refs",
    "parse_book_name",
    "parse_official_name",
]
