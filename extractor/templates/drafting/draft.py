"""From clean pages of an unknown form to the files of a form that a person then corrects."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from extractor.errors import TemplateError
from extractor.readers.furniture import find_furniture
from extractor.readers.page_text import PageText
from extractor.readers.printed import read_page
from extractor.scans.types import CleanPage
from extractor.templates.blank import draw_blank
from extractor.templates.drafting.agreement import PageView, common_runs, richest
from extractor.templates.drafting.label_draft import draft_labels
from extractor.templates.drafting.print_runs import find_runs
from extractor.templates.drafting.table_draft import LineReader, draft_table, is_table, ruled_page
from extractor.templates.drafting.types import Drafted
from extractor.templates.form import FieldSpec
from extractor.templates.label_evidence import label_evidence
from extractor.templates.label_template import LabelTemplate
from extractor.templates.labels import scaled_text
from extractor.templates.letters import pieces_of
from extractor.templates.load import BLANK_FILE, SCHEMA_FILE, TEMPLATE_FILE, Form, load_form

_COLONS = 6
_UNVERIFIED = "drafted by program from scans; labels, kinds and places are not checked by a person yet"


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted form.

    Args:
        name: name of the form.
        layout: ``labels`` or ``table``.
        schema: text of ``form.yaml``.
        template: text of ``template.yaml``.
        fields: how many fields it has.
        guessed: codes of the fields that no known form has.
        near: the known form it takes codes from, or empty.
    """

    name: str
    layout: str
    schema: str
    template: str
    fields: int
    guessed: tuple[str, ...]
    near: str


def draft_form(
    pages: Sequence[CleanPage],
    name: str,
    forms: Sequence[Form],
    *,
    register: str = "",
    read_lines: LineReader | None = None,
) -> Draft:
    """Draft a form from one or a few of its pages, filled or blank; several pages tell print from writing better.

    Args:
        pages: clean pages of the form, one or more.
        name: name of the new form.
        forms: known forms: their spellings, codes and kinds are taken where labels agree.
        register: register of the form (KS, KH, ...), if known.
        read_lines: reads heading lines the OCR engine could not, such as handwritten ones.

    Raises:
        TemplateError: nothing on the pages looks like a form.
        MissingProgramError: Tesseract or its Vietnamese data is not installed.
    """
    texts = [read_page(page) for page in pages]
    vocabulary = _vocabulary(forms)
    views = [_view(page, text, vocabulary) for page, text in zip(pages, texts, strict=True)]
    ruled = [ruled_page(page) for page in pages]
    # Frames and signature boxes rule a form's page too; labels that end in colons are no headings of columns.
    labelled = max(sum(run.colon for run in view.runs) for view in views) >= _COLONS
    if is_table(ruled) and not labelled:
        drafted = draft_table(pages, ruled, texts, forms, register=register, read_lines=read_lines)
    else:
        drafted = _drafted_labels(pages, texts, views, forms, register)
    drafted = replace(drafted, fields=_each_column_once(drafted.fields))
    return Draft(
        name,
        drafted.template["layout"],
        _schema(name, register, drafted, len(pages)),
        _template(drafted.template),
        len(drafted.fields),
        drafted.guessed,
        drafted.near.name if drafted.near else "",
    )


def is_table_page(page: CleanPage) -> bool:
    """Whether a page is one ruled table and no form with labels.

    Raises:
        MissingProgramError: Tesseract or its Vietnamese data is not installed.
    """
    if not is_table([ruled_page(page)]):
        return False
    words = " ".join(word.text for word in read_page(page).words)
    return words.count(":") < _COLONS


def _drafted_labels(
    pages: Sequence[CleanPage],
    texts: Sequence[PageText],
    views: Sequence[PageView],
    forms: Sequence[Form],
    register: str,
) -> Drafted:
    reference = richest(views)
    runs = common_runs(views, reference)
    if not any(run.asks or run.boxed for run in runs):
        raise TemplateError(
            "The pages show neither labels with writing lines nor a ruled table.",
            mend="Give a sharper scan at 200 dpi or more, or a blank page of the form.",
        )
    templates = {form.name: form.template for form in forms if isinstance(form.template, LabelTemplate)}
    evidence = dict(zip(templates, label_evidence(texts[reference], list(templates.values())), strict=True))
    return draft_labels(runs, find_furniture(pages[reference]), forms, register, evidence)


