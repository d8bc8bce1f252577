"""Write again what is handed over, and check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    TemplatesOption,
    err,
    existing_store,
    say,
    template_folders,
)
from extractor.cli.root import app
from extractor.errors import ExitCode

ProfilesOption = Annotated[
    Path | None,
    typer.Option("--profiles", help="Folder of your own export profiles; one of a bundled name takes its place."),
]


@app.command()
def export(
    profile: Annotated[str, typer.Argument(metavar="FORMAT", help="all, records, or a profile; see --list.")] = "all",
    out_dir: Annotated[Path, typer.Option("--from", help="Output folder of a run.")] = Path(),
    db: DatabaseOption = None,
    pending: Annotated[
        str, typer.Option(help="Fields that wait for a person: 'blank', or 'proposal' for a marked draft.")
    ] = "blank",
    list_formats: Annotated[bool, typer.Option("--list", help="List the formats and end.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Write nothing; check what was exported against its manifests.")
    ] = False,
    target_kb: Annotated[
        int | None,
        typer.Option(min=10, help="Make pages of PDFs smaller that have more kB; by default they are the scans as is."),
    ] = None,
    profiles: ProfilesOption = None,
    templates: TemplatesOption = None,
) -> None:
    """Write workbooks, packages and records again, with what people decided since.

    'all' writes what goes into the import package; ks-c06, the police's sheet, is written where it is named. A sheet
    that shares its package with others of the register is written together with them.

    Exit code 3: records were held back since their scans cannot be used; the former package is kept under a dated name.
    7: a book was not written, since none of its scans can be read; its former files are left.

    Example: extractor export all --from ket-qua
    """
    from extractor.batch.exporting import ExportJob, described, export_formats, export_now, not_written, verify_out

    if list_formats:
        for name, title in export_formats(profiles).items():
            say(f"{name}\t{title}")
        return
    with existing_store(out_dir, db) as store:
        if verify:
            manifests, faults = verify_out(store, out_dir, profiles, template_folders(templates, out_dir))
            for fault in faults:
                say(str(fault), to=err)
            say(f"{manifests} manifests, {len(faults)} faults")
            raise typer.Exit(int(ExitCode.EXPORT if faults else ExitCode.OK))
        job = ExportJob(profile, template_folders(templates, out_dir), profiles, pending, target_kb)
        done = export_now(store, out_dir, job)
    for line in described(done, out_dir, job):
        say(line)
    if done.files_left:
        raise not_written(done)
    if done.unusable_scans:
        say(f"{done.unusable_scans} records are held back since their scans cannot be used.", to=err)
        raise typer.Exit(int(ExitCode.SET_ASIDE))
