"""Erasure by order: what is asked for, what it comes to, and what was erased."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import DatabaseOption, err, existing_store, say
from extractor.cli.root import app
from extractor.errors import SettingsError

OutArgument = Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of a run.")]


@app.command("erase")
def erase(
    out_dir: OutArgument,
    reason: Annotated[str, typer.Option(help="Why, as by number and date of the order; no names from registers.")],
    by: Annotated[str, typer.Option(help="Who orders it; stands in the log.")],
    record: Annotated[list[int] | None, typer.Option(help="Number of a record in the store; repeatable.")] = None,
    book: Annotated[
        list[str] | None, typer.Option(help="Whole book, by its name (KS.2017.01) or number (3); repeatable.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only what would be done is shown.")] = False,
    db: DatabaseOption = None,
) -> None:
    """Erase what records hold, for good: texts, values, pictures, and what decisions say of them.

    The log stays whole: who decided when is kept, and 'extractor audit verify' tells how many entries were erased by
    order. The register itself, scans, backups and files handed over before are not touched; they are named.

    Example: extractor erase ket-qua --record 17 --by 'Thử Quản Trị' --reason 'Quyết định 12/QĐ ngày 01.12.2026' --yes
    """
    from extractor.batch.erasing import carry_out, plan_erasure
    from extractor.store.convert import person_name

    if not (record or book):
        raise SettingsError("Nothing is named to be erased.", mend="Give --record or --book.")
    person, why = person_name(by), reason.strip()
    if not person or not why:
        raise SettingsError("--by and --reason must not be empty.", mend="Say who orders it, and why.")
    with existing_store(out_dir, db) as store:
        plan = plan_erasure(store, record or [], book or [])
        scope = plan.scope
        say(
            f"{len(scope.records)} records (earlier readings counted), {len(scope.whole)} whole pages, "
            f"parts of {len(scope.parts)} pages."
        )
        if plan.inspections:
            say(f"{plan.inspections} acceptance inspections hold some of them; their fields become empty.", to=err)
        if not yes:
            say("Nothing was erased. Add --yes to erase this; it cannot be taken back.")
            return
        done = carry_out(store, out_dir, plan, person=person, reason=why)
    say(f"Erasure {done.erasure.id}: {done.erasure.entries} entries of the log have lost their content and stay valid.")
    say(f"{len(done.deleted)} files deleted, {len(done.blackened)} pictures blackened in part.")
    say("What was erased is not gone everywhere. It may still be:", to=err)
    for scan in done.scans:
        say(f"  in the scan {scan}", to=err)
    for name in done.made:
        say(f"  in {out_dir}/{name}, made before: delete what is concerned, then make it anew", to=err)
    say("  in backups taken before: delete them, or erase again after restoring one", to=err)
    say("  in the memory of a running 'review serve' or 'api serve', for the last few pages: restart it", to=err)
    if not done.scrubbed:
        say("  in the database's files, since somebody was reading: stop the servers and erase the same again", to=err)


@app.command("erasures")
def erasures(out_dir: OutArgument, db: DatabaseOption = None) -> None:
    """List what was erased by order: when, by whom, why, and how much."""
    from extractor.store import Erasures

    with existing_store(out_dir, db) as store:
        found = Erasures(store).all()
    if not found:
        say("Nothing was erased.")
    for each in found:
        say(f"{each.id}: {each.at:%Y-%m-%d %H:%M} UTC, {each.person}: {each.reason} ({each.records} records)")
