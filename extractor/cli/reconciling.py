"""Compare records with the population database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from extractor.cli.common import DatabaseOption, TemplatesOption, existing_store, say, template_folders
from extractor.cli.root import app
from extractor.errors import ExitCode, SettingsError

if TYPE_CHECKING:
    from extractor.exports.reconciliation.reconcile import Pending
    from extractor.exports.reconciliation.writing import Reconciled

_MEMORY = r"^\d+(\.\d+)?\s*(MB|GB|MiB|GiB)$"


@app.command("reconcile")
def reconcile_command(
    out_dir: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of a run.")],
    population: Annotated[
        list[Path] | None,
        typer.Option(
            "--population", help="Extract of the population database (.csv, .xlsx); may be given several times."
        ),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Layout of the extract: a name (see --list) or the path of a .yaml file.")
    ] = "plain",
    pending: Annotated[
        str, typer.Option(help="Fields that wait for a person: 'blank', or 'proposal' for a marked draft.")
    ] = "blank",
    db: DatabaseOption = None,
    memory: Annotated[str, typer.Option(help="Memory the comparison may use, like 2GB.")] = "2GB",
    threads: Annotated[int, typer.Option(min=1, max=64, help="Processor cores the comparison may use.")] = 2,
    expected: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Share of the records whose persons should be in the extract.")
    ] = 0.9,
    list_profiles: Annotated[bool, typer.Option("--list", help="List the layouts and end.")] = False,
    templates: TemplatesOption = None,
) -> None:
    """Reconcile records with an extract of the population database (procedures 1292 and 1050).

    Writes OUT/reconciliation: matches, the tracking list, new entries, suspected twins and duplicates. Run it again
    with a newer extract or more records: what officers wrote into the workbooks is kept.

    Example: extractor reconcile ket-qua --population dan-cu.csv
    """
    import re

    from extractor.exports.reconciliation.profile import population_profiles

    if list_profiles:
        for name, layout in population_profiles().items():
            say(f"{name}\t{layout.title_en}")
        return
    if not population:
        raise SettingsError("No extract was given.", mend="Name it with --population FILE.")
    if pending not in ("blank", "proposal"):
        raise SettingsError(f"--pending {pending}: not known.", mend="Choose one of: blank, proposal.")
    if not re.match(_MEMORY, memory):
        raise SettingsError(f"--memory {memory}: this is no size.", mend="Give it like 2GB or 800MB.")
    from extractor.batch.reconciling import reconcile_out
    from extractor.exports.reconciliation.engine import Limits

    with existing_store(out_dir, db) as store:
        done = reconcile_out(
            store,
            out_dir,
            population,
            profile,
            template_folders(templates, out_dir),
            pending=cast("Pending", pending),
            limits=Limits(memory, threads),
            expected=expected,
        )
    _tell(done)
    if any(not reason.startswith("warn_") for reason in done.unusable):
        raise typer.Exit(int(ExitCode.SET_ASIDE))


def _tell(done: Reconciled) -> None:
    from extractor.exports.reconciliation.sheets import texts

    for case, words in texts()["cases"].items():
        say(f"{words['vi']} ({words['en']}): {done.cases[case]}")
    say(f"{done.persons} persons in the extract; {done.supplements} records took their numbers from it")
    if done.unusable:
        reasons = ", ".join(f"{reason} {number}" for reason, number in done.unusable.items())
        say(f"Rows of the extract to look at: {reasons} (see unusable_rows.csv)")
    if done.odd_verdicts:
        say(f"{done.odd_verdicts} rows of the workbooks hold no known verdict; what they hold was kept as a note")
    for path in done.written:
        say(str(path))
