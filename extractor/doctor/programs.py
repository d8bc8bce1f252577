"""The programs that other hands wrote and the system has to provide."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from extractor.doctor.findings import Finding, fault, note, ok
from extractor.errors import ExitCode, ExtractorError
from extractor.readers.tesseract import LANGUAGE, library_differs

_SECONDS = 20
_NUMBER = re.compile(r"\d+(?:\.\d+)+")


def look_for_programs() -> Iterator[Finding]:
    """Tesseract with its Vietnamese data, poppler, and two that are wished for."""
    yield from _tesseract()
    yield _poppler()
    for name, package, use in (
        ("jpegtran", "libjpeg-turbo-progs", "parts of a JPEG go into packages as pixels, which takes more room"),
        ("soffice", "libreoffice-writer", "records of acceptance are written as .docx, not as PDF"),
    ):
        found = shutil.which(name)
        yield ok(name, found) if found else note(name, f"not installed: {use}", f"On Debian: apt install {package}.")


def _tesseract() -> Iterator[Finding]:
    mend = "On Debian: apt install tesseract-ocr tesseract-ocr-vie."
    path = shutil.which("tesseract")
    if path is None:
        yield fault("tesseract", "not installed", mend, ExitCode.MISSING_PROGRAM)
        return
    said = _say(path, "--version")
    if said is None:
        yield fault("tesseract", f"{path} does not answer", mend, ExitCode.MISSING_PROGRAM)
        return
    yield ok("tesseract", f"{_version(said)}, {path}")
    known = (_say(path, "--list-langs") or "").split()
    yield (
        ok("tesseract: Vietnamese", f"{LANGUAGE}.traineddata")
        if LANGUAGE in known
        else fault(
            "tesseract: Vietnamese", f"no {LANGUAGE}.traineddata", f"{mend} TESSDATA_PREFIX may name another folder.",
            ExitCode.MISSING_PROGRAM,
        )
    )  # fmt: skip
    if LANGUAGE in known:
        yield from _library()


def _library() -> Iterator[Finding]:
    """Tesseract's library, which reads faster than its program where it is there."""
    try:
        differs = library_differs()
    except ExtractorError as error:
        yield fault("tesseract: library", error.message, error.mend, ExitCode.MISSING_PROGRAM)
        return
    if differs is None:
        yield note(
            "tesseract: library", "not found: the program is started for each picture, which takes longer",
            "On Debian the library comes with the program.",
        )  # fmt: skip
    elif differs:
        yield note(
            "tesseract: library", "reads otherwise than the program: they are of two versions",
            "Install both from one package: certificates hold for the version that they were proved with.",
        )  # fmt: skip
    else:
        yield ok("tesseract: library", "reads as the program does")


def _poppler() -> Finding:
    mend = "On Debian: apt install poppler-utils."
    path = shutil.which("pdftoppm")
    said = _say(path, "-v") if path else None
    if path is None or said is None:
        told = "not installed" if path is None else f"{path} does not answer"
        return fault("pdftoppm (poppler)", told, mend, ExitCode.MISSING_PROGRAM)
    return ok("pdftoppm (poppler)", f"{_version(said)}, {path}")


def _say(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout + done.stderr).decode(errors="replace")


def _version(said: str) -> str:
    found = _NUMBER.search(said)
    return found[0] if found else "version unknown"
