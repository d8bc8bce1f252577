"""A set of lines to learn from: a folder with pictures, texts, and what may be done with them.

``set.json`` says what the set is, ``lines.jsonl`` holds one line of the set a row, ``pictures/`` the grey crops. Parts
are given to *groups* and not to lines: whatever shares a book or a hand is one group, so that no book and no hand can
be in two parts. The set's version is a digest of all its rows and pictures.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from extractor.errors import LineSetError, MissingInputError
from extractor.file_locks import lock

MANIFEST_FILE, LINES_FILE, PICTURES = "set.json", "lines.jsonl", "pictures"

Part = Literal["train", "tuning", "held_out"]
PARTS: tuple[Part, ...] = get_args(Part)

LONGEST = 400
"""Characters of a line's text at most."""


class LearningLine(BaseModel):
    """One line of a set.

    Args:
        picture: path of the grey PNG, relative to the set's folder.
        sha256: of the picture's bytes, hexadecimal.
        text: what is written, verbatim.
        proposal: what the reader had read, or empty where it had read nothing.
        kind: kind of the field the line belongs to, as in the form's schema.
        form: id of the form.
        stratum: source of the scan, in the words certificates use for it.
        book: name of the book inside the set; tells nothing about the real one.
        hand: name of the hand inside the set; the book's own where nobody knows better.
        part: ``train``, ``tuning`` or ``held_out``; the same for all lines that share a book or a hand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    picture: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    text: str = Field(min_length=1, max_length=LONGEST)
    proposal: str = Field(default="", max_length=LONGEST)
    kind: str = Field(min_length=1, max_length=40)
    form: str = Field(min_length=1, max_length=80)
    stratum: str = Field(default="", max_length=80)
    book: str = Field(min_length=1, max_length=80)
    hand: str = Field(min_length=1, max_length=80)
    part: Part

    @field_validator("picture")
    @classmethod
    def _inside(cls, picture: str) -> str:
        path = PurePosixPath(picture)
        if path.is_absolute() or ".." in path.parts or path.parts[:1] != (PICTURES,):
            raise ValueError(f"must lie in {PICTURES}/")
        return picture

    @property
    def source(self) -> str:
        """The stratum in a word, also of a good scan, for which certificates have none."""
        return self.stratum or "scan"


class Manifest(BaseModel):
    """What a set is.

    Args:
        version: digest of rows and pictures, hexadecimal.
        made: date and time, ISO 8601.
        purpose: what the lines may be used for, as those who gave them out put it.
        consent: on which decision or consent they were given out.
        by: who made the set.
        withheld: kinds of fields that were left out, for they would name persons.
        left_out: how many fields were left out, by reason.
        readers: digests of the readers that had proposed the texts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    version: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    made: str
    purpose: str = Field(min_length=1)
    consent: str = Field(min_length=1)
    by: str = Field(min_length=1)
    withheld: tuple[str, ...] = ()
    left_out: dict[str, int] = {}
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineSet:
    """A set that was read and checked.

    Args:
        folder: where it lies.
        manifest: what it is.
        lines: all its lines, in the order of the file.
    """

    folder: Path
    manifest: Manifest
    lines: tuple[LearningLine, ...]

    def of_part(self, part: str) -> tuple[LearningLine, ...]:
        """The lines of one part."""
        return tuple(line for line in self.lines if line.part == part)

    def picture(self, line: LearningLine) -> Path:
        """The line's picture."""
        return self.folder / line.picture

    @property
    def counts(self) -> dict[str, int]:
        """Lines of each part."""
        found: Counter[str] = Counter(line.part for line in self.lines)
        return {part: found[part] for part in PARTS}


