"""Where an office's own forms are: in the output folder, beside what was read with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from extractor.templates.load import SCHEMA_FILE

OWN = "templates"
"""Folder in an output folder that holds the office's own forms."""
VERSIONS = ".versions"
"""Folder in it that holds all versions that were ever saved."""


def own_folder(out: Path) -> Path:
    """Folder of the office's own forms."""
    return out / OWN


def folders_in_use(folders: Sequence[Path], out: Path) -> tuple[Path, ...]:
    """The folders that a run into ``out`` takes its forms from; the office's own forms come last, and so win."""
    own = own_folder(out)
    return (*folders, own) if any(own.glob(f"*/{SCHEMA_FILE}")) else tuple(folders)


def is_office_folder(folder: Path) -> bool:
    """Whether a folder holds the own forms of an office, saved by the designer."""
    return (folder / VERSIONS).is_dir()
