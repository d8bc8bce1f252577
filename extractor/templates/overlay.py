"""Draw located fields over a page, and carry layouts to and from layoutparser's types for the notebooks.

layoutparser is imported in this module alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from extractor.records import Box, Decision
from extractor.scans.types import Image
from extractor.templates.types import LocatedField, LocatedOption, LocatedRecord, Polygon, RegisteredPage
from extractor.whole_files import take_place

if TYPE_CHECKING:
    import layoutparser as lp

HEIGHT = 1400
"""Overlays are drawn about this high, pixels: enough to read, small enough to mail."""

PROBLEM = "problem"


class _Style(NamedTuple):
    color: str
    mark: str
    dash: int


_STYLES = {
    "accepted": _Style("#009E73", "✓", 0),
    "review": _Style("#B87700", "?", 9),
    PROBLEM: _Style("#D55E00", "✗", 3),
}
"""Hues after Okabe and Ito's palette, which colour-blind people can tell apart (the amber darker, to be read as text);
dashes and signs say the same again."""

_ANCHOR = "#0072B2"


class Mark(NamedTuple):
    """One thing to draw: a field's code, where it lies in image pixels, and how it was decided; no code, no label.

    ``decision`` is a :class:`Decision`, its name, or ``problem``; settled values are drawn as accepted ones.
    """

    code: str
    place: Box | Polygon
    decision: Decision | str = Decision.REVIEW


def draw_overlay(
    image: Image,
    marks: Iterable[Mark | tuple[str, Box | Polygon, Decision | str]],
    *,
    anchors: NDArray[np.float64] | None = None,
    guides: Iterable[Polygon] = (),
    height: int = HEIGHT,
    caption: str = "",
) -> PilImage.Image:
    """Draw fields over a page.

    Args:
        image: page, BGR or grey.
        marks: what to draw, in pixels of ``image``.
        anchors: ``(n, 4)`` of :class:`RegisteredPage`, drawn as arrows from where the template puts an anchor to where
            it was found; for page problems.
        guides: lines to draw, each ``(n, 2)``, such as the edges of a table's columns.
        height: height of the drawing, pixels; smaller pages are not enlarged.
        caption: one line at the foot, such as why the page is a problem.
    """
    import layoutparser as lp

    tall, wide = image.shape[:2]
    factor = min(1.0, height / tall)
    size = max(1, round(wide * factor)), max(1, round(tall * factor))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor < 1.0 else image
    canvas = PilImage.fromarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB if image.ndim == 3 else cv2.COLOR_GRAY2RGB))
    layout = lp.Layout([_block(Mark(*mark), factor) for mark in marks])
    colors = {name: style.color for name, style in _STYLES.items()}
    solid = [2 if _STYLES[block.type].dash == 0 else 0 for block in layout]
    if len(layout):
        canvas = lp.draw_box(canvas, layout, box_width=solid, box_alpha=0.10, color_map=colors)
    draw = ImageDraw.Draw(canvas)
    font = _font(max(10, round(canvas.height / 125)))
    for block in layout:
        style = _STYLES[block.type]
        if style.dash:
            _dashed(draw, np.asarray(block.points, dtype=float), style)
    for guide in guides:
        draw.line([(x * factor, y * factor) for x, y in guide], fill=_ANCHOR, width=3)
    for block in layout:
        if not block.id:
            continue
        _tag(canvas, block, _STYLES[block.type], font)
    if anchors is not None:
        for x, y, home_x, home_y in np.asarray(anchors, dtype=float) * factor:
            draw.line([(home_x, home_y), (x, y)], fill=_ANCHOR, width=2)
            draw.ellipse([x - 4, y - 4, x + 4, y + 4], outline=_ANCHOR, width=2)
    if caption:
        _caption(draw, canvas, caption, _font(max(12, round(canvas.height / 90))))
    return canvas


def write_overlay(path: Path, drawing: PilImage.Image) -> None:
    """Write a drawing as a small PNG (256 colours), making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    # An octree takes a twentieth of the time of Pillow's usual way; on paper with little colour it shows no difference.
    colours = drawing.convert("RGB").quantize(256, method=PilImage.Quantize.FASTOCTREE, dither=PilImage.Dither.NONE)
    colours.save(part, "PNG", compress_level=6)
    take_place(part, path)


def marks_of(registered: RegisteredPage, decision: Decision | str = Decision.REVIEW) -> list[Mark]:
    """Marks of all regions of a registered page, clean pixels, all with one decision."""
    marks = []
    for record in registered.records:
        for field in record.fields:
            marks += [Mark(field.code, line, decision) for line in field.lines]
            marks += [Mark(option.label, option.polygon, decision) for option in field.options]
    return marks


def to_layout(registered: RegisteredPage) -> lp.Layout:
    """A registered page as a layoutparser layout, clean pixels.

    One block a written line or tick box, the rectangle about it where its border winds: ``id`` is ``record:code:line``
    (``record:code:label`` for a box), ``type`` is ``line`` or ``option``, ``text`` what the OCR pass found in the field
    or a box's value.
    """
    import layoutparser as lp

    blocks = []
    for record in registered.records:
        for field in record.fields:
            text, score = field.printed or ("", None)
            for number, line in enumerate(field.lines):
                name = f"{record.record}:{field.code}:{number}"
                blocks.append(
                    lp.TextBlock(_shape(line), id=name, type="line", text="" if number else text, score=score)
                )
            for option in field.options:
                name = f"{record.record}:{field.code}:{option.label}"
                blocks.append(lp.TextBlock(_shape(option.polygon), id=name, type="option", text=option.value or ""))
    return lp.Layout(blocks, page_data={"form": registered.form, "form_version": registered.form_version})


