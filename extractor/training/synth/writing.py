"""Writes values into the blanks of a form and remembers where the ink lies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import numpy as np

from extractor.training.synth.hand import Hand, PrinterHand, word_width, write_word
from extractor.training.synth.lettering import Mask, draw_text, pil_font, text_width
from extractor.training.synth.marks import draw_tick, scribble
from extractor.training.synth.typeset import Line, PrintedForm, Slot, field_code
from extractor.training.texts import Sample

Writer = Hand | PrinterHand
_Row = tuple[int, str, tuple[int, int, int, int]]
_VISIBLE = 40
_SMALLEST = 0.55


@dataclass
class Layer:
    """Ink of one colour: its mask at page size."""

    ink: tuple[int, int, int]
    mask: Mask


class WrittenLine(NamedTuple):
    """One written line of a field.

    Args:
        blank: which of the field's regions it stands in, from 0, in the order of :func:`slot_regions`.
        text: what is written on it.
        ink: box (x, y, w, h) of its ink, page pixels.
        typed: by a printer.
    """

    blank: int
    text: str
    ink: tuple[int, int, int, int]
    typed: bool


@dataclass
class Written:
    """A filled form.

    Args:
        layers: ink of each colour.
        ink_boxes: boxes (x, y, w, h, page pixels) of each field's ink, line by line; ticks are ink, too.
        lines: the written lines of each field.
    """

    layers: list[Layer] = field(default_factory=list)
    ink_boxes: dict[str, list[tuple[int, int, int, int]]] = field(default_factory=dict)
    lines: dict[str, list[WrittenLine]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pens:
    """Who writes what on a page."""

    main: Writer
    notes: Hand
    informant: Hand
    officer: Hand


class _Page:
    """Collects ink on masks, one for each colour."""

    def __init__(self, shape: tuple[int, int], scale: float, rng: Random) -> None:
        self.shape, self.scale, self.rng = shape, scale, rng
        self.written = Written()

    def layer(self, ink: tuple[int, int, int]) -> Mask:
        for layer in self.written.layers:
            if layer.ink == ink:
                return layer.mask
        self.written.layers.append(Layer(ink, np.zeros(self.shape, np.uint8)))
        return self.written.layers[-1].mask

    def paste(self, stamp: Mask, x: int, y: int, ink: tuple[int, int, int]) -> tuple[int, int, int, int] | None:
        """Add a mask with its upper left corner at (x, y); returns the box of its visible ink."""
        target = self.layer(ink)
        y0, x0 = max(0, y), max(0, x)
        y1, x1 = min(self.shape[0], y + stamp.shape[0]), min(self.shape[1], x + stamp.shape[1])
        if y1 <= y0 or x1 <= x0:
            return None
        part = stamp[y0 - y : y1 - y, x0 - x : x1 - x]
        np.maximum(target[y0:y1, x0:x1], part, out=target[y0:y1, x0:x1])
        rows, columns = np.flatnonzero((part > _VISIBLE).any(1)), np.flatnonzero((part > _VISIBLE).any(0))
        if not len(rows):
            return None
        return x0 + int(columns[0]), y0 + int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def fill_form(
    form: PrintedForm, fields: Mapping[str, Sample], pens: Pens, *, shape: tuple[int, int], scale: float, rng: Random
) -> Written:
    """Write the fields into the form.

    Args:
        shape: height and width of the page in pixels.
        scale: pixels a millimetre.
    """
    page = _Page(shape, scale, rng)
    blanks: Counter[str] = Counter()
    for slot in form.slots:
        sample = fields.get(slot.code)
        if sample is None or not sample.raw:
            continue
        text = sample.raw if slot.part is None else sample.raw.split(" ")[slot.part]
        if slot.copy:
            if rng.random() < 0.6:
                _write(page, text, slot.lines, pens.informant)
            continue
        writer: Writer = pens.main
        if field_code(slot.code) == "ghiChu":
            writer = pens.notes
        elif field_code(slot.code) == "nguoiThucHien" and isinstance(pens.main, Hand):
            writer = pens.officer
        found = _write(page, text, slot.lines, writer)
        page.written.ink_boxes.setdefault(slot.code, []).extend(box for _, _, box in found)
        page.written.lines.setdefault(slot.code, []).extend(
            WrittenLine(blanks[slot.code] + row, words, box, not isinstance(writer, Hand)) for row, words, box in found
        )
        blanks[slot.code] += len(slot.lines)
    _tick(page, form, fields, pens)
    filled = max((int(code.partition("/")[0]) for code in fields if "/" in code), default=1)
    each = max(1, len(form.signatures) // form.records)
    for number, area in enumerate(form.signatures):
        if number // each >= filled:
            break
        signer = pens.officer if number % each else pens.informant
        page.paste(*scribble(area, signer, scale, rng), signer.ink)
    return page.written


def _write(page: _Page, text: str, lines: tuple[Line, ...], writer: Writer) -> list[_Row]:
    """Write a text; of each line that got ink its number, its words, and its ink's box."""
    if isinstance(writer, Hand):
        return _write_by_hand(page, text, lines, writer)
    return _write_by_printer(page, text, lines, writer)


def break_lines(widths: list[float], space: float, rooms: list[float]) -> list[list[int]] | None:
    """Which words go on which line, greedily; ``None`` if they do not fit."""
    rows: list[list[int]] = [[] for _ in rooms]
    row, used = 0, 0.0
    for number, width in enumerate(widths):
        while row < len(rooms) and used + (space if rows[row] else 0.0) + width > rooms[row]:
            row, used = row + 1, 0.0
        if row == len(rooms):
            return None
        used += (space if rows[row] else 0.0) + width
        rows[row].append(number)
    return rows


