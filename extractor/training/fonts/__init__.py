"""Fonts of the SIL Open Font License that write all Vietnamese letters: hands and print."""

from extractor.training.fonts.alphabet import REQUIRED, VIETNAMESE_LETTERS
from extractor.training.fonts.registry import FontSpec, FontStyle, Split, font_specs, load_fonts

__all__ = ["REQUIRED", "VIETNAMESE_LETTERS", "FontSpec", "FontStyle", "Split", "font_specs", "load_fonts"]
