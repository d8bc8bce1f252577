"""Which pages of an output folder are read by a reader that was adapted to their book's hand.

The adapted readers lie in ``adapted/`` beside the database, one file each, named by its content; ``index.json`` says
which fields of which pages each reads. Both can be read by the folder's owner only: an adapted reader knows words of
the book.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer

from extractor.errors import ModelError
from extractor.readers.handwriting import ADAPTED_FOLDER, base_digest
from extractor.scans import HandOfPage, PageRef
from extractor.whole_files import take_place

INDEX = "index.json"


class KnownHand(BaseModel):
    """What an adapted reader was made for and from.

    Args:
        book: number of the book in the store.
        base: digest of the weights it was made for.
        lines: how many verified lines it learnt from.
        decisions: digests of the decisions it rests on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    book: int
    base: str
    lines: int
    decisions: frozenset[str]

    @field_serializer("decisions")
    def _in_order(self, decisions: frozenset[str]) -> list[str]:
        return sorted(decisions)


class PageHand(BaseModel):
    """The adapted reader of one page, and the fields it reads: record number and code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hand: str = Field(pattern="^[0-9a-f]{16}$")
    fields: tuple[tuple[int, str], ...]


class HandIndex(BaseModel):
    """All adapted readers of a folder by name, and the pages they read by :attr:`extractor.scans.PageRef.key`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hands: dict[str, KnownHand] = {}
    pages: dict[str, PageHand] = {}

    def of_book(self, book: int) -> str:
        """The newest adapted reader of a book, or empty."""
        return next((name for name, hand in reversed(self.hands.items()) if hand.book == book), "")


def read_index(out: Path) -> HandIndex:
    """The index of a folder; empty where nothing was ever adapted.

    Raises:
        ModelError: it is damaged.
    """
    path = out / ADAPTED_FOLDER / INDEX
    try:
        return HandIndex.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return HandIndex()
    except (OSError, ValidationError) as error:
        raise ModelError(
            f"{path}: the list of adapted readers is damaged.", mend="Remove it, and adapt the books anew."
        ) from error


def write_index(out: Path, index: HandIndex) -> None:
    """Write the index, and remove the adapted readers that no page is read by any more."""
    used = {page.hand for page in index.pages.values()}
    kept = HandIndex(hands={name: hand for name, hand in index.hands.items() if name in used}, pages=index.pages)
    folder = out / ADAPTED_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{INDEX}.part"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(kept.model_dump_json(indent=1) + "\n")
    take_place(part, folder / INDEX)
    for path in folder.glob("*.npz"):
        if path.stem not in used:
            path.unlink(missing_ok=True)


def with_hands(refs: Iterable[PageRef], out: Path) -> list[PageRef]:
    """The pages with the adapted readers that read them; one that is gone or was made for other weights reads none.

    Raises:
        ModelError: the index is damaged.
    """
    refs, index = list(refs), read_index(out)
    if not index.pages:
        return refs
    usable = _usable(out, index)
    found = []
    for ref in refs:
        page = index.pages.get(ref.key)
        given = HandOfPage(page.hand, page.fields) if page is not None and page.hand in usable else None
        found.append(replace(ref, hand=given))
    return found


def hands_in_use(out: Path) -> set[str]:
    """Names of the adapted readers that pages may be read with.

    Raises:
        ModelError: the index is damaged.
    """
    index = read_index(out)
    return {page.hand for page in index.pages.values()} & _usable(out, index) if index.pages else set()


def _usable(out: Path, index: HandIndex) -> set[str]:
    base, folder = base_digest(), out / ADAPTED_FOLDER
    return {name for name, hand in index.hands.items() if hand.base == base and (folder / f"{name}.npz").is_file()}
