"""The tables of ``benchmarks/README.md``, made from the result files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from extractor.errors import EvaluationError

from .plan import load_plan
from .results import Result, read_results
from .scoring import Figures

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
_SETS = {
    "standard": "Rendered books of every form",
    "small": "Rendered books of every form at strength 2.5",
    "kalapa": "Kalapa, real, unseen forms, compared without case and punctuation",
    "cinnamon": "Cinnamon, real, unseen blocks, as written",
}


def tables(results: Sequence[Result]) -> str:
    """All tables in Markdown: the standard set first, then other drawn sets, then collections."""
    parts = []
    known = list(_SETS)
    for name, track in sorted(
        {(result["set"], result["track"]) for result in results},
        key=lambda pair: (known.index(pair[0]) if pair[0] in known else 1, *pair),
    ):
        chosen = _of(results, name, track)
        parts.append(f"### {_SETS.get(name, f'Set {name}')}: {track}")
        if chosen[0]["score"].strengths:
            parts += [*_main(chosen, track), *_by_kind(chosen), *_by_strength(chosen)]
        else:
            parts += _real(chosen)
    return "\n\n".join([*parts, *_engines(results)]) + "\n"


def put_into(readme: Path, results: Path) -> str:
    """The text of the README with its tables made anew.

    Raises:
        EvaluationError: the README has no place for them, or a file of the folder is no result.
    """
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise EvaluationError(f"{readme}: there is no place for results.", mend=f"Put '{BEGIN}' and '{END}' into it.")
    return f"{before}{BEGIN}\n\n{tables(read_results(results))}\n{END}{after}"


def _of(results: Sequence[Result], name: str, track: str) -> list[Result]:
    """The results of a set's track, the best first: by exact items, all together."""
    chosen = [result for result in results if (result["set"], result["track"]) == (name, track)]
    return sorted(chosen, key=lambda result: (-(result["score"].all.exact or 0), result["engine"]))


def _main(results: Sequence[Result], track: str) -> list[str]:
    first: Figures = results[0]["score"].all
    what = "pictures of lines" if track == "lines" else "fields"
    hand, typed = (results[0]["score"].scripts[name].items for name in ("hand", "typed"))
    said = (
        f"{hand} {what} by hand, {typed} typed, {first.blanks} with nothing written; "
        f"{results[0]['pictures']} pictures. Percent, with 95 % intervals over books."
    )
    head = [
        "engine", "by hand: exact", "CER", "base-letter CER", "errors that are tones / marks", "typed: exact", "CER",
        "false text in blanks", "unanswered", f"seconds a {track[:-1]}",
    ]  # fmt: skip
    rows = []
    for result in results:
        by_hand, typed_figures, everything = (
            result["score"].scripts["hand"], result["score"].scripts["typed"], result["score"].all,
        )  # fmt: skip
        rows.append(
            [
                _name(result),
                _ranged(by_hand.exact, by_hand.exact_range),
                _ranged(by_hand.cer, by_hand.cer_range),
                _percent(by_hand.base_cer),
                f"{_percent(by_hand.tone_share)} / {_percent(by_hand.mark_share)}",
                _ranged(typed_figures.exact, typed_figures.exact_range),
                _ranged(typed_figures.cer, typed_figures.cer_range),
                _percent(everything.false_text),
                str(everything.unanswered),
                _seconds(result),
            ]
        )
    return [said, _table(head, rows)]


def _by_kind(results: Sequence[Result]) -> list[str]:
    kinds = [name for name in load_plan().groups if any(name in result["score"].kinds for result in results)]

    def cells(result: Result) -> Iterable[str]:
        for name in kinds:
            figures = result["score"].kinds.get(name)
            answered = figures is not None and figures.unanswered < figures.items
            yield f"{_percent(figures.exact)} / {_percent(figures.cer)}" if answered else "-"

    counts = results[0]["score"].kinds
    head = ["engine", *(f"{name} ({counts[name].items})" for name in kinds)]
    return [
        "By kind of field, by hand: exact / CER.",
        _table(head, [[_name(result), *cells(result)] for result in results]),
    ]


def _by_strength(results: Sequence[Result]) -> list[str]:
    strengths = list(results[0]["score"].strengths)
    if len(strengths) < 2:
        return []
    head = ["engine", *(f"strength {name} ({results[0]['score'].strengths[name].items})" for name in strengths)]

    def cells(result: Result) -> list[str]:
        found = (result["score"].strengths[name] for name in strengths)
        return [f"{_percent(figures.exact)} / {_percent(figures.cer)}" for figures in found]

    said = "By strength of the faults of paper and scanner (0 to 5), by hand: exact / CER."
    return [said, _table(head, [[_name(result), *cells(result)] for result in results])]


def _real(results: Sequence[Result]) -> list[str]:
    head = ["engine", "exact", "CER", "base-letter CER", "errors that are tones / marks", "seconds a line"]
    rows = []
    for result in results:
        figures: Figures = result["score"].all
        rows.append(
            [
                _name(result),
                _ranged(figures.exact, figures.exact_range),
                _ranged(figures.cer, figures.cer_range),
                _percent(figures.base_cer),
                f"{_percent(figures.tone_share)} / {_percent(figures.mark_share)}",
                _seconds(result),
            ]
        )
    first: Figures = results[0]["score"].all
    over = ", with 95 % intervals over groups of lines that may share a hand" if first.exact_range else ""
    return [f"{first.items} lines. Percent{over or '; too few groups for intervals'}.", _table(head, rows)]


def _engines(results: Sequence[Result]) -> list[str]:
    seen = {
        (result["engine"], result["engine_version"], result["date"], result["machine"], result["version"])
        for result in results
    }
    head = ["engine", "version", "measured", "machine", "benchmark"]
    said = [*(["### Engines"] if seen else []), *([_table(head, [list(row) for row in sorted(seen)])] if seen else [])]
    if any(result["pixels"] == "other" for result in results):
        said.append("† drawn by other versions of libraries than those published: other pixels, the same texts.")
    return said


def _name(result: Result) -> str:
    note = f" ({result['note']})" if result["note"] else ""
    return f"{result['engine']}{note}{' †' if result['pixels'] == 'other' else ''}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruler = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _ranged(share: float | None, ends: tuple[float, float] | None) -> str:
    if ends is None or ends[0] == ends[1]:  # Where all books are alike, drawing them anew says nothing.
        return _percent(share)
    return f"{_percent(share)} ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"


def _seconds(result: Result) -> str:
    each = result["seconds_each"]
    return "-" if each is None else f"{each:.3f}" if each < 1 else f"{each:.1f}"
