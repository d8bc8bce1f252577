"""Cut a rectangle out of a JPEG without decoding its pixels."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

_SECONDS = 120


def crop_jpeg(data: bytes, box: tuple[int, int, int, int]) -> bytes | None:
    """The part of a JPEG inside ``box``; its blocks go over as they are, so that no pixel changes.

    Cut is at the edges of blocks (8 or 16 pixels), outwards on the left and above. Nothing of the rest is left in the
    file, nor are comments and EXIF data, which may hold a small picture of the whole.

    Args:
        box: left, top, right and bottom in pixels as stored.

    Returns:
        None where ``jpegtran`` of libjpeg is not installed, or cannot do it: then the pixels have to be taken.
    """
    program = _program()
    if program is None:
        return None
    left, top, right, bottom = box
    size = f"{right - left}x{bottom - top}+{left}+{top}"
    command = [program, "-copy", "none", "-optimize", "-crop", size]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


@cache
def _program() -> str | None:
    return shutil.which("jpegtran")
