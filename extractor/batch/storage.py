"""Where the database of an output folder is, and what else has its fixed place there."""

from __future__ import annotations

from pathlib import Path

from extractor.store import Store

DATABASE = "extractor.sqlite"
AUDIT_KEY = "audit.key"
LEARNING = "learning"
"""Folder of the key and the parts behind sets of lines to learn from; it holds no name and no text."""
LEARNING_SHARE = "learning.yaml"
SCANS = "scans"
"""Folder in a restored output folder of scans that lay elsewhere."""


def open_store(out: Path, database: str = "") -> Store:
    """The store of an output folder: ``database``, or the SQLite file in it."""
    return Store.open(database_url(out, database), audit_key_file=out / AUDIT_KEY)


def database_url(out: Path, database: str = "") -> str:
    """URL of the database of an output folder."""
    return database or f"sqlite:///{(out / DATABASE).resolve()}"
