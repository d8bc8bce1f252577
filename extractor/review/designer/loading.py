"""Forms by their folders, loaded anew only where their files changed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from extractor.errors import TemplateError
from extractor.templates import Form, load_form
from extractor.templates.load import SCHEMA_FILE, TEMPLATE_FILE


def load_again(folder: Path) -> Form:
    """The form in a folder; the folder is the one the form is known by, also where that is a link.

    Raises:
        TemplateError: a file is missing or wrong.
    """
    found = _load(folder, folder.resolve(), _state(folder))
    if isinstance(found, TemplateError):
        raise found
    return found


def forms_in(folders: tuple[Path, ...]) -> list[Form]:
    """All forms of the folders that can be loaded, by name; of two with one name the later folder's wins."""
    found: dict[str, Form] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*/{SCHEMA_FILE}")):
            try:
                form = load_again(path.parent)
            except TemplateError:
                continue
            found[form.name] = form
    return [found[name] for name in sorted(found)]


def _state(folder: Path) -> tuple[int, ...]:
    files = [folder / SCHEMA_FILE, folder / TEMPLATE_FILE]
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in files)


@lru_cache(maxsize=256)
def _load(folder: Path, _resolved: Path, _changed: tuple[int, ...]) -> Form | TemplateError:
    try:
        return load_form(folder)
    except TemplateError as error:
        return error
