"""What all commands share: consoles, options, and small readings of them."""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from extractor.errors import ExitCode, SettingsError
from extractor.plain_names import without_commands

if TYPE_CHECKING:
    from extractor.service.metrics_server import MetricsPlace
    from extractor.store import Store

out = Console()
err = Console(stderr=True)

BOOK_KEYS = ("register", "year", "number", "agency", "commune", "district", "province")

TemplatesOption = Annotated[
    list[Path] | None, typer.Option("--templates", help="Folder of page templates; may be given several times.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _database(given: str | None) -> str | None:
    """The option, or what the settings say; an address with a password is better kept in a file of secrets."""
    if given is not None:
        return given
    from extractor.settings import get_settings

    return get_settings().database.get_secret_value() or None


DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--db",
        callback=_database,
        help="Database URL (sqlite:///... or postgresql://...); default: EXTRACTOR_DATABASE, or in OUT.",
    ),
]
LogFormatOption = Annotated[
    str | None,
    typer.Option(
        "--log-format",
        help="Log on standard error as text, or as json, an object a line; default: EXTRACTOR_LOG_FORMAT, or text.",
    ),
]
MetricsPortOption = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port for figures that Prometheus reads (/metrics); default: none are told."),
]
MetricsHostOption = Annotated[
    str, typer.Option(help="Address of that port; other than loopback it needs EXTRACTOR_METRICS_TOKEN.")
]


def set_up_log(log_format: str | None) -> bool:
    """Send the log to standard error as ``--log-format`` or the settings say; returns whether as JSON.

    Raises:
        SettingsError: there is no such format.
    """
    from typing import get_args

    from extractor.logs import LogFormat, as_json, set_up

    known: tuple[LogFormat, ...] = get_args(LogFormat)
    chosen = next((name for name in known if name == log_format), None)
    if log_format is not None and chosen is None:
        raise SettingsError(f"--log-format {log_format}: not known.", mend=f"Formats: {', '.join(known)}.")
    set_up(chosen)
    return as_json()


def metrics_place(host: str, port: int | None) -> MetricsPlace | None:
    """Where a server tells its figures; nowhere without ``--metrics-port``.

    Raises:
        SettingsError: other machines could read them without a token.
    """
    if port is None:
        return None
    from extractor.service.metrics_server import MetricsPlace
    from extractor.settings import get_settings

    return MetricsPlace(port, host, get_settings().metrics_token.get_secret_value())


def say(text: str, to: Console = out) -> None:
    """Print text as it is: one line stays one line, and neither brackets nor signs in file names command anything."""
    to.print(without_commands(text), highlight=False, markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Tell standard error: a plain line, or an event where it holds JSON alone."""
    if "extractor.logs" in sys.modules:
        from extractor.logs import as_json

        if as_json():
            logging.getLogger("extractor").warning("%s", text)
            return
    say(text, to=err)


def end_with_set_aside(pages: Sequence[Mapping[str, object]]) -> None:
    """Name pages that were set aside, if any were, and end with the exit code for that.

    Args:
        pages: each with ``file``, ``page``, ``message`` and ``mend``.
    """
    for page in pages:
        say(f"Set aside: {page['file']}, page {page['page']}: {page['message']} {page['mend']}".rstrip(), to=err)
    if pages:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


def book_from(pairs: list[str]) -> dict[str, str]:
    """What ``--book KEY=VALUE`` options say.

    Raises:
        SettingsError: one is no such pair, or its key is not known.
    """
    known = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or key not in BOOK_KEYS or not value.strip():
            raise SettingsError(
                f"--book {pair}: not a KEY=VALUE pair with a known key.", mend=f"Keys: {', '.join(BOOK_KEYS)}."
            )
        known[key] = value.strip()
    return known


@contextmanager
def progress(quiet: bool, what: str = "Pages") -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, with rate and time left; gives what moves it to so many of so many."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, console=err, disable=quiet) as bar:
        task = bar.add_task(what, total=None, rate="")
        began: list[tuple[float, int]] = []

        def move(done: int, total: int) -> None:
            now = time.monotonic()
            # What an earlier run has done is there from the start, and no work of this one.
            if not began:
                began.append((now, done))
            passed, gone = now - began[0][0], done - began[0][1]
            rate = f"{60 * gone / passed:.0f} a minute" if gone > 0 and passed > 0 else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield move


def template_folders(templates: list[Path] | None, *outs: Path) -> tuple[Path, ...]:
    """The folders named with ``--templates``, or the one of the settings, and the output folders' own forms."""
    from extractor.settings import get_settings
    from extractor.templates.own_forms import folders_in_use

    folders = tuple(templates or (get_settings().templates_dir,))
    for out_dir in outs:
        folders = folders_in_use(folders, out_dir)
    return folders


def today() -> str:
    """Today's date, ISO 8601, UTC."""
    return datetime.now(UTC).date().isoformat()


def share(option: str, text: str, *, least: float = 0.0, most: float = 1.0) -> float:
    """A share given as ``0.5%`` or ``0.005``.

    Raises:
        SettingsError: it is no share from ``least`` to ``most``.
    """
    number = text.strip().replace(",", ".")
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not least <= share <= most:
        raise SettingsError(
            f"{option} {text}: this is no share from {least:.4%} to {most:.0%}.", mend="Give it like 5% or 0.05."
        )
    return share


def existing_store(out_dir: Path, db: str | None) -> Store:
    """The store of a run, which must exist.

    Raises:
        StoreError: there is none.
    """
    from extractor.batch.storage import DATABASE, open_store
    from extractor.errors import StoreError

    if not db and not (out_dir / DATABASE).exists():
        raise StoreError(f"{out_dir} holds no {DATABASE}.", mend="Name the output folder of 'extractor run', or --db.")
    if db and db.startswith("sqlite:///") and not Path(db.removeprefix("sqlite:///")).exists():
        raise StoreError(
            "--db: there is no such database.", mend="Only 'extractor run' makes a new one; check the path."
        )
    return open_store(out_dir, db or "")
