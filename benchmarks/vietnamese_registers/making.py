"""Make the tracks on the spot, and hold them against the digests of what was published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from extractor.errors import EvaluationError, MissingInputError
from extractor.readers.handwriting.alphabet import canonical
from extractor.training.collections import (
    LabelledLine,
    number_in,
    read_cinnamon,
    read_collection,
    read_kalapa,
    split,
)

from .books import Drawn, DrawnBook, draw_book
from .plan import BookPlan, all_books, books_of, load_plan
from .tracks import PICTURES, Task, Track, Truth, write_track

PUBLISHED = Path(__file__).with_name("published.json")
_DRAWING = ("opencv-python", "pillow", "numpy")
_COLLECTIONS: dict[str, tuple[Callable[[Path], list[LabelledLine]], Literal["verbatim", "plain"]]] = {
    "kalapa": (read_kalapa, "plain"),
    "cinnamon": (read_cinnamon, "verbatim"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """What was made.

    Args:
        other: books whose pixels are not those that were published.
    """

    books: int
    other: tuple[str, ...]


def drawn_with() -> dict[str, str]:
    """Versions of the libraries that decide the pixels."""
    return {name: version(name) for name in _DRAWING}


def load_published() -> dict[str, Any]:
    """Digests of all books of this version, and the library versions they were drawn with."""
    published: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return published


def freeze(progress: Callable[[BookPlan], None] = lambda book: None) -> int:
    """Draw all books of a new version and write down their digests; returns how many books there are."""
    plan = load_plan()
    books = {}
    for book in all_books(plan):
        progress(book)
        books[book.name] = draw_book(book, plan).digests()
    published = {"version": plan.version, "drawn_with": drawn_with(), "books": books}
    PUBLISHED.write_text(json.dumps(published, indent=1) + "\n", encoding="utf-8")
    return len(books)


def compare_with_published(book: DrawnBook, published: dict[str, Any]) -> bool:
    """Whether a book's pixels are those published.

    Raises:
        EvaluationError: its texts are not.
    """
    known, found = published["books"].get(book.plan.name, {}), book.digests()
    if known.get("texts") != found["texts"]:
        raise EvaluationError(
            f"The texts of book {book.plan.name} are not those of version {published['version']}.",
            mend="Use the release of this software that the version came with; changed texts need a new version.",
        )
    return bool(known["pixels"] == found["pixels"])


def make_set(out: Path, name: str, progress: Callable[[BookPlan], None] = lambda book: None) -> Made:
    """Draw a set's books and write both tracks: ``out/lines`` and ``out/pages``.

    Raises:
        SettingsError: there is no such set.
        EvaluationError: the texts are not those of the published version, or the folder holds something already.
    """
    plan, published = load_plan(), load_published()
    books = books_of(plan, name)
    if out.exists() and any(out.iterdir()):
        raise EvaluationError(f"{out}: this folder is not empty.", mend="Name a new folder.")
    both: dict[Literal["lines", "pages"], Drawn] = {"lines": Drawn(), "pages": Drawn()}
    other = []
    for book in books:
        progress(book)
        drawn = draw_book(book, plan)
        if not compare_with_published(drawn, published):
            other.append(book.name)
        for track, part in (("lines", drawn.lines), ("pages", drawn.pages)):
            for picture, data in part.pictures.items():
                path = out / track / PICTURES / picture
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            both[track].tasks += part.tasks  # type: ignore[index]
            both[track].truth += part.truth  # type: ignore[index]
    for track, part in both.items():
        about = Track(
            benchmark=plan.benchmark,
            version=plan.version,
            set=name,
            track=track,
            pixels="other" if other else "as published",
            made_with=drawn_with(),
        )
        write_track(out / track, about, part.tasks, part.truth)
    return Made(len(books), tuple(other))


def make_collection(out: Path, folder: Path, seed: int) -> int:
    """Make a track of the lines of a real collection; returns how many.

    Args:
        folder: holds ``labels.tsv`` (picture path, tab, text); nothing of it may be handed on. Of ``kalapa`` and
            ``cinnamon`` only those lines are taken that no training with the seed has seen, of others all.
        seed: of the training's split.

    Raises:
        EvaluationError: there are no lines, or the folder for the track holds something already.
        MissingInputError: there are no labels, or a picture is not there.
    """
    if out.exists() and any(out.iterdir()):
        raise EvaluationError(f"{out}: this folder is not empty.", mend="Name a new folder.")
    compare: Literal["verbatim", "plain"] = "verbatim"
    if folder.name in _COLLECTIONS:
        read, compare = _COLLECTIONS[folder.name]
        lines = split(read(folder), seed)["held_out"]
    else:
        lines = read_collection(folder, lambda name: 0)
    if not lines:
        raise EvaluationError(f"{folder}: no lines there.", mend="Name a folder whose labels.tsv has texts.")
    plan, tasks, truth = load_plan(), [], []
    for number, line in enumerate(lines, start=1):
        if not line.picture.is_file():
            raise MissingInputError(line.picture, "the picture is missing.", mend="Copy the collection anew.")
        key, name = f"{folder.name}/{number:04d}", f"{number:04d}{line.picture.suffix}"
        place = out / PICTURES / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(line.picture, place)
        tasks.append(Task(id=key, picture=name))
        # A form of Kalapa is one hand; of other collections nothing is known but which lines are neighbours.
        hand = number_in(line.picture.name) if folder.name == "kalapa" else line.block
        truth.append(Truth(id=key, text=canonical(line.text), book=f"{folder.name}-{hand}", script="hand"))
    about = Track(benchmark=plan.benchmark, version=plan.version, set=folder.name, track="lines", compare=compare)
    write_track(out, about, tasks, truth)
    return len(lines)
