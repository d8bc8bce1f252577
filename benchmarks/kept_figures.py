"""Figures that a long series keeps in a file and goes on from: read whole, or refused so that none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from extractor.errors import ExitCode, ExtractorError

_T = TypeVar("_T")


class KeptFiguresError(ExtractorError):
    """A file of figures is damaged or cannot be read."""

    exit_code = ExitCode.USAGE  # 1 says that a series found something


def read_kept(path: Path, shape: TypeAdapter[_T]) -> _T:
    """Figures as they were kept.

    Args:
        shape: what they must look like.

    Raises:
        KeptFiguresError: they do not, or the file cannot be read. It stays as it is, for what it counted may have
            taken days.
    """
    try:
        return shape.validate_json(path.read_bytes())
    except OSError as error:
        raise KeptFiguresError(
            f"{path}: cannot be read ({error.strerror}).", mend="Check its rights, or give another folder with --out."
        ) from error
    except ValidationError as error:
        raise KeptFiguresError(
            f"{path}: is damaged, so that the series cannot go on from it.",
            mend="Put a copy of it back, or take it away to begin anew; findings kept beside it stay.",
        ) from error
