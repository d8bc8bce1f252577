"""Remains of the form's print that a crop holds beside the value: the end of its own label, the start of the next."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import Grey, Ink, font_of, paper_level

LABEL_ENDS = ("n:", "h:", "ố:", "c:", "t:", "a:", "ẹ:", "ú:", "i:", "y:", "g:", "ữ:", "):", "n", "h", "g", "o", "ý")
LABEL_STARTS = ("D", "G", "N", "Q", "Đ", "L", "S", "T", "t", "n", "(", "M", "C", "H")
_DARK = 0.2
_AIR = (0.05, 0.5)
"""Space between remains and value, in heights of the line."""


def leave_print(rng: Generator, grey: Grey) -> Grey:
    """Put the end of a printed label before the value, and now and then the cut start of the next one after it.

    What remains of a label is a colon and at most one letter before it, often cut by the crop's edge, or a sliver of
    a letter: nobody would copy it, so the line's text stays what it is. Whole printed words are text, and are
    drawn as such by :func:`extractor.training.rendered.mixed_lines`.
    """
    fonts = load_fonts("print", "train")
    font = fonts[int(rng.integers(len(fonts)))]
    height = grey.shape[0]
    size = max(8, round(height * rng.uniform(0.34, 0.58) * font.scale))
    base = height * rng.uniform(0.62, 0.84)
    before = rng.random() < 0.85
    text = str(rng.choice(LABEL_ENDS if before else LABEL_STARTS))
    piece = _printed(text, font_of(font.path, size), height, base)
    kept = piece.shape[1]
    if text.endswith(":"):
        colon = _printed(":", font_of(font.path, size), height, base).shape[1]
        kept = colon + round((kept - colon) * (0.0 if rng.random() < 0.5 else rng.uniform(0.0, 1.0)))
    else:
        kept = max(2, round(kept * rng.uniform(0.1, 0.6)))
    piece = piece[:, piece.shape[1] - kept :] if before else piece[:, :kept]
    return _beside(rng, grey, piece, before=before)


def _printed(text: str, font: ImageFont.FreeTypeFont, height: int, base: float) -> Ink:
    """A text in print, cropped to its columns, its letters standing ``base`` pixels below the upper edge."""
    picture = Image.new("L", (round(font.getlength(text)) + 8, height), 0)
    ImageDraw.Draw(picture).text((4, base), text, font=font, fill=255, anchor="ls")
    ink = np.asarray(picture, dtype=np.float32) / 255.0
    columns = np.flatnonzero(ink.max(axis=0) > _DARK)
    return ink[:, columns[0] : columns[-1] + 1] if len(columns) else ink[:, :4]


def _beside(rng: Generator, grey: Grey, piece: Ink, *, before: bool) -> Grey:
    """Lay a piece of print at one end of the line, a little away from its ink; the line is cut or grows for it."""
    height, width = grey.shape
    paper = paper_level(grey)
    dark = np.flatnonzero((grey < paper - 0.35 * max(paper - int(grey.min()), 40)).sum(axis=0) > 0)
    ink_at = (int(dark[0]) if before else width - 1 - int(dark[-1])) if len(dark) else width // 2
    margin = int(rng.exponential(0.04) * height) if rng.random() < 0.5 else 0
    wanted = margin + piece.shape[1] + round(rng.uniform(*_AIR) * height)
    room = ink_at if rng.random() < 0.3 and ink_at > wanted else wanted
    line = grey if before else grey[:, ::-1]
    line = np.pad(line, ((0, 0), (max(0, room - ink_at), 0)), mode="edge")[:, max(0, ink_at - room) :].copy()
    print_ink = piece if before else piece[:, ::-1]
    print_ink = print_ink[:, : line.shape[1] - margin]
    place = np.s_[:, margin : margin + print_ink.shape[1]]
    level = float(rng.uniform(10, 90))
    under = line[place].astype(np.float32)
    line[place] = np.clip(under * (1 - print_ink) + np.minimum(level, under) * print_ink, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(line if before else line[:, ::-1], dtype=np.uint8)
