"""What this program wrote into an output folder is no scan, whoever takes that folder for one of scans."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

_MARKS = ("audit.key", "sources.json")
"""Files that every output folder has from its first run on."""

_WRITTEN = frozenset({
    "acceptance", "adapted", "audit.key", "boards.yaml", "certificate.json", "exports.yaml", "import", "jobs",
    "learning", "learning.yaml", "overlays", "packages", "pages", "problems.jsonl", "reconciliation", "records.jsonl",
    "report.html", "scans-at-hand", "sources.json", "templates",
})  # fmt: skip
"""As the modules that write them call them, of which this one knows nothing; a test of runs holds both together."""
_DATABASE = "extractor.sqlite"


def is_output_folder(names: Collection[str]) -> bool:
    """Whether a folder that holds these names is the output folder of a run."""
    return all(mark in names for mark in _MARKS)


def is_output(name: str) -> bool:
    """Whether a file or folder of this name in an output folder was written by this program.

    Anything else there, such as scans that were sent in or lie there anyway, is the user's.
    """
    return name in _WRITTEN or name.startswith(_DATABASE)


def lies_in_outputs(path: Path) -> bool:
    """Whether a path is what this program wrote, or below it, links followed."""
    whole = path.resolve()
    return any(
        is_output(below.name) and all((folder / mark).is_file() for mark in _MARKS)
        for below, folder in zip((whole, *whole.parents), whole.parents, strict=False)
    )
