"""Which records belong to which truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath


def pair_files(truth: Iterable[str], found: Iterable[str]) -> dict[str, str]:
    """For each file of the truth the file of the records that is the same, where there is one.

    Files are the same by their full names, or by the last part of their names where that is unique on both sides.
    """
    found = set(found)
    truth = set(truth)
    ours, theirs = _by_base(truth), _by_base(found)
    pairs = {}
    for name in truth:
        base = PurePosixPath(name).name
        if name in found:
            pairs[name] = name
        elif len(ours[base]) == 1 and len(theirs.get(base, ())) == 1:
            pairs[name] = theirs[base][0]
    return pairs


def _by_base(names: Iterable[str]) -> dict[str, list[str]]:
    by_base: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_base[PurePosixPath(name).name].append(name)
    return by_base
