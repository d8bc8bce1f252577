"""Lays a ruled table out: headings, rulings, and the cells of its rows, in millimetres."""

from __future__ import annotations

from random import Random

from extractor.training.synth.edition import Edition
from extractor.training.synth.layout import Column, TableLayout
from extractor.training.synth.lettering import text_width
from extractor.training.synth.typeset import Line, PrintedForm, PrintedText, Rule, Slot, slot_code

_PAD = 0.8


def typeset_table(layout: TableLayout, edition: Edition) -> PrintedForm:
    """Lay out a table in the given printing; a slot's code says in which row it stands (see slot_code)."""
    rng = Random(edition.seed)
    form = PrintedForm(layout.form, layout.page, edition, records=layout.rows)
    left, top, right, bottom = _box(layout, edition)
    shares = [column.w * (1 + _jitter(rng, edition)) for column in layout.columns]
    total = sum(shares)
    edges = [left]
    for share in shares:
        edges.append(edges[-1] + (right - left) * share / total)
    head = layout.head * edition.scale * (1 + 0.5 * _jitter(rng, edition))
    group_foot = top + 0.4 * head
    _rulings(form, layout, edges, (top, group_foot, top + head, bottom), edition)
    _headings(form, layout, edges, (top, group_foot, top + head), rng)
    if layout.title:
        size = layout.text_size * 1.5 * edition.text_size
        width = text_width(layout.title, edition.font, size, bold=True)
        form.texts.append(PrintedText(layout.title, (left + right - width) / 2, top - 5, size, bold=True))
    height = (bottom - top - head) / layout.rows
    ruled = rng.random() < layout.row_rules
    lines = max(1, int(height / (layout.pitch * edition.pitch)))
    pitch = min(layout.pitch * edition.pitch, height / lines)
    for row in range(layout.rows):
        y = top + head + row * height
        if ruled and row:
            form.rules.append(Rule(left, y, right, y, "rule", 0.15))
        for number, column in enumerate(layout.columns):
            if column.f:
                room = [
                    Line(edges[number] + _PAD, edges[number + 1] - _PAD, y + pitch * (n + 0.78), pitch)
                    for n in range(lines)
                ]
                form.slots.append(Slot(slot_code(row + 1, column.f), tuple(room)))
    return form


def _jitter(rng: Random, edition: Edition) -> float:
    """How far a column's width differs from the description in one printing, as a share of it."""
    return rng.uniform(-1, 1) * (0.02 + 2.5 * abs(edition.scale - 1.0))


def _box(layout: TableLayout, edition: Edition) -> tuple[float, float, float, float]:
    """The table's edges, moved and scaled as the printing is, never off the page."""
    (width, height), (x0, y0, x1, y1) = layout.page, layout.box

    def across(x: float) -> float:
        return min(max(width / 2 + (x - width / 2) * edition.scale + edition.shift[0], 5.0), width - 5.0)

    def down(y: float) -> float:
        return min(max(height / 2 + (y - height / 2) * edition.scale + edition.shift[1], 5.0), height - 5.0)

    return across(x0), down(y0), across(x1), down(y1)


def _rulings(
    form: PrintedForm,
    layout: TableLayout,
    edges: list[float],
    levels: tuple[float, float, float, float],
    edition: Edition,
) -> None:
    top, group_foot, foot, bottom = levels
    inside = set()
    for number, column in enumerate(layout.columns):
        if column.over:
            span = column.over[1]
            inside |= set(range(number + 1, number + span))
            form.rules.append(
                Rule(edges[number], group_foot, edges[number + span], group_foot, "rule", edition.line_width)
            )
    for number, x in enumerate(edges):
        outer = number in (0, len(edges) - 1)
        start = group_foot if number in inside else top
        form.rules.append(Rule(x, start, x, bottom, "rule", edition.line_width * (1.6 if outer else 1.0)))
    for y in (top, foot, bottom):
        form.rules.append(Rule(edges[0], y, edges[-1], y, "rule", edition.line_width * 1.3))


def _headings(
    form: PrintedForm,
    layout: TableLayout,
    edges: list[float],
    levels: tuple[float, float, float],
    rng: Random,
) -> None:
    edition = form.edition
    top, group_foot, foot = levels
    size = layout.text_size * edition.text_size * edition.scale
    low: set[int] = set()
    for number, column in enumerate(layout.columns):
        if column.over:
            text, span = column.over
            low |= set(range(number, number + span))
            _centred(form, text, (edges[number], edges[number + span]), (top, group_foot), size)
        upper = group_foot if number in low else top
        words = _wording(column, edition, rng)
        _centred(form, words, (edges[number], edges[number + 1]), (upper, foot), size)


def _wording(column: Column, edition: Edition, rng: Random) -> str:
    other = column.alt and rng.random() < edition.other_wording
    return rng.choice(column.alt) if other else column.t


def _centred(
    form: PrintedForm,
    text: str,
    across: tuple[float, float],
    down: tuple[float, float],
    size: float,
) -> None:
    """Set a heading in the middle of its cell, in as many lines as it needs, smaller where a word is too wide."""
    font = form.edition.font
    room = across[1] - across[0] - 1.0
    widest = max(text_width(word, font, size) for word in text.split())
    size *= min(1.0, room / widest)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, font, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    step = 1.12 * size
    y = (down[0] + down[1] - step * len(lines)) / 2 + 0.8 * size
    for line in lines:
        width = text_width(line, font, size)
        form.texts.append(PrintedText(line, (across[0] + across[1] - width) / 2, y, size))
        y += step
