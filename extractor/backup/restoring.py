"""Put a backup back into an empty place, on either kind of database."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from extractor.backup.checking import backup_key
from extractor.backup.files import moved_sources
from extractor.backup.manifest import DATABASE as ROWS
from extractor.backup.manifest import Manifest, is_sealed, own_faults, read_listing, read_manifest
from extractor.backup.place import Place
from extractor.batch.storage import AUDIT_KEY, DATABASE
from extractor.errors import BackupError, SettingsError, StoreError
from extractor.exports.files import sha256_of
from extractor.store import audit
from extractor.store.dump import is_empty, load, move_jobs
from extractor.store.engine import make_engine, parse_url, writing

_MEND = "Restore another backup; 'extractor backup verify' tells which is whole."


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Args:
        events: links of the audit chain; the last one tells of the restoring.
    """

    name: str
    manifest: Manifest
    out: Path
    events: int


def restore_backup(
    place: Place,
    out: Path,
    *,
    name: str = "",
    database: str = "",
    key: Path | None = None,
    by: str = "",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Restored:
    """Put a backup, by default the newest, into a new output folder and a new database.

    Everything is checked on the way, and stands in its place only when all of it held.

    Args:
        out: the new output folder; must be missing or empty.
        database: URL of an empty database; a SQLite file in ``out`` by default.
        key: file of the audit key, where the backup has none.
        by: who restores; stands in the log.

    Raises:
        BackupError: the backup is damaged, or has no key and none is given.
        SettingsError: the place is not empty.
        StoreError: the database is not empty or cannot be reached.
    """
    folder = place.named(name)
    manifest = read_manifest(folder)
    secret = backup_key(folder, key)
    if secret is None:
        raise BackupError(f"{folder} holds no audit key.", mend="Name the audit.key that was kept apart with --key.")
    if faults := own_faults(folder, manifest):
        raise BackupError(faults[0], mend=_MEND)
    if not is_sealed(folder, secret):
        raise BackupError(
            f"{folder}: its manifest was made with another audit key, or changed.",
            mend="Give the key that was in use when the backup was taken.",
        )
    home = out.resolve()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise SettingsError(f"--to {out}: is not empty; a backup is restored into an empty folder only.")
    if home.exists():
        _remove_empty(home)
    url = database or f"sqlite:///{home / DATABASE}"
    parsed = parse_url(url)
    file = Path(parsed.database or "").resolve() if parsed.get_backend_name() == "sqlite" else None
    if file is not None and file.exists():
        raise SettingsError(f"--db: {file} is there already.", mend="Name a new file.")
    home.parent.mkdir(parents=True, exist_ok=True)
    beginning = f".{home.name}-restoring-"
    for left in home.parent.iterdir():
        if left.name.startswith(beginning):  # of a restoring that was killed
            shutil.rmtree(left)
    part = Path(tempfile.mkdtemp(prefix=beginning, dir=home.parent))
    try:
        _put_files(place, folder, manifest, part, on_progress)
        moved_sources(part, manifest.folder, home, with_scans=manifest.with_scans)
        _write_private(part / AUDIT_KEY, secret.hex() + "\n")
        new = None if file is None else part / DATABASE if not database else file.with_name(file.name + ".part")
        engine = make_engine(parsed if new is None else parse_url(f"sqlite:///{new}"))
        try:
            events = _fill(engine, folder, manifest, secret, home=home, by=by)
        finally:
            engine.dispose()
        if new is not None and file is not None and database:
            new.replace(file)
        part.rename(home)
    except OSError as error:
        raise BackupError(
            f"{error.filename or out}: could not be written ({error.strerror}).",
            mend="Check rights and free space, then restore again.",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if database and file is not None:
            for ending in ("", "-wal", "-shm"):
                file.with_name(f"{file.name}.part{ending}").unlink(missing_ok=True)
    return Restored(folder.name, manifest, out, events)


def _put_files(
    place: Place, folder: Path, manifest: Manifest, part: Path, on_progress: Callable[[int, int], None]
) -> None:
    root = part.resolve()
    for number, entry in enumerate(read_listing(folder), start=1):
        target = (root / entry.path).resolve()
        if not target.is_relative_to(root) or target == root:
            raise BackupError(f"{folder}: a listed file leads out of the folder.", mend=_MEND)
        for parent in reversed(target.relative_to(root).parents):
            (root / parent).mkdir(mode=0o700, exist_ok=True)
        source = place.object(entry.sha256)
        if not source.is_file():
            raise BackupError(f"{source} is missing; it was '{entry.path}'.", mend=_MEND)
        shutil.copyfile(source, target)
        target.chmod(0o600)
        if sha256_of(target) != entry.sha256:
            raise BackupError(f"{source} is damaged; it was '{entry.path}'.", mend=_MEND)
        on_progress(number, manifest.files)


def _fill(engine: Engine, folder: Path, manifest: Manifest, key: bytes, *, home: Path, by: str) -> int:
    """Fill the database in one transaction, which ends well only if the chain holds; returns the number of events."""
    try:
        with writing(engine).begin() as connection:
            if not is_empty(connection):
                raise StoreError("The database to restore into holds tables already.", mend="Name an empty database.")
            with gzip.open(folder / ROWS, "rb") as rows:
                load(connection, rows)
            move_jobs(connection, manifest.folder, str(home))
            with Session(connection, join_transaction_mode="create_savepoint") as session:
                report = audit.verify(session, key, head=manifest.audit_head)
                if not report.ok:
                    raise BackupError(f"{folder}: {report.faults[0]}", mend=_MEND)
                audit.append(
                    session,
                    key,
                    at=datetime.now(UTC),
                    actor=by or audit.MACHINE,
                    action="restored",
                    subject=f"backup:{folder.name}",
                    content=[manifest.audit_head],
                )
                session.commit()
            return report.events + 1
    except DatabaseError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise StoreError(f"{shown}: cannot be written.", mend="Check the address and the server.") from error


def _remove_empty(home: Path) -> None:
    """Take the empty folder away before anything is written, since the finished one is renamed to its name."""
    try:
        home.rmdir()
    except OSError as error:
        raise SettingsError(
            f"--to {home}: cannot be replaced ({error.strerror}).", mend="Name a folder that is not there yet, in it."
        ) from error


def _write_private(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content, encoding="ascii")
