"""Where the pages of a run came from, kept beside its outputs so that packages can be cut from the original scans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from extractor.errors import ExportError
from extractor.records import BookKey
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


def remember_sources(
    out: Path, sources: Iterable[SourceFile], *, book: BookKey | None = None, form: str = ""
) -> dict[str, KnownSource]:
    """Add sources to those already known in ``out``; returns all, by the name in the records.

    Args:
        book: what the user says of the book.
        form: the form that the user says all pages are of.
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
    content = json.dumps([asdict(known[file]) for file in sorted(known)], ensure_ascii=False, indent=1)
    part = out / f"{FILE}.part"
    part.write_text(content + "\n", encoding="utf-8")
    take_place(part, out / FILE)
    return known


def without_taken_names(
    out: Path, sources: Iterable[SourceFile], *, on_set_aside: Callable[[SetAside], None]
) -> list[SourceFile]:
    """The sources whose names can be used in ``out``; records are known by the name of their file.

    Set aside are a source whose name already stands for another file of an earlier run (its records would replace the
    other's), and the second of two sources of this run with the same name.
    """
    known = load_sources(out)
    usable: dict[str, SourceFile] = {}
    for source in sources:
        earlier = known.get(source.file)
        other = earlier and earlier.sha256 != source.sha256 and Path(earlier.path) != source.path.resolve()
        if other or source.file in usable:
            message = "another file of this name is in the output folder already."
            on_set_aside(SetAside(source.file, "name_taken", message, "Rename the file or choose another --out."))
        else:
            usable[source.file] = source
    return list(usable.values())


def load_sources(out: Path) -> dict[str, KnownSource]:
    """Known sources by the name in the records; empty where there was no run.

    Raises:
        ExportError: the list is damaged.
    """
    path = out / FILE
    if not path.exists():
        return {}
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
        return {
            item["file"]: KnownSource(
                **{
                    **item,
                    "name": OfficialName(**item["name"]) if item["name"] else None,
                    "named": BookKey(**item.get("named", {})),
                    "told": BookKey(**item.get("told", {})),
                }
            )
            for item in items
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path} is damaged.", mend="Delete it and run the same input again.") from error
