"""Python, its packages and fonts, and places that can be written."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from extractor.doctor.findings import Finding, fault, note, ok
from extractor.errors import ExitCode

_OLDEST = (3, 11)
_MEBI = 1024 * 1024
LEAST_FREE = 512 * _MEBI
"""Bytes of the disk that uploads leave free."""
_LITTLE_FREE = 10 * 1024 * _MEBI
_HEAVY = {"opencv": "cv2", "numpy": "numpy", "onnxruntime": "onnxruntime"}
"""Packages that need libraries of the system, and the modules to see it by."""


def look_at_python() -> Iterator[Finding]:
    """The interpreter, the packages that the product asks for, and whether the compiled ones load."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield (
        ok("Python", f"{version}, {sys.prefix}")
        if sys.version_info >= _OLDEST
        else fault("Python", version, "Install Python 3.11 or later.")
    )
    wrong = sorted(_wrong_packages())
    yield (
        ok("Python packages", "all that are asked for")
        if not wrong
        else fault("Python packages", ", ".join(wrong), "Install anew: pip install -c constraints.txt, or install.sh.")
    )
    broken = []
    for name, module in _HEAVY.items():
        try:
            importlib.import_module(module)
        except Exception as error:  # an ImportError that names the library, or whatever a damaged one raises
            broken.append(f"{name}: {error}")
    yield (
        ok("compiled packages", ", ".join(_HEAVY))
        if not broken
        else fault("compiled packages", "; ".join(broken), "On Debian: apt install libgl1 libglib2.0-0.",
                   ExitCode.MISSING_PROGRAM)
    )  # fmt: skip


def _wrong_packages() -> Iterator[str]:
    from packaging.requirements import Requirement

    try:
        asked = metadata.requires("extractor") or []
    except metadata.PackageNotFoundError:
        yield "extractor itself is not installed as a package"
        return
    for text in asked:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            yield f"{wanted.name} is missing"
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            yield f"{wanted.name} is {found}, not {wanted.specifier}"


def look_at_fonts() -> Finding:
    """The fonts that pages and pictures are drawn with: all letters, or a page of squares."""
    from fontTools.ttLib import TTFont

    from extractor.templates.blank import dejavu_sans
    from extractor.training.fonts import REQUIRED

    shipped = Path(__file__).parent.parent / "training" / "fonts"
    files = [*sorted(shipped.glob("*.ttf")), dejavu_sans()]
    wrong = []
    for file in files:
        try:
            with TTFont(file, lazy=True) as font:
                lacking = REQUIRED - {chr(code) for code in font.getBestCmap()}
            if lacking:
                wrong.append(f"{file.name} lacks {len(lacking)} letters")
        except Exception as error:  # whatever a damaged font raises
            wrong.append(f"{file.name} ({type(error).__name__})")
    if wrong or len(files) == 1:
        return fault("fonts", ", ".join(wrong) or "none", "Install the package anew.")
    return ok("fonts", f"{len(files)}, each with all Vietnamese letters")


def look_at_place(what: str, folder: Path) -> Iterator[Finding]:
    """Whether a folder can be written, and the room on its disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        told = f"{folder}: cannot be written ({error.strerror})"
        yield fault(what, told, "Give the account that the server runs under its rights.")
        return
    free = shutil.disk_usage(folder).free
    told = f"{folder}: {free / 1024 / _MEBI:.1f} GiB free"
    if free < LEAST_FREE:
        yield fault(what, told, "Make room: uploads and exports are refused below 0.5 GiB.")
    elif free < _LITTLE_FREE:
        yield note(what, told, "Make room before the next books.")
    else:
        yield ok(what, told)


def look_at_clock(not_before: datetime, now: datetime | None = None) -> Finding:
    """Whether it is later than something that was made before: decisions and accounts are stamped with the time."""
    now = now or datetime.now(UTC)
    shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < not_before:
        return fault("clock", f"{shown}, before what this version was made with", "Set the clock.")
    return ok("clock", shown)
