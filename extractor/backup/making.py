"""Take a backup while people work: the database as of one moment, then the files, whole or not at all."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import extractor
from extractor.backup.files import Found, files_of, outside_scans, save, scans_of
from extractor.backup.keeping import prune
from extractor.backup.manifest import (
    DATABASE,
    FORMAT,
    KEY,
    LISTING,
    Entry,
    Manifest,
    read_listing,
    write_listing,
    write_manifest,
)
from extractor.backup.place import Place
from extractor.batch.storage import AUDIT_KEY, database_url
from extractor.errors import BackupError, SettingsError
from extractor.exports.files import sha256_of
from extractor.store import Store
from extractor.store.audit import head_of, load_or_make_key
from extractor.store.dump import count_rows, dump
from extractor.store.engine import parse_url
from extractor.store.migrate import HEAD

_SPEED = 4
"""Of gzip: rows shrink to a sixth with it, and to little less with more."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was taken.

    Args:
        folder: the backup.
        copied: files whose content was not among the backups yet.
        outside: scans outside the output folder that were not saved.
        dropped: names of older backups that were deleted.
        broken: names of older backups that are not usable; they are neither counted nor deleted.
    """

    folder: Path
    manifest: Manifest
    copied: int
    outside: int
    dropped: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def make_backup(
    store: Store,
    out: Path,
    to: Path,
    *,
    database: str = "",
    with_key: bool = False,
    with_scans: bool = False,
    keep: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Made:
    """Save an output folder and its database into a folder of backups.

    The database is saved as of one moment; then the files, which are written before the database speaks of them.

    Args:
        database: URL, where the database is not in ``out``.
        with_key: the audit key as well, so that the backup alone can be restored, and can be forged by who has it.
        with_scans: also the scans that lie outside ``out``.
        keep: how many usable backups to keep afterwards, at least 1; all by default.
        on_progress: told how many rows and files are done, of how many.

    Raises:
        BackupError: the place cannot be used, or is full.
    """
    if to.resolve().is_relative_to(out.resolve()):
        raise SettingsError(f"--to {to}: lies in the folder to be saved.", mend="Choose a folder on another disk.")
    place = Place.prepare(to)
    try:
        with place.alone():
            made = _make(
                store,
                out,
                place,
                database=database,
                with_key=with_key,
                with_scans=with_scans,
                on_progress=on_progress,
            )
            if keep is None:
                return made
            dropped, broken = prune(place, keep)
            return Made(made.folder, made.manifest, made.copied, made.outside, dropped, broken)
    except OSError as error:
        raise BackupError(
            f"{error.filename or to}: the backup could not be written ({error.strerror}).",
            mend="Former backups are as they were; check the folder's rights and free space.",
        ) from error


def _make(
    store: Store,
    out: Path,
    place: Place,
    *,
    database: str,
    with_key: bool,
    with_scans: bool,
    on_progress: Callable[[int, int], None],
) -> Made:
    now = store.now()
    known = _known(place)
    left: Counter[str] = Counter()
    entries: list[Entry] = []
    with place.writing(now) as part:
        with store.snapshot() as session, gzip.GzipFile(part / DATABASE, "wb", compresslevel=_SPEED, mtime=0) as file:
            head, total = head_of(session), count_rows(session)
            rows = dump(session, file, on_row=lambda done: on_progress(done, total))
        wanted = list(_wanted(out, database, with_scans, left))
        before = {path.name for path in place.objects()}
        for number, found in enumerate(wanted, start=1):
            entry = save(place, found, known)
            if entry is None:
                left["gone"] += 1
            else:
                entries.append(entry)
            on_progress(total + number, total + len(wanted))
        entries.sort()
        write_listing(part / LISTING, entries)
        if with_key:
            shutil.copyfile(out / AUDIT_KEY, part / KEY)
        manifest = Manifest(
            format=FORMAT,
            made_at=now.isoformat(timespec="seconds"),
            program=extractor.__version__,
            folder=str(out.resolve()),
            backend=parse_url(database_url(out, database)).get_backend_name(),
            schema_version=HEAD,
            audit_head=head,
            rows=rows,
            files=len(entries),
            bytes=sum(entry.size for entry in entries),
            database=sha256_of(part / DATABASE),
            listing=sha256_of(part / LISTING),
            with_key=with_key,
            with_scans=with_scans,
            left={reason: number for reason, number in sorted(left.items()) if number},
        )
        write_manifest(part, manifest, load_or_make_key(out / AUDIT_KEY))
    copied = len({entry.sha256 for entry in entries} - before)
    outside = 0 if with_scans else len(outside_scans(out))
    return Made(place.named(), manifest, copied, outside)


def _wanted(out: Path, database: str, with_scans: bool, left: Counter[str]) -> Iterator[Found]:
    yield from files_of(out, apart=_database_files(out, database), left=left)
    if with_scans:
        yield from scans_of(out, left=left)


def _database_files(out: Path, database: str) -> frozenset[Path]:
    url = parse_url(database_url(out, database))
    if url.get_backend_name() != "sqlite":
        return frozenset()
    return frozenset(Path(f"{url.database}{ending}").resolve() for ending in ("", "-wal", "-shm", "-journal"))


def _known(place: Place) -> dict[str, Entry]:
    """Files of the newest backup whose list can be read, by path."""
    for name in reversed(place.names()):
        try:
            return {entry.path: entry for entry in read_listing(place.folder / name)}
        except BackupError:
            continue
    return {}
