"""Write again what is handed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    TemplatesOption,
    existing_store,
    say,
    template_folders,
)
from extractor.cli.root import app

if TYPE_CHECKING:
    pass


@app.command()
def export(
    profile: Annotated[str, typer.Argument(metavar="FORMAT", help="all, records, or a profile; see --list.")] = "all",
    out_dir: Annotated[Path, typer.Option("--from", help="Output folder of a run.")] = Path(),
    db: DatabaseOption = None,
    pending: Annotated[
        str, typer.Option(help="Fields that wait for a person: 'blank', or 'proposal' for a marked draft.")
    ] = "blank",
    list_formats: Annotated[bool, typer.Option("--list", help="List the formats and end.")] = False,
    templates: TemplatesOption = None,
) -> None:
    """Write workbooks, packages and records again, with what people decided since.

    Example: extractor export all --from ket-qua
    """
    from extractor.batch.exporting import export_formats, export_out

    if list_formats:
        for name, title in export_formats().items():
            say(f"{name}\t{title}")
        return
    with existing_store(out_dir, db) as store:
        for line in export_out(store, out_dir, profile, template_folders(templates), pending):
            say(line)
