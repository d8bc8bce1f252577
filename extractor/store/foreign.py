"""Know an SQLite file of another program before it is opened: opening it for work already changes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from extractor.errors import StoreError
from extractor.store.tables import Base


def must_be_own(path: Path) -> None:
    """Refuse a file of another program, without a byte of it or of its log being changed.

    A damaged file, or one that is being written to, may pass here; what is wrong with it is told where it is opened.

    Raises:
        StoreError: it holds something, and nothing of it is ours.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as file:
            names = {name for (name,) in file.execute("SELECT name FROM sqlite_master")}
            marks = [file.execute(f"PRAGMA {mark}").fetchone()[0] for mark in ("application_id", "user_version")]
    except sqlite3.DatabaseError:
        return
    if (names or any(marks)) and not names & set(Base.metadata.tables):
        raise StoreError(f"{path}: is a database of another program.", mend="Name another file with --db.")
