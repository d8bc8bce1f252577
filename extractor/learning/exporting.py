"""From an office's output folder to a set of lines: versioned, without a sign of which book or record they are from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import LineSetError
from extractor.field_reading import HANDWRITING
from extractor.learning.choosing import REASONS, books_of, retired_fields
from extractor.learning.gathering import Gathering, gathered
from extractor.learning.line_set import LineSet, LineSetWriter, Manifest, read_line_set
from extractor.learning.naming import BookNames, book_names
from extractor.learning.parts import PARTS_FILE, assign, known_parts, knows_hands, read_parts, remember_parts
from extractor.learning.pseudonyms import FOLDER, Pseudonyms, load_or_make_key
from extractor.readers import Reader, get_reader
from extractor.store import Store

AUDITED = "line_set_made"
"""Action of the events that vouch for sets given out."""

_Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ExportTerms:
    """What a set is made for, and of what.

    Args:
        purpose: what the lines may be used for.
        consent: on which decision or consent they are given out.
        by: who makes the set.
        made: date and time, ISO 8601.
        withheld: kinds of fields that are left out.
        hands: list of books and hands, or none where each book is its own hand.
        previous: folders of earlier sets whose parts are kept.
    """

    purpose: str
    consent: str
    by: str
    made: str
    withheld: frozenset[str] = frozenset()
    hands: Path | None = None
    previous: tuple[Path, ...] = ()


def export_line_set(
    store: Store,
    out: Path,
    folder: Path,
    terms: ExportTerms,
    *,
    reader: Callable[[], Reader] = lambda: get_reader(HANDWRITING),
    on_progress: _Progress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> LineSet:
    """Make a set of the lines that people decided.

    The same store, key, terms and reader give the same set. It is entered in the store's log before it stands in its
    place. A page that cannot be used is named and left out, the others go on.

    Args:
        store: the store of a run.
        out: the run's output folder, with the pictures; the key of the names and the parts are kept there.
        folder: of the set; must not exist yet.
        reader: gives what tells on which line words stand; asked only where a value has several lines.
        on_progress: is told of pages done and pages there are.
        on_note: is told of pages that cannot be used, a sentence each.

    Raises:
        LineSetError: the folder exists, an earlier set is of other books, nothing can be learnt from, or a list of
            hands that was given before is not given any more.
        MissingInputError: the list of hands or an earlier set is missing.
        ModelError: the reader cannot be loaded.
    """
    with LineSetWriter(folder) as writer:
        books = books_of(store, terms.withheld)
        remembered = read_parts(out)
        if not remembered and not terms.previous and store.audit_knows(action=AUDITED):
            raise LineSetError(
                f"{out / FOLDER / PARTS_FILE}: sets were made from this folder, and which parts their books are in is "
                "not known any more.",
                mend="Put the folder back from a backup, or name the earlier sets with --previous.",
            )
        if terms.hands is None and knows_hands(out):
            raise LineSetError(
                "Earlier sets were made with a list of hands; without it two books of one clerk could come to be in "
                "two parts.",
                mend="Give the list again with --hands; where it was wrong, one that is right, if need be one without "
                "hands.",
            )
        names = book_names(out, books, terms.hands, expected=bool(remembered or terms.previous))
        earlier = [read_line_set(path, pictures=False) for path in terms.previous]
        _same_office(earlier, names)
        assigned = assign(
            [(one.book, other) for one in names.values() for other in (one.hand, *one.links)],
            {names[book.id].book: book.fields for book in books},
            known_parts(remembered, earlier),
            Pseudonyms(load_or_make_key(out)).lot,
        )
        before = {line.sha256: line.part for made in earlier for line in made.lines}
        work = Gathering(out, names, assigned, terms.withheld, before, reader, on_note)
        work.left_out["retired"] = retired_fields(store)
        for line, picture in gathered(store, work, on_progress):
            writer.add(line, picture)
        left_out = {why: work.left_out[why] for why in REASONS if work.left_out[why]}
        if not writer.lines:
            raise LineSetError(f"{out}: there is nothing to learn from. {told(left_out)}", mend=_VERIFY)
        manifest = Manifest(
            made=terms.made,
            purpose=terms.purpose,
            consent=terms.consent,
            by=terms.by,
            withheld=tuple(sorted(terms.withheld)),
            left_out=left_out,
            readers=tuple(sorted(work.readers)),
        )

        def before_placing(made: LineSet) -> None:
            remember_parts(out, assigned.names, hands=terms.hands is not None)
            store.append_audit(actor=terms.by, action=AUDITED, subject=subject_of(made), content=vouched(made))

        return writer.finish(manifest, before_placing=before_placing)


_VERIFY = "Verify books whose pages were read into this folder."


def subject_of(made: LineSet) -> str:
    """What the log says an export is about."""
    return f"line_set:{made.manifest.version}"


def vouched(made: LineSet) -> dict[str, object]:
    """What the log vouches for of a set: its version, numbers and terms; no text of it."""
    manifest = made.manifest
    return {
        "version": manifest.version,
        "lines": made.counts,
        "left_out": manifest.left_out,
        "withheld": list(manifest.withheld),
        "purpose": manifest.purpose,
        "consent": manifest.consent,
    }


def told(left_out: Mapping[str, int]) -> str:
    """What was left out, in one sentence."""
    if not left_out:
        return "No field was left out."
    return "Fields that " + "; ".join(f"{REASONS.get(why, why)}: {count}" for why, count in left_out.items()) + "."


def _same_office(earlier: Sequence[LineSet], names: Mapping[int, BookNames]) -> None:
    """Refuse an earlier set of which nothing is known here: its parts would be kept for nothing.

    Raises:
        LineSetError: neither a book nor a hand of it has the same name in this folder.
    """
    known = {name for one in names.values() for name in (one.book, one.hand, *one.links)}
    for made in earlier:
        if known.isdisjoint(name for line in made.lines for name in (line.book, line.hand)):
            raise LineSetError(
                f"{made.folder}: none of its books and hands has the same name in this folder.",
                mend="Put back the key that it was made with; where it is of another office, leave it out.",
            )
