"""Check forms as ``extractor template check`` does: every mistake with its file, line and mend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import TemplateError
from extractor.templates.form import FormSchema, Kind
from extractor.templates.label_template import Label, LabelTemplate, ValuePlace
from extractor.templates.layouts import Template, layouts
from extractor.templates.load import BLANK_FILE, TEMPLATE_FILE, default_folder, form_folders, load_form
from extractor.templates.marked_yaml import MarkedYaml, read_yaml


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a form.

    Args:
        form: name of the form's folder.
        message: file, line and what is wrong.
        mend: what to do about it.
        serious: whether the form cannot be used as it is; else it is advice.
    """

    form: str
    message: str
    mend: str
    serious: bool = True


def check_forms(folders: Sequence[Path] = ()) -> list[Finding]:
    """Mistakes in all forms of the folders; empty where there are none.

    Raises:
        TemplateError: a folder holds no forms at all.
    """
    findings: list[Finding] = []
    for root in folders or (default_folder(),):
        for folder in form_folders(root):
            findings += check_form(folder)
    return findings


def check_form(folder: Path) -> list[Finding]:
    """Mistakes in one form."""
    try:
        form = load_form(folder)
    except TemplateError as error:
        return [Finding(folder.name, error.message, error.mend)]
    file = read_yaml(folder / TEMPLATE_FILE)
    findings = [Finding(folder.name, message, mend) for message, mend in _mistakes(form.schema, form.template, file)]
    if form.name != folder.name:
        message = f"{folder}: the folder's name is not the form's, '{form.name}'."
        findings.append(Finding(folder.name, message, "Rename one of them."))
    if not (folder / BLANK_FILE).is_file():
        message = f"{folder / BLANK_FILE}: there is no picture of the blank form."
        findings.append(
            Finding(
                folder.name,
                message,
                f"Draw it with 'extractor template preview {form.name} --out {folder / BLANK_FILE}'.",
                False,
            )
        )
    return findings


def _mistakes(schema: FormSchema, template: Template, file: MarkedYaml) -> Iterator[tuple[str, str]]:
    known = {spec.code for spec in schema.fields}
    placed = layouts()[template.layout].codes(template)
    for code in sorted(set(placed) - known):
        line = _line_of(file, code)
        yield f"{file.path}, line {line}: the form has no field '{code}'.", "Correct the code or add it to form.yaml."
    for code in sorted(known - set(placed)):
        yield f"{file.path}, line 1: field '{code}' has no place.", "Add a label or column with this field."
    if isinstance(template, LabelTemplate):
        yield from _label_mistakes(schema, template, file)


def _label_mistakes(schema: FormSchema, template: LabelTemplate, file: MarkedYaml) -> Iterator[tuple[str, str]]:
    specs = {spec.code: spec for spec in schema.fields}
    seen: set[tuple[str, str | None, str | None]] = set()
    for b, block in enumerate(template.blocks):
        for r, line in enumerate(block.lines):
            for k, label in enumerate(line.labels):
                where = f"{file.path}, line {file.line(['blocks', b, 'lines', r, 'labels', k])}: '{label.text}'"
                if not (0 <= label.x <= template.page.width and 0 <= line.y <= template.page.height):
                    yield f"{where}: stands off the page.", "Correct 'x' or 'y' (millimetres)."
                for spec in (specs[code] for code in label.codes if code in specs):
                    key = (spec.code, label.part, label.option)
                    if key in seen:
                        yield f"{where}: field '{spec.code}' has this place twice.", "Remove one of the labels."
                    seen.add(key)
                    yield from _label_against(label, spec.kind, spec.parts, [o.label for o in spec.options], where)
    for spec in schema.fields:
        have_parts = {part for code, part, _ in seen if code == spec.code}
        for part in spec.parts:
            if part not in have_parts and have_parts:
                yield f"{file.path}: part '{part}' of '{spec.code}' has no label.", f"Add one with 'part: {part}'."
        have = {option for code, _, option in seen if code == spec.code}
        for option in spec.options:
            if option.label not in have and have:
                message = f"{file.path}: option '{option.label}' of '{spec.code}' has no label."
                yield message, "Add one with 'option:' and 'value: box'."


def _label_against(
    label: Label, kind: Kind, parts: Sequence[str], options: Sequence[str], where: str
) -> Iterator[tuple[str, str]]:
    if label.part is not None and label.part not in parts:
        yield f"{where}: the field has no part '{label.part}'.", f"Use one of: {', '.join(parts) or 'none'}."
    if label.option is not None and label.option not in options:
        yield f"{where}: the field has no option '{label.option}'.", f"Use one of: {', '.join(options) or 'none'}."
    if (kind is Kind.CHOICE) != (label.value is ValuePlace.BOX):
        yield f"{where}: a choice has 'value: box', and only a choice.", "Correct 'value' or the field's kind."


def _line_of(file: MarkedYaml, code: str) -> int:
    """First line that names a field code."""
    for number, line in enumerate(file.path.read_text(encoding="utf-8").splitlines(), start=1):
        if f"field: {code}" in line:
            return number
    return 1