def _fit(widths: list[float], space: float, rooms: list[float]) -> tuple[list[list[int]], float, float]:
    """Lines of words, with the factors on size and on width alone that make them fit."""
    size = 1.0
    while size >= _SMALLEST:
        rows = break_lines([width * size for width in widths], space * size, rooms)
        if rows is not None:
            return rows, size, 1.0
        size *= 0.95
    size = _SMALLEST
    squeeze = 1.0
    while squeeze > 0.2:
        squeeze *= 0.95
        factor = size * squeeze
        rows = break_lines([width * factor for width in widths], space * factor, rooms)
        if rows is not None:
            return rows, size, squeeze
    return [list(range(len(widths)))] + [[] for _ in rooms[1:]], size, squeeze


def _write_by_hand(page: _Page, text: str, lines: tuple[Line, ...], hand: Hand) -> list[_Row]:
    scale, rng = page.scale, page.rng
    words = text.split()
    widths = [word_width(word, hand, scale) for word in words]
    space = hand.space * hand.x_height * scale
    inset = rng.uniform(0.3, 1.8)
    rooms = [(line.x1 - line.x0 - inset - 0.5) * scale for line in lines]
    rows, size, squeeze = _fit(widths, space, rooms)
    written: list[_Row] = []
    for place, (line, row) in enumerate(zip(lines, rows, strict=True)):
        slack = max(
            0.0, (line.x1 - line.x0 - inset) * scale - sum(widths[n] * size * squeeze + space * size for n in row)
        )
        x = (line.x0 + inset) * scale + rng.uniform(0, min(slack, 2.0 * scale)) * (line is lines[0])
        rise = rng.gauss(0, 0.004)
        start, found = x, []
        for number in row:
            y = (line.y - hand.lift + rng.gauss(0, hand.drift)) * scale - rise * (x - start)
            mask, left, up = write_word(words[number], hand, scale, rng, size=size, squeeze=squeeze)
            box = page.paste(mask, round(x) - left, round(y) - up, hand.ink)
            if box:
                found.append(box)
            x += (widths[number] * squeeze + space * rng.uniform(0.75, 1.25) * squeeze) * size
        if found:
            written.append((place, " ".join(words[number] for number in row), _around(found)))
    return written


def _around(boxes: list[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    x0, y0 = min(box[0] for box in boxes), min(box[1] for box in boxes)
    return x0, y0, max(box[0] + box[2] for box in boxes) - x0, max(box[1] + box[3] for box in boxes) - y0


def _write_by_printer(page: _Page, text: str, lines: tuple[Line, ...], printer: PrinterHand) -> list[_Row]:
    scale = page.scale
    words = text.split()
    widths = [text_width(word, printer.font, printer.size) * scale for word in words]
    space = text_width(" ", printer.font, printer.size) * scale
    rooms = [(line.x1 - line.x0 - 1.2) * scale for line in lines]
    rows, size, squeeze = _fit(widths, space, rooms)
    written: list[_Row] = []
    for place, (line, row) in enumerate(zip(lines, rows, strict=True)):
        if not row:
            continue
        em = max(6.0, printer.size * size * squeeze * scale)
        font = pil_font(printer.font.file, em)
        joined = " ".join(words[number] for number in row)
        margin, up = math.ceil(em / 3), math.ceil(em * 1.4)
        mask = np.zeros((math.ceil(em * 2), math.ceil(font.getlength(joined)) + 3 * margin), np.uint8)
        draw_text(mask, joined, (margin, up), font)
        x = (line.x0 + 1.0 + printer.offset[0] * 0.5) * scale
        y = (line.y + printer.offset[1]) * scale
        box = page.paste(mask, round(x) - margin, round(y) - up, printer.ink)
        if box:
            written.append((place, joined, box))
    return written


def _tick(page: _Page, form: PrintedForm, fields: Mapping[str, Sample], pens: Pens) -> None:
    writer = pens.main if isinstance(pens.main, Hand) else pens.officer
    ink = pens.main.ink
    style = page.rng.choice(("cross", "check", "cross"))
    for box in form.ticks:
        sample = fields.get(box.code)
        if sample is None or box.label not in sample.raw.split("; "):
            continue
        straight = not isinstance(pens.main, Hand)
        found = page.paste(*draw_tick(box, style, writer.pen, page.scale, page.rng, straight=straight), ink)
        if found:
            page.written.ink_boxes.setdefault(box.code, []).append(found)


def slot_regions(form: PrintedForm, scale: float) -> dict[str, list[tuple[float, float, float, float]]]:
    """Where each field is to be written: line boxes (x0, y0, x1, y1) in page pixels; tick boxes for a choice."""
    regions: dict[str, list[tuple[float, float, float, float]]] = {}
    for slot in form.slots:
        if not slot.copy:
            regions.setdefault(slot.code, []).extend(_line_box(line, scale) for line in slot.lines)
    for box in form.ticks:
        corners = (box.x * scale, box.y * scale, (box.x + box.side) * scale, (box.y + box.side) * scale)
        regions.setdefault(box.code, []).append(corners)
    return regions


def _line_box(line: Line, scale: float) -> tuple[float, float, float, float]:
    return line.x0 * scale, (line.y - 0.78 * line.height) * scale, line.x1 * scale, (line.y + 0.3 * line.height) * scale


__all__ = ["Layer", "Pens", "Slot", "Written", "WrittenLine", "break_lines", "fill_form", "slot_regions"]
