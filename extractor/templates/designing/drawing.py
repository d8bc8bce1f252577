"""From a rectangle drawn on a page to the label its value hangs on, with what the label probably asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.templates.designing.model import Design, DesignBlock, DesignField, DesignPlace, LabelSheet
from extractor.templates.designing.showing import Shown
from extractor.templates.designing.snapping import SeenWord, Snaps
from extractor.templates.drafting.naming import Borrowing, code_for, guess
from extractor.templates.form import FieldSpec, Kind
from extractor.templates.label_template import ValuePlace
from extractor.templates.load import Form

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom, clean pixels."""

_TICK_MM = 7.0
"""A drawn rectangle no larger than this is a tick box."""
_LETTER_GAP_MM = 3.5
"""Words of one label stand no further apart."""
_LINE_MM = 3.0
"""How far from its lower end the line of a drawn value is looked for."""


_SURE = 0.5
"""The OCR engine's confidence below which a word is taken for handwriting."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a drawn rectangle becomes.

    Args:
        at: left end and baseline of the label, clean pixels; ``place`` has the same in the template's lengths.
        block: a new block, where there is none yet.
    """

    at: tuple[float, float]
    place: DesignPlace
    field: DesignField
    block: DesignBlock | None = None


def draw(
    design: Design, shown: Shown, snaps: Snaps, rectangle: Rectangle, *, forms: Sequence[Form], ids: Sequence[str]
) -> Drawn:
    """The label and field of a value that was drawn as a rectangle on a page.

    The value's line is the dotted line or ruling at the rectangle's lower end; further ones within it are lines the
    value wraps to. The label is the print before it on that line; of a tick box, the print behind it.

    Args:
        shown: the design over that page.
        snaps: lines and words of the page.
        rectangle: what was drawn.
        forms: known forms, whose codes and kinds are taken where labels agree.
        ids: free numbers for the label, the field and the block.
    """
    sheet = design.sheet
    if sheet is None:
        raise ValueError("a table has columns and no labels")
    affine = np.array(shown.map)
    mm = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    left, top, right, bottom = rectangle
    tick = max(right - left, bottom - top) <= _TICK_MM * mm
    baseline, wraps = (bottom, 0) if tick else _line(snaps, rectangle, mm, sheet.pitch)
    printed = _printed(snaps.words, shown)
    words = _behind(printed, rectangle, mm) if tick else _before(printed, left, baseline, mm)
    text = " ".join(word.text for word in words).strip(" .:…,;")
    if tick and words:
        baseline = float(np.median([word.bottom for word in words]))
    x = words[0].left if words else left if not tick else right + mm
    at = to_template(affine, sheet, shown, x, baseline)
    block = _nearest_block(sheet, at)
    new = None
    if block is None:
        block = new = DesignBlock(id=ids[2], name="text", left=10, right=sheet.width - 10, bottom=sheet.height - 10)
    spec, value = _field(design, text, forms, tick=tick)
    place = DesignPlace(
        id=ids[0],
        block=block.id,
        x=round(at[0], 2),
        y=round(at[1], 2),
        text=text,
        field=spec.code,
        value=value.value,
        wraps=wraps if value is ValuePlace.RIGHT else 0,
        option=text if tick else None,
    )
    return Drawn((round(x, 1), round(baseline, 1)), place, _design_field(spec, ids[1], wraps), new)


def to_template(
    affine: NDArray[np.float64], sheet: LabelSheet, shown: Shown, x: float, y: float
) -> tuple[float, float]:
    """A point of the page in the template's millimetres, moved as the labels nearest to it are."""
    moves = {label.id: label.move for label in shown.labels if label.found}
    known = [place for place in sheet.places if place.id in moves]
    move = np.zeros(2)
    if known:
        homes = np.array([[place.x, place.y] for place in known]) @ affine[:, :2].T + affine[:, 2]
        shifts = np.array([moves[place.id] for place in known])
        weights = 1.0 / (20.0 + np.hypot(*(homes + shifts - (x, y)).T)) ** 2
        move = (shifts * weights[:, None]).sum(axis=0) / weights.sum()
    point = np.linalg.solve(affine[:, :2], np.array([x, y]) - move - affine[:, 2])
    return float(point[0]), float(point[1])


