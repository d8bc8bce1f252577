"""Draft a form whose values stand beside printed labels: blocks, lines, fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from extractor.readers.furniture import Furniture
from extractor.templates.drafting.columns import PageColumn, column_of, page_columns
from extractor.templates.drafting.entries import Entry, Fields, date_blanks, find_persons, rows_of
from extractor.templates.drafting.naming import (
    Borrowing,
    guess,
    is_silent,
    nearest_form,
    person_of,
)
from extractor.templates.drafting.print_runs import PrintRun
from extractor.templates.drafting.repeats import find_repeat
from extractor.templates.drafting.types import Drafted
from extractor.templates.drafting.word_lists import word_lists
from extractor.templates.form import FieldSpec, Kind
from extractor.templates.label_template import ValuePlace
from extractor.templates.letters import fold
from extractor.templates.load import Form

_PITCH_MM = 8.0
_GOES_ON = (Kind.PLACE, Kind.TEXT, Kind.IDENTITY_PAPER, Kind.SIGNER, Kind.DATE_WORDS)
"""Kinds whose values may take several lines."""
_STARTS = 0.25
"""A line that begins further right of its column's edge, as a share of its width, does not go on from the one above."""
_WITH_COLONS = 0.6
"""Share of labels that end in a colon from which all of the form's do."""
_MOST_WRAPS = 4
_LINE_START_MM = 12.0
"""Lines of a column begin within this distance of its left edge."""
_TELLS = 6


def draft_labels(
    runs: Sequence[PrintRun],
    furniture: Furniture,
    forms: Sequence[Form],
    register: str = "",
    evidence: Mapping[str, float] | None = None,
) -> Drafted:
    """Draft a label form from the print its pages share.

    Args:
        runs: print, millimetres of the page whose furniture is given.
        furniture: furniture of that page.
        forms: known forms, which lend codes and spellings.
        register: register of the form, if known.
        evidence: how far the page's print speaks for each known form, by its name, 0 to 1.
    """
    mm = furniture.mm
    runs = _with_second_lines(runs)
    height, width = (size / mm for size in furniture.grey.shape)
    title = _title(runs, height)
    repeated = find_repeat(runs, height)
    end = repeated.top if repeated else height
    runs = [run for run in runs if run.baseline < end]
    columns = [
        replace(column, bottom=min(column.bottom, end))
        for column in page_columns(furniture, runs, width, height)
        if column.top < end
    ]
    entries = _entries(runs, columns, height)
    pitch = _pitch(entries)
    asking = [entry for entry in entries if entry.asks]
    find_persons(entries)
    nearest = nearest_form(
        [entry.run.text for entry in asking], forms, register, evidence, [entry.person for entry in asking]
    )
    given = Fields(nearest, Borrowing(forms, register or nearest.register))
    given.give(asking)
    specs = given.specs
    _wrap(asking, specs, columns, furniture, pitch)
    specs = {
        code: spec.model_copy(update={"multiline": spec.multiline or any(e.code == code and e.wraps for e in asking)})
        for code, spec in specs.items()
    }
    template: dict[str, Any] = {
        "layout": "labels",
        "page": {"width": round(width), "height": round(height)},
        "pitch": round(pitch, 1),
        "tells": _tells(title, asking, forms),
        "blocks": [
            _block(column, entries, pitch) for column in columns if any(e.block == column.name for e in entries)
        ],
    }
    if repeated:
        template["repeat"] = {"count": 2, "dy": round(repeated.dy, 1)}
    return Drafted(template, tuple(specs.values()), tuple(given.guessed), nearest.form, title)


