"""Files that people bring in: announced, recognised where a part of them is there already, taken back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from extractor.batch.sources import load_sources
from extractor.errors import NotStoredError
from extractor.jobs import Intake, UploadError
from extractor.jobs.asking import LONGEST_PART, MOST_FOLDERS, UploadAsked
from extractor.jobs.files import clean_name
from extractor.jobs.receiving import drop
from extractor.scans.kinds import is_hidden, is_sidecar, sniff
from extractor.scans.sources import check_kind
from extractor.store import Upload, UploadState

MOST_SHOWN = 5000
"""Files that wait to be read, and that one run may read."""


def check_head(name: str, head: bytes) -> str:
    """Whether a file may come, by what is known before anything of it is sent; gives its name in its one spelling.

    Args:
        name: name, or path below a folder.
        head: the first :data:`~extractor.scans.kinds.HEAD_BYTES` of its content.

    Raises:
        UploadError: the name is not usable.
        InputError: it is of no type that is read.
    """
    if is_hidden(name):
        raise UploadError("sidecar", "is a file of the system.")
    if sniff(head) is None and is_sidecar(name):
        raise UploadError("sidecar", "lies beside scans and is none.")
    check_kind(head, name)
    _check_name(name)
    return clean_name(name)


def check_room(intake: Intake, name: str, size: int) -> None:
    """Refuse a file that is too large, or that the disk has no room for, unless it has begun to come.

    Raises:
        UploadError: it cannot come.
    """
    if all(upload.size != size for upload in intake.uploads.named(name)):
        intake.upload_folder.check_room(name, size)


def announce(intake: Intake, client: str, name: str, size: int, sha256: str) -> Upload:
    """The upload of a file: the one that is there already, whoever of the room began it, or a new one.

    Raises:
        UploadError: the name stands for another content, or there is no room for it.
    """
    same = None
    for upload in intake.uploads.named(name):
        if upload.state is UploadState.COMPLETE and not intake.upload_folder.is_there(upload):
            continue  # somebody took it out of the output folder
        if (upload.size, upload.sha256) == (size, sha256):
            same = same or upload
        elif upload.state is UploadState.COMPLETE:
            raise _taken()
    known = load_sources(intake.out).get(name)
    if known is not None and known.sha256 != sha256:
        raise _taken()
    if same is not None:
        return same
    intake.upload_folder.check_room(name, size)
    asked = UploadAsked(name=name, size=size, sha256=sha256)
    return intake.uploads.add(secrets.token_hex(16), client, asked.name, asked.size, asked.sha256)


def upload_of_room(intake: Intake, upload_id: str) -> Upload:
    """A file that somebody of the room sends or sent.

    Raises:
        NotStoredError: there is none of that number.
    """
    for upload in intake.uploads.of_room(ids=[upload_id], limit=1):
        return upload
    raise NotStoredError("There is no such upload.")


def take_back(intake: Intake, upload_id: str, client: str) -> bool:
    """Give up a file that is not whole, or that no run has read or is to read; returns whether it was whole.

    Raises:
        NotStoredError: there is no such file.
        UploadError: it is being sent, or belongs to records.
    """
    upload = upload_of_room(intake, upload_id)
    if upload.state is not UploadState.COMPLETE:
        drop(intake.uploads, intake.upload_folder, upload_id, upload.client)
        return False
    with intake.upload_folder.holding(upload_id):
        if upload_id in intake.jobs.read_uploads(intake.folder) or upload_id in partly_read(intake, [upload]):
            raise UploadError("complete", "The file belongs to records.")
        intake.uploads.discard(upload_id, client)  # the row first: a file without one is in nobody's way
        intake.upload_folder.drop(upload_id)
    return True


def unread(intake: Intake) -> list[Upload]:
    """Whole files that lie where a run looks for them, and that none has read or is to read, by name."""
    read = intake.jobs.read_uploads(intake.folder)
    whole = intake.uploads.of_room(state=UploadState.COMPLETE, limit=2 * MOST_SHOWN)
    found = [upload for upload in whole if upload.id not in read and intake.upload_folder.is_there(upload)]
    return sorted(found, key=lambda upload: upload.name)[:MOST_SHOWN]


def unfinished(intake: Intake) -> Sequence[Upload]:
    """Files of which a part has arrived or none, newest first."""
    return intake.uploads.of_room(state=UploadState.RECEIVING, limit=200)


def partly_read(intake: Intake, uploads: Iterable[Upload]) -> frozenset[str]:
    """Those that a run which did not come to its end has begun to read: records may have been made of them."""
    known = [Path(source.path) for source in load_sources(intake.out).values()]
    homes = {upload.id: intake.upload_folder.home(upload.id).resolve() for upload in uploads}
    folders = {folder for path in known for folder in path.parents}
    return frozenset(upload for upload, home in homes.items() if home in folders)


def _check_name(name: str) -> None:
    parts = name.split("/")
    if len(parts) > MOST_FOLDERS + 1:
        raise UploadError("deep", "lies too deep.")
    if any(len(part) > LONGEST_PART for part in parts):
        raise UploadError("long-name", "has too long a name.")
    try:
        UploadAsked(name=name, size=1)
    except ValidationError as error:
        raise UploadError("bad-name", "is a name that scans cannot have") from error
    if re.search(r"[\ud800-\udfff]", name):
        raise UploadError("bad-name", "is a name that scans cannot have")


def _taken() -> UploadError:
    return UploadError("name-taken", "The name stands for another file already.")
