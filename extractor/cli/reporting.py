"""Reports that plans ask for: inventory, progress, illegible and missing, differences between the readings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import DatabaseOption, TemplatesOption, existing_store, say, template_folders
from extractor.cli.root import app
from extractor.errors import SettingsError

if TYPE_CHECKING:
    from extractor.store import Store

report_app = typer.Typer(help="Reports over one or several output folders, as workbooks.", no_args_is_help=True)
app.add_typer(report_app, name="report")

OutsArgument = Annotated[list[Path], typer.Argument(metavar="OUT...", help="Output folders of runs.")]
ToOption = Annotated[
    Path | None, typer.Option("--out", help="Workbook to write; by default under 'reports' in the first folder.")
]


@report_app.command("inventory")
def report_inventory(
    outs: OutsArgument, target: ToOption = None, db: DatabaseOption = None, templates: TemplatesOption = None
) -> None:
    """List all books by register, legal period and condition.

    Example: extractor report inventory so-2009 so-2017 --out thong-ke-so.xlsx
    """
    from extractor.batch.reporting import report_inventory as write

    path = _target(outs, target, "inventory")
    books = write(_stores(outs, db), template_folders(templates, *outs), path)
    say(f"{path}: {books} books")


@report_app.command("progress")
def report_progress(
    outs: OutsArgument,
    by: Annotated[str, typer.Option("--by", help="day, week or month.")] = "week",
    first: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD; by default the first of all work.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD; by default the last of all work.")] = "",
    named: Annotated[bool, typer.Option("--named", help="Give people's names instead of numbers.")] = False,
    target: ToOption = None,
    db: DatabaseOption = None,
) -> None:
    """Show what was scanned, read, verified, exported and inspected, by day, week or month, and by whom.

    Example: extractor report progress ket-qua --by month --from 2026-01-01 --to 2026-06-30
    """
    from extractor.batch.reporting import report_progress as write
    from extractor.exports.reports.progress import Step

    if by not in {step.value for step in Step}:
        raise SettingsError(f"--by {by}: not known.", mend="Choose day, week or month.")
    start, end = _day("--from", first), _day("--to", last)
    if start and end and end < start:
        raise SettingsError(f"--to {last}: before --from.", mend="Give the earlier day as --from.")
    path = _target(outs, target, "progress")
    days = write(_stores(outs, db), path, step=Step(by), first=start, last=end, named=named)
    say(f"{path}: work on {days} {'day' if days == 1 else 'days'}")


@report_app.command("illegible")
def report_illegible(
    outs: OutsArgument, target: ToOption = None, db: DatabaseOption = None, templates: TemplatesOption = None
) -> None:
    """List fields that cannot be read, required ones left blank, and numbers and pages that are missing.

    Example: extractor report illegible ket-qua
    """
    from extractor.batch.reporting import report_missing

    path = _target(outs, target, "illegible")
    fields = report_missing(_stores(outs, db), template_folders(templates, *outs), path)
    say(f"{path}: {fields} illegible fields")


@report_app.command("differences")
def report_differences(
    outs: OutsArgument,
    with_texts: Annotated[
        bool, typer.Option("--with-texts", help="List both texts too; they are personal data.")
    ] = False,
    target: ToOption = None,
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
) -> None:
    """Compare the first reading (the machine's) with the second (a person's), by kind and by field.

    Example: extractor report differences ket-qua
    """
    from extractor.batch.reporting import report_differences as write

    path = _target(outs, target, "differences")
    compared = write(_stores(outs, db), template_folders(templates, *outs), path, with_texts=with_texts)
    say(f"{path}: {compared} fields compared")


def _stores(outs: list[Path], db: str | None) -> list[Callable[[], Store]]:
    """Open the stores one after the other; folders that stand twice count once."""
    if db and len(outs) > 1:
        raise SettingsError("--db goes with one output folder.", mend="Give one folder, or leave --db out.")
    once = {out.resolve(): out for out in outs}
    for out in once.values():
        existing_store(out, db).close()  # all are there before any work is done
    return [partial(existing_store, out, db) for out in once.values()]


def _target(outs: list[Path], target: Path | None, name: str) -> Path:
    if target is not None and target.suffix.lower() != ".xlsx":
        raise SettingsError(f"--out {target}: reports are workbooks.", mend="Give a name that ends with .xlsx.")
    return target or outs[0] / "reports" / f"{name}.xlsx"


def _day(option: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{option} {text}: not a day.", mend="Give it as YYYY-MM-DD.") from error
