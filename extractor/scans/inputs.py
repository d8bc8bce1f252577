"""From the paths a user gives to the pages in them, one at a time.

How inputs are named (``file`` of a page):

* a file the user names: its name, ``scan.pdf``;
* a file in a folder the user names: its path below that folder, ``book1/scan.pdf``;
* a member of an archive: the archive's name as above, then the member's, ``archive.zip/book1/scan.pdf``;
* where two inputs would bear the same name, both get the names of the folders they lie in put before theirs, as many as
  it takes: ``2017/scan.pdf`` and ``2018/scan.pdf``. Names depend on the list of inputs only, not on their order.

Names are in Unicode normal form C. A file given twice, or reached twice through links, is read once.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from extractor.errors import EmptyInputError, InputError, LimitExceededError, MissingInputError, UnsafePathError
from extractor.plain_names import plain_name
from extractor.remote.store import RemoteObject
from extractor.scans.archives import list_members
from extractor.scans.kinds import FileKind, is_hidden, is_sidecar, sniff
from extractor.scans.limits import Limits
from extractor.scans.names import read_names
from extractor.scans.own_outputs import is_output, is_output_folder, lies_in_outputs
from extractor.scans.set_aside import OnSetAside, SetAside
from extractor.scans.sources import (
    DEFAULT_RENDER_DPI,
    PageRef,
    SourceFile,
    check_kind,
    inspect_file,
    inspect_member,
    read_head,
)
from extractor.scans.types import SourcePage

Report = Callable[[InputError], None]
_log = logging.getLogger(__name__)
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A file found under a path the user gave, or an object found under a URL.

    Args:
        path: file on disk; for an object where its copy is or will be.
        relative: its name before collisions are settled.
        origin: the object, or none.
        lies: for an object a path made of its URL, which tells the folders it lies in and is never opened.
    """

    path: Path
    relative: str
    named_by_user: bool
    origin: RemoteObject | None = None
    lies: Path | None = None

    @property
    def place(self) -> Path:
        """Where it lies, whole, for the names of its folders."""
        return self.lies or self.path.absolute()

    @property
    def identity(self) -> str:
        """The same for the same file, by whatever path it is reached."""
        return str(self.origin.address) if self.origin else os.path.realpath(self.path)


def open_inputs(
    paths: Iterable[Path | str],
    limits: Limits | None = None,
    *,
    on_set_aside: OnSetAside,
    render_dpi: int = DEFAULT_RENDER_DPI,
) -> Iterator[SourcePage]:
    """Read all pages of all inputs, one at a time.

    Args:
        paths: PDF, TIFF, JPEG and PNG files, ZIP archives of these, and folders of all of these.
        on_set_aside: is told of every file and page that cannot be used; nothing is raised for them.
        render_dpi: resolution at which PDF pages that are no plain scans are rendered.

    Raises:
        MissingProgramError: a page must be rendered, and poppler is not installed.
    """
    for source in list_sources(paths, limits, on_set_aside=on_set_aside):
        for page in page_refs(source, limits, render_dpi=render_dpi):
            try:
                loaded = page.load()
            except InputError as error:
                on_set_aside(SetAside.of(error, page.page))
                continue
            yield loaded


def list_pages(
    paths: Iterable[Path | str],
    limits: Limits | None = None,
    *,
    on_set_aside: OnSetAside,
    render_dpi: int = DEFAULT_RENDER_DPI,
) -> list[PageRef]:
    """List all pages of all inputs without decoding any; the arguments are those of :func:`open_inputs`."""
    return [
        page
        for source in list_sources(paths, limits, on_set_aside=on_set_aside)
        for page in page_refs(source, limits, render_dpi=render_dpi)
    ]


def count_pages(paths: Iterable[Path | str], limits: Limits | None = None) -> int:
    """Count the pages of all inputs that can be used, without decoding any."""
    return sum(source.pages for source in list_sources(paths, limits, on_set_aside=lambda _: None))


