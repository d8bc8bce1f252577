"""Look at an installation."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import DatabaseOption, JsonOption, out, say
from extractor.cli.root import app

_COLOURS = {"ok": "green", "note": "yellow", "fault": "red"}


@app.command("doctor")
def doctor(
    out_dir: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", exists=True, file_okay=False, help="Output folder to look at too.")
    ] = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at this installation: programs, packages, models, templates, room, rights, database, clock.

    Nothing is changed, and nothing of a register is told. Exit code 0: it works, perhaps with less than it could;
    otherwise that of the first fault (see README.md): 8 a program is missing, 5 a model, 4 a template, 6 the database.

    Example: extractor doctor ket-qua
    """
    from rich.table import Table

    from extractor.doctor import Grade, examine
    from extractor.settings import get_settings

    findings = list(examine(get_settings(), out_dir, db or ""))
    if as_json:
        for finding in findings:
            sys.stdout.write(json.dumps({**asdict(finding), "exit_code": int(finding.exit_code)}) + "\n")
    else:
        table = Table("", "", "", show_header=False)
        table.columns[0].no_wrap, table.columns[2].overflow = True, "fold"
        for finding in findings:
            colour = _COLOURS[finding.grade]
            table.add_row(finding.what, f"[{colour}]{finding.grade}[/]", _shown(finding.told, finding.mend))
        out.print(table)
        faults, notes = (sum(finding.grade is grade for finding in findings) for grade in (Grade.FAULT, Grade.NOTE))
        say(f"{faults} faults, {notes} notes")
    first = next((finding for finding in findings if finding.grade is Grade.FAULT), None)
    if first is not None:
        raise typer.Exit(int(first.exit_code))


def _shown(told: str, mend: str) -> str:
    from rich.markup import escape

    return escape(f"{told}\n{mend}" if mend else told)
