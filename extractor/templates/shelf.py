"""The office's own forms: a folder in the output folder, each form with all versions that were ever saved.

``OUT/templates/NAME`` is a link to the version in use, ``OUT/templates/.versions/NAME/0007``. A link is changed in one
step, so a form is there whole or not at all, and a version that was replaced stays as it was.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from extractor.errors import TemplateError
from extractor.file_locks import lock as lock_file
from extractor.templates.blank import draw_blank
from extractor.templates.form import FORM_NAME
from extractor.templates.load import BLANK_FILE, SCHEMA_FILE, TEMPLATE_FILE, Form, load_form
from extractor.templates.own_forms import VERSIONS

_NOTE = "saved.json"
_NUMBER = re.compile(r"\d{4,}")
_NAME = re.compile(FORM_NAME)


class VersionChangedError(TemplateError):
    """Somebody else saved the form meanwhile; ``saved`` says who and when, where that is known."""

    def __init__(self, name: str, saved: SavedVersion | None) -> None:
        super().__init__(f"{name}: was saved by somebody else meanwhile.", mend="Compare the two and save again.")
        self.saved = saved


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """One version of a form of the office.

    Args:
        number: counts the versions of the form, from 1.
        version: as records name it: the form's own version and a hash of its files.
        by: who saved it; empty where it came from elsewhere.
        at: when, ISO 8601; empty likewise.
        remark: why, in the person's words.
        in_use: whether runs read with it.
    """

    number: int
    version: str
    by: str = ""
    at: str = ""
    remark: str = ""
    in_use: bool = False


class Shelf:
    """The forms of one office.

    Args:
        folder: see :func:`extractor.templates.own_forms.own_folder`; made when the first form is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self, name: str) -> list[SavedVersion]:
        """All versions of a form, the newest first."""
        current = self._current(name)
        found = []
        for folder in self._all(name):
            note = _note(folder)
            found.append(
                SavedVersion(
                    number=int(folder.name),
                    version=note.get("version", ""),
                    by=note.get("by", ""),
                    at=note.get("at", ""),
                    remark=note.get("remark", ""),
                    in_use=folder.name == current,
                )
            )
        return found[::-1]

    def path(self, name: str, number: int) -> Path:
        """Folder of one version.

        Raises:
            TemplateError: there is no such version.
        """
        folder = self.folder / VERSIONS / name / f"{number:04d}"
        if not _NAME.fullmatch(name) or not (folder / SCHEMA_FILE).is_file():
            raise TemplateError(f"{name}: there is no version {number}.", mend="Look at the list of its versions.")
        return folder

    def save(
        self,
        name: str,
        schema: str,
        template: str,
        *,
        based_on: str,
        known: Callable[[], Form | None],
        by: str,
        at: datetime,
        remark: str = "",
        before_use: Callable[[SavedVersion], None] = lambda _: None,
    ) -> SavedVersion:
        """Put a new version into use, unless another one came between.

        Args:
            name: name of the form.
            schema: text of ``form.yaml``.
            template: text of ``template.yaml``.
            based_on: version the person began with; empty for a new form.
            known: gives the form in use now, or none; asked under the lock.
            by: who saves it.
            before_use: called when all is written and nothing is in use yet, such as to note it in the log; where it
                raises, nothing changes.

        Raises:
            TemplateError: the texts are no form, or cannot be written.
            VersionChangedError: ``based_on`` is not what is in use.
        """
        if not _NAME.fullmatch(name):
            raise TemplateError(f"'{name}' is no name of a form.", mend="Use small letters, digits and hyphens.")
        try:
            with self._alone():
                form = known()
                if (form.version if form else "") != based_on:
                    versions = self.versions(name)
                    raise VersionChangedError(name, versions[0] if versions else None)
                self._take_in(name)
                return self._put(name, schema, template, by=by, at=at, remark=remark, before_use=before_use)
        except OSError as error:
            raise TemplateError(
                f"{self.folder / name}: cannot be written ({error.strerror}).", mend="Check rights and free space."
            ) from error

    def _put(
        self,
        name: str,
        schema: str,
        template: str,
        *,
        by: str,
        at: datetime,
        remark: str,
        before_use: Callable[[SavedVersion], None],
    ) -> SavedVersion:
        home = self.folder / VERSIONS / name
        home.mkdir(parents=True, exist_ok=True)
        number = max((int(folder.name) for folder in self._all(name)), default=0) + 1
        with tempfile.TemporaryDirectory(dir=home, prefix=".new-") as made:
            half = Path(made) / name  # the name of a form's folder is the form's
            half.mkdir()
            (half / SCHEMA_FILE).write_text(schema, encoding="utf-8")
            (half / TEMPLATE_FILE).write_text(template, encoding="utf-8")
            form = load_form(half)
            draw_blank(form).save(half / BLANK_FILE)
            saved = SavedVersion(number, form.version, by, at.isoformat(timespec="seconds"), remark, in_use=True)
            about = {key: part for key, part in asdict(saved).items() if key not in ("number", "in_use")}
            (half / _NOTE).write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            _make_sure(half)
            before_use(saved)
            half.replace(home / f"{number:04d}")
        self._use(name, number)
        return saved

    def _use(self, name: str, number: int) -> None:
        """Let the form's link point at a version, in one step."""
        link = self.folder / f".{name}.link"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(VERSIONS) / name / f"{number:04d}")
        link.replace(self.folder / name)

    def _take_in(self, name: str) -> None:
        """Make a version of a form that somebody put into the folder by hand."""
        plain = self.folder / name
        if plain.is_symlink() or not plain.is_dir():
            return
        home = self.folder / VERSIONS / name
        home.mkdir(parents=True, exist_ok=True)
        number = max((int(folder.name) for folder in self._all(name)), default=0) + 1
        plain.rename(home / f"{number:04d}")
        self._use(name, number)

    def _all(self, name: str) -> list[Path]:
        home = self.folder / VERSIONS / name
        if not _NAME.fullmatch(name) or not home.is_dir():
            return []
        return sorted(
            path for path in home.iterdir() if _NUMBER.fullmatch(path.name) and (path / SCHEMA_FILE).is_file()
        )

    def _current(self, name: str) -> str:
        link = self.folder / name
        return link.readlink().name if _NAME.fullmatch(name) and link.is_symlink() else ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process save at a time; the lock goes with the process, however it ends."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as lock:
            lock_file(lock, wait=True)
            yield


def _note(folder: Path) -> dict[str, str]:
    """Who saved a version and when; of one that came from elsewhere only what it is."""
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        return {key: str(note.get(key, "")) for key in ("version", "by", "at", "remark")}
    except (OSError, ValueError, AttributeError):
        return {"version": _version_of(folder)}


def _version_of(folder: Path) -> str:
    try:
        return load_form(folder).version
    except TemplateError:
        return ""


def _make_sure(folder: Path) -> None:
    """Have the disk keep what was written, before anything points at it."""
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
