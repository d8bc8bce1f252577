"""An output folder, published elsewhere: contents by their hash, then the list that names them, which is the state.

URL/objects/ab/abcdef...     contents of files, named by their SHA-256; never changed
URL/manifest.json            which file has which content, and of which output folder; written last: readers see the
                             former state or the new
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.batch.storage import AUDIT_KEY
from extractor.errors import InputError, MissingInputError, PublishError
from extractor.exports.files import sha256_of
from extractor.remote.address import Address
from extractor.remote.store import RemoteObject, RemoteStore
from extractor.store.audit import load_or_make_key
from extractor.whole_files import take_place

FORMAT = "extractor-publication/2"
MANIFEST = "manifest.json"
OBJECTS = "objects"
FILES = ("records.jsonl", "problems.jsonl", "report.html")
FOLDERS = ("import", "packages")
PICTURES = ("overlays", "pages")
"""What is published, and nothing else: no database, no key, no scan, no reader, nothing that is being written."""
_OF_PAGES = (".jpg", ".png", ".json")
_PASSING = (".part", ".lock", ".writable")
_HASH = re.compile(r"[0-9a-f]{64}")
_TRIES = 2
_MARK = b"extractor-publication"
"""What the mark of a folder is made of with its key; codes of the log are made of JSON, so that no mark is one."""


class PublishedFile(BaseModel):
    """A file of a publication: path below the folder, hash and bytes of its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Publication(BaseModel):
    """The state that readers see.

    Args:
        folder: mark of the output folder whose state it is; empty in format 1, which did not tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(default=FORMAT, pattern=r"^extractor-publication/[12]$")
    folder: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    files: tuple[PublishedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing came to.

    Args:
        files: files of the state.
        sent: contents that were not there yet.
        changed: whether readers see another state than before.
        removed: contents that no file of the state has any more and that were taken away.
    """

    files: int
    sent: int
    changed: bool
    removed: int


Progress = Callable[[int, int], None]


