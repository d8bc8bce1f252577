"""Compare records with the truth; prove thresholds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    JsonOption,
    TemplatesOption,
    out,
    progress,
    share,
    template_folders,
    today,
    warn,
)
from extractor.cli.root import app
from extractor.errors import EvaluationError

if TYPE_CHECKING:
    from extractor.learning.training_record import TrainingRecord


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

    forms = {form.schema.form: form.schema for form in load_forms(template_folders(templates, records.parent))}
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

    folders = template_folders(templates)
    options = RunOptions((), work, PipelineOptions(work, folders), workers=get_settings().worker_count)
    error = share("--target-error", target_error, least=1e-6, most=0.5)
    with progress(False) as on_progress:
        certificate = make(books, options, source=source, target_error=error, made=today(), on_book=on_progress)
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
    Books that the reader in use learned from prove nothing, and are left out.

    Example: extractor certify out-2016 out-2017 --source 'books of 2016 and 2017' --out certificate.json
    """
    from extractor.batch.certifying import LeftOut, labels_from_decisions
    from extractor.batch.summary import render_certificate, render_left_out, render_too_few
    from extractor.confidence import fit_certificate, save_certificate
    from extractor.learning.learned_books import learned_books

    error = share("--target-error", target_error, least=1e-6, most=0.5)
    certainty = share("--confidence", confidence, least=0.5, most=0.9999)
    left_out: list[LeftOut] = []
    learned = _learned_by_reader_in_use()
    try:
        folders = template_folders(templates, *outs)
        found = labels_from_decisions(
            outs,
            folders,
            database=db or "",
            learned=lambda store, out: learned_books(store, out, learned),
            on_left_out=left_out.append,
        )
    finally:
        if left_out:
            out.print(render_left_out(left_out))
    certificate = fit_certificate(
        found.fields, source=source, forms=found.forms, readers=found.readers, target_error=error, certainty=certainty,
        made=today(),
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


def _learned_by_reader_in_use() -> TrainingRecord:
    """What the handwriting reader in use learned from; of one that does not say, that is told."""
    from extractor.errors import ModelError
    from extractor.learning.training_record import TrainingRecord, read_training_record
    from extractor.readers.handwriting.in_use import model_in_use
    from extractor.settings import get_settings

    folder = model_in_use(get_settings()).checked()
    try:
        return read_training_record(folder)
    except ModelError as error:
        warn(f"{error.message} Books that it learned from would promise too much: leave them out.")
        return TrainingRecord()
