"""What the command line shows of a set of lines: numbers and terms, never a text of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.table import Table

from extractor.learning.choosing import REASONS
from extractor.learning.line_set import PARTS, LineSet, groups
from extractor.learning.parts import SHARES

_FEW_GROUPS = 12


def render_set(made: LineSet) -> Iterator[RenderableType]:
    """Tables of a set: lines by part and kind, forms, sources, books, hands; terms; what was left out."""
    yield _by_part(made)
    yield _counted("Form", Counter(line.form for line in made.lines))
    yield _counted("Source of the picture", Counter(line.source for line in made.lines))
    yield _terms(made)
    if made.manifest.left_out:
        said = {f"{why} ({REASONS[why]})" if why in REASONS else why: n for why, n in made.manifest.left_out.items()}
        yield _counted("Fields left out", said)
    yield from advice(made)


def advice(made: LineSet) -> Iterator[str]:
    """What a set is too small for, a sentence each; nothing for one of many books in all parts."""
    number = len(set(groups((line.book, line.hand) for line in made.lines).values()))
    counts = made.counts
    if number < _FEW_GROUPS:
        shares = ", ".join(
            f"{part} {counts[part] / max(1, len(made.lines)):.0%} of {SHARES[part]:.0%}" for part in PARTS
        )
        yield (
            f"Few books: all lines are of {number} group{'s' * (number != 1)} of books and hands, and a group is never"
            f" divided. The parts have, of what they should: {shares}."
        )
    missing = [part for part in ("held_out", "tuning") if not counts[part]]
    if missing:
        use = "measure a reader on" if "held_out" in missing else "choose settings by"
        yield (
            f"No line is in {' or '.join(missing)}: there is nothing to {use}. Verify books in other hands, then export"
            " again; what is in a part now stays there."
        )


def as_dict(made: LineSet) -> dict[str, object]:
    """The same numbers for programs."""
    return {
        "manifest": made.manifest.model_dump(),
        "lines": len(made.lines),
        "parts": made.counts,
        "kinds": {part: dict(_kinds(made, part)) for part in PARTS},
        "forms": dict(sorted(Counter(line.form for line in made.lines).items())),
        "strata": dict(sorted(Counter(line.source for line in made.lines).items())),
        "books": len({line.book for line in made.lines}),
        "hands": len({line.hand for line in made.lines}),
        "advice": list(advice(made)),
    }


def _kinds(made: LineSet, part: str) -> list[tuple[str, int]]:
    return sorted(Counter(line.kind for line in made.of_part(part)).items())


def _by_part(made: LineSet) -> Table:
    table = Table("Kind of field", *PARTS, "All", title=str(made.folder))
    for column in table.columns[1:]:
        column.justify = "right"
    found = Counter((line.kind, line.part) for line in made.lines)
    for kind in sorted({line.kind for line in made.lines}):
        row = [found[kind, part] for part in PARTS]
        table.add_row(kind, *map(str, row), str(sum(row)))
    table.add_section()
    table.add_row("All lines", *(str(made.counts[part]) for part in PARTS), str(len(made.lines)))
    for name, of in (("Books", "book"), ("Hands", "hand")):
        row = [len({getattr(line, of) for line in made.of_part(part)}) for part in PARTS]
        table.add_row(name, *map(str, row), str(sum(row)))
    return table


def _counted(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title, "Fields" if title == "Fields left out" else "Lines")
    table.columns[1].justify = "right"
    for name in sorted(counts):
        table.add_row(name, str(counts[name]))
    return table


def _terms(made: LineSet) -> Table:
    manifest = made.manifest
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in (
        ("Version", manifest.version),
        ("Made", manifest.made),
        ("By", manifest.by),
        ("Purpose", manifest.purpose),
        ("Consent", manifest.consent),
        ("Kinds withheld", ", ".join(manifest.withheld) or "none"),
        ("Readers that had proposed", ", ".join(manifest.readers) or "none"),
    ):
        table.add_row(name, value)
    return table