def write_draft(draft: Draft, folder: Path) -> Form:
    """Write a draft as a form's folder in ``folder`` with its blank picture, and load it.

    Raises:
        TemplateError: the folder holds a form of that name already, or cannot be written.
    """
    target = folder / draft.name
    if (target / SCHEMA_FILE).exists() or (target / TEMPLATE_FILE).exists():
        raise TemplateError(
            f"{target}: there is a form of this name already.", mend="Choose another name, or move the folder away."
        )
    # A form appears whole or not at all: half a one would stop every run. Two folders down nothing looks for forms.
    workshop = folder / ".drafts"
    try:
        workshop.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=workshop) as made:
            half = Path(made) / draft.name
            half.mkdir()
            (half / SCHEMA_FILE).write_text(draft.schema, encoding="utf-8")
            (half / TEMPLATE_FILE).write_text(draft.template, encoding="utf-8")
            draw_blank(load_form(half)).save(half / BLANK_FILE)
            half.replace(target)
        with contextlib.suppress(OSError):
            workshop.rmdir()
    except OSError as error:
        raise TemplateError(f"{target}: cannot be written.", mend="Name a folder you may write to.") from error
    return load_form(target)


def _vocabulary(forms: Sequence[Form]) -> list[str]:
    return sorted(
        {
            wording
            for form in forms
            if form.template.layout == "labels"
            for _, _, label in form.template.labels()
            for wording in label.wordings
        }
    )


def _view(page: CleanPage, text: PageText, vocabulary: Sequence[str]) -> PageView:
    furniture = find_furniture(page)
    scaled = scaled_text(text, furniture.scale)
    lines = pieces_of(scaled)
    return PageView(tuple(find_runs(lines, scaled, furniture, vocabulary)), lines, furniture.mm)


def _each_column_once(fields: Sequence[FieldSpec]) -> tuple[FieldSpec, ...]:
    """Leave each import column to the first field that has it: two that fill one cell would stop every export.

    A field that would lose some of its columns loses all, since a signer's say by their order what goes where.
    """
    taken: set[str] = set()
    found = []
    for spec in fields:
        doubled = not taken.isdisjoint(spec.columns)
        found.append(spec.model_copy(update={"columns": ()}) if doubled else spec)
        taken.update(found[-1].columns)
    return tuple(found)


def _schema(name: str, register: str, drafted: Drafted, pages: int) -> str:
    near = drafted.near.schema if drafted.near else None
    code = register or (near.register_code if near else "")
    head: dict[str, Any] = {"form": name, "version": "1"}
    if code:
        head["register_code"] = code
    head["title"] = drafted.title or (near.title if near else name)
    if near and near.profile and near.register_code == code:
        head["profile"] = near.profile
    head["source"] = f"drafted from {pages} page{'s' if pages > 1 else ''} with 'extractor template new'"
    head["unverified"] = _UNVERIFIED
    if drafted.template["layout"] == "table":
        head["rows"] = True
    lines = [
        "# A draft. Read every label: it must be print, never what a person wrote. Correct codes and kinds of the",
        "# fields marked 'guessed'; 'columns' names the import columns a field goes to; an empty 'required' field is",
        "# warned about.",
        yaml.dump(head, allow_unicode=True, sort_keys=False, width=100_000).rstrip(),
        "fields:",
    ]
    for spec in drafted.fields:
        entry = spec.model_dump(mode="json", exclude_defaults=True)
        lines.append(f"  - {_flow(entry)}" + ("  # guessed" if spec.code in drafted.guessed else ""))
    return "\n".join(lines) + "\n"


def _template(template: dict[str, Any]) -> str:
    unit = "shares of the table's width" if template["layout"] == "table" else "millimetres"
    return f"# A draft; lengths in {unit}. See it over a scan with 'extractor template preview'.\n{_dump(template)}"


def _dump(data: dict[str, Any]) -> str:
    return yaml.dump(data, default_flow_style=None, allow_unicode=True, sort_keys=False, width=100_000)


def _flow(data: dict[str, Any]) -> str:
    return yaml.dump(data, default_flow_style=True, allow_unicode=True, sort_keys=False, width=100_000).strip()
