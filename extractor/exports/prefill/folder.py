"""The folder of entry forms: for its owner alone, marked as ours, held by one run, rid of what is no longer in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from extractor.errors import SettingsError
from extractor.file_locks import lock as lock_file

MARK = "phieu-nhap.json"
LOCK = ".lock"
FORMAT = "extractor-prefill/1"


@dataclass(slots=True)
class OwnFolder:
    """A folder that holds files of ours.

    Args:
        former: paths of a former run, relative to the folder; only these are ever removed.
        written: paths of this run.
    """

    root: Path
    former: frozenset[str]
    written: set[str] = field(default_factory=set)

    def folder(self, path: Path) -> Path:
        """Make a folder in it, for its owner alone."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        return path

    def keep(self, path: Path) -> None:
        """Note that a file belongs to this run, for its owner alone."""
        path.chmod(0o600)
        self.written.add(path.relative_to(self.root).as_posix())

    def write(self, path: Path, text: str) -> bool:
        """Write a page whole or not at all; tells whether it is other than before.

        These pages are views of the store and can be made again, so a former one is not kept.
        """
        changed = _write(path, text)
        self.keep(path)
        return changed


@contextmanager
def own_folder(root: Path) -> Iterator[OwnFolder]:
    """Hold a folder for one run; afterwards files of a former run that were not written again are gone.

    Raises:
        SettingsError: the folder holds something that is not ours, or another run is writing to it.
    """
    mark = root / MARK
    if root.exists() and not root.is_dir():
        raise SettingsError(f"--out {root}: is no folder.", mend="Name a folder that is new or empty.")
    if root.exists() and not mark.exists() and any(each.name != LOCK for each in root.iterdir()):
        raise SettingsError(
            f"--out {root}: the folder holds other files, and none of them is overwritten.",
            mend="Name a folder that is new, empty, or was made by this command.",
        )
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    root.chmod(0o700)
    with (root / LOCK).open("w") as lock:
        (root / LOCK).chmod(0o600)
        try:
            lock_file(lock, wait=False)
        except OSError as error:
            raise SettingsError(f"--out {root}: another run is writing to it.", mend="Wait for it to end.") from error
        folder = OwnFolder(root, _listed(mark) if mark.exists() else frozenset())
        done = False
        try:
            # Marked before the first file comes, so that a run that was stopped can go on.
            _mark(mark, folder.former)
            yield folder
            done = True
        finally:
            _mark(mark, folder.written if done else folder.former | folder.written)
        for name in sorted(folder.former - folder.written):
            _remove(root, name)


def _listed(mark: Path) -> frozenset[str]:
    try:
        data = json.loads(mark.read_text(encoding="utf-8"))
        names = data["files"] if data["format"] == FORMAT else None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError(
            f"{mark}: is not the list of files that this command writes.", mend="Name a folder that is new or empty."
        ) from error
    return frozenset(name for name in names if not PurePosixPath(name).is_absolute() and ".." not in name.split("/"))


def _mark(mark: Path, names: frozenset[str] | set[str]) -> None:
    _write(mark, json.dumps({"format": FORMAT, "files": sorted(names)}, ensure_ascii=False, indent=0) + "\n")
    mark.chmod(0o600)


def _write(path: Path, text: str) -> bool:
    data = text.encode()
    if path.exists() and path.read_bytes() == data:
        return False
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
    return True


def _remove(root: Path, name: str) -> None:
    path = root / name
    if path.is_symlink() or not path.resolve().is_relative_to(root.resolve()):
        return
    path.unlink(missing_ok=True)
    for folder in path.relative_to(root).parents:
        place = root / folder
        if place == root or any(place.iterdir()):
            return
        place.rmdir()
