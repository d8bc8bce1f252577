"""The ``extractor`` command: thin commands over the library; heavy packages load only where they are needed."""

from __future__ import annotations

import io
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from extractor import __version__
from extractor.errors import EvaluationError, ExitCode, ExtractorError, SettingsError

if TYPE_CHECKING:
    from extractor.confidence import Certificate
    from extractor.store import Store

app = typer.Typer(
    name="extractor",
    help="Turns scanned Vietnamese civil-status registers (sổ hộ tịch) into certified records.",
    epilog="Example: extractor run KS.2017.01.pdf --book agency='UBND xã Minh Tân' --out ket-qua",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
template_app = typer.Typer(help="Draft, list, check and preview page templates.", no_args_is_help=True)
queue_app = typer.Typer(help="Look at the verification queue.", no_args_is_help=True)
review_app = typer.Typer(help="The review application.", no_args_is_help=True)
audit_app = typer.Typer(help="The log of who decided what.", no_args_is_help=True)
app.add_typer(template_app, name="template")
app.add_typer(queue_app, name="queue")
app.add_typer(review_app, name="review")
app.add_typer(audit_app, name="audit")

out = Console()
err = Console(stderr=True)

BOOK_KEYS = ("register", "year", "number", "agency", "commune", "district", "province")

TemplatesOption = Annotated[
    list[Path] | None, typer.Option("--templates", help="Folder of page templates; may be given several times.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--db", help="Database URL (sqlite:///... or postgresql://...); default: in OUT.")
]


def main() -> None:
    """Run the command line and end with a documented exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Vietnamese must come out whole whatever the terminal's settings say.
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        sys.exit(app(standalone_mode=False) or int(ExitCode.OK))
    except ExtractorError as error:
        _say(f"Error: {error}", to=err)
        sys.exit(int(error.exit_code))
    except OSError as error:
        _say(
            f"Error: {error.filename or 'A file'}: {error.strerror}. Check the path, its rights and the free space.",
            to=err,
        )
        sys.exit(int(ExitCode.FAILURE))
    except typer.Abort:
        _say("Stopped. The same command goes on where it was.", to=err)
        sys.exit(int(ExitCode.INTERRUPTED))
    except KeyboardInterrupt:
        _say("Stopped. The same command goes on where it was.", to=err)
        sys.exit(int(ExitCode.INTERRUPTED))
    except Exception as error:
        _usage_error(error)


def _say(text: str, to: Console = out) -> None:
    """Print text as it is: one line stays one line, and brackets in file names are no markup."""
    to.print(text, highlight=False, markup=False, soft_wrap=True)


def _usage_error(error: Exception) -> None:
    # click's own errors: shown as click shows them; anything else is a defect and keeps its traceback
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if show is None or code is None:
        raise error
    show()
    sys.exit(int(code))


def _version(wanted: bool) -> None:
    if wanted:
        _say(f"extractor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def _book_from(pairs: list[str]) -> dict[str, str]:
    known = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or key not in BOOK_KEYS or not value.strip():
            raise SettingsError(
                f"--book {pair}: not a KEY=VALUE pair with a known key.", mend=f"Keys: {', '.join(BOOK_KEYS)}."
            )
        known[key] = value.strip()
    return known


@app.command()
def run(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="PDF, TIFF, JPEG, PNG, ZIP, or folders of these.")
    ],
    out_dir: Annotated[Path, typer.Option("--out", help="Output folder; made if missing.")],
    form: Annotated[str, typer.Option(help="All pages are of this form; default: each page is identified.")] = "",
    book: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help=f"What is known of the book: {', '.join(BOOK_KEYS)}."),
    ] = None,
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one for each processor.")] = 0,
    certificate: Annotated[
        str, typer.Option(help="Certificate file, 'shipped', or 'none': then a person verifies every field.")
    ] = "shipped",
    recheck: Annotated[
        str, typer.Option(help="Share of the accepted fields that people key again blindly: 0% to 100%.")
    ] = "5%",
    redo: Annotated[bool, typer.Option("--redo", help="Read all pages again; what people decided stays.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Run the main job: scans in, records, review queue, workbooks, packages and report out.

    Exit code 0: all inputs were used; 3: some were set aside, which the summary and report.html name.

    Example: extractor run so-2017.pdf anh-chup/ --book agency='UBND xã Minh Tân' --out ket-qua
    """
    known = _book_from(book or [])

    from extractor.batch.run import RunOptions
    from extractor.batch.run import run as run_job
    from extractor.pipeline import PipelineOptions
    from extractor.records import BookKey
    from extractor.settings import get_settings

    settings = get_settings()
    options = RunOptions(
        inputs=tuple(inputs),
        out=out_dir,
        pipeline=PipelineOptions(
            out=out_dir,
            templates=tuple(templates or (settings.templates_dir,)),
            form=form,
            book=BookKey(**known),
        ),
        certificate=_certificate(certificate),
        database=db or "",
        workers=workers or settings.worker_count,
        render_dpi=settings.render_dpi,
        redo=redo,
        recheck=_share("--recheck", recheck),
    )
    with _progress(quiet) as on_progress:
        summary = run_job(options, on_progress=on_progress)
    if not quiet:
        from extractor.batch.summary import render_summary

        for part in render_summary(summary):
            out.print(part)
    for item in summary.set_aside:
        place = f"{item.file}, page {item.page}" if item.page else item.file
        _say(f"Set aside: {place}: {item.message} {item.mend}".rstrip(), to=err)
    if summary.set_aside:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=quiet) as bar:
        task = bar.add_task("Pages", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _certificate(choice: str) -> Certificate | None:
    from extractor.confidence import load_certificate
    from extractor.settings import get_settings

    if choice == "none":
        return None
    return load_certificate(get_settings().certificate if choice == "shipped" else Path(choice))


@app.command("read-lines")
def read_lines(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures of single text lines.")],
    reader: Annotated[str, typer.Option(help="Name of the reader.")] = "handwriting",
    as_json: JsonOption = False,
) -> None:
    """Read pictures of single lines; with --json one line of JSON each: path, text, confidence, candidates.

    A picture that cannot be read is reported with its reason; the rest goes on (exit code 3).

    Example: extractor read-lines dong1.png dong2.png --reader handwriting --json
    """
    from extractor.batch.lines import read_line_files

    failed = 0
    for item in read_line_files(images, reader):
        failed += bool(item.error)
        if as_json:
            sys.stdout.write(json.dumps(item.to_dict(), ensure_ascii=False) + "\n")
        elif item.error:
            _say(item.error, to=err)
        else:
            _say(f"{item.path}\t{item.text}\t{item.confidence:.3f}")
    if failed:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


@app.command()
def place(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Places as written in a register.")],
    year: Annotated[int | None, typer.Option(min=1900, max=2100, help="Year of the record, if known.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which commune, district and province places name, spelt so or nearly so, and what stands there today.

    Example: extractor place 'xã Hòa Ân, huyện Cầu Kè, tỉnh Trà Vinh' --year 2009
    """
    from extractor.vietnamese.understood import understand

    for text in texts:
        ways = understand(text, year)
        if as_json:
            sys.stdout.write(json.dumps({"text": text, "ways": ways}, ensure_ascii=False) + "\n")
            continue
        _say(text if ways else f"{text}\tno known unit")
        for way in ways:
            now = " | ".join(way["today"])
            _say(f"  {', '.join(way['units'])}  (differs by {way['differs']})" + (f"  now: {now}" if now else ""))


@template_app.command("list")
def template_list(templates: TemplatesOption = None) -> None:
    """List all forms with their register, version and how certain their layout is."""
    from extractor.templates import load_forms

    table = Table("Form", "Register", "Title", "Version", "Fields", "Layout")
    table.columns[0].no_wrap = True
    for form in load_forms(_template_folders(templates)):
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

    findings = check_forms(_template_folders(templates))
    for finding in findings:
        grade = "Error" if finding.serious else "Advice"
        _say(f"{grade}: {finding.message} {finding.mend}".rstrip(), to=err)
    if any(finding.serious for finding in findings):
        raise typer.Exit(int(ExitCode.TEMPLATE))
    _say("All forms are in order.")


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

    message = preview_form(form, scan, picture, _template_folders(templates))
    _say(f"{picture}: {message}")


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

    known = _template_folders(templates)
    target = folder or known[-1]
    with err.status("Reading the scans") as status:
        report = draft_from_scans(
            scans, form, target, known, register=register.upper(), previews=previews, on_progress=status.update
        )
    draft = report.draft
    near = f", codes from {draft.near}" if draft.near else ""
    _say(f"{report.folder}: {draft.fields} fields ({draft.layout}{near}), {len(draft.guessed)} of them guessed.")
    _say(f"It registers on {report.registered} of {report.pages} pages; see {', '.join(map(str, report.previews))}.")
    if report.left:
        _say(f"{report.left} further pages were not looked at.")
    for item in report.set_aside:
        place = f"{item.file}, page {item.page}" if item.page else item.file
        _say(f"Set aside: {place}: {item.message} {item.mend}".rstrip(), to=err)
    astray = report.pages - report.registered
    if astray:
        _say(f"Warning: it does not lie on {astray} of them. Are they all of one form? Look at the pictures.", to=err)
    elsewhere = "" if folder is None else f" --templates {known[-1]} --templates {target}"
    _say(f"Correct form.yaml and template.yaml there, then: extractor template check{elsewhere}")
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
        _say(str(path))


def _template_folders(templates: list[Path] | None) -> tuple[Path, ...]:
    from extractor.settings import get_settings

    return tuple(templates or (get_settings().templates_dir,))


@queue_app.command("status")
def queue_status(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")], db: DatabaseOption = None
) -> None:
    """Show how many fields wait, and how far each book is."""
    from extractor.batch.summary import render_queue

    with _existing_store(out_dir, db) as store:
        out.print(render_queue(store))


@review_app.command("serve")
def review_serve(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")],
    db: DatabaseOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; anything but loopback opens it to the network.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 chooses a free one.")] = 8600,
) -> None:
    """Start the review application and print its address.

    Example: extractor review serve ket-qua
    """
    from extractor.review import serve

    with _existing_store(out_dir, db) as store:
        serve(store, out_dir, host=host, port=port)


@app.command()
def export(
    profile: Annotated[str, typer.Argument(metavar="FORMAT", help="all, records, or a profile; see --list.")] = "all",
    out_dir: Annotated[Path, typer.Option("--from", help="Output folder of a run.")] = Path(),
    db: DatabaseOption = None,
    pending: Annotated[
        str, typer.Option(help="Fields that wait for a person: 'blank', or 'proposal' for a marked draft.")
    ] = "blank",
    list_formats: Annotated[bool, typer.Option("--list", help="List the formats and end.")] = False,
    templates: TemplatesOption = None,
) -> None:
    """Write workbooks, packages and records again, with what people decided since.

    Example: extractor export all --from ket-qua
    """
    from extractor.batch.exporting import export_formats, export_out

    if list_formats:
        for name, title in export_formats().items():
            _say(f"{name}\t{title}")
        return
    with _existing_store(out_dir, db) as store:
        for line in export_out(store, out_dir, profile, _template_folders(templates), pending):
            _say(line)


@app.command()
def evaluate(
    records: Annotated[Path, typer.Argument(metavar="RECORDS", help="records.jsonl of a run.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="Truth file in JSON lines.")],
    as_json: JsonOption = False,
    plots: Annotated[Path | None, typer.Option(help="Folder for the reliability and risk-coverage plots.")] = None,
    templates: TemplatesOption = None,
) -> None:
    """Compare records with the truth: error rates, exact match, share accepted and error among accepted.

    Example: extractor evaluate ket-qua/records.jsonl su-that.jsonl --plots bieu-do
    """
    from extractor.evaluation import evaluate as compare_files
    from extractor.evaluation.table import render_table
    from extractor.templates import load_forms

    forms = {form.schema.form: form.schema for form in load_forms(_template_folders(templates))}
    evaluation = compare_files(records, truth, forms=forms)
    if plots:
        from extractor.evaluation.plots import write_plots

        write_plots(evaluation, plots)
    if as_json:
        sys.stdout.write(evaluation.to_json() + "\n")
    else:
        out.print(render_table(evaluation))


@app.command()
def calibrate(
    books: Annotated[list[Path], typer.Argument(metavar="BOOK...", help="Folders with scans and truth.jsonl.")],
    target: Annotated[Path, typer.Option("--out", help="Certificate to write (JSON).")],
    work: Annotated[Path, typer.Option(help="Working folder; what was read there is not read again.")],
    source: Annotated[str, typer.Option(help="In words: which labelled pages these are.")],
    target_error: Annotated[str, typer.Option(help="Highest error among accepted: 2% or 0.02.")] = "2%",
    templates: TemplatesOption = None,
) -> None:
    """Fit confidence to labelled books and prove thresholds on others; writes a certificate.

    Example: extractor calibrate so-01 so-02 --work /tmp/cal --source 'books of 2017' --out certificate.json
    """
    from extractor.batch.calibrate import calibrate as make
    from extractor.batch.run import RunOptions
    from extractor.batch.summary import render_certificate
    from extractor.confidence import save_certificate
    from extractor.pipeline import PipelineOptions
    from extractor.settings import get_settings

    folders = _template_folders(templates)
    options = RunOptions((), work, PipelineOptions(work, folders), workers=get_settings().worker_count)
    error = _share("--target-error", target_error, least=1e-6, most=0.5)
    with _progress(False) as on_progress:
        certificate = make(books, options, source=source, target_error=error, made=_today(), on_book=on_progress)
    save_certificate(target, certificate)
    out.print(render_certificate(certificate))


@app.command()
def certify(
    outs: Annotated[list[Path], typer.Argument(metavar="OUT...", help="Output folders whose books people verified.")],
    target: Annotated[Path, typer.Option("--out", help="Certificate to write (JSON).")],
    source: Annotated[str, typer.Option(help="In words: which verified books these are.")],
    target_error: Annotated[str, typer.Option(help="Highest error among accepted: 0.5% or 0.005.")] = "0.5%",
    confidence: Annotated[str, typer.Option(help="With which certainty: 95% or 0.95.")] = "95%",
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
) -> None:
    """Fit confidence to what people decided in verified books and prove thresholds; writes a certificate.

    Books that were run with --certificate none count in full; of others, the fields that were keyed again blindly.

    Example: extractor certify out-2016 out-2017 --source 'books of 2016 and 2017' --out certificate.json
    """
    from extractor.batch.certifying import LeftOut, labels_from_decisions
    from extractor.batch.summary import render_certificate, render_left_out, render_too_few
    from extractor.confidence import fit_certificate, save_certificate

    error = _share("--target-error", target_error, least=1e-6, most=0.5)
    certainty = _share("--confidence", confidence, least=0.5, most=0.9999)
    left_out: list[LeftOut] = []
    try:
        found = labels_from_decisions(
            outs, _template_folders(templates), database=db or "", on_left_out=left_out.append
        )
    finally:
        if left_out:
            out.print(render_left_out(left_out))
    certificate = fit_certificate(
        found.fields, source=source, forms=found.forms, readers=found.readers, target_error=error, certainty=certainty,
        made=_today(),
    )  # fmt: skip
    for line in render_too_few(found.fields, certificate):
        out.print(line)
    if not certificate.groups:
        raise EvaluationError(
            "No kind of field has enough labels for a calibrator; no certificate was written.",
            mend="Verify more books.",
        )
    save_certificate(target, certificate)
    out.print(render_certificate(certificate))


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _share(option: str, text: str, *, least: float = 0.0, most: float = 1.0) -> float:
    """A share given as ``0.5%`` or ``0.005``.

    Raises:
        SettingsError: it is no share from ``least`` to ``most``.
    """
    number = text.strip().replace(",", ".")
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not least <= share <= most:
        raise SettingsError(
            f"{option} {text}: this is no share from {least:.4%} to {most:.0%}.", mend="Give it like 5% or 0.05."
        )
    return share


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe (YAML): data, stages, where the model goes.")],
    data: Annotated[str, typer.Option(help="all, or open: rendered fonts only, without terms of collections.")] = "",
    helper: Annotated[str, typer.Option(help="Name of a further process that shares a running training.")] = "",
) -> None:
    """Train the handwriting reader after a recipe, fit its confidences, save it; stopped, the same command goes on.

    Example: extractor train extractor/training/recipes/two-cores.yaml
    """
    from extractor.training.recipe import load_recipe
    from extractor.training.run import run_recipe

    chosen = load_recipe(recipe, data=data)
    _say(f"training into {chosen.target}, checkpoints in {chosen.folder}", to=err)
    started = time.monotonic()

    def report(line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - started), 60)
        _say(f"{minutes:4d}:{seconds:02d}  {line}", to=err)

    run_recipe(chosen, report, helper=helper)
    if not helper:
        _say(str(chosen.target))


@app.command()
def synth(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the pages and truth.jsonl.")],
    form: Annotated[str, typer.Option(help="Form to draw.")] = "ks-2016",
    records: Annotated[int, typer.Option(min=1, max=10_000, help="Number of records.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    strength: Annotated[float, typer.Option(min=0.0, max=5.0, help="How much paper and scanner spoil it.")] = 2.0,
    dpi: Annotated[int, typer.Option(min=72, max=600, help="Resolution of the pages.")] = 200,
    output: Annotated[str, typer.Option(help="pdf, pdf-per-record, or images.")] = "pdf",
    hands: Annotated[str, typer.Option(help="Handwriting fonts: train, calibration or test.")] = "train",
    spreads: Annotated[bool, typer.Option("--spreads", help="Two facing pages a picture.")] = False,
) -> None:
    """Draw a register book with invented persons and exact truth.

    Example: extractor synth --form ks-2006 --records 20 --seed 7 --out so-thu
    """
    from extractor.training.synth import render_book

    with _progress(False) as on_progress:
        render_book(
            out_dir,
            form,
            seed=seed,
            records=records,
            strength=strength,
            dpi=dpi,
            output=output,
            spreads=spreads,
            hand_split=hands,
            progress=on_progress,
        )
    _say(f"{records} records in {out_dir}")


@audit_app.command("verify")
def audit_verify(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")],
    db: DatabaseOption = None,
    head: Annotated[str | None, typer.Option(help="Head noted earlier; finds entries cut off since.")] = None,
) -> None:
    """Check the log of decisions for edits, re-ordering and truncation."""
    with _existing_store(out_dir, db) as store:
        report = store.verify_audit(head=head)
    for fault in report.faults:
        _say(fault, to=err)
    _say(f"{report.events} events, head {report.head}")
    if not report.ok:
        raise typer.Exit(int(ExitCode.STORE))


def _existing_store(out_dir: Path, db: str | None) -> Store:
    from extractor.batch.storage import DATABASE, open_store
    from extractor.errors import StoreError

    if not db and not (out_dir / DATABASE).exists():
        raise StoreError(f"{out_dir} holds no {DATABASE}.", mend="Name the output folder of 'extractor run', or --db.")
    if db and db.startswith("sqlite:///") and not Path(db.removeprefix("sqlite:///")).exists():
        raise StoreError(
            "--db: there is no such database.", mend="Only 'extractor run' makes a new one; check the path."
        )
    return open_store(out_dir, db or "")
