"""Lays a form out: where its labels, rules, blanks, tick boxes and signature boxes stand, in millimetres."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

from extractor.training.synth.edition import Edition
from extractor.training.synth.layout import Area, Group, Item, Layout
from extractor.training.synth.lettering import text_width

LABEL_GAP = 1.2
SMALLEST_BLANK = 9.0


class PrintedText(NamedTuple):
    """A label; ``y`` is its baseline, ``size`` the em, millimetres."""

    text: str
    x: float
    y: float
    size: float
    bold: bool = False
    italic: bool = False


class Rule(NamedTuple):
    """A straight printed line of a style of :data:`extractor.training.synth.edition.LEADERS`."""

    x0: float
    y0: float
    x1: float
    y1: float
    style: str
    width: float


class Line(NamedTuple):
    """Room to write on: from ``x0`` to ``x1`` on the baseline ``y``, ``height`` high."""

    x0: float
    x1: float
    y: float
    height: float


@dataclass(frozen=True)
class Slot:
    """The blank of a field; ``part`` numbers the blanks of a date in parts."""

    code: str
    lines: tuple[Line, ...]
    part: int | None = None
    copy: bool = False


class TickBox(NamedTuple):
    """A tick box with its upper left corner and side."""

    code: str
    label: str
    x: float
    y: float
    side: float


class SignArea(NamedTuple):
    """Room for a signature."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass
class PrintedForm:
    """A form laid out; lengths in millimetres from the page's upper left corner."""

    form: str
    page: tuple[float, float]
    edition: Edition
    texts: list[PrintedText] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    ticks: list[TickBox] = field(default_factory=list)
    signatures: list[SignArea] = field(default_factory=list)
    records: int = 1


def slot_code(place: int, code: str) -> str:
    """Code of a slot on a page with several records: which of them, from 1, and the field's code."""
    return f"{place}/{code}"


def field_code(slot: str) -> str:
    """The field's code without the record's place."""
    return slot.rpartition("/")[2]