def page_refs(
    source: SourceFile, limits: Limits | None = None, *, render_dpi: int = DEFAULT_RENDER_DPI
) -> Iterator[PageRef]:
    """The pages of one source, in order."""
    limits = limits or Limits()
    return (PageRef(source, number, limits, render_dpi) for number in range(1, source.pages + 1))


def list_sources(
    paths: Iterable[Path | str], limits: Limits | None = None, *, on_set_aside: OnSetAside
) -> Iterator[SourceFile]:
    """Check all inputs by their headers and list those that hold pages, in natural order within each folder."""
    limits = limits or Limits()

    def report(error: InputError) -> None:
        set_aside_of(error, on_set_aside)

    for item, file in name_inputs([item for path in paths for item in find_files(Path(path), report)]):
        yield from open_input(item, file, limits, report)


def set_aside_of(error: InputError, on_set_aside: OnSetAside) -> None:
    """Tell and log that an input is set aside."""
    _log.info("set aside: %s (%s)", error.file, error.reason)
    on_set_aside(SetAside.of(error))


def open_input(item: Found, file: str, limits: Limits, report: Report) -> Iterator[SourceFile]:
    """Check a file by its headers; gives what of it holds pages: itself, or an archive's members.

    Args:
        item: the file; ``path`` is where it can be opened now.
        file: its name for records and messages.
        report: is told what is set aside.
    """
    try:
        _check_name(file)
        _check_text(file, os.path.realpath(item.path))
        head = read_head(item.path, file)
        if passes_over(item, file, head):
            return
        kind = check_kind(head, file)
        names = read_names(item.place.name, _folders(item))
        if kind is FileKind.ZIP:
            yield from _open_archive(item, file, limits, report)
        else:
            yield replace(inspect_file(item.path, file, kind, limits, names), origin=item.origin)
    except InputError as error:
        report(error)


def passes_over(item: Found, file: str, head: bytes) -> bool:
    """Whether a file only lies beside scans, as its name and first bytes tell, and nobody asked for it."""
    return sniff(head) is None and not item.named_by_user and is_sidecar(file)


def _open_archive(item: Found, file: str, limits: Limits, report: Report) -> Iterator[SourceFile]:
    size = item.path.stat().st_size
    if size > limits.zip_total_bytes:
        raise LimitExceededError(
            file, f"is {size} bytes long; the limit is {limits.zip_total_bytes}.", mend="Split it."
        )
    silent = True

    def refused(error: InputError) -> None:
        nonlocal silent
        silent = False
        report(error)

    members = sorted(list_members(item.path, file, limits, refused), key=lambda member: natural_key(member.name))
    for member in members:
        shown = unicodedata.normalize("NFC", member.name.replace("\\", "/"))
        if is_hidden(shown):
            continue
        member_file = f"{file}/{shown}"
        parts = PurePosixPath(shown).parts
        folders = (*reversed(parts[:-1]), item.place.name, *_folders(item))
        try:
            _check_name(member_file)
            source = inspect_member(item.path, member.name, member_file, limits, read_names(parts[-1], folders))
        except InputError as error:
            if error.reason != "unsupported_type" or not is_sidecar(shown):
                refused(error)
            continue
        silent = False
        yield replace(source, origin=item.origin)
    if silent:
        raise EmptyInputError(file, "the archive holds no PDF, TIFF, JPEG or PNG.", mend="Pack the scans again.")