def _entries(runs: Sequence[PrintRun], columns: Sequence[PageColumn], height: float) -> list[Entry]:
    """Labels and headings of the form, column by column in reading order."""
    asking = [run for run in runs if run.asks and not run.boxed]
    colons = sum(run.colon for run in asking) > _WITH_COLONS * len(asking)
    runs = [run for run in runs if _part_like(run) or not _is_written(run, columns, colons=colons)]
    entries = [Entry(run, column_of(run, columns).name, _asks(run, height)) for run in runs]
    entries = [entry for entry in entries if entry.asks or _worth_keeping(entry.run)]
    entries = [
        entry
        for column in columns
        for row in rows_of([entry for entry in entries if entry.block == column.name])
        for entry in row
    ]
    for first in date_blanks(entries):
        entries[first].asks = True
    for column in columns:
        own = [entry for entry in entries if entry.block == column.name]
        if own and guess(own[-1].run.text).value is ValuePlace.BLOCK:
            # Lines below the last label belong to it, however it is printed.
            own[-1].run = replace(own[-1].run, asks=False)
    return entries


def _with_second_lines(runs: Sequence[PrintRun]) -> list[PrintRun]:
    """Labels of tick boxes with what goes on below them, which has no box of its own."""
    whole: list[PrintRun] = []
    for run in sorted(runs, key=lambda run: run.baseline):
        above = next((k for k in range(len(whole) - 1, -1, -1) if _goes_on_below(whole[k], run)), None)
        if above is None:
            whole.append(run)
        else:
            first = whole[above]
            whole[above] = replace(
                first, text=f"{first.text} {run.text}", pieces=(*(first.pieces or (first.text,)), "")
            )
    return sorted(whole, key=lambda run: (run.baseline, run.left))


def _goes_on_below(first: PrintRun, run: PrintRun) -> bool:
    lines = max(1, len(first.pieces))
    step = run.baseline - first.baseline
    return (
        first.boxed
        and not (run.boxed or run.asks or run.known)
        and abs(run.left - first.left) < 1.5
        and 2.5 < step < 6.5 * lines
    )


def _asks(run: PrintRun, height: float) -> bool:
    """Whether a field hangs on the run: a colon, a line or a box says so, or its words and place do."""
    if is_silent(run.text):
        return False
    if run.asks or run.boxed:
        return True
    below = guess(run.text).value is ValuePlace.BELOW and run.baseline > 0.5 * height
    return below or guess(run.text).value is ValuePlace.BLOCK


def _worth_keeping(run: PrintRun) -> bool:
    """Whether print without a value helps to find one's way and is surely print: other forms bear it, or it heads."""
    heads = bool(person_of(run.text)) or is_silent(run.text) or _is_title(run.text)
    return len(fold(run.text)) >= 4 and (run.known or (heads and not _like_a_name(run.text)))


def _part_like(run: PrintRun) -> bool:
    return fold(run.text) in {fold(word) for word in word_lists()["between"]}


def _is_title(text: str) -> bool:
    return fold(text).startswith(tuple(fold(word) for word in word_lists()["titles"])) and len(fold(text)) >= 8


def _like_a_name(text: str) -> bool:
    """Whether each of several words begins with a capital, as names do and labels do not."""
    parts = [part for part in text.split() if part[0].isalpha()]
    return len(parts) >= 2 and all(part[0].isupper() and part[1:] == part[1:].lower() for part in parts)


def _is_written(run: PrintRun, columns: Sequence[PageColumn], *, colons: bool) -> bool:
    """Whether a run that nothing proves to be print looks like a value: a name, or words within a line."""
    if run.boxed or run.colon:
        return False
    if colons and run.asks:
        # Where the form's labels end in colons, words without one that stand on a line were written there.
        return True
    if run.known:
        return False
    column = column_of(run, columns)
    return _like_a_name(run.text) or run.inside or run.left > column.left + _LINE_START_MM


def _title(runs: Sequence[PrintRun], height: float) -> str:
    """The tallest line of the upper part that begins as titles do; empty where there is none."""
    upper = [
        run for run in runs if run.baseline < 0.35 * height and not (run.asks or run.boxed) and _is_title(run.text)
    ]
    return max(upper, key=lambda run: run.height).text if upper else ""


def _pitch(entries: Sequence[Entry]) -> float:
    """Usual distance of written lines: of neighbouring labels, the smallest that is common."""
    steps = []
    for name in {entry.block for entry in entries}:
        rows = rows_of([entry for entry in entries if entry.block == name])
        steps += [below[0].run.baseline - above[0].run.baseline for above, below in pairwise(rows)]
    steps = [step for step in steps if 4.0 <= step <= 16.0]
    return float(np.quantile(steps, 0.4)) if steps else _PITCH_MM


