"""Where the pages of a run came from, kept beside its outputs so that packages can be cut from the original scans."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from extractor.errors import ExportError
from extractor.records import BookKey
from extractor.remote.address import known_address
from extractor.remote.cache import FOLDER as AT_HAND
from extractor.remote.cache import RUN
from extractor.remote.store import RemoteObject
from extractor.scans import OfficialName, SetAside, SourceFile
from extractor.whole_files import take_place

FILE = "sources.json"


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source file of an earlier or the present run.

    Args:
        file: name in the records.
        path: file on disk; for an archive member, the archive.
        member: member's name in the archive, or empty.
        sha256: hash of the content.
        name: what its official file name says, or none.
        named: what the names of file and folders say of the book.
        told: what the user said of the book when it was last read.
        form: the form that the user said all its pages are of, or empty.
        noted: whether ``named``, ``told`` and ``form`` were noted; earlier versions did not.
        origin: the object elsewhere that ``path`` is a copy of, which comes and goes; none for a file of this machine.
        pages: number of pages; noted for objects elsewhere alone.
        kind: of the content, the same.
        whole: whether nothing of the object was set aside when it was listed, so that it need not be looked at again.
    """

    file: str
    path: str
    member: str
    sha256: str
    name: OfficialName | None
    named: BookKey = field(default_factory=BookKey)
    told: BookKey = field(default_factory=BookKey)
    form: str = ""
    noted: bool = False
    origin: RemoteObject | None = None
    pages: int = 0
    kind: str = ""
    whole: bool = False


def remember_sources(
    out: Path,
    sources: Iterable[SourceFile],
    *,
    book: BookKey | None = None,
    form: str = "",
    partly: Collection[str] = (),
) -> dict[str, KnownSource]:
    """Add sources to those already known in ``out``; returns all, by the name in the records.

    Args:
        book: what the user says of the book.
        form: the form that the user says all pages are of.
        partly: URLs of objects of which something was set aside.
    """
    known = load_sources(out)
    for source in sources:
        known[source.file] = KnownSource(
            source.file,
            str(source.path.resolve()),
            source.member,
            source.sha256,
            source.name,
            named=source.book,
            told=book or BookKey(),
            form=form,
            noted=True,
        )
        if source.origin:
            whole = str(source.origin.address) not in partly
            known[source.file] = replace(
                known[source.file], origin=source.origin, pages=source.pages, kind=source.kind.value, whole=whole
            )
    content = json.dumps([_written(known[file]) for file in sorted(known)], ensure_ascii=False, indent=1)
    part = out / f"{FILE}.part"
    part.write_text(content + "\n", encoding="utf-8")
    take_place(part, out / FILE)
    return known


def without_taken_names(
    out: Path, sources: Iterable[SourceFile], *, on_set_aside: Callable[[SetAside], None]
) -> list[SourceFile]:
    """The sources whose names can be used in ``out``; see :class:`Names`."""
    return Names(out, on_set_aside).usable(sources)


class Names:
    """Records are known by the name of their file: each stands for one file.

    Set aside are a source whose name already stands for another file of an earlier run (its records would replace the
    other's), and the second of two sources of this run with the same name.
    """

    def __init__(self, out: Path, on_set_aside: Callable[[SetAside], None]) -> None:
        self._known = load_sources(out)
        self._taken: set[str] = set()
        self._on_set_aside = on_set_aside

    def usable(self, sources: Iterable[SourceFile]) -> list[SourceFile]:
        """Those of the sources whose names are free."""
        found = []
        for source in sources:
            earlier = self._known.get(source.file)
            other = earlier and earlier.sha256 != source.sha256 and not _same_place(earlier, source)
            if other or source.file in self._taken:
                message = "another file of this name is in the output folder already."
                mend = "Rename the file or choose another --out."
                self._on_set_aside(SetAside(source.file, "name_taken", message, mend))
            else:
                self._taken.add(source.file)
                found.append(source)
        return found


def _same_place(known: KnownSource, source: SourceFile) -> bool:
    if known.origin or source.origin:
        return bool(known.origin and source.origin and known.origin.address == source.origin.address)
    return Path(known.path) == source.path.resolve()


def _written(source: KnownSource) -> dict[str, Any]:
    """A source as it is kept. What is told of objects elsewhere is left out where it is a file of this machine."""
    told = asdict(source)
    if source.origin is None:
        for name in ("origin", "pages", "kind", "whole"):
            del told[name]
    else:
        origin = source.origin
        told["origin"] = {"url": str(origin.address), "size": origin.size, "version": origin.version}
    return told


def _origin(told: dict[str, Any] | None) -> RemoteObject | None:
    return RemoteObject(known_address(told["url"]), told["size"], told["version"]) if told else None


def load_sources(out: Path) -> dict[str, KnownSource]:
    """Known sources by the name in the records; empty where there was no run.

    Raises:
        ExportError: the list is damaged.
    """
    path, copies = out / FILE, (out / AT_HAND / RUN).resolve()
    if not path.exists():
        return {}
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
        return {
            item["file"]: KnownSource(
                **{
                    **item,
                    # Copies lie in this folder, wherever it lay when they were noted.
                    "path": str(copies / Path(item["path"]).name) if item.get("origin") else item["path"],
                    "name": OfficialName(**item["name"]) if item["name"] else None,
                    "named": BookKey(**item.get("named", {})),
                    "told": BookKey(**item.get("told", {})),
                    "origin": _origin(item.get("origin")),
                }
            )
            for item in items
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path} is damaged.", mend="Delete it and run the same input again.") from error
