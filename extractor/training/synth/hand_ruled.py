"""A table that somebody ruled by hand on plain paper, wrote headings into and filled: a form nobody has printed.

Hand-ruled exercise books served as registers where no forms were to be had. The drawing shares nothing with any page
template: columns, headings and entries are given by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import cv2
import numpy as np

from extractor.training.synth.capture import Device, take_picture
from extractor.training.synth.hand import Hand, word_width, write_word
from extractor.training.synth.lettering import Mask
from extractor.training.synth.paper import Paper, Picture, blank_sheet, lay_ink

_MARGIN_MM = 14.0
_HEAD_MM = 16.0


@dataclass(frozen=True)
class HandColumn:
    """A column: its heading, written on up to two lines, and its width as a share of the table's."""

    heading: str
    share: float


def draw_hand_ruled(
    columns: Sequence[HandColumn],
    entries: Sequence[Sequence[str]],
    *,
    ruler: Hand,
    writer: Hand,
    paper: Paper,
    device: Device,
    rng: Random,
    dpi: int = 200,
    size_mm: tuple[float, float] = (297.0, 210.0),
    row_mm: float = 11.0,
) -> Picture:
    """The picture of a hand-ruled page.

    Args:
        columns: the columns, left to right.
        entries: texts of each entry by column; a text too long for its column goes on in a second line.
        ruler: hand that drew the lines and wrote the headings.
        writer: hand that filled the page.
        paper: the sheet.
        device: what took the picture.
        rng: source of chance.
        dpi: resolution of the sheet before its picture is taken.
        size_mm: width and height of the sheet, millimetres.
        row_mm: height of an entry, millimetres.
    """
    scale = dpi / 25.4
    width, height = size_mm
    sheet = blank_sheet(paper, (round(height * scale), round(width * scale)), rng)
    shares = np.cumsum([0.0] + [column.share for column in columns])
    edges = _MARGIN_MM + (width - 2 * _MARGIN_MM) * shares / shares[-1]
    bottom = height - _MARGIN_MM
    lines: Mask = np.zeros(sheet.shape[:2], np.uint8)
    for x in edges:
        _stroke(lines, (float(x), _MARGIN_MM), (float(x), bottom), scale, rng)
    for y in (_MARGIN_MM, _MARGIN_MM + _HEAD_MM, bottom):
        _stroke(lines, (float(edges[0]), y), (float(edges[-1]), y), scale, rng)
    lay_ink(sheet, lines, ruler.ink, 0.9)
    for column, (left, right) in zip(columns, pairwise(edges), strict=True):
        _write(sheet, column.heading, (float(left), float(right), _MARGIN_MM + 6.0), ruler, scale=scale, rng=rng)
    for number, entry in enumerate(entries):
        top = _MARGIN_MM + _HEAD_MM + row_mm * number + 6.5
        for text, (left, right) in zip(entry, pairwise(edges), strict=True):
            _write(sheet, text, (float(left), float(right), top), writer, scale=scale, rng=rng)
    return take_picture(sheet, device, rng)[0]


def _stroke(mask: Mask, start: tuple[float, float], end: tuple[float, float], scale: float, rng: Random) -> None:
    """A line drawn along a ruler: nearly straight, with a slow wave and ends that overshoot a little."""
    steps = np.linspace(0.0, 1.0, 40)
    over = rng.uniform(0.0, 0.01)
    along = -over + (1 + 2 * over) * steps
    points = np.array(start) + np.outer(along, np.array(end) - np.array(start))
    wave = rng.uniform(0.1, 0.4) * np.sin(np.pi * (steps * rng.uniform(1, 3) + rng.random()))
    across = np.array([end[1] - start[1], start[0] - end[0]])
    points = (points + np.outer(wave, across / np.linalg.norm(across))) * scale
    bits = 4
    cv2.polylines(
        mask,
        [np.round(points * (1 << bits)).astype(np.int32).reshape(-1, 1, 2)],
        False,
        255,
        max(1, round(0.35 * scale)),
        cv2.LINE_AA,
        bits,
    )


def _write(
    sheet: Picture, text: str, place: tuple[float, float, float], hand: Hand, *, scale: float, rng: Random
) -> None:
    """Write a text between two edges, going on below where it is too long; ``place`` is left, right, first baseline."""
    left, right, y = place
    room = (right - left - 2.0) * scale
    space = hand.space * hand.x_height * scale
    x = (left + 1.0) * scale
    for word in text.split():
        size = min(1.0, room / max(1.0, word_width(word, hand, scale)))
        wide = word_width(word, hand, scale) * size
        if x > (left + 1.0) * scale and x + wide > (right - 0.5) * scale:
            x, y = (left + 1.0) * scale, y + hand.x_height * 2.1
        mask, at_x, at_y = write_word(word, hand, scale, rng, size=size)
        _lay(sheet, mask, round(x - at_x), round(y * scale - at_y), hand)
        x += wide + space


def _lay(sheet: Picture, mask: Mask, x: int, y: int, hand: Hand) -> None:
    full: Mask = np.zeros(sheet.shape[:2], np.uint8)
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(full.shape[1], x + mask.shape[1]), min(full.shape[0], y + mask.shape[0])
    if x1 > x0 and y1 > y0:
        full[y0:y1, x0:x1] = mask[y0 - y : y1 - y, x0 - x : x1 - x]
        lay_ink(sheet, full, hand.ink, 0.95)