class _Rect(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float


def typeset(layout: Layout, edition: Edition) -> PrintedForm:
    """Lay out a form in the given printing; where a page has several records, their codes say which (see slot_code)."""
    if layout.repeat is None:
        return _Typesetter(layout, edition).run()
    whole = PrintedForm(layout.form, layout.page, edition, records=layout.records)
    for number in range(layout.records):
        dx, dy = layout.repeat.dx * number * edition.scale, layout.repeat.dy * number * edition.scale
        shift = (edition.shift[0] + dx, edition.shift[1] + dy)
        part = _Typesetter(layout, replace(edition, shift=shift)).run()
        whole.texts += part.texts
        whole.rules += part.rules
        whole.slots += [replace(slot, code=slot_code(number + 1, slot.code)) for slot in part.slots]
        whole.ticks += [tick._replace(code=slot_code(number + 1, tick.code)) for tick in part.ticks]
        whole.signatures += part.signatures
    return whole


class _Typesetter:
    def __init__(self, layout: Layout, edition: Edition) -> None:
        self.layout = layout
        self.edition = edition
        self.rng = Random(edition.seed)
        self.form = PrintedForm(layout.form, layout.page, edition)
        self.edges = {
            name: self._place(value, axis) + edition.edges.get(name, 0.0)
            for axis, group in enumerate((layout.edges.x, layout.edges.y))
            for name, value in group.items()
        }
        self.size = layout.text_size * edition.text_size * edition.scale
        self.areas = {name: self._area(area) for name, area in layout.areas.items()}
        self.cursor = {name: rect.y0 for name, rect in self.areas.items()}

    def run(self) -> PrintedForm:
        self._shrink_type_to_fit()
        for name, area in self.layout.areas.items():
            self._frame(self.areas[name], area)
        foot = self._signatures()
        for number, group in enumerate(self.layout.groups):
            self._group(group, self.edition.gaps[number] if number < len(self.edition.gaps) else 0.0, foot)
        ticks_end = self._ticks()
        self._notes(ticks_end)
        return self.form

    def _place(self, value: float, axis: int) -> float:
        middle = self.layout.page[axis] / 2
        return middle + (value - middle) * self.edition.scale + self.edition.shift[axis]

    def _edge(self, expression: str) -> float:
        name, sign, number = re.fullmatch(r"(\w+?)(?:([+-])([\d.]+))?", expression).groups()  # type: ignore[union-attr]
        return self.edges[name] + (float(f"{sign}{number}") if sign else 0.0)

    def _area(self, area: Area) -> _Rect:
        return _Rect(*(self._edge(expression) for expression in area.box))

    def _width(self, text: str, size: float, *, bold: bool = False) -> float:
        return text_width(text, self.edition.font, size, bold=bold)

    def _rule(self, x0: float, y0: float, x1: float, y1: float, *, style: str = "rule", width: float = 0.0) -> None:
        self.form.rules.append(Rule(x0, y0, x1, y1, style, width or self.edition.line_width))

    def _frame(self, rect: _Rect, area: Area) -> None:
        if area.frame or area.frame_left:
            self._rule(rect.x0, rect.y0, rect.x0, rect.y1)
        if area.frame:
            self._rule(rect.x0, rect.y0, rect.x1, rect.y0)
            self._rule(rect.x1, rect.y0, rect.x1, rect.y1)
            self._rule(rect.x0, rect.y1, rect.x1, rect.y1)

    def _shrink_type_to_fit(self) -> None:
        """Set all labels smaller until every blank has some room."""

        def tight() -> bool:
            for group in self.layout.groups:
                rect, pad = self.areas[group.area], self.layout.areas[group.area].pad
                for line in group.lines:
                    blanks = sum(1 for item in line if item.f)
                    labels = [item for item in line if item.t]
                    used = sum(self._width(item.t or "", self.size) + LABEL_GAP * 2 for item in labels)
                    free = rect.x1 - rect.x0 - 2 * pad - used
                    if blanks and free < SMALLEST_BLANK * blanks:
                        return True
            return False

        while tight() and self.size > 2.5:
            self.size *= 0.97

    def _wording(self, item_text: str, others: tuple[str, ...]) -> str:
        return self.rng.choice(others) if others and self.rng.random() < self.edition.other_wording else item_text

    def _group(self, group: Group, extra: float, foot: dict[str, float]) -> None:
        rect, pad = self.areas[group.area], self.layout.areas[group.area].pad
        pitch = (group.pitch or self.layout.pitch) * self.edition.pitch * self.edition.scale
        following = group.top is None
        y = self.cursor[group.area] + group.gap if following else rect.y0 + (group.top or 0.0) * self.edition.scale
        lines = sum(1 + max((item.wrap for item in line), default=0) for line in group.lines)
        y += max(0.0, extra) if following else extra * (0.0 if rect.y1 - rect.y0 < 20 else 1.0)
        bottom = foot.get(group.area, rect.y1)
        if rect.y1 - rect.y0 > 20:
            y = min(y, bottom - 1.0 - pitch * (lines - 1))
        for line in group.lines:
            wrapped = self._line(line, _Rect(rect.x0 + pad, rect.y0, rect.x1 - pad, rect.y1), y, pitch)
            y += pitch * (1 + wrapped)
        self.cursor[group.area] = y

    def _line(self, line: tuple[Item, ...], rect: _Rect, y: float, pitch: float) -> int:
        """Set one line; returns how many lines below it its last blank goes on."""
        texts = [self._wording(item.t, item.alt) if item.t else "" for item in line]
        sizes = [self.size * item.scale for item in line]
        widths = [self._width(text, size, bold=item.bold) for text, size, item in zip(texts, sizes, line, strict=True)]
        gaps = sum(LABEL_GAP * (1 if n == 0 else 2) for n, item in enumerate(line) if item.t)
        free = rect.x1 - rect.x0 - sum(widths) - gaps
        x, wrapped = rect.x0, 0
        for number, (item, text, size, width) in enumerate(zip(line, texts, sizes, widths, strict=True)):
            if item.x:
                x = rect.x0 + item.x
            if item.f:
                room = free * item.w if not item.max else min(item.max, rect.x1 - x)
                lines = [Line(x, x + room, y, pitch)]
                wrapped = item.wrap
                ends = (x, x + room) if item.under else (rect.x0, rect.x1)
                lines += [Line(*ends, y + pitch * (n + 1), pitch) for n in range(wrapped)]
                self._blank(Slot(item.f, tuple(lines), item.part))
                x += room
            elif text:
                if item.centre:
                    x = (rect.x0 + rect.x1 - width) / 2
                x += LABEL_GAP if number else 0.0
                self.form.texts.append(PrintedText(text, x, y, size, item.bold))
                x += width + LABEL_GAP
        return wrapped

    def _blank(self, slot: Slot) -> None:
        self.form.slots.append(slot)
        if self.edition.leaders != "none":
            for line in slot.lines:
                self._rule(line.x0, line.y + 0.6, line.x1, line.y + 0.6, style=self.edition.leaders, width=0.25)

    def _signatures(self) -> dict[str, float]:
        """Signature boxes; returns the heights at which they begin, by area."""
        spec = self.layout.signatures
        rect = self.areas[spec.area]
        height = spec.height * self.edition.scale
        top = rect.y1 - height if spec.top is None else rect.y0 + spec.top * self.edition.scale
        bottom = top + height
        if spec.rule:
            self._rule(rect.x0, top, rect.x1, top)
        step = (rect.x1 - rect.x0) / len(spec.boxes)
        for number, box in enumerate(spec.boxes):
            x0, x1 = rect.x0 + step * number + 2, rect.x0 + step * (number + 1) - 2
            self._centred(self._wording(box.t, box.alt), x0, x1, top + 1.35 * self.size, bold=box.bold)
            self._centred(box.sub, x0, x1, top + 2.5 * self.size, scale=0.85, italic=True)
            if spec.rule and number:
                self._rule(x0 - 2, top, x0 - 2, bottom)
            name_y = bottom - 0.09 * height - 1.5
            self.form.signatures.append(SignArea(x0 + 4, top + 3.2 * self.size, x1 - 4, name_y - 4))
            code = box.f or box.copy_of
            if code:
                room = (Line(x0 + 1, x1 - 1, name_y, 8.0),)
                self.form.slots.append(Slot(code, room, copy=not box.f))
        return {spec.area: top}

    def _centred(
        self, text: str, x0: float, x1: float, y: float, *, scale: float = 1.0, bold: bool = False, italic: bool = False
    ) -> None:
        size = self.size * scale
        width = self._width(text, size, bold=bold)
        if width > x1 - x0:
            size *= (x1 - x0) / width
            width = x1 - x0
        self.form.texts.append(PrintedText(text, (x0 + x1 - width) / 2, y, size, bold, italic))

    def _ticks(self) -> float:
        spec = self.layout.ticks
        if spec is None:
            return 0.0
        rect, pad = self.areas[spec.area], self.layout.areas[spec.area].pad
        size = self.size * 0.95
        y = rect.y0 + spec.top
        for option in spec.options:
            words, rows = option.label.split(), [""]
            for word in words:
                longer = f"{rows[-1]} {word}".strip()
                if self._width(longer, size) > rect.x1 - rect.x0 - 2 * pad - spec.box - 2:
                    rows.append(word)
                else:
                    rows[-1] = longer
            self._tick_box(option.f, option.label, rect.x0 + pad, y - spec.box + 0.6, spec.box)
            for number, row in enumerate(rows):
                self.form.texts.append(PrintedText(row, rect.x0 + pad + spec.box + 2, y + number * spec.pitch, size))
            y += spec.pitch * len(rows) + spec.gap * self.edition.pitch
        return y

    def _tick_box(self, code: str, label: str, x: float, y: float, side: float) -> None:
        self.form.ticks.append(TickBox(code, label, x, y, side))
        for x0, y0, x1, y1 in (
            (x, y, x + side, y),
            (x + side, y, x + side, y + side),
            (x, y + side, x + side, y + side),
            (x, y, x, y + side),
        ):
            self._rule(x0, y0, x1, y1)

    def _notes(self, ticks_end: float) -> None:
        spec = self.layout.notes
        rect, pad = self.areas[spec.area], self.layout.areas[spec.area].pad
        y = ticks_end + spec.below_ticks - 6 if spec.top is None else rect.y0 + spec.top
        if spec.top is None:
            self._rule(rect.x0, y - 7, rect.x1, y - 7)
        text = self._wording(spec.t, spec.alt)
        if spec.centre:
            self._centred(text, rect.x0 + pad, rect.x1 - pad, y, bold=spec.bold)
        else:
            self.form.texts.append(PrintedText(text, rect.x0 + pad, y, self.size, spec.bold))
        lines = []
        while y + spec.pitch < rect.y1 - 3:
            y += spec.pitch
            lines.append(Line(rect.x0 + pad, rect.x1 - pad, y, spec.pitch))
        slot = Slot(spec.f, tuple(lines))
        if spec.leaders:
            self._blank(slot)
        else:
            self.form.slots.append(slot)
