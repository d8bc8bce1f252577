"""Which fonts are bundled, of which style, and for which part of the data they may be used."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from extractor.errors import SettingsError

FOLDER = Path(str(resources.files("extractor.training.fonts")))


class FontStyle(StrEnum):
    """Whether a font imitates a hand or a printer."""

    HAND = "hand"
    PRINT = "print"


class Split(StrEnum):
    """Part of the data a font belongs to; all cuts of one family are in the same part."""

    TRAIN = "train"
    CALIBRATION = "calibration"
    TEST = "test"


class FontSpec(BaseModel):
    """One bundled font.

    Args:
        file: file name in this folder.
        family: name in the font's own name table.
        package: npm package of the scope ``@fontsource`` it was built from.
        cut: weight and slope of the package's file, such as ``400-normal``.
        licence: file name of its licence in this folder.
        renamed: whether the name differs from the original's because that is reserved.
        highland: letters of the highland languages it has besides the Vietnamese ones.
        scale: factor on the nominal size that makes its small letters as high as other fonts'.
        joined: whether its letters are joined, so that they must not be moved singly.
        bold: file of the bold cut of the same family, or empty.
        italic: file of the italic cut of the same family, or empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    family: str
    style: FontStyle
    split: Split
    package: str
    version: str
    cut: str
    licence: str
    renamed: bool = False
    highland: str = ""
    scale: float = 1.0
    joined: bool = False
    bold: str = ""
    italic: str = ""

    @property
    def path(self) -> Path:
        """Where the font file lies."""
        return FOLDER / self.file


@cache
def font_specs() -> tuple[FontSpec, ...]:
    """All bundled fonts, in the order of ``fonts.yaml``."""
    data: dict[str, Any] = yaml.safe_load((FOLDER / "fonts.yaml").read_text(encoding="utf-8"))
    return tuple(FontSpec.model_validate(entry) for entry in data["fonts"])


def load_fonts(style: FontStyle | str | None = None, split: Split | str | None = None) -> tuple[FontSpec, ...]:
    """Bundled fonts of a style and part of the data, each ``None`` meaning any.

    Raises:
        SettingsError: the style or the part of the data does not exist.
    """
    try:
        wanted_style = None if style is None else FontStyle(style)
        wanted_split = None if split is None else Split(split)
    except ValueError as error:
        raise SettingsError(
            f"No such font style or part of the data: {error}.",
            mend="Use 'hand' or 'print', and 'train', 'calibration' or 'test'.",
        ) from error
    return tuple(
        spec
        for spec in font_specs()
        if (wanted_style is None or spec.style is wanted_style) and (wanted_split is None or spec.split is wanted_split)
    )
