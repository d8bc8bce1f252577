"""Which part of a set each book and hand belongs to: once and for all, in this set and in all later ones.

Whatever hangs together is one group: books that share a hand, books that share a page (a book that was given another
identity, a scan that was read twice). A group of which anything was in a part before stays there. A group of which
some was in one part and some in another is left out: nothing that was learnt from may ever be measured on.

Groups that are new come in the order of a keyed hash, so that nobody can choose what is measured on, and each goes to
the part that lacks most lines. The first three go to training, to the held-out part and to tuning, so that a few books
are enough to measure with.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import LineSetError
from extractor.learning.line_set import PARTS, LineSet, Part, groups
from extractor.learning.pseudonyms import FOLDER

SHARES: Mapping[Part, float] = {"train": 0.80, "held_out": 0.12, "tuning": 0.08}
"""Share of the lines that each part is to have; the order is that in which few groups are given to them."""

PARTS_FILE = "parts.json"

Known = Mapping[str, frozenset[Part]]
"""Parts that names of books, hands and pages were in before."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """The parts of one export.

    Args:
        of_books: part of each book that has one.
        torn: books whose group was in two parts before; their lines are left out.
        names: the parts of all names that now have one, of hands and pages too.
    """

    of_books: Mapping[str, Part]
    torn: frozenset[str]
    names: Mapping[str, Part]


def assign(
    links: Iterable[tuple[str, str]], lines: Mapping[str, int], known: Known, lot: Callable[[str], str]
) -> Assigned:
    """Give each group its part.

    Args:
        links: pairs of a book's name and that of a hand it was written by, or of a page it has; each book needs one.
        lines: how many lines each book may give; a group that gives none gets no part that it has not already.
        known: parts of names from before.
        lot: gives the place in the order of a name, see :meth:`extractor.learning.pseudonyms.Pseudonyms.lot`.
    """
    books: dict[int, set[str]] = defaultdict(set)
    members: dict[int, set[str]] = defaultdict(set)
    for (book, other), number in groups(links).items():
        books[number].add(book)
        members[number] |= {book, other}
    before = {number: frozenset().union(*(known.get(name, ()) for name in names)) for number, names in members.items()}
    sizes = {number: sum(lines.get(book, 0) for book in books[number]) for number in books}
    found: dict[int, Part] = {number: next(iter(parts)) for number, parts in before.items() if len(parts) == 1}
    new = [number for number, parts in before.items() if not parts and sizes[number]]
    new.sort(key=lambda number: lot(min(books[number])))
    filled: dict[Part, int] = dict.fromkeys(SHARES, 0)
    for number, part in found.items():
        filled[part] += sizes[number]
    for number in new:
        found[number] = _lacking(filled, sizes[number])
        filled[found[number]] += sizes[number]
    return Assigned(
        of_books={book: part for number, part in found.items() for book in books[number]},
        torn=frozenset(book for number, parts in before.items() if len(parts) > 1 for book in books[number]),
        names={name: part for number, part in found.items() for name in members[number]},
    )


def _lacking(filled: Mapping[Part, int], more: int) -> Part:
    """The part that a group of so many lines should go to: an empty one first, then the one that lacks most lines."""
    total = sum(filled.values()) + more
    return max(SHARES, key=lambda part: (filled[part] == 0, SHARES[part] * total - filled[part]))


def known_parts(remembered: Mapping[str, Part], previous: Iterable[LineSet]) -> dict[str, frozenset[Part]]:
    """What the folder remembers and what earlier sets say, together."""
    found: dict[str, set[Part]] = defaultdict(set)
    for name, part in remembered.items():
        found[name].add(part)
    for earlier in previous:
        for line in earlier.lines:
            found[line.book].add(line.part)
            found[line.hand].add(line.part)
    return {name: frozenset(parts) for name, parts in found.items()}


def read_parts(out: Path) -> dict[str, Part]:
    """The parts that an output folder's books, hands and pages were given, by their names; empty before any export.

    Raises:
        LineSetError: the file is damaged.
    """
    path = out / FOLDER / PARTS_FILE
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): part for part in PARTS for name in content["parts"][part]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LineSetError(
            f"{path}: the list of parts is damaged.",
            mend="Put it back from a backup: it keeps what was learnt from apart from what is measured on.",
        ) from error


def remember_parts(out: Path, names: Mapping[str, Part]) -> None:
    """Add the parts of names to those that the folder remembers; what it remembers of a name stays."""
    together = {**names, **read_parts(out)}
    listed = {part: sorted(name for name, its in together.items() if its == part) for part in PARTS}
    path = out / FOLDER / PARTS_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part_file = path.with_name(path.name + ".part")
    part_file.write_text(json.dumps({"format": 1, "parts": listed}, indent=1) + "\n", encoding="utf-8")
    part_file.replace(path)