def groups(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Number the groups of pairs of book and hand: whatever shares one of both, also through others, is one group."""
    of: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        of.setdefault(node, node)
        while of[node] != node:
            of[node] = of[of[node]]
            node = of[node]
        return node

    pairs = sorted(set(pairs))
    for book, hand in pairs:
        first, second = sorted((root(("book", book)), root(("hand", hand))))
        of[second] = first
    numbers: dict[tuple[str, str], int] = {}
    return {(book, hand): numbers.setdefault(root(("book", book)), len(numbers)) for book, hand in pairs}


def leaks(lines: Iterable[LearningLine]) -> dict[str, set[str]]:
    """Books and hands (``book b1``, ``hand h1``) that are in more than one part, with these parts."""
    parts: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        parts[f"book {line.book}"].add(line.part)
        parts[f"hand {line.hand}"].add(line.part)
    return {name: found for name, found in parts.items() if len(found) > 1}


class LineSetWriter:
    """Writes a set whole or not at all; pictures go to disk one by one, only rows are kept in memory.

    Use it in a ``with`` statement: what was written is taken away again unless :meth:`finish` was reached.

    Args:
        folder: must not exist yet.

    Raises:
        LineSetError: the folder exists.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists():
            raise LineSetError(f"{folder}: this exists already.", mend="Name a new folder: a set is never changed.")
        self._folder = folder
        self._partial = folder.with_name(folder.name + ".partial")
        self._lock = folder.with_name(folder.name + ".lock")
        self._rows: list[LearningLine] = []

    def __enter__(self) -> LineSetWriter:
        """The writer, with a folder to write to beside the set's own.

        Raises:
            LineSetError: somebody else writes a set to that folder.
        """
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        self._held = self._lock.open("w")
        try:
            lock(self._held, wait=False)
        except OSError as error:
            self._held.close()
            raise LineSetError(
                f"{self._folder}: another set is being written there.", mend="Name another folder, or wait."
            ) from error
        shutil.rmtree(self._partial, ignore_errors=True)  # of one that was killed
        self._partial.mkdir(mode=0o700)
        (self._partial / PICTURES).mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what was not finished."""
        shutil.rmtree(self._partial, ignore_errors=True)
        with suppress(OSError):  # Windows keeps a file that is open
            self._lock.unlink(missing_ok=True)
        self._held.close()

    @property
    def lines(self) -> int:
        """How many lines were added."""
        return len(self._rows)

    def add(self, line: LearningLine, picture: bytes) -> None:
        """Add a line with the content of its ``picture``."""
        place = self._partial / line.picture
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture)
        self._rows.append(line)

    def finish(self, manifest: Manifest, *, before_placing: Callable[[LineSet], None] = lambda made: None) -> LineSet:
        """Put the set in its place.

        Args:
            manifest: its version is put in here.
            before_placing: is told of the whole set before it stands in its folder; where that fails, it never does.

        Raises:
            LineSetError: a book or a hand would be in two parts.
        """
        rows = tuple(sorted(self._rows, key=lambda line: (line.picture, line.kind, line.text, line.book)))
        _refuse_leaks(self._folder, rows)
        content = "".join(_to_json(row.model_dump()) + "\n" for row in rows).encode()
        (self._partial / LINES_FILE).write_bytes(content)
        whole = manifest.model_copy(update={"version": hashlib.sha256(content).hexdigest()})
        text = json.dumps(whole.model_dump(), ensure_ascii=False, indent=1) + "\n"
        (self._partial / MANIFEST_FILE).write_text(text, "utf-8")
        made = LineSet(self._folder, whole, rows)
        before_placing(made)
        self._partial.replace(self._folder)
        return made


def write_line_set(
    folder: Path, manifest: Manifest, lines: Iterable[LearningLine], pictures: Mapping[str, bytes]
) -> LineSet:
    """Write a set whole or not at all.

    Args:
        folder: must not exist yet.
        manifest: its version is put in here.
        pictures: content of each line's ``picture``.

    Raises:
        LineSetError: the folder exists, or a book or a hand would be in two parts.
    """
    with LineSetWriter(folder) as writer:
        for line in lines:
            writer.add(line, pictures[line.picture])
        return writer.finish(manifest)


def read_line_set(folder: Path, *, pictures: bool = True) -> LineSet:
    """Read a set and check it.

    Args:
        folder: of the set.
        pictures: check every picture's bytes, too.

    Raises:
        MissingInputError: there is no set in the folder.
        LineSetError: a row is wrong, a picture is missing or another, or a book or a hand is in two parts.
    """
    for name in (MANIFEST_FILE, LINES_FILE):
        if not (folder / name).is_file():
            raise MissingInputError(folder / name, "the set is not there.", mend="Name a folder of 'dataset export'.")
    content = (folder / LINES_FILE).read_bytes()
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except ValidationError as error:
        raise LineSetError(f"{folder / MANIFEST_FILE}: {_first(error)}", mend=_ANEW) from error
    if hashlib.sha256(content).hexdigest() != manifest.version:
        raise LineSetError(f"{folder / LINES_FILE}: the rows are not those the set was made with.", mend=_ANEW)
    rows = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            rows.append(LearningLine.model_validate_json(line))
        except ValidationError as error:
            raise LineSetError(f"{folder / LINES_FILE}, row {number}: {_first(error)}", mend=_ANEW) from error
    _refuse_leaks(folder, rows)
    found = LineSet(folder, manifest, tuple(rows))
    if pictures:
        check_pictures(found, found.lines)
    return found


def check_pictures(whole: LineSet, lines: Iterable[LearningLine]) -> None:
    """Check the pictures of some lines of a set, and open no others.

    Raises:
        LineSetError: one is missing or another than the set was made with.
    """
    for line in lines:
        place = whole.picture(line)
        try:
            sound = place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == line.sha256
        except (OSError, ValueError):  # such as a name that is longer than names can be, or with a zero in it
            sound = False
        if not sound:
            row = f"{whole.folder / LINES_FILE}, row {whole.lines.index(line) + 1}"
            raise LineSetError(f"{row}: the picture is missing or not the one of the set ({line.picture}).", mend=_ANEW)


_ANEW = "Copy the set anew, or make it again with 'extractor dataset export'."


def _refuse_leaks(folder: Path, rows: Iterable[LearningLine]) -> None:
    if found := leaks(rows):
        names = ", ".join(sorted(found)[:5])
        raise LineSetError(f"{folder}: in more than one part: {names}.", mend="Give parts to whole groups.")


def _first(error: ValidationError) -> str:
    """Where the first fault is and what it is, without the value."""
    fault = error.errors(include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}." if place else f"{fault['msg']}."


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
