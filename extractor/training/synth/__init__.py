"""Renders register pages with invented records: printed form, handwriting, paper, faults of scanner and camera."""

from extractor.training.synth.book import RenderedBook, RenderedRecord, render_book, render_records

__all__ = ["RenderedBook", "RenderedRecord", "render_book", "render_records"]
