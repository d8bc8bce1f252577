"""Draft, list, check and preview page templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from extractor.cli.common import (
    TemplatesOption,
    err,
    out,
    say,
    template_folders,
)
from extractor.cli.root import template_app
from extractor.errors import ExitCode

if TYPE_CHECKING:
    pass


@template_app.command("list")
def template_list(templates: TemplatesOption = None) -> None:
    """List all forms with their register, version and how certain their layout is."""
    from extractor.templates import load_forms

    table = Table("Form", "Register", "Title", "Version", "Fields", "Layout")
    table.columns[0].no_wrap = True
    for form in load_forms(template_folders(templates)):
        schema = form.schema
        table.add_row(
            schema.form,
            schema.register_code or "-",
            schema.title,
            form.version,
            str(len(schema.fields)),
            "unverified" if schema.unverified else "verified",
        )
    out.print(table)


@template_app.command("check")
def template_check(templates: TemplatesOption = None) -> None:
    """Check all forms; every fault is named with file, line and mend (exit code 4)."""
    from extractor.templates import check_forms

    findings = check_forms(template_folders(templates))
    for finding in findings:
        grade = "Error" if finding.serious else "Advice"
        say(f"{grade}: {finding.message} {finding.mend}".rstrip(), to=err)
    if any(finding.serious for finding in findings):
        raise typer.Exit(int(ExitCode.TEMPLATE))
    say("All forms are in order.")


@template_app.command("preview")
def template_preview(
    form: Annotated[str, typer.Argument(help="Name of the form.")],
    scan: Annotated[Path | None, typer.Argument(help="Scan to lay it over; default: the blank form.")] = None,
    picture: Annotated[Path, typer.Option("--out", help="PNG to write.")] = Path("preview.png"),
    templates: TemplatesOption = None,
) -> None:
    """Draw a template over a scan, or the blank form, as PNG.

    Example: extractor template preview ks-2016 trang-1.jpg --out xem.png
    """
    from extractor.batch.preview import preview_form

    message = preview_form(form, scan, picture, template_folders(templates))
    say(f"{picture}: {message}")


@template_app.command("new")
def template_new(
    scans: Annotated[
        list[Path], typer.Argument(metavar="SCAN...", help="One or a few pages of the form, filled or blank.")
    ],
    form: Annotated[str, typer.Option(help="Name of the new form, such as ks-1962.")],
    register: Annotated[str, typer.Option(help="Register of the form, such as KS; default: the nearest form's.")] = "",
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder of page templates to write to; default: the one in use.")
    ] = None,
    previews: Annotated[Path, typer.Option("--previews", help="Folder for pictures of the draft.")] = Path(),
    templates: TemplatesOption = None,
) -> None:
    """Draft a form from scans: labels, lines, boxes or columns become fields to correct.

    Several filled pages tell print from writing better than one. Names and import columns come from the nearest known
    form; what no form knows is guessed from the label's words and marked.

    Example: extractor template new trang-1.jpg trang-2.jpg --form ks-1962 --register KS
    """
    from extractor.batch.drafting import draft_from_scans

    known = template_folders(templates)
    target = folder or known[-1]
    with err.status("Reading the scans") as status:
        report = draft_from_scans(
            scans, form, target, known, register=register.upper(), previews=previews, on_progress=status.update
        )
    draft = report.draft
    near = f", codes from {draft.near}" if draft.near else ""
    say(f"{report.folder}: {draft.fields} fields ({draft.layout}{near}), {len(draft.guessed)} of them guessed.")
    say(f"It registers on {report.registered} of {report.pages} pages; see {', '.join(map(str, report.previews))}.")
    if report.left:
        say(f"{report.left} further pages were not looked at.")
    for item in report.set_aside:
        place = f"{item.file}, page {item.page}" if item.page else item.file
        say(f"Set aside: {place}: {item.message} {item.mend}".rstrip(), to=err)
    astray = report.pages - report.registered
    if astray:
        say(f"Warning: it does not lie on {astray} of them. Are they all of one form? Look at the pictures.", to=err)
    elsewhere = "" if folder is None else f" --templates {known[-1]} --templates {target}"
    say(f"Correct form.yaml and template.yaml there, then: extractor template check{elsewhere}")
    if report.set_aside or astray:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


@template_app.command("schema")
def template_schema(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("page_templates/schemas"),
) -> None:
    """Write the JSON Schemas of form.yaml and template.yaml, for editors.

    Example: extractor template schema --out page_templates/schemas
    """
    from extractor.templates.layouts import write_json_schemas

    for path in write_json_schemas(folder):
        say(str(path))