def natural_key(text: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key that puts ``page 2`` before ``page 10``."""
    parts = _DIGITS.split(text.casefold())
    return tuple((0, int(part)) if index % 2 else (1, part) for index, part in enumerate(parts))


def _folders(item: Found) -> tuple[str, ...]:
    """Names of the folders a file lies in, nearest first, up to and including the one the user named."""
    depth = len(PurePosixPath(item.relative).parts) - (1 if item.named_by_user else 0)
    return tuple(parent.name for parent in list(item.place.parents)[:depth])


def find_files(path: Path, report: Report) -> list[Found]:
    """The file at ``path``, or all files below it."""
    shown = path.as_posix()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        report(MissingInputError(shown, "does not exist.", mend="Check the path."))
    except PermissionError:
        report(MissingInputError(shown, "may not be read.", mend="Change its access rights."))
    except (OSError, ValueError):
        report(MissingInputError(shown, "cannot be opened.", mend="Check the path; links may lead in a circle."))
    else:
        if _written_by_a_run(path):
            report(UnsafePathError(shown, "was written by this program.", mend="Name the scans that were read."))
            return []
        if not stat.S_ISDIR(mode):
            return [Found(path, unicodedata.normalize("NFC", path.name), named_by_user=True)]
        silent = True

        def refused(error: InputError) -> None:
            nonlocal silent
            silent = False
            report(error)

        found = sorted(_walk(path, "", set(), refused), key=lambda item: natural_key(item.relative))
        if silent and not any(not is_sidecar(item.relative) for item in found):
            report(
                EmptyInputError(shown, "the folder holds no PDF, TIFF, JPEG, PNG or ZIP.", mend="Name another folder.")
            )
        return found
    return []


def _written_by_a_run(path: Path) -> bool:
    try:
        return lies_in_outputs(path)
    except (OSError, RuntimeError):  # a link that leads nowhere, or in a circle; that is told where it is opened
        return False


def _walk(folder: Path, below: str, above: set[tuple[int, int]], report: Report) -> Iterator[Found]:
    """All files below a folder but what a run wrote; ``above`` are the folders on the way, by device and number."""
    shown = below or folder.as_posix()
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        report(MissingInputError(shown, "the folder may not be read.", mend="Change its access rights."))
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        report(
            UnsafePathError(
                shown, "the folder is a link that leads back to a folder it lies in.", mend="Take the link away."
            )
        )
        return
    outputs = is_output_folder([entry.name for entry in entries])
    for entry in entries:
        if is_hidden(entry.name) or (outputs and is_output(entry.name)):
            continue
        if entry.is_symlink() and _written_by_a_run(Path(entry.path)):
            continue
        relative = unicodedata.normalize("NFC", f"{below}/{entry.name}" if below else entry.name)
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            yield from _walk(Path(entry.path), relative, above | {here}, report)
        else:
            yield Found(Path(entry.path), relative, named_by_user=False)


def name_inputs(found: Sequence[Found]) -> list[tuple[Found, str]]:
    """Give every file a name of its own; files reached twice are dropped."""
    unique: dict[str, Found] = {}
    for item in found:
        unique.setdefault(item.identity, item)
    items = list(unique.values())
    names = [item.relative for item in items]
    prefixes = [list(_parents_of(item)) for item in items]
    while True:
        shared = {name for name, times in Counter(names).items() if times > 1}
        grown = False
        for index, name in enumerate(names):
            if name in shared and prefixes[index]:
                names[index] = f"{prefixes[index].pop(0)}/{name}"
                grown = True
        if not grown:
            return list(zip(items, names, strict=True))


def _check_name(file: str) -> None:
    """Refuse a name that could be neither stored nor shown, as old archives unpacked elsewhere leave behind."""
    _check_text(file, file)
    if plain_name(file) != file:
        raise UnsafePathError(file, "its name holds signs that command a screen.", mend="Rename the file.")


def _check_text(file: str, path: str) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnsafePathError(
            file, "its name or a folder's holds bytes that are no text.", mend="Rename the file or that folder."
        ) from error


def _parents_of(item: Found) -> Iterator[str]:
    """Names of the folders above what the user named, nearest first."""
    depth = len(PurePosixPath(item.relative).parts)
    for parent in list(item.place.parents)[depth - 1 :]:
        if parent.name:
            yield unicodedata.normalize("NFC", parent.name)
