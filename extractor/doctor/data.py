"""An output folder and its database."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from extractor.batch.storage import AUDIT_KEY, database_url
from extractor.doctor.findings import Finding, fault, note, ok
from extractor.errors import ExitCode, StoreError
from extractor.store.condition import DatabaseCondition, look_at
from extractor.store.migrate import HEAD

_CLOCKS_MAY_DIFFER = timedelta(seconds=5)


def look_at_rights(out: Path) -> Iterator[Finding]:
    """Who else on the machine can read an output folder, and whether its audit key is there."""
    mode = stat.S_IMODE(out.stat().st_mode)
    yield (
        note("rights of the folder", f"{out}: {mode:04o}", f"Others on this machine can look into it: chmod 700 {out}.")
        if mode & 0o077
        else ok("rights of the folder", f"{mode:04o}")
    )
    key = out / AUDIT_KEY
    if not key.exists():
        yield note("audit key", "none yet", "It is made with the database; if there is a database, put its key back.")
    elif stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield fault("audit key", f"{key}: others can read it", f"chmod 600 {key}, and find out who could.")
    else:
        yield ok("audit key", "there, for its owner alone")


def look_at_database(out: Path, database: str) -> Iterator[Finding]:
    """Whether the database answers, its schema, and whether its newest event lies in the future."""
    try:
        found = look_at(database_url(out, database))
    except StoreError as error:
        yield fault("database", error.message, error.mend, ExitCode.STORE)
        return
    yield _schema(found)
    ahead = None if found.newest is None else found.newest - found.server_now
    if ahead is not None and ahead > _CLOCKS_MAY_DIFFER:
        yield fault(
            "clock and database",
            f"the newest event is {ahead.total_seconds():.0f} seconds ahead of the clock",
            "The clock was set back, or was wrong before: set it, and do not let people work until it is past.",
        )
    elif found.newest is not None:
        yield ok("clock and database", "the newest event is not ahead of the clock")


def _schema(found: DatabaseCondition) -> Finding:
    if found.schema is None:
        return note("database", "empty, or not there yet", "'extractor run' or 'review serve --new' makes it.")
    if found.schema == HEAD:
        return ok("database", f"answers, schema {found.schema}")
    if found.schema < HEAD:
        return note(
            "database", f"schema {found.schema}, of an earlier version; this one has {HEAD}",
            "It is brought up to date when it is opened, and not back again: back it up first.",
        )  # fmt: skip
    return fault(
        "database", f"schema {found.schema}, of a later version; this one has {HEAD}",
        "Install the version that made it, or a newer one.", ExitCode.STORE,
    )  # fmt: skip
