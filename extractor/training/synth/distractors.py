"""Pages that are no form: covers, closing pages, letters, blank sheets."""

from __future__ import annotations

from functools import cache
from importlib import resources
from random import Random
from typing import Any

import numpy as np
import yaml
from PIL import Image, ImageDraw

from extractor.errors import SettingsError
from extractor.training.fonts import FontSpec, Split, load_fonts
from extractor.training.synth.capture import Device, take_picture
from extractor.training.synth.lettering import Mask, cut, pil_font, text_width
from extractor.training.synth.paper import Paper, Picture, blank_sheet, lay_ink
from extractor.training.texts import BookSetting

KINDS = ("cover", "closing", "letter", "blank")
PAGE = (210.0, 297.0)


@cache
def _texts() -> dict[str, Any]:
    source = resources.files("extractor.training.synth") / "distractors.yaml"
    loaded: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return loaded


def make_distractor(kind: str, setting: BookSetting, *, paper: Paper, device: Device, dpi: int, rng: Random) -> Picture:
    """The picture of a page of that kind.

    Raises:
        SettingsError: there is no such kind.
    """
    if kind not in KINDS:
        raise SettingsError(f"There is no page of the kind '{kind}'.", mend=f"Use one of {', '.join(KINDS)}.")
    scale = dpi / 25.4
    shape = (round(PAGE[1] * scale), round(PAGE[0] * scale))
    sheet = blank_sheet(paper, shape, rng)
    if kind != "blank":
        font = load_fonts("print", Split.TRAIN)[0]
        facts = _facts(setting, rng)
        mask = _letter(shape, scale, font, facts) if kind == "letter" else _lines(kind, shape, scale, font, facts)
        lay_ink(sheet, mask, (40, 35, 35), 0.95)
    return take_picture(sheet, device, rng)[0]


def _facts(setting: BookSetting, rng: Random) -> dict[str, Any]:
    opened = setting.dates[0].replace(day=1)
    return {
        "office": f"{setting.office}, {setting.unit.province}",
        "number": f"{setting.number}/{setting.year}",
        "opened": f"{opened:%d/%m/%Y}",
        "closed": f"31/12/{setting.year}",
        "district": setting.unit.district[1],
        "year": setting.year,
        "count": rng.randint(12, 200),
    }


def _lines(kind: str, shape: tuple[int, int], scale: float, font: FontSpec, facts: dict[str, Any]) -> Mask:
    picture = Image.new("L", (shape[1], shape[0]), 0)
    pen = ImageDraw.Draw(picture)
    for line in _texts()[kind]:
        letters = pil_font(cut(font, bold=bool(line.get("bold"))), round(line["size"] * scale))
        place = (shape[1] / 2, line["y"] * scale)
        pen.text(place, line["t"].format(**facts), fill=255, font=letters, anchor="ms")
    return np.array(picture)


def _letter(shape: tuple[int, int], scale: float, font: FontSpec, facts: dict[str, Any]) -> Mask:
    picture = Image.new("L", (shape[1], shape[0]), 0)
    pen = ImageDraw.Draw(picture)
    size, left, right = 4.6, 30.0, PAGE[0] - 20.0
    plain = pil_font(font.file, round(size * scale))
    bold = pil_font(cut(font, bold=True), round(size * scale))
    spec, y = _texts()["letter"], 28.0
    for text in spec["head"]:
        pen.text((left * scale, y * scale), text.format(**facts), fill=255, font=bold, anchor="ls")
        y += 7
    y += 12
    pen.text((shape[1] / 2, y * scale), spec["title"], fill=255, font=bold, anchor="ms")
    y += 14
    for paragraph in spec["paragraphs"]:
        row = "       "
        for word in paragraph.format(**facts).split():
            if text_width(f"{row} {word}", font, size) > right - left:
                pen.text((left * scale, y * scale), row, fill=255, font=plain, anchor="ls")
                row, y = word, y + 7
            else:
                row = f"{row} {word}"
        pen.text((left * scale, y * scale), row, fill=255, font=plain, anchor="ls")
        y += 10
    y += 12
    for text in spec["foot"]:
        pen.text((left * scale, y * scale), text, fill=255, font=plain, anchor="ls")
        y += 6
    return np.array(picture)
