"""Check forms as ``extractor template check`` does: every mistake with its file, line and mend."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import TemplateError
from extractor.templates.column_checks import column_mistakes
from extractor.templates.form import FieldSpec, FormSchema, Kind
from extractor.templates.label_template import Label, LabelTemplate, ValuePlace
from extractor.templates.layouts import Template, layouts
from extractor.templates.load import (
    BLANK_FILE,
    SCHEMA_FILE,
    TEMPLATE_FILE,
    Form,
    default_folder,
    form_folders,
    load_form,
)
from extractor.templates.marked_yaml import MarkedYaml, read_yaml
from extractor.templates.mistakes import Mistake
from extractor.templates.own_forms import is_office_folder
from extractor.templates.twins import Twin, find_twins


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

    Forms are held against each other as a run would: of two with one name the later folder's is in use, and an
    office's own forms are in use beside the shipped ones.

    Raises:
        TemplateError: a folder holds no forms at all.
    """
    roots = tuple(folders) or (default_folder(),)
    findings: list[Finding] = []
    for root in roots:
        for folder in form_folders(root):
            findings += check_form(folder)
    shipped = () if len(roots) > 1 or not is_office_folder(roots[0]) else (default_folder(),)
    return [*findings, *_twins((*shipped, *roots), asked=roots)]


def _twins(roots: Sequence[Path], asked: Sequence[Path]) -> Iterator[Finding]:
    """Forms that hide each other, each pair once."""
    forms: dict[str, Form] = {}
    for root in roots:
        for folder in form_folders(root):
            with contextlib.suppress(TemplateError):  # named already
                form = load_form(folder)
                forms[form.name] = form
    told: set[frozenset[str]] = set()
    for form in reversed(forms.values()):
        if not any(form.folder.is_relative_to(root) for root in asked):
            continue
        for twin in find_twins(form, list(forms.values())):
            pair = frozenset((form.name, twin.name))
            if pair not in told:
                told.add(pair)
                message = f"{form.folder / TEMPLATE_FILE}: {_likeness(form.name, twin)}"
                yield Finding(form.folder.name, message, _TELL_APART, twin.hide_each_other)


_TELL_APART = "Give each 'tells' or labels that only it prints, or take one of the two out."


def _likeness(name: str, twin: Twin) -> str:
    if twin.hide_each_other:
        return f"cannot be told from form '{twin.name}': pages of neither are recognised."
    one, other = (name, twin.name) if twin.here else (twin.name, name)
    return f"pages of '{one}' look like '{other}' as well, and are recognised only where just one of them lies on them."


def check_form(folder: Path) -> list[Finding]:
    """Mistakes in one form."""
    try:
        form = load_form(folder)
    except TemplateError as error:
        return [Finding(folder.name, error.message, error.mend)]
    file = read_yaml(folder / TEMPLATE_FILE)
    findings = [
        Finding(folder.name, f"{_where(mistake, file)}{mistake.message}", mistake.mend, mistake.serious)
        for mistake in find_mistakes(form.schema, form.template)
    ]
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


def find_mistakes(schema: FormSchema, template: Template) -> Iterator[Mistake]:
    """What does not fit together in a form whose parts are right each for itself."""
    known = {spec.code for spec in schema.fields}
    placed = layouts()[template.layout].codes(template)
    for code in sorted(set(placed) - known):
        message, mend = f"the form has no field '{code}'.", "Correct the code or add it to form.yaml."
        yield Mistake("unknown_field", {"code": code}, message, mend, code=code)
    for code in sorted(known - set(placed)):
        message, mend = f"field '{code}' has no place.", "Add a label or column with this field."
        yield Mistake("no_place", {"code": code}, message, mend, code=code)
    if isinstance(template, LabelTemplate):
        yield from _label_mistakes(schema, template)
    yield from column_mistakes(schema)


