"""What all commands share: consoles, options, and small readings of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from extractor.errors import SettingsError

if TYPE_CHECKING:
    from extractor.store import Store

out = Console()
err = Console(stderr=True)

BOOK_KEYS = ("register", "year", "number", "agency", "commune", "district", "province")

TemplatesOption = Annotated[
    list[Path] | None, typer.Option("--templates", help="Folder of page templates; may be given several times.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--db", help="Database URL (sqlite:///... or postgresql://...); default: in OUT.")
]


def say(text: str, to: Console = out) -> None:
    """Print text as it is: one line stays one line, and brackets in file names are no markup."""
    to.print(text, highlight=False, markup=False, soft_wrap=True)


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
    """A progress bar on standard error; gives the function that moves it to so many of so many."""
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
    )
    with Progress(*columns, console=err, disable=quiet) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


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
