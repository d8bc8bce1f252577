"""Tesseract, kept warm: by its library within this process where there is one, else by its program.

Both give the same words. A program that is started anew for each picture spends a quarter of a second of processor time
on loading its data, though, as long as it takes to read half a page of labels.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from extractor.errors import ImageError, MissingProgramError
from extractor.records import nfc
from extractor.scans.types import Image

LANGUAGE = "vie"
_LIBRARIES = ("libtesseract.so.5", "libtesseract.5.dylib")
_HINT = "Install it, on Debian or Ubuntu with 'apt install tesseract-ocr tesseract-ocr-vie'."
_LSTM_ONLY = 1
_ONE_LINE = 7
_DPI = 300
_SILENT = 6
"""Leptonica's level above which it says nothing: it complains of boxes at a picture's edge, which concerns nobody."""
_FIELDS = 12
"""Columns of Tesseract's table: level, page, block, paragraph, line, word, four of the box, confidence, text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of Tesseract's table of words, in pixels of the image it saw."""

    text: str
    confidence: float
    x: int
    y: int
    w: int
    h: int
    group: tuple[int, int, int]


def recognise(image: Image, *, layout: int, dpi: int) -> list[Row]:
    """All words of a picture.

    Args:
        image: grey ``(height, width)``.
        layout: Tesseract's page segmentation mode, 0 to 13.
        dpi: resolution of the picture.

    Raises:
        ImageError: Tesseract cannot work on such a picture.
        MissingProgramError: Tesseract or its Vietnamese data is not installed.
    """
    installed()
    # More threads than free cores make Tesseract slower; it reads this from the environment at its start.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    library = _library()
    table = library.read(image, layout, dpi) if library else _by_program(image, layout, dpi)
    return list(_words(table))


@cache
def installed() -> tuple[str, frozenset[str]]:
    """Version of the Tesseract that reads, and the languages it knows.

    Raises:
        MissingProgramError: Tesseract or its Vietnamese data is not installed.
    """
    library = _library()
    version, languages = (library.version, library.languages()) if library else _of_program()
    if LANGUAGE not in languages:
        raise MissingProgramError("Tesseract's Vietnamese data (vie.traineddata) is not installed.", mend=_HINT)
    return version, languages


def library_differs() -> bool | None:
    """Whether the library reads a drawn line otherwise than the program; none where there is no library.

    Raises:
        ImageError, MissingProgramError: as :func:`recognise`.
    """
    library = _library()
    if library is None:
        return None
    picture = np.full((80, 640), 255, np.uint8)
    cv2.putText(picture, "0123456789 THONG 12", (20, 55), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 0, 3)
    return list(_words(library.read(picture, _ONE_LINE, _DPI))) != list(_words(_by_program(picture, _ONE_LINE, _DPI)))


def _of_program() -> tuple[str, frozenset[str]]:
    import pytesseract

    try:
        version = str(pytesseract.get_tesseract_version()).split("-")[0]
        return version, frozenset(str(name) for name in pytesseract.get_languages(config=""))
    except (pytesseract.TesseractNotFoundError, SystemExit) as error:
        raise MissingProgramError("The program 'tesseract' is not installed.", mend=_HINT) from error


def _by_program(image: Image, layout: int, dpi: int) -> str:
    import pytesseract
    from PIL import Image as Pictures

    picture = Pictures.fromarray(image)
    # Without a format the file handed over would be packed as PNG, which takes a tenth of a second and helps nobody.
    picture.format = "PPM"
    config = f"--psm {layout} --oem {_LSTM_ONLY} --dpi {dpi} -c tessedit_do_invert=0"
    table = pytesseract.image_to_data(picture, lang=LANGUAGE, config=config, output_type=pytesseract.Output.STRING)
    return str(table).partition("\n")[2]  # without the names of the columns


def _words(table: str) -> Iterator[Row]:
    for line in table.split("\n"):
        cells = line.split("\t", _FIELDS - 1)
        if len(cells) < _FIELDS:
            continue
        text = nfc(cells[11]).replace("\u2044", "/").strip()
        # Whole per cent, rounded down, as pytesseract hands them on: certificates were proved with these.
        confidence = int(float(cells[10]))
        if not text or confidence < 0:
            continue
        block, paragraph, number, _, x, y, w, h = (int(cell) for cell in cells[2:10])
        yield Row(text, min(1.0, confidence / 100), x, y, w, h, (block, paragraph, number))


@cache
def _library() -> _Library | None:
    """The library, or none where it is not installed where the system looks for libraries."""
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    for name in _LIBRARIES:
        try:
            return _Library(ctypes.CDLL(name))
        except (OSError, AttributeError):  # not there, or without a function that is called
            continue
    return None


class _Library:
    """Tesseract's C interface with one engine, which takes one picture at a time."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._lock = threading.Lock()
        self._engine: int | None = None
        handle, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int

        def function(name: str, result: Any, *arguments: Any) -> Any:
            found = getattr(library, name)
            found.restype, found.argtypes = result, arguments
            return found

        self._create = function("TessBaseAPICreate", handle)
        self._start = function("TessBaseAPIInit2", number, handle, text, text, number)
        self._set = function("TessBaseAPISetVariable", number, handle, text, text)
        self._set_layout = function("TessBaseAPISetPageSegMode", None, handle, number)
        self._set_image = function("TessBaseAPISetImage", None, handle, handle, number, number, number, number)
        self._recognise = function("TessBaseAPIRecognize", number, handle, handle)
        self._table = function("TessBaseAPIGetTsvText", handle, handle, number)
        self._forget_text = function("TessDeleteText", None, handle)
        self._clear = function("TessBaseAPIClear", None, handle)
        self._delete = function("TessBaseAPIDelete", None, handle)
        self._known = function("TessBaseAPIGetAvailableLanguagesAsVector", ctypes.POINTER(text), handle)
        self._forget_texts = function("TessDeleteTextArray", None, ctypes.POINTER(text))
        self.version = str(function("TessVersion", text)().decode()).split("-")[0]
        function("setMsgSeverity", number, number)(_SILENT)

    def languages(self) -> frozenset[str]:
        """Languages whose data are installed; empty where Vietnamese is not among them."""
        with self._lock:
            try:
                engine = self._ready()
            except MissingProgramError:
                return frozenset()
            names = self._known(engine)
            found: list[str] = []
            while (name := names[len(found)]) is not None:
                found.append(name.decode())
            self._forget_texts(names)
        return frozenset(found)

    def read(self, image: Image, layout: int, dpi: int) -> str:
        """The table of words of a grey picture, without the names of its columns."""
        pixels = np.ascontiguousarray(image, np.uint8)
        height, width = pixels.shape
        with self._lock:
            engine = self._ready()
            self._set(engine, b"user_defined_dpi", str(dpi).encode())
            self._set_layout(engine, layout)
            self._set_image(engine, pixels.ctypes.data, width, height, 1, width)
            failed = self._recognise(engine, None)
            table = None if failed else self._table(engine, 0)
            try:
                if not table:
                    raise ImageError(
                        f"Tesseract cannot work on a picture of {width} x {height} pixels.", mend="Look at the page."
                    )
                return ctypes.string_at(table).decode("utf-8", errors="replace")
            finally:
                if table:
                    self._forget_text(table)
                self._clear(engine)

    def _ready(self) -> int:
        """The engine with its data loaded."""
        if self._engine is None:
            engine = self._create()
            self._set(engine, b"debug_file", os.devnull.encode())
            if self._start(engine, None, LANGUAGE.encode(), _LSTM_ONLY):
                self._delete(engine)
                raise MissingProgramError("Tesseract's Vietnamese data (vie.traineddata) is not installed.", mend=_HINT)
            self._set(engine, b"tessedit_do_invert", b"0")
            self._engine = engine
            atexit.register(self._delete, engine)
        assert self._engine is not None
        return self._engine