def _label_mistakes(schema: FormSchema, template: LabelTemplate) -> Iterator[Mistake]:
    specs = {spec.code: spec for spec in schema.fields}
    seen: set[tuple[str, str | None, str | None]] = set()
    for b, block in enumerate(template.blocks):
        for r, line in enumerate(block.lines):
            for k, label in enumerate(line.labels):
                at = ("blocks", b, "lines", r, "labels", k)
                if not (0 <= label.x <= template.page.width and 0 <= line.y <= template.page.height):
                    said = "stands off the page.", "Correct 'x' or 'y' (millimetres)."
                    yield _on_label("off_page", said, label, at)
                for spec in (specs[code] for code in label.codes if code in specs):
                    key = (spec.code, label.part, label.option)
                    if key in seen:
                        said = f"field '{spec.code}' has this place twice.", "Remove one of the labels."
                        yield _on_label("twice", said, label, at, code=spec.code)
                    seen.add(key)
                    yield from _label_against(label, spec, at)
    for spec in schema.fields:
        have_parts = {part for code, part, _ in seen if code == spec.code}
        for part in spec.parts:
            if part not in have_parts and have_parts:
                message = f"part '{part}' of '{spec.code}' has no label."
                about = {"part": part, "code": spec.code}
                yield Mistake("part_no_label", about, message, f"Add one with 'part: {part}'.", code=spec.code)
        have = {option for code, _, option in seen if code == spec.code}
        for option in spec.options:
            if option.label not in have and have:
                message = f"option '{option.label}' of '{spec.code}' has no label."
                about = {"option": option.label, "code": spec.code}
                mend = "Add one with 'option:' and 'value: box'."
                yield Mistake("option_no_label", about, message, mend, code=spec.code)


def _label_against(label: Label, spec: FieldSpec, at: tuple[int | str, ...]) -> Iterator[Mistake]:
    options = [option.label for option in spec.options]
    if label.part is not None and label.part not in spec.parts:
        said = f"the field has no part '{label.part}'.", f"Use one of: {', '.join(spec.parts) or 'none'}."
        yield _on_label("part_unknown", said, label, at, part=label.part)
    if label.option is not None and label.option not in options:
        said = f"the field has no option '{label.option}'.", f"Use one of: {', '.join(options) or 'none'}."
        yield _on_label("option_unknown", said, label, at, option=label.option)
    if (spec.kind is Kind.CHOICE) != (label.value is ValuePlace.BOX):
        said = "a choice has 'value: box', and only a choice.", "Correct 'value' or the field's kind."
        yield _on_label("box_and_choice", said, label, at)


def _on_label(kind: str, said: tuple[str, str], label: Label, at: tuple[int | str, ...], **about: str) -> Mistake:
    message, mend = said
    return Mistake(kind, {**about, "label": label.text}, f"'{label.text}': {message}", mend, at, label.field or "")


def _where(mistake: Mistake, file: MarkedYaml) -> str:
    """File and line, for people who mend the file itself."""
    if mistake.in_schema:
        schema = read_yaml(file.path.with_name(SCHEMA_FILE))
        return f"{schema.path}, line {_schema_line(schema, mistake)}: "
    if mistake.kind in ("part_no_label", "option_no_label"):
        return f"{file.path}: "
    line = file.line(mistake.place) if mistake.place else 1
    if mistake.kind == "unknown_field":
        line = _line_of(file, mistake.code)
    return f"{file.path}, line {line}: "


def _schema_line(schema: MarkedYaml, mistake: Mistake) -> int:
    """Line of the field a mistake is about, or of the entry its kind is named after."""
    for number, spec in enumerate(schema.data["fields"]):
        if mistake.code and spec["code"] == mistake.code:
            return schema.line(("fields", number))
    return schema.line(_ENTRIES.get(mistake.kind, ("fields",)))


_ENTRIES = {"register_unknown": ("register_code",), "profile_unknown": ("profile",)}


def _line_of(file: MarkedYaml, code: str) -> int:
    """First line that names a field code."""
    for number, line in enumerate(file.path.read_text(encoding="utf-8").splitlines(), start=1):
        if f"field: {code}" in line:
            return number
    return 1