def publish(
    out: Path,
    address: Address,
    *,
    pictures: bool = True,
    prune: bool = False,
    replace: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Published:
    """Publish what an output folder hands over; the caller sees to it that nobody writes to the folder.

    Only a former state of the same folder gives way, wherever that lay then; else nothing is sent. What is there
    already is not sent again; what was sent is read back and compared. It can be killed at any time and done again:
    readers see the former state until the new one is there whole.

    Args:
        pictures: whether pictures of pages and overlays are published, too.
        prune: whether contents that the new state does not name are taken away, as after an erasure.
        replace: whether the state of another folder, or one of which it is not known whose it is, gives way as well.
        on_progress: is told how many files are there, of how many.

    Raises:
        PublishError: the folder holds nothing to publish, or changes meanwhile; another folder's state is there; or the
            place does not take it.
        StoreError: the folder's audit key cannot be read.
        SettingsError: see :class:`RemoteStore`.
    """
    paths = sorted(_files(out, pictures=pictures))
    for name in (path.relative_to(out).as_posix() for path in paths):
        if not is_handed_over(name):  # who fetches would refuse it
            shown = name.encode("utf-8", "backslashreplace").decode()
            raise PublishError(f"{out / shown}: its name cannot be published.", mend="Rename the file or take it away.")
    if not any(path.name == "records.jsonl" for path in paths):
        raise PublishError(f"{out} holds no records.jsonl.", mend="Name the output folder of 'extractor run'.")
    mark = _mark_of(out)
    store = RemoteStore(address.protocol)
    try:
        former = _read(store, address)
        if not replace:
            _must_be_own(former, mark, address)
        there = _contents(store, address)
        files, sent = [], 0
        for done, path in enumerate(paths):
            on_progress(done, len(paths))
            sha256, size = sha256_of(path), path.stat().st_size
            if there.get(sha256) != size:
                _send(store, path, _place(address, sha256), sha256)
                there[sha256] = size
                sent += 1
            files.append(PublishedFile(path=path.relative_to(out).as_posix(), sha256=sha256, size=size))
        content = _written(files, mark)
        if changed := content != former:
            if _read(store, address) != former:  # sending takes time, in which another folder may have come here
                raise PublishError(
                    f"{address}: something else was published there meanwhile.",
                    mend="See that nobody else publishes to this URL, then publish again.",
                )
            store.make_room(address.below(MANIFEST))
            store.put(content, address.below(MANIFEST))
        on_progress(len(paths), len(paths))
        removed = _prune(store, address, {file.sha256 for file in files}, there) if prune else 0
    except InputError as error:
        raise PublishError(error.message, mend=error.mend) from error
    return Published(len(files), sent, changed, removed)


def fetch_published(address: Address, to: Path, *, on_progress: Progress = lambda done, total: None) -> int:
    """Bring a published state to a folder of this machine, each file compared with its hash; gives how many there are.

    Files that are there as they should be are not fetched again; others in the folder are left alone. Nothing is
    written through a link below the folder, which itself may be reached by links.

    Raises:
        PublishError: nothing is published there, it is damaged, or it cannot be reached; or a link in the folder
            stands where a file belongs, or on the way there. What links are there is looked at before anything comes.
        StoreError: the disk does not take it.
    """
    store = RemoteStore(address.protocol)
    try:
        content = _read(store, address)
        if content is None:
            raise PublishError(f"{address}: nothing is published there.", mend="Check the URL.")
        files = _parsed(content, address).files
        for file in files:
            if not is_handed_over(file.path):
                raise PublishError(
                    f"{address}/{MANIFEST} names a file that is never published, or outside the folder.",
                    mend="Do not trust this place.",
                )
        for file in files:
            _refuse_links(to, file.path)
        for done, file in enumerate(files):
            on_progress(done, len(files))
            path = to / file.path
            if path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256:
                continue
            _refuse_links(to, file.path)  # one may have been made since
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _bring(store, address, file, path)
    except InputError as error:
        raise PublishError(error.message, mend=error.mend) from error
    return len(files)


def is_handed_over(name: str) -> bool:
    """Whether a path below an output folder may be of what is published.

    Nothing else is taken from a manifest: it could name a key, a database, or a file outside the folder.
    """
    parts = name.split("/")
    odd = any(unicodedata.category(letter) in ("Cc", "Cs") or letter in "\\:" for letter in name)
    if odd or set(parts) & {"", ".", ".."}:
        return False
    return name in FILES or (len(parts) > 1 and parts[0] in (*FOLDERS, *PICTURES))


def _refuse_links(to: Path, name: str) -> None:
    """Refuse a file at or below a link in a folder: writing there might change what lies outside.

    One that leads to the right content is refused as well, for that may change without the copy's being touched.
    """
    path = to
    for part in PurePosixPath(name).parts:
        path = path / part
        # A junction of Windows is no symbolic link, but leads elsewhere, too.
        if path.is_symlink() or not path.resolve().is_relative_to(to.resolve()):
            raise PublishError(
                f"{path}: is a link, through which nothing is written.",
                mend="Take the link away, or fetch to another folder.",
            )


def _mark_of(out: Path) -> str:
    """By what an output folder is known wherever it lies: it goes with its audit key, and tells nothing of it."""
    if not (out / AUDIT_KEY).is_file():  # a new key would make another folder of it
        raise PublishError(
            f"{out} holds no {AUDIT_KEY}, by which it is known where it is published.",
            mend="Name the output folder of 'extractor run', or put its key back.",
        )
    return hmac.new(load_or_make_key(out / AUDIT_KEY), _MARK, hashlib.sha256).hexdigest()


def _must_be_own(former: bytes | None, mark: str, address: Address) -> None:
    """Refuse a place where something was published that is not known to be of this folder."""
    if former is None:
        return
    mend = "Name another URL, or add --replace if what is there may go."
    try:
        folder = Publication.model_validate_json(former).folder
    except ValidationError as error:
        raise PublishError(
            f"{address}/{MANIFEST} is damaged: whose state is published there cannot be told.", mend=mend
        ) from error
    if not folder:
        raise PublishError(f"{address}: what is published there does not tell of which output folder it is.", mend=mend)
    if folder != mark:
        raise PublishError(f"{address}: the state of another output folder is published there.", mend=mend)


def _files(out: Path, *, pictures: bool) -> Iterator[Path]:
    for name in FILES:
        if (out / name).is_file() and not (out / name).is_symlink():
            yield out / name
    for name in (*FOLDERS, *(PICTURES if pictures else ())):
        for path in (out / name).rglob("*"):
            # The pages' folder holds notes on what was drawn, too, which are of no use elsewhere.
            wanted = name != "pages" or path.suffix in _OF_PAGES
            if wanted and path.is_file() and not path.is_symlink() and not path.name.endswith(_PASSING):
                yield path


def _contents(store: RemoteStore, address: Address) -> dict[str, int]:
    """Sizes of the contents that are there, by hash."""
    try:
        _, found = store.find(Address(address.protocol, f"{address.path}/{OBJECTS}", folder=True))
    except MissingInputError:
        return {}  # a bucket that is missing is told when the first content is sent
    sizes = {item.address.path: (PurePosixPath(item.address.path).name, item.size) for item in found}
    # A content that lies elsewhere, as in a copy of the folder, is not found by those who read the list.
    return dict(
        named
        for path, named in sizes.items()
        if _HASH.fullmatch(named[0]) and path.strip("/") == _place(address, named[0]).path.strip("/")
    )


def _place(address: Address, sha256: str) -> Address:
    return address.below(f"{OBJECTS}/{sha256[:2]}/{sha256}")


def _read(store: RemoteStore, address: Address) -> bytes | None:
    """The list as it is stored; none where nothing is published."""
    try:
        return store.read(address.below(MANIFEST))
    except MissingInputError:
        return None


def _send(store: RemoteStore, path: Path, to: Address, sha256: str) -> None:
    """Put a content in its place and read it back; tried again where it did not arrive as it was sent."""
    store.make_room(to)
    for _ in range(_TRIES):
        store.put(path, to)
        if store.sha256(to) == sha256:
            return
        if sha256_of(path) != sha256:
            store.remove(to)
            raise PublishError(f"{path}: was changed while it was published.", mend="Publish again.")
    store.remove(to)
    raise PublishError(f"{to}: what lies there is not what was sent.", mend="Check the server, then publish again.")


def _bring(store: RemoteStore, address: Address, file: PublishedFile, path: Path) -> None:
    place = _place(address, file.sha256)
    _, found = store.find(place)
    part = path.with_name(path.name + ".new")
    if found and found[0].size == file.size:
        store.fetch(RemoteObject(place, file.size, found[0].version), part)
        if sha256_of(part) == file.sha256:
            take_place(part, path)
            return
        part.unlink()
    # Publishing looks at names and sizes alone: to read all contents back would cost as much as to send them.
    raise PublishError(
        f"{place}: the content of {file.path} is damaged.", mend="Delete it there, then publish the folder again."
    )


def _prune(store: RemoteStore, address: Address, named: Iterable[str], there: Iterable[str]) -> int:
    gone = sorted(set(there) - set(named))
    for sha256 in gone:
        store.remove(_place(address, sha256))
    return len(gone)


def _written(files: Iterable[PublishedFile], mark: str) -> bytes:
    """The list as it is stored: the same files of the same folder, the same bytes."""
    return (Publication(folder=mark, files=tuple(files)).model_dump_json(indent=1) + "\n").encode()


def _parsed(content: bytes, address: Address) -> Publication:
    damaged = PublishError(f"{address}/{MANIFEST} is damaged.", mend="Publish the folder again, with --replace.")
    try:
        publication = Publication.model_validate_json(content)
    except ValidationError as error:
        raise damaged from error
    paths = [PurePosixPath(file.path) for file in publication.files]
    folders = {folder for path in paths for folder in path.parents}
    if len(set(paths)) < len(paths) or folders & set(paths):
        raise damaged  # two contents for one file, or a file where a folder has to be
    return publication
