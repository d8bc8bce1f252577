"""EasyOCR; its weights are not in the package, ``--model`` names a folder that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import cv2

from ..assigning import Piece
from ..cutting import Picture
from . import Engine, FindWords, Options, ReadLines


def _reader(options: Options) -> Any:
    import easyocr

    folder = str(options.model) if options.model else None
    return easyocr.Reader(["vi"], gpu=False, model_storage_directory=folder, download_enabled=False, verbose=False)


def _lines(options: Options) -> ReadLines:
    reader = _reader(options)

    def read(pictures: Sequence[Picture]) -> list[str]:
        texts = []
        for picture in pictures:
            grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            height, width = grey.shape
            found = reader.recognize(grey, horizontal_list=[[0, width, 0, height]], free_list=[], detail=0)
            texts.append(" ".join(found))
        return texts

    return read


def _words(options: Options) -> FindWords:
    reader = _reader(options)

    def find(picture: Picture) -> list[Piece]:
        return [Piece(text, [tuple(corner) for corner in corners]) for corners, text, _ in reader.readtext(picture)]

    return find


ENGINES = {
    "easyocr": Engine(
        "EasyOCR vi", "Apache-2.0", "pip install easyocr; --model FOLDER with its weights",
        lambda options: version("easyocr"), lines=_lines, words=_words,
    ),
}  # fmt: skip
