"""Hostile files are opened in processes of their own, with bounds of memory, time and output, that may die.

Decoders of PDF, TIFF, JPEG and PNG are large programs in C: a crafted file can crash them, hang them or have them ask
for all memory there is. Only :mod:`.child` calls them; a run, a server or a worker calls :func:`inspect` and
:func:`decode`, which ask a child that is kept warm between files. What the child answers is plain data, checked here.
"""

from __future__ import annotations

from extractor.scans.decoding.asking import Content, Inspected, decode, inspect, warm_up

__all__ = ["Content", "Inspected", "decode", "inspect", "warm_up"]
