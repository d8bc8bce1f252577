"""The process that opens hostile files: ``python -m extractor.scans.decoding.child``, asked over its standard input.

It ends when whoever started it is gone, and after any failure that a decoder was not expected to have: what such a
failure leaves behind in memory is not used again.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from extractor.errors import ExtractorError, UnsupportedTypeError
from extractor.scans import pdf, raster
from extractor.scans.archives import read_member
from extractor.scans.decoding.confining import confine
from extractor.scans.decoding.messages import SCRATCH, receive, send
from extractor.scans.kinds import HEAD_BYTES, FileKind
from extractor.scans.limits import Limits
from extractor.scans.sources import check_kind, open_file
from extractor.scans.types import Image

_SPARE_SECONDS = 30
_Answer = tuple[dict[str, Any], Image | None]


def main() -> None:
    """Answer one question after another until there are no more, and leave no temporary files behind."""
    try:
        _serve()
    finally:
        # Who asked removes them as well, unless it was killed.
        folder = Path(os.environ.get("TMPDIR", ""))
        if folder.name.startswith(SCRATCH):
            shutil.rmtree(folder, ignore_errors=True)


def _serve() -> None:
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _silence()
    cv2.setNumThreads(1)
    send(answers, {"ready": True})
    while (question := receive(questions)) is not None:
        limits = Limits(**question.pop("limits"))
        seconds = float(question.pop("seconds"))
        confine(limits, seconds)
        _alarm(int(seconds) + _SPARE_SECONDS)
        try:
            answer, pixels = _answer(question, limits)
        except ExtractorError as error:
            send(answers, _told(error))
            _alarm(0)
            continue
        except MemoryError:
            send(answers, {"failed": "memory"})
            return
        except Exception as error:
            send(answers, {"failed": type(error).__name__})
            return
        send(answers, answer, None if pixels is None else np.ascontiguousarray(pixels).data.cast("B"))
        del answer, pixels
        _alarm(0)


def _alarm(seconds: int) -> None:
    """End this process after a time, for when nobody is left to do so; 0 takes it back."""
    if sys.platform != "win32":
        signal.alarm(seconds)


def _silence() -> None:
    """What libraries print would mix with the answers, and may name what stands in a file."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _told(error: ExtractorError) -> dict[str, Any]:
    message = getattr(error, "detail", error.message)
    return {"error": type(error).__name__, "message": message, "mend": error.mend}


def _answer(question: dict[str, Any], limits: Limits) -> _Answer:
    path, file, member = Path(question["path"]), str(question["file"]), str(question["member"])
    content = read_member(path, member, file, limits) if member else path
    if question["task"] == "decode":
        kind, page = FileKind(question["kind"]), int(question["page"])
        if kind is FileKind.PDF:
            image, dpi = pdf.load_page(content, file, page, limits, render_dpi=int(question["render_dpi"]))
        else:
            with _opened(content, file) as stream:
                image, dpi = raster.decode_frame(stream, file, kind, page - 1, limits)
        return {"shape": list(image.shape), "dpi": dpi}, image
    if isinstance(content, bytes):
        kind, digest = check_kind(content[:HEAD_BYTES], file), hashlib.sha256(content).hexdigest()
        if kind is FileKind.ZIP:
            raise UnsupportedTypeError(
                file, "is an archive inside an archive.", mend="Unpack it and give it on its own."
            )
    else:
        kind, digest = FileKind(question["kind"]), ""
    if kind is FileKind.PDF:
        pages = pdf.count_pages(content, file, limits)
    else:
        with _opened(content, file) as stream:
            pages = raster.count_frames(stream, file, kind, limits)
    return {"kind": kind.value, "pages": pages, "sha256": digest}, None


@contextmanager
def _opened(content: Path | bytes, file: str) -> Iterator[BinaryIO]:
    if isinstance(content, bytes):
        yield io.BytesIO(content)
    else:
        with open_file(content, file) as stream:
            yield stream


if __name__ == "__main__":
    main()
    sys.exit(0)
