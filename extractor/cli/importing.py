"""Take back what other offices return."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import DatabaseOption, TemplatesOption, err, existing_store, say, template_folders
from extractor.cli.exporting import ProfilesOption
from extractor.cli.root import app
from extractor.errors import ExitCode

import_app = typer.Typer(help="Take back sheets that other offices return.", no_args_is_help=True)
app.add_typer(import_app, name="import")


@import_app.command("c06")
def import_c06(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Workbook (.xlsx) or UTF-8 text (.csv) of 61 columns.")],
    out_dir: Annotated[Path, typer.Option("--from", help="Output folder of a run.")] = Path(),
    db: DatabaseOption = None,
    profiles: ProfilesOption = None,
    templates: TemplatesOption = None,
) -> None:
    """Compare a sheet of the police's software (C06) with the records; the records stay as they are.

    Values that the book's form has no field for, such as identity numbers, are kept as supplements and fill the
    official sheets at the next export. Differences, and rows that cannot be used, are listed in a workbook.

    Exit code 0: every row was used; 3: some rows or cells were not, which the workbook names.

    Example: extractor import c06 tra-ve.xlsx --from ket-qua
    """
    from extractor.batch.importing import import_c06 as run_import
    from extractor.exports.returned_list import words

    with existing_store(out_dir, db) as store:
        imported = run_import(store, out_dir, file, template_folders(templates, out_dir), profiles=profiles)
    for name, count in imported.counts.items():
        say(f"{words()['summary'][name]}: {count}")
    say(f"{imported.listed}")
    if imported.counts["unused"]:
        say(f"{imported.counts['unused']} rows or cells were not used; see the list.", to=err)
        raise typer.Exit(int(ExitCode.SET_ASIDE))
