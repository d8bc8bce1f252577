"""Look at everything an installation needs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from extractor.doctor import data, machine, parts
from extractor.doctor.findings import Finding, fault
from extractor.doctor.programs import look_for_programs
from extractor.settings import Settings

_MADE = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time."""


def examine(settings: Settings, out: Path | None = None, database: str = "") -> Iterator[Finding]:
    """All findings, as they are made; nothing is changed, and no database is brought up to date.

    Args:
        out: an output folder to look at as well.
        database: URL of a database to look at; by default the file in ``out``.
    """
    from extractor.readers.handwriting.runtime import cache_folder

    checks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("Python", machine.look_at_python),
        ("programs", look_for_programs),
        ("fonts", lambda: [machine.look_at_fonts()]),
        ("models", lambda: parts.look_at_models(settings)),
        ("page templates", lambda: [parts.look_at_templates(settings)]),
        ("certificate", lambda: parts.look_at_certificate(settings)),
        ("cache", lambda: machine.look_at_place("cache", cache_folder())),
        ("temporary files", lambda: machine.look_at_place("temporary files", Path(tempfile.gettempdir()))),
        ("clock", lambda: [machine.look_at_clock(_MADE)]),
    ]
    if out is not None:
        checks.append(("output folder", lambda: machine.look_at_place("output folder", out)))
        checks.append(("rights", lambda: data.look_at_rights(out)))
    if out is not None or database:
        checks.append(("database", lambda: data.look_at_database(out or Path(), database)))
    for what, look in checks:
        try:
            yield from look()
        except Exception as error:  # the other findings are wanted all the more
            yield fault(what, f"could not be looked at ({type(error).__name__})", "Report it.")
