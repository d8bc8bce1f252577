"""Backups: take one while people work, check one, restore one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from extractor.cli.common import DatabaseOption, err, existing_store, progress, say
from extractor.cli.root import app
from extractor.errors import ExitCode, SettingsError


class _MakesByDefault(TyperGroup):
    """What is none of the subcommands is a folder to save: ``backup OUT --to FOLDER``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the hidden command before a folder."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["make", *args]
        return super().parse_args(ctx, args)


backup_app = typer.Typer(
    cls=_MakesByDefault,
    no_args_is_help=True,
    help="Save an output folder with its database while people work, and check what was saved.\n\n"
    "Take one with: extractor backup OUT --to FOLDER [--keep N] [--with-key] [--with-scans]",
)
app.add_typer(backup_app, name="backup")

PlaceArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of backups.")]
NameOption = Annotated[str, typer.Option("--backup", help="Name of the backup; by default the newest.")]
KeyOption = Annotated[
    Path | None, typer.Option("--key", help="File of the audit key, where the backup does not hold it.")
]


@backup_app.command("make")
def backup_make(
    out_dir: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of a run.")],
    to: Annotated[Path, typer.Option("--to", help="Folder of backups, best on another disk; made if missing.")],
    keep: Annotated[
        int | None, typer.Option(min=1, help="Usable backups to keep afterwards; older ones are deleted.")
    ] = None,
    with_key: Annotated[bool, typer.Option("--with-key", help="Save the audit key, too.")] = False,
    with_scans: Annotated[bool, typer.Option("--with-scans", help="Save scans outside OUT, too.")] = False,
    db: DatabaseOption = None,
) -> None:
    """Save an output folder and its database as of this moment; the same as 'extractor backup OUT --to FOLDER'.

    Nobody has to stop working. The database is saved whole, files only where they were not saved before. A backup is
    there whole or not at all; what was saved before stays usable.

    Example: extractor backup ket-qua --to /mnt/usb/sao-luu --keep 14
    """
    from extractor.backup.making import make_backup

    with existing_store(out_dir, db) as store, progress(False, "Rows and files") as on_progress:
        made = make_backup(
            store,
            out_dir,
            to,
            database=db or "",
            with_key=with_key,
            with_scans=with_scans,
            keep=keep,
            on_progress=on_progress,
        )
    manifest = made.manifest
    say(f"{made.folder}")
    say(
        f"{sum(manifest.rows.values())} rows, {manifest.files} files ({manifest.bytes / 1e6:.1f} MB), "
        f"{made.copied} of them new; audit head {manifest.audit_head}"
    )
    for reason, number in manifest.left.items():
        say(f"Not saved: {number} {_LEFT[reason]}.", to=err)
    if made.outside:
        say(f"{made.outside} scans lie outside {out_dir} and were not saved; --with-scans saves them.", to=err)
    if not manifest.with_key:
        say(
            f"The audit key was not saved. Without it nothing can be restored: keep a copy of {out_dir / 'audit.key'} "
            "apart from the backups, under lock, once for all of them; or use --with-key.",
            to=err,
        )
    if made.dropped:
        say(f"Deleted: {', '.join(made.dropped)}.")
    if made.broken:
        say(f"Not usable, left as they are: {', '.join(made.broken)}. See 'extractor backup verify'.", to=err)


_LEFT = {
    "link": "links, which are not followed",
    "name": "files whose names are no text",
    "scan": "scans that are gone from where they were read",
    "gone": "files that were deleted meanwhile",
}


@backup_app.command("verify")
def backup_verify(
    folder: PlaceArgument,
    name: NameOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Check all backups of the folder.")] = False,
    key: KeyOption = None,
) -> None:
    """Check every hash, open the database, walk its audit chain up to the stated head, and compare all counts.

    Example: extractor backup verify /mnt/usb/sao-luu --key audit.key
    """
    from extractor.backup.checking import check_backup
    from extractor.backup.place import Place
    from extractor.errors import BackupError

    if everything and name:
        raise SettingsError("--all and --backup contradict each other.", mend="Give one of them.")
    place = Place.existing(folder)
    good = True
    for each in place.names() if everything else (place.named(name).name,):
        try:
            with place.steady(), progress(False, "Files") as on_progress:
                checked = check_backup(place, each, key=key, on_progress=on_progress)
        except BackupError as error:
            say(str(error), to=err)
            good = False
            continue
        for fault in checked.faults:
            say(fault, to=err)
        good = good and not checked.faults
        how = "" if checked.with_key else " Without the audit key, codes were not checked: give --key."
        state = "is not whole" if checked.faults else "is whole"
        say(
            f"{each} {state}: {checked.manifest.files} files, {sum(checked.manifest.rows.values())} rows, "
            f"{checked.events} events, head {checked.manifest.audit_head}.{how}"
        )
    if not good:
        raise typer.Exit(int(ExitCode.STORE))


@backup_app.command("list")
def backup_list(folder: PlaceArgument) -> None:
    """List the backups of a folder, oldest first."""
    from extractor.backup.manifest import read_manifest
    from extractor.backup.place import Place
    from extractor.errors import BackupError

    place = Place.existing(folder)
    for name in place.names():
        try:
            manifest = read_manifest(place.folder / name)
        except BackupError as error:
            say(f"{name}: {error.message}", to=err)
            continue
        say(
            f"{name}: {manifest.made_at}, {manifest.backend}, schema {manifest.schema_version}, "
            f"{sum(manifest.rows.values())} rows, {manifest.files} files"
        )


@app.command("restore")
def restore(
    folder: PlaceArgument,
    to: Annotated[Path, typer.Option("--to", help="New output folder; must be missing or empty.")],
    name: NameOption = "",
    key: KeyOption = None,
    by: Annotated[str, typer.Option(help="Who restores; stands in the log.")] = "",
    db: Annotated[
        str | None, typer.Option("--db", help="URL of an empty database, of either kind; default: SQLite in --to.")
    ] = None,
) -> None:
    """Put a backup into a new output folder and a new database, checking all of it on the way.

    A backup of SQLite can be restored into PostgreSQL and the other way round. Everybody signs in anew.

    Example: extractor restore /mnt/usb/sao-luu --to ket-qua-moi --key audit.key --by 'Thử Quản Trị'
    """
    from extractor.backup.place import Place
    from extractor.backup.restoring import restore_backup

    place = Place.existing(folder)
    with place.steady(), progress(False, "Files") as on_progress:
        restored = restore_backup(place, to, name=name, database=db or "", key=key, by=by, on_progress=on_progress)
    manifest = restored.manifest
    say(f"{restored.name}, taken {manifest.made_at}: {manifest.files} files, {sum(manifest.rows.values())} rows.")
    say(f"The audit chain holds, {restored.events} events. What was decided after {manifest.made_at} is not there.")
    say(f"Go on with: extractor review serve {to}{' --db URL' if db else ''}")
