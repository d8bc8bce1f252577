"""Engines that read pictures of single lines, each behind the same function; one that is not installed says so.

To add one, write a function that takes no argument, imports what it needs, and returns a function from pictures to
texts; then name it in ``ENGINES``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.settings import get_settings

Image = NDArray[np.uint8]
Read = Callable[[list[Image]], list[str]]


def _shipped(name: str, *, language: bool = True) -> Read:
    from extractor.readers.handwriting import HandwritingReader
    from extractor.readers.wrapped import read_wrapped

    reader = HandwritingReader(get_settings().models_dir / name, language=language)
    return lambda images: [reading.text for reading in read_wrapped(reader, images)]


def _tesseract(language: str) -> Read:
    import pytesseract

    def read(images: list[Image]) -> list[str]:
        return [
            " ".join(pytesseract.image_to_string(image, lang=language, config="--psm 7").split()) for image in images
        ]

    return read


def _asterocr() -> Read:
    from asterocr import AsterOCR

    engine = AsterOCR(enable_telemetry=False)
    return lambda images: [engine.predict(image) for image in images]


def _trueocr() -> Read:
    import trueocr
    from trueocr.recognizer import Recognizer

    engine = Recognizer(Path(trueocr.__file__).parent / "models", threads=1)
    return lambda images: [item.text for item in engine.predict(images)]


def _rapidocr() -> Read:
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": 1})

    def read(images: list[Image]) -> list[str]:
        texts = []
        for image in images:
            colour = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
            found = engine(colour, use_det=False, use_cls=False, use_rec=True).txts
            texts.append(" ".join(itertools.chain(found or ())))
        return texts

    return read


ENGINES: dict[str, Callable[[], Read]] = {
    "extractor": lambda: _shipped("handwriting"),
    "extractor, no language model": lambda: _shipped("handwriting", language=False),
    "extractor, open data": lambda: _shipped("handwriting-open"),
    "Tesseract vie": lambda: _tesseract("vie"),
    "AsterOCR": _asterocr,
    "TrueOCR": _trueocr,
    "PP-OCRv6 small (RapidOCR)": _rapidocr,
}
