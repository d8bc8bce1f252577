"""Marks that repeat the entry above."""

from __future__ import annotations

import re
from functools import cache

from extractor.vietnamese.loading import load
from extractor.vietnamese.text import compare_key, single_spaces

_MARKS = re.compile(r"(?:[-–—_.\s]*(?:[\"”“″〃]|''|’’|,,|//+|\\\\)[-–—_.\s]*)+")
_OUTER = " -–—_.()\"'/"


@cache
def _words() -> frozenset[str]:
    return frozenset(compare_key(word).strip(_OUTER) for word in load("ditto")["words"])


def is_ditto(raw: str) -> bool:
    """Whether the whole text is a ditto mark: ``nt``, ``-nt-``, ``"``, ``//``, ``như trên``."""
    text = single_spaces(raw)
    return bool(text) and (bool(_MARKS.fullmatch(text)) or compare_key(text).strip(_OUTER) in _words())