def _line(snaps: Snaps, rectangle: Rectangle, mm: float, pitch: float) -> tuple[float, int]:
    """Baseline of a value and how many lines follow it, by the lines within and at the end of the rectangle."""
    left, top, right, bottom = rectangle
    inside = sorted(
        at
        for start, end, at in (*snaps.leaders, *snaps.across)
        if min(end, right) - max(start, left) > 0.3 * (right - left) and top + mm < at < bottom + _LINE_MM * mm
    )
    heights: list[float] = []
    for at in inside:
        if not heights or at - heights[-1] > 0.5 * pitch * mm:
            heights.append(at)
    if not heights:
        lines = max(1, round((bottom - top) / (pitch * mm)))
        return bottom - (lines - 1) * pitch * mm, lines - 1
    return heights[0], len(heights) - 1


def _printed(words: Sequence[SeenWord], shown: Shown) -> list[SeenWord]:
    """Words that are print: read surely, and not where a value is written; what people wrote is no label."""
    boxes = [np.array(region.corners) for region in shown.regions]
    areas = [(*corners.min(axis=0), *corners.max(axis=0)) for corners in boxes]
    return [
        word
        for word in words
        if word.sure >= _SURE
        and not any(
            left < (word.left + word.right) / 2 < right and top < (word.top + word.bottom) / 2 < bottom
            for left, top, right, bottom in areas
        )
    ]


def _before(words: Sequence[SeenWord], left: float, baseline: float, mm: float) -> list[SeenWord]:
    """The printed words that end before the value on its line, as far as they belong together."""
    row = sorted(
        (word for word in words if abs(word.bottom - baseline) < 2.2 * mm and word.left < left),
        key=lambda word: -word.right,
    )
    label: list[SeenWord] = []
    edge = left
    for word in row:
        gap = edge - word.right
        if label and (gap > _LETTER_GAP_MM * mm or word.text.rstrip().endswith(":")):
            break
        if not label and gap > 4 * _LETTER_GAP_MM * mm:
            break
        label.insert(0, word)
        edge = word.left
    return label


def _behind(words: Sequence[SeenWord], rectangle: Rectangle, mm: float) -> list[SeenWord]:
    """The printed words behind a tick box."""
    _, top, right, bottom = rectangle
    middle = (top + bottom) / 2
    row = sorted(
        (w for w in words if abs((w.top + w.bottom) / 2 - middle) < 2.5 * mm and w.left > right - mm),
        key=lambda word: word.left,
    )
    label: list[SeenWord] = []
    edge = right
    for word in row:
        if word.left - edge > (2 if not label else 1) * _LETTER_GAP_MM * mm:
            break
        label.append(word)
        edge = word.right
    return label


def _nearest_block(sheet: LabelSheet, at: tuple[float, float]) -> DesignBlock | None:
    """The block whose lines a point stands among, else the nearest one."""

    def apart(block: DesignBlock) -> float:
        own = [place.y for place in sheet.places if place.block == block.id]
        top = min(own, default=block.bottom) - sheet.pitch
        across = max(block.left - 3 - at[0], at[0] - block.right - 3, 0.0)
        down = max(top - at[1], at[1] - block.bottom, 0.0)
        return float(np.hypot(across, down))

    return min(sheet.blocks, key=apart) if sheet.blocks else None


def _field(design: Design, text: str, forms: Sequence[Form], *, tick: bool) -> tuple[FieldSpec, ValuePlace]:
    """The field a label probably asks for, with a code that is free."""
    taken = {field.code for field in design.fields}
    if tick:
        options = [{"label": text or "?"}]
        code = code_for("lựa chọn", taken)
        return FieldSpec.model_validate(
            {"code": code, "label": text, "kind": Kind.CHOICE, "options": options}
        ), ValuePlace.BOX
    twin = Borrowing(forms, design.head.register_code).field(text, "", taken) if text else None
    if twin is not None:
        return twin.spec.model_copy(update={"parts": (), "words_of": "", "options": ()}), ValuePlace.RIGHT
    guessed = guess(text)
    kind = Kind.TEXT if guessed.kind is Kind.CHOICE else guessed.kind
    return FieldSpec(code=code_for(text or "truong", taken), label=text, kind=kind), ValuePlace.RIGHT


def _design_field(spec: FieldSpec, name: str, wraps: int) -> DesignField:
    data = spec.model_dump(mode="json")
    return DesignField.model_validate({**data, "id": name, "multiline": data["multiline"] or wraps > 0})
