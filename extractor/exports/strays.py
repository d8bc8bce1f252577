"""Files beside what is handed over that nobody vouches for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

_STAMP = re.compile(r"\.\d{8}-\d{6}(-\d+)?(?=\.[a-z]+$)", re.ASCII)
"""The date in the name of a former file, see :func:`extractor.exports.files.put_in_place`."""

_LIST = re.compile(r"(held_back|checks)(\.[\w-]+)?\.csv")
_OPEN = re.compile(r"~\$(.+)|\.~lock\.(.+)#")
"""What Excel and LibreOffice put beside a file that is open."""


def strays(
    out: Path,
    *,
    manifests: Collection[Path],
    named: Collection[Path],
    stems: Collection[str],
    suffixes: Collection[str],
) -> Iterator[Path]:
    """Files in ``packages`` and ``import``, however deep, that are not the export's own.

    Its own are the manifests and what they name, the lists of a run, drafts, and former files of a book under a dated
    name; and what a spreadsheet program keeps beside a file that is open.

    Args:
        out: the folder with ``packages`` and ``import``.
        manifests: the manifests that lie there.
        named: files that they name.
        stems: names of the books' manifests, without their ending, now and earlier.
        suffixes: what the names of workbooks may have after the stem.
    """
    packages, workbooks = out / "packages", out / "import"
    own = {*manifests, *named}
    former = {*named, *(packages / f"{stem}.zip" for stem in stems)}
    former |= {workbooks / f"{stem}{suffix}.xlsx" for stem in stems for suffix in ("", *suffixes)}
    former |= {folder / f"{stem}.manifest.json" for stem in stems for folder in (packages, workbooks)}
    for folder in (packages, workbooks):
        for path in sorted(folder.rglob("*")):
            if path in own or (path.is_dir() and not path.is_symlink()):
                continue
            undated, dated = _STAMP.subn("", path.name)
            if dated and path.with_name(undated) in former:
                continue
            if path.parent == workbooks and (_LIST.fullmatch(path.name) or undated.endswith(".draft.xlsx")):
                continue
            if (opened := _OPEN.fullmatch(path.name)) and path.with_name(opened[1] or opened[2]) in own:
                continue
            yield path
