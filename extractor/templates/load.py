"""Load forms: a folder each, with the field schema and the page template."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from extractor.errors import TemplateError, UnknownFormError
from extractor.settings import shipped
from extractor.templates.form import FormSchema
from extractor.templates.label_template import LabelTemplate
from extractor.templates.layouts import Template
from extractor.templates.marked_yaml import MarkedYaml, parse_yaml, read_file, validate
from extractor.templates.table_template import TableTemplate

SCHEMA_FILE, TEMPLATE_FILE, BLANK_FILE = "form.yaml", "template.yaml", "blank.png"
_MODELS: dict[str, type[LabelTemplate] | type[TableTemplate]] = {"labels": LabelTemplate, "table": TableTemplate}


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is loaded.

    Args:
        schema: its fields; ``schema.version`` ends with a hash of both files, so that any change of them is a new
            version.
        template: where its fields lie.
        folder: where both came from.
    """

    schema: FormSchema
    template: Template
    folder: Path

    @property
    def name(self) -> str:
        """Name of the form, such as ``ks-2016``."""
        return self.schema.form

    @property
    def version(self) -> str:
        """Changes whenever the same scan could give other fields."""
        return self.schema.version


def default_folder() -> Path:
    """Folder of the forms that ship with the software."""
    return shipped("page_templates")


def load_forms(folders: Sequence[Path] = ()) -> list[Form]:
    """All forms of the folders, by name; of two with one name the later folder's wins.

    Args:
        folders: folders with one folder a form; the shipped ones where none is given.

    Raises:
        TemplateError: a folder is missing or holds no form, or a form is wrong.
    """
    forms: dict[str, Form] = {}
    for folder in folders or (default_folder(),):
        for path in form_folders(folder):
            form = load_form(path)
            forms[form.name] = form
    return [forms[name] for name in sorted(forms)]


def form_folders(folder: Path) -> list[Path]:
    """Folders of forms below a folder of page templates; the folder itself where it is a form's.

    Raises:
        TemplateError: there are none.
    """
    if (folder / SCHEMA_FILE).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{SCHEMA_FILE}")) if folder.is_dir() else []
    if not found:
        raise TemplateError(
            f"{folder}: holds no page templates.",
            mend="Name a folder whose sub-folders hold 'form.yaml' and 'template.yaml'.",
        )
    return found


def load_form(folder: Path) -> Form:
    """Load one form.

    Raises:
        TemplateError: a file is missing or wrong; the message names file, line and mend.
    """
    return _load(folder, read_file(folder / SCHEMA_FILE), read_file(folder / TEMPLATE_FILE))


@lru_cache(maxsize=256)
def _load(folder: Path, schema_source: bytes, template_source: bytes) -> Form:
    """The form in these files, parsed once while they stay as they are: every run and command asks for all forms."""
    schema_file = parse_yaml(folder / SCHEMA_FILE, schema_source)
    template_file = parse_yaml(folder / TEMPLATE_FILE, template_source)
    schema = validate(schema_file, FormSchema)
    template = validate(template_file, _model(template_file))
    digest = hashlib.sha256()
    for source in (schema_source, template_source):
        digest.update(source.replace(b"\r\n", b"\n"))
    version = f"{schema.version}-{digest.hexdigest()[:8]}"
    return Form(schema.model_copy(update={"version": version}), template, folder)


def find_form(forms: Sequence[Form], name: str) -> Form:
    """The form of that name.

    Raises:
        UnknownFormError: there is none; the message lists the names.
    """
    for form in forms:
        if form.name == name:
            return form
    known = ", ".join(form.name for form in forms) or "none"
    raise UnknownFormError(f"There is no form named '{name}'.", mend=f"Choose one of: {known}.")


def _model(file: MarkedYaml) -> type[LabelTemplate] | type[TableTemplate]:
    layout = file.data.get("layout")
    if not isinstance(layout, str) or layout not in _MODELS:
        raise TemplateError(
            f"{file.path}, line {file.line(['layout'])}: layout: there is no layout '{layout}'.",
            mend=f"Write 'layout:' with one of: {', '.join(sorted(_MODELS))}.",
        )
    return _MODELS[layout]
