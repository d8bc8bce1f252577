"""What a backup says of itself: when it was taken, what it holds, and the hashes by which that is checked."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import BackupError
from extractor.exports.files import sha256_of
from extractor.store.engine import to_json

FORMAT = 1
MANIFEST, DATABASE, LISTING, KEY = "manifest.json", "database.jsonl.gz", "files.jsonl.gz", "audit.key"

_PURPOSE = b"extractor backup seal"


class Manifest(BaseModel):
    """A backup in figures.

    ``folder`` is the output folder as it was then, ``database`` and ``listing`` the hashes of the two files, ``rows``
    the number of rows by table, ``audit_head`` the head of the audit chain at that moment. ``with_key`` and
    ``with_scans`` tell whether the audit key and scans from outside the output folder are among what was saved;
    ``left`` counts what could not be saved, by reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    made_at: str
    program: str
    folder: str
    backend: str
    schema_version: str
    audit_head: str
    rows: dict[str, int]
    files: int
    bytes: int
    database: str
    listing: str
    with_key: bool
    with_scans: bool
    left: dict[str, int]


class Entry(NamedTuple):
    """One file: its path below the output folder, and what its content is named by.

    ``stamp`` is what the disk said of the file when it was read; as long as it says the same, it is not read again.
    """

    path: str
    sha256: str
    size: int
    stamp: str


def write_manifest(folder: Path, manifest: Manifest, key: bytes) -> None:
    """Write a backup's manifest with its hash, and a seal that only a holder of the audit key can make."""
    content = manifest.model_dump(mode="json")
    body = {"content": content, "sha256": _digest(content), "seal": _seal(content, key)}
    (folder / MANIFEST).write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupError: it is missing, damaged or of a newer version.
    """
    body = _read(folder)
    content = body["content"]
    if content.get("format") != FORMAT:
        raise BackupError(
            f"{folder / MANIFEST}: a backup of a format this version does not know.",
            mend="Use the version that made it.",
        )
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise _damaged(folder) from error
    if _digest(content) != body["sha256"]:
        raise _damaged(folder)
    return manifest


def is_sealed(folder: Path, key: bytes) -> bool:
    """Whether the holder of this audit key made the manifest as it stands."""
    body = _read(folder)
    return hmac.compare_digest(str(body["seal"]), _seal(body["content"], key))


def write_listing(path: Path, entries: Iterable[Entry]) -> None:
    """Write the list of a backup's files."""
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        for entry in entries:
            file.write(to_json(list(entry)).encode() + b"\n")


def read_listing(folder: Path) -> Iterator[Entry]:
    """The files of a backup.

    Raises:
        BackupError: the list is missing or damaged.
    """
    try:
        with gzip.open(folder / LISTING, "rb") as file:
            for line in file:
                path, sha256, size, stamp = json.loads(line)
                yield Entry(str(path), str(sha256), int(size), str(stamp))
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise BackupError(f"{folder / LISTING} is missing or damaged.", mend="Use another backup.") from error


def own_faults(folder: Path, manifest: Manifest) -> list[str]:
    """What is wrong with the two files that the manifest names by their hash."""
    faults = []
    for name, wanted in ((DATABASE, manifest.database), (LISTING, manifest.listing)):
        path = folder / name
        if not path.is_file():
            faults.append(f"{path} is missing.")
        elif sha256_of(path) != wanted:
            faults.append(f"{path} was changed or is damaged.")
    if manifest.with_key and not (folder / KEY).is_file():
        faults.append(f"{folder / KEY} is missing.")
    return faults


def _read(folder: Path) -> dict[str, Any]:
    try:
        body = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {"content": dict(body["content"]), "sha256": body["sha256"], "seal": body["seal"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder) from error


def _damaged(folder: Path) -> BackupError:
    return BackupError(f"{folder / MANIFEST} is missing or damaged.", mend="Use another backup.")


def _digest(content: object) -> str:
    return hashlib.sha256(to_json(content).encode()).hexdigest()


def _seal(content: object, key: bytes) -> str:
    own = hmac.new(key, _PURPOSE, hashlib.sha256).digest()  # no key serves two purposes
    return hmac.new(own, to_json(content).encode(), hashlib.sha256).hexdigest()