def _wrap(
    asking: Sequence[Entry],
    specs: dict[str, FieldSpec],
    columns: Sequence[PageColumn],
    furniture: Furniture,
    pitch: float,
) -> None:
    """How many written lines follow each label before the next line of labels."""
    for column in columns:
        rows = rows_of([entry for entry in asking if entry.block == column.name])
        for row, below in zip(rows, [*rows[1:], None], strict=True) if rows else ():
            last = row[-1]
            if last.value is not ValuePlace.RIGHT or last.run.boxed or specs[last.code].kind not in _GOES_ON:
                continue
            end = below[0].run.baseline if below else None
            last.wraps = min(_MOST_WRAPS, _lines_between(last.run.baseline, end, column, furniture, pitch=pitch))


def _lines_between(top: float, end: float | None, column: PageColumn, furniture: Furniture, *, pitch: float) -> int:
    """Writing lines between two heights that begin near the column's left edge; without leaders, by the room alone.

    Args:
        top: baseline of the label, millimetres.
        end: baseline of the next labels, or none for the last of its column.
        column: the column both stand in.
        furniture: furniture of the page.
        pitch: usual distance of written lines, millimetres.
    """
    bottom = column.bottom if end is None else end
    mm = furniture.mm
    lines = [
        line.at / mm
        for line in (*furniture.leaders, *furniture.horizontals)
        if top + 0.5 * pitch < line.at / mm < bottom - 0.5 * pitch
        and line.start / mm < column.left + _STARTS * (column.right - column.left)
        and line.length / mm > 0.4 * (column.right - column.left)
    ]
    if furniture.leaders or lines:
        heights = sorted(lines)
        return sum(below - above > 0.5 * pitch for above, below in pairwise([top, *heights]))
    return 0 if end is None else max(0, round((bottom - top) / pitch) - 1)


def _block(column: PageColumn, entries: Sequence[Entry], pitch: float) -> dict[str, Any]:
    own = [entry for entry in entries if entry.block == column.name]
    left = min(column.left, *(entry.run.left for entry in own)) if column.name in ("head", "foot") else column.left
    last = max(entry.run.baseline + entry.wraps * pitch for entry in own)
    bottom = column.bottom if column.name != "text" or column.top else min(column.bottom, last + 3 * pitch)
    block: dict[str, Any] = {
        "name": column.name,
        "left": round(left, 1),
        "right": round(column.right, 1),
        "bottom": round(max(bottom, last + 1.0), 1),
        "lines": [],
    }
    for row in rows_of(own):
        y = round(float(np.median([entry.run.baseline for entry in row])), 1)
        block["lines"].append({"y": y, "labels": [_label(entry) for entry in row]})
    return block


def _label(entry: Entry) -> dict[str, Any]:
    label: dict[str, Any] = {"text": entry.run.text, "x": round(entry.run.left, 1)}
    if entry.run.pieces:
        label["also"] = [entry.run.pieces[0]]
    if not entry.asks:
        return {**label, "optional": True}
    label["field"] = entry.code
    if entry.part:
        label["part"] = entry.part
    if entry.option:
        label["option"] = entry.option
    if entry.value is not ValuePlace.RIGHT:
        label["value"] = entry.value.value
    if entry.wraps:
        label["wraps"] = entry.wraps
    return label


def _tells(title: str, asking: Sequence[Entry], forms: Sequence[Form]) -> list[str]:
    """Words that tell the form from those known: the title, and long labels that none of them bears."""
    known = {
        fold(wording)
        for form in forms
        if form.template.layout == "labels"
        for _, _, label in form.template.labels()
        for wording in label.wordings
    }
    own = sorted({entry.run.text for entry in asking if not entry.run.boxed}, key=lambda text: -len(fold(text)))
    strange = [text for text in own if fold(text) not in known and len(fold(text)) >= 6]
    tells = ([title] if title else []) + strange[:_TELLS]
    return tells or own[:2] or ["?"]
