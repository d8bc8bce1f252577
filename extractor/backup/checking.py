"""Check a backup: every hash, and that its database opens, counts and is vouched for as it says."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from extractor.backup.manifest import DATABASE, KEY, Manifest, is_sealed, own_faults, read_listing, read_manifest
from extractor.backup.place import LOOK, Place
from extractor.errors import BackupError, StoreError
from extractor.exports.files import sha256_of
from extractor.store import audit
from extractor.store.dump import load
from extractor.store.engine import make_engine, parse_url, writing


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a backup.

    Args:
        events: links of the audit chain.
        with_key: whether the audit key was there, so that the codes of the links were checked too.
        faults: what is wrong; none where the backup can be restored whole.
    """

    name: str
    manifest: Manifest
    events: int
    with_key: bool
    faults: tuple[str, ...]


def check_backup(
    place: Place,
    name: str = "",
    *,
    key: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Checked:
    """Check one backup, by default the newest.

    Args:
        key: file of the audit key, where the backup has none. Without any key it is not seen whether somebody who
            changed the backup made its hashes anew.

    Raises:
        BackupError: there is no such backup, or its manifest cannot be read.
    """
    folder = place.named(name)
    manifest = read_manifest(folder)
    secret = backup_key(folder, key)
    faults = own_faults(folder, manifest)
    if secret is not None and not is_sealed(folder, secret):
        faults.append(f"{folder}: the manifest was made with another audit key, or changed.")
    if faults:
        return Checked(folder.name, manifest, 0, secret is not None, tuple(faults))
    faults += _file_faults(place, folder, manifest, on_progress)
    events = 0
    try:
        with _opened(place, folder) as (session, counts):
            report = audit.verify(session, secret, head=manifest.audit_head)
            events = report.events
            faults += [f"{folder}: {fault}" for fault in report.faults]
            if report.head != manifest.audit_head:
                faults.append(f"{folder}: the audit chain does not end at the head that the manifest states.")
            faults += [
                f"{folder}: table {table} has {counts.get(table, 0)} rows, the manifest says {rows}."
                for table, rows in manifest.rows.items()
                if counts.get(table, 0) != rows
            ]
    except StoreError as error:
        faults.append(f"{folder / DATABASE}: {error.message}")
    except DatabaseError as error:
        raise BackupError(
            f"{folder}: its database could not be put together.", mend="Check that the disk has room for it."
        ) from error
    return Checked(folder.name, manifest, events, secret is not None, tuple(faults))


def backup_key(folder: Path, key: Path | None) -> bytes | None:
    """The audit key given, or else the backup's own; none where there is neither.

    Raises:
        StoreError: the file holds none.
    """
    path = key or folder / KEY
    if not path.is_file():
        if key is None:
            return None
        raise BackupError(f"{path}: there is no such key file.", mend="Name the audit.key that was kept apart.")
    return audit.load_or_make_key(path)


def _file_faults(
    place: Place, folder: Path, manifest: Manifest, on_progress: Callable[[int, int], None]
) -> Iterator[str]:
    number = 0
    hashed: dict[str, bool] = {}
    for number, entry in enumerate(read_listing(folder), start=1):
        path = place.object(entry.sha256)
        if entry.sha256 not in hashed:
            hashed[entry.sha256] = place.has(entry.sha256, entry.size) and sha256_of(path) == entry.sha256
        if not hashed[entry.sha256]:
            what = "is damaged" if path.exists() else "is missing"
            yield f"{path} {what}; it was '{entry.path}'."
        on_progress(number, manifest.files)
    if number != manifest.files:
        yield f"{folder}: lists {number} files, the manifest says {manifest.files}."


@contextmanager
def _opened(place: Place, folder: Path) -> Iterator[tuple[Session, dict[str, int]]]:
    """The backup's database, put together for a look beside the backups, and the rows that each table was given."""
    try:
        work = Path(tempfile.mkdtemp(prefix=LOOK, dir=place.folder))
    except OSError:  # a disk that may only be read
        work = Path(tempfile.mkdtemp(prefix="extractor-check-"))
    try:
        engine = make_engine(parse_url(f"sqlite:///{work / 'look.sqlite'}"))
        try:
            with writing(engine).begin() as connection, gzip.open(folder / DATABASE, "rb") as rows:
                counts = load(connection, rows)
            with Session(engine) as session, session.begin():
                yield session, counts
        finally:
            engine.dispose()
    finally:
        shutil.rmtree(work, ignore_errors=True)
