"""Pixels of text lines in, candidates with scores out; readers are registered by name."""

from extractor.readers.builtin import register_builtin_readers
from extractor.readers.protocol import Reader, Reading, get_reader, reader_names, register_reader

register_builtin_readers()

__all__ = ["Reader", "Reading", "get_reader", "reader_names", "register_reader"]
