"""An output folder, published elsewhere: contents by their hash, then the list that names them, which is the state.

URL/objects/ab/abcdef...     contents of files, named by their SHA-256; never changed
URL/manifest.json            which file has which content; written last: readers see the former state or the new
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import InputError, MissingInputError, PublishError
from extractor.exports.files import sha256_of
from extractor.remote.address import Address
from extractor.remote.store import RemoteObject, RemoteStore
from extractor.whole_files import take_place

FORMAT = "extractor-publication/1"
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


class PublishedFile(BaseModel):
    """A file of a publication: path below the folder, hash and bytes of its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Publication(BaseModel):
    """The state that readers see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(default=FORMAT, pattern=rf"^{re.escape(FORMAT)}$")
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
    on_progress: Progress = lambda done, total: None,
) -> Published:
    """Publish what an output folder hands over; the caller sees to it that nobody writes to the folder.

    What is there already is not sent again; what was sent is read back and compared. It can be killed at any time and
    done again: readers see the former state until the new one is there whole.

    Args:
        pictures: whether pictures of pages and overlays are published, too.
        prune: whether contents that the new state does not name are taken away, as after an erasure.
        on_progress: is told how many files are there, of how many.

    Raises:
        PublishError: the folder holds nothing to publish, changes meanwhile, or the place does not take it.
        SettingsError: see :class:`RemoteStore`.
    """
    paths = sorted(_files(out, pictures=pictures))
    for name in (path.relative_to(out).as_posix() for path in paths):
        if not is_handed_over(name):  # who fetches would refuse it
            shown = name.encode("utf-8", "backslashreplace").decode()
            raise PublishError(f"{out / shown}: its name cannot be published.", mend="Rename the file or take it away.")
    if not any(path.name == "records.jsonl" for path in paths):
        raise PublishError(f"{out} holds no records.jsonl.", mend="Name the output folder of 'extractor run'.")
    store = RemoteStore(address.protocol)
    try:
        there = _contents(store, address)
        former = _read(store, address)
        files, sent = [], 0
        for done, path in enumerate(paths):
            on_progress(done, len(paths))
            sha256, size = sha256_of(path), path.stat().st_size
            if there.get(sha256) != size:
                _send(store, path, _place(address, sha256), sha256)
                there[sha256] = size
                sent += 1
            files.append(PublishedFile(path=path.relative_to(out).as_posix(), sha256=sha256, size=size))
        content = _written(files)
        if changed := content != former:
            store.make_room(address.below(MANIFEST))
            store.put(content, address.below(MANIFEST))
        on_progress(len(paths), len(paths))
        removed = _prune(store, address, {file.sha256 for file in files}, there) if prune else 0
    except InputError as error:
        raise PublishError(error.message, mend=error.mend) from error
    return Published(len(files), sent, changed, removed)


def fetch_published(address: Address, to: Path, *, on_progress: Progress = lambda done, total: None) -> int:
    """Bring a published state to a folder of this machine, each file compared with its hash; gives how many there are.

    Files that are there as they should be are not fetched again; others in the folder are left alone.

    Raises:
        PublishError: nothing is published there, it is damaged, or it cannot be reached.
    """
    store = RemoteStore(address.protocol)
    try:
        content = _read(store, address)
        if not content:
            raise PublishError(f"{address}: nothing is published there.", mend="Check the URL.")
        files = _parsed(content, address).files
        for file in files:
            if not is_handed_over(file.path):
                raise PublishError(
                    f"{address}/{MANIFEST} names a file that is never published, or outside the folder.",
                    mend="Do not trust this place.",
                )
        for done, file in enumerate(files):
            on_progress(done, len(files))
            path = to / file.path
            if path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256:
                continue
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


def _read(store: RemoteStore, address: Address) -> bytes:
    try:
        return store.read(address.below(MANIFEST))
    except MissingInputError:
        return b""


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
    raise PublishError(f"{address}: the content of {file.path} is damaged.", mend="Publish the folder again.")


def _prune(store: RemoteStore, address: Address, named: Iterable[str], there: Iterable[str]) -> int:
    gone = sorted(set(there) - set(named))
    for sha256 in gone:
        store.remove(_place(address, sha256))
    return len(gone)


def _written(files: Iterable[PublishedFile]) -> bytes:
    """The list as it is stored: the same files, the same bytes."""
    return (Publication(files=tuple(files)).model_dump_json(indent=1) + "\n").encode()


def _parsed(content: bytes, address: Address) -> Publication:
    damaged = PublishError(f"{address}/{MANIFEST} is damaged.", mend="Publish the folder again.")
    try:
        publication = Publication.model_validate_json(content)
    except ValidationError as error:
        raise damaged from error
    paths = [PurePosixPath(file.path) for file in publication.files]
    folders = {folder for path in paths for folder in path.parents}
    if len(set(paths)) < len(paths) or folders & set(paths):
        raise damaged  # two contents for one file, or a file where a folder has to be
    return publication
