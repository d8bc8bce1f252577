"""A picture of some lines of a set with their texts, for looking whether both belong together."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path

from PIL import Image as PilImage
from PIL import ImageDraw, UnidentifiedImageError

from extractor.errors import LineSetError
from extractor.learning.line_set import LearningLine, LineSet
from extractor.templates.blank import drawing_font

_COLUMNS, _WIDTH, _HEIGHT, _CAPTION, _GAP = 3, 620, 56, 42, 10
_PAPER, _INK, _QUIET, _RIM = (255, 255, 255), (20, 20, 20), (90, 90, 90), (190, 190, 190)


def sheet_lines(made: LineSet, number: int) -> list[LearningLine]:
    """Some lines of each kind and part in turn, as many as asked for; of a sort they are taken as if by chance."""
    sorts: dict[tuple[str, str], list[LearningLine]] = defaultdict(list)
    for line in made.lines:  # in the order of their pictures' hashes
        sorts[line.kind, line.part].append(line)
    turns = zip_longest(*(sorts[sort] for sort in sorted(sorts)))
    chosen = islice((line for line in chain.from_iterable(turns) if line is not None), number)
    return sorted(chosen, key=lambda line: (line.kind, line.part, line.picture))


def draw_sheet(made: LineSet, *, number: int = 60) -> bytes:
    """The sheet as PNG: each line's crop, its text below it, then its kind, part, form and book.

    Raises:
        LineSetError: a picture of the set cannot be read.
    """
    lines = sheet_lines(made, number)
    rows = -(-len(lines) // _COLUMNS)
    cell = (_WIDTH + _GAP, _HEIGHT + _CAPTION + _GAP)
    sheet = PilImage.new("RGB", (_COLUMNS * cell[0] + _GAP, max(1, rows) * cell[1] + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, line in enumerate(lines):
        left = _GAP + index % _COLUMNS * cell[0]
        top = _GAP + index // _COLUMNS * cell[1]
        crop = _fitted(made.picture(line))
        sheet.paste(crop, (left, top))
        draw.rectangle((left - 1, top - 1, left + crop.width, top + crop.height), outline=_RIM)
        for text, at, size, colour in (
            (line.text, crop.height + 3, 15, _INK),
            (" · ".join(_facts(line)), crop.height + 24, 11, _QUIET),
        ):
            draw.text((left, top + at), _shortened(text, size), fill=colour, font=drawing_font(size))
    content = io.BytesIO()
    sheet.save(content, "PNG")
    return content.getvalue()


def _facts(line: LearningLine) -> Iterator[str]:
    yield from (line.kind, line.part, line.form, line.book)
    if line.stratum:
        yield line.stratum
    if line.proposal != line.text:
        yield "read otherwise"


def _fitted(path: Path) -> PilImage.Image:
    try:
        with PilImage.open(path) as opened:
            crop = opened.convert("L")
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise LineSetError(
            f"{path}: this is no picture.", mend="Check the set with 'extractor dataset check'."
        ) from error
    scale = min(_HEIGHT / crop.height, _WIDTH / crop.width)
    return crop.resize((max(1, round(crop.width * scale)), max(1, round(crop.height * scale))))


def _shortened(text: str, size: int) -> str:
    font = drawing_font(size)
    while font.getlength(text) > _WIDTH and len(text) > 1:
        text = text[:-2].rstrip() + "…"
    return text
