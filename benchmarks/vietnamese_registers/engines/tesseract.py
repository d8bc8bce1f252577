"""Tesseract with its Vietnamese data, as a program (pytesseract) and as a library in the process (tesserocr)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version

import cv2

from extractor.errors import MissingProgramError

from ..assigning import Piece
from ..cutting import Picture
from . import Engine, FindWords, Options, ReadLines

_LANGUAGE = "vie"
# A line is one line; a form is no column of prose, so its words are looked for wherever they stand.
_LINE, _SPARSE = 7, 11
_DPI = 200


def _program_version(options: Options) -> str:
    import pytesseract

    if shutil.which("tesseract") is None:
        raise MissingProgramError("Tesseract is not installed.", mend="apt install tesseract-ocr tesseract-ocr-vie")
    return f"{pytesseract.get_tesseract_version()}, pytesseract {version('pytesseract')}"


def _program_lines(options: Options) -> ReadLines:
    import pytesseract

    def read(pictures: Sequence[Picture]) -> list[str]:
        return [
            " ".join(pytesseract.image_to_string(_rgb(picture), lang=_LANGUAGE, config=f"--psm {_LINE}").split())
            for picture in pictures
        ]

    return read


def _program_words(options: Options) -> FindWords:
    import pytesseract

    def find(picture: Picture) -> list[Piece]:
        table = pytesseract.image_to_data(
            _rgb(picture), lang=_LANGUAGE, config=f"--psm {_SPARSE} --dpi {_DPI}", output_type=pytesseract.Output.DICT
        )
        boxes = zip(table["text"], table["left"], table["top"], table["width"], table["height"], strict=True)
        return [_piece(text, x, y, x + w, y + h) for text, x, y, w, h in boxes if text.strip()]

    return find


def _library_version(options: Options) -> str:
    import tesserocr

    return f"{tesserocr.tesseract_version().split()[1]}, tesserocr {version('tesserocr')}"


def _data_folder() -> str:
    """Where the program keeps its data; the library looks elsewhere by default."""
    if "TESSDATA_PREFIX" in os.environ:
        return os.environ["TESSDATA_PREFIX"]
    said = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True).stdout
    return said.partition('"')[2].partition('"')[0]


def _library_lines(options: Options) -> ReadLines:
    import tesserocr

    api = tesserocr.PyTessBaseAPI(path=_data_folder(), lang=_LANGUAGE, psm=tesserocr.PSM.SINGLE_LINE)

    def read(pictures: Sequence[Picture]) -> list[str]:
        texts = []
        for picture in pictures:
            api.SetImage(_pil(picture))
            texts.append(" ".join(api.GetUTF8Text().split()))
        return texts

    return read


def _library_words(options: Options) -> FindWords:
    import tesserocr

    api = tesserocr.PyTessBaseAPI(path=_data_folder(), lang=_LANGUAGE, psm=tesserocr.PSM.SPARSE_TEXT)

    def find(picture: Picture) -> list[Piece]:
        api.SetImage(_pil(picture))
        api.SetSourceResolution(_DPI)
        api.Recognize()
        pieces = []
        words = tesserocr.iterate_level(api.GetIterator(), tesserocr.RIL.WORD)
        for word in words:
            box = word.BoundingBox(tesserocr.RIL.WORD)
            if box is not None:
                pieces.append(_piece(word.GetUTF8Text(tesserocr.RIL.WORD), *box))
        return pieces

    return find


def _piece(text: str, x0: float, y0: float, x1: float, y1: float) -> Piece:
    return Piece(text, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _rgb(picture: Picture) -> Picture:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def _pil(picture: Picture) -> object:
    from PIL import Image

    return Image.fromarray(_rgb(picture))


ENGINES = {
    "tesseract": Engine(
        "Tesseract vie", "Apache-2.0", "apt install tesseract-ocr tesseract-ocr-vie; pip install pytesseract",
        _program_version, lines=_program_lines, words=_program_words,
    ),
    "tesserocr": Engine(
        "Tesseract vie (tesserocr)", "Apache-2.0; tesserocr MIT",
        "apt install tesseract-ocr tesseract-ocr-vie; pip install tesserocr",
        _library_version, lines=_library_lines, words=_library_words,
    ),
}  # fmt: skip