def from_layout(layout: lp.Layout) -> tuple[LocatedRecord, ...]:
    """Records from a layout made by :func:`to_layout`, perhaps moved about in a notebook meanwhile.

    Raises:
        ValueError: a block's id is not of that form.
    """
    records: dict[int, dict[str, tuple[list[Polygon], list[LocatedOption], list[tuple[str, float]]]]] = {}
    for block in layout:
        parts = str(block.id).split(":", 2)
        if len(parts) != 3 or not parts[0].isdigit():
            raise ValueError(f"layout block id '{block.id}' is not 'record:code:line'")
        lines, options, texts = records.setdefault(int(parts[0]), {}).setdefault(parts[1], ([], [], []))
        polygon = np.asarray(block.points, dtype=np.float64)
        if block.type == "option":
            options.append(LocatedOption(parts[2], block.text or None, polygon))
        else:
            lines.append(polygon)
            if block.text:
                texts.append((str(block.text), float(block.score or 0.0)))
    return tuple(
        LocatedRecord(
            number,
            tuple(
                LocatedField(code, tuple(lines), tuple(options), texts[0] if texts else None)
                for code, (lines, options, texts) in fields.items()
            ),
        )
        for number, fields in sorted(records.items())
    )


def _block(mark: Mark, factor: float) -> lp.TextBlock:
    import layoutparser as lp

    decision = str(mark.decision)
    kind = PROBLEM if decision == PROBLEM else "review" if decision == Decision.REVIEW else "accepted"
    if isinstance(mark.place, Box):
        box = mark.place
        shape: Any = lp.Rectangle(box.x * factor, box.y * factor, box.right * factor, box.bottom * factor)
    else:
        shape = _shape(np.asarray(mark.place, dtype=float) * factor)
    return lp.TextBlock(shape, id=mark.code, type=kind)


def _shape(polygon: Polygon) -> Any:
    """A polygon as layoutparser has it: four corners, or the rectangle about more."""
    import layoutparser as lp

    if len(polygon) == 4:
        return lp.Quadrilateral(polygon)
    (left, top), (right, bottom) = np.min(polygon, axis=0), np.max(polygon, axis=0)
    return lp.Quadrilateral(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]))


def _dashed(draw: ImageDraw.ImageDraw, corners: NDArray[np.float64], style: _Style) -> None:
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.hypot(*(b - a)))
        steps = np.arange(0.0, max(length, 1.0), 2 * style.dash)
        for at in steps:
            share, end = at / max(length, 1.0), min(1.0, (at + style.dash) / max(length, 1.0))
            draw.line([tuple(a + (b - a) * share), tuple(a + (b - a) * end)], fill=style.color, width=2)


def _tag(canvas: PilImage.Image, block: lp.TextBlock, style: _Style, font: ImageFont.FreeTypeFont) -> None:
    """Sign and code at that corner of the region where they hide the least; beside a tick box the sign alone."""
    left, top, right, bottom = block.coordinates if len(block.coordinates) == 4 else _bounds(block)
    draw = ImageDraw.Draw(canvas, mode="RGBA")
    boxed = right - left < 3 * font.size
    text = style.mark if boxed else f"{style.mark} {block.id}"
    width, height = draw.textlength(text, font=font), font.size + 1
    if boxed:
        places = [(left - width - 4, (top + bottom - height) / 2)]
    else:
        ends = (right - width - 3, left + 3)
        places = [(max(left, x), y) for y in (bottom - height - 2, top + 1) for x in ends]
    hidden = []
    for x, y in places:
        behind = canvas.crop((int(max(0, x)), int(max(0, y)), int(x + width), int(y + height)))
        hidden.append(np.count_nonzero(np.asarray(behind.convert("L")) < 110))
    x, y = places[int(np.argmin(hidden))]
    draw.rectangle([x - 1, y, x + width + 1, y + height], fill=(255, 255, 255, 150))
    draw.text((x, y - 1), text, fill=style.color, font=font)


def _bounds(block: lp.TextBlock) -> tuple[float, float, float, float]:
    points: NDArray[np.float64] = np.asarray(block.points, dtype=float)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _caption(draw: ImageDraw.ImageDraw, canvas: PilImage.Image, caption: str, font: ImageFont.FreeTypeFont) -> None:
    lines: list[str] = [""]
    for word in caption.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) > canvas.width - 16 and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    top = canvas.height - (font.size + 6) * len(lines) - 6
    draw.rectangle([0, top, canvas.width, canvas.height], fill="white")
    for number, line in enumerate(lines):
        draw.text((8, top + 4 + number * (font.size + 6)), line, fill=_STYLES[PROBLEM].color, font=font)


def _font(size: float) -> ImageFont.FreeTypeFont:
    from extractor.templates.blank import drawing_font

    return drawing_font(size)


def draw_registered(
    image: Image, registered: RegisteredPage, decisions: Sequence[tuple[str, Decision | str]] = ()
) -> PilImage.Image:
    """Overlay of a registered page; its anchors and reason where it was refused.

    Args:
        image: the clean page.
        registered: the form laid over it.
        decisions: decision by field code; review where none is given.
    """
    by_code = dict(decisions)
    marks = [Mark(mark.code, mark.place, by_code.get(mark.code, Decision.REVIEW)) for mark in marks_of(registered)]
    if registered.registration.ok:
        return draw_overlay(image, marks)
    return draw_overlay(image, [], anchors=registered.anchors, caption=registered.registration.reason)
