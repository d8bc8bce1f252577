"""Forms as they are in use at the moment of a request: an author may change one while the server runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from extractor.templates.form import FormSchema
from extractor.templates.load import SCHEMA_FILE, TEMPLATE_FILE, load_form
from extractor.templates.own_forms import folders_in_use


@dataclass(frozen=True, slots=True)
class FormsInUse:
    """The forms of some folders and of an output folder, which win.

    Args:
        folders: folders of page templates, with a folder a form that bears the form's name.
    """

    folders: Sequence[Path]
    out: Path

    def get(self, name: str) -> FormSchema | None:
        """A form's schema with the version that records name; none where there is no such form.

        Raises:
            TemplateError: it is wrong.
        """
        for folder in reversed(folders_in_use(self.folders, self.out)):
            # The office's own forms are links to the version in use.
            path = (folder / name).resolve()
            if (path / SCHEMA_FILE).is_file() and (path / TEMPLATE_FILE).is_file():
                changed = (path / SCHEMA_FILE).stat().st_mtime_ns, (path / TEMPLATE_FILE).stat().st_mtime_ns
                return _loaded(path, changed)
        return None


@lru_cache(maxsize=128)
def _loaded(path: Path, _changed: tuple[int, int]) -> FormSchema:
    return load_form(path).schema
