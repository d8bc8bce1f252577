"""Acceptance: sampling plans, samples for inspectors, the report; and reports on a project's work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    JsonOption,
    TemplatesOption,
    existing_store,
    progress,
    say,
    template_folders,
)
from extractor.cli.root import app
from extractor.errors import ExitCode, SettingsError

if TYPE_CHECKING:
    from extractor.exports.acceptance.plans import Severity
    from extractor.store import Inspection

acceptance_app = typer.Typer(help="Accept what is handed over: plan, sample, report.", no_args_is_help=True)
app.add_typer(acceptance_app, name="acceptance")

OutArgument = Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of a run.")]
LevelOption = Annotated[str, typer.Option(help="Inspection level: I, II, III, S-1, S-2, S-3 or S-4.")]
AqlOption = Annotated[str, typer.Option(help="Acceptance quality limit, percent nonconforming records.")]
_NO_REDUCED = "There is no reduced inspection."
SeverityOption = Annotated[
    str, typer.Option(help=f"normal, tightened, or auto: what the lots inspected before ask for. {_NO_REDUCED}")
]


@acceptance_app.command("plan")
def acceptance_plan(
    lot: Annotated[int, typer.Option(min=2, max=100_000_000, help="Records in the lot.")],
    out_dir: Annotated[
        Path | None, typer.Argument(metavar="[OUT]", help="Output folder whose inspections came before.")
    ] = None,
    level: LevelOption = "II",
    aql: AqlOption = "1.0",
    severity: SeverityOption = "auto",
    as_json: JsonOption = False,
    db: DatabaseOption = None,
) -> None:
    """Show the single sampling plan of ISO 2859-1 for a lot, and what it lets pass.

    With an output folder, its finished inspections of the same level and AQL tell whether normal or tightened
    inspection comes next; without one, no lot came before.

    Example: extractor acceptance plan --lot 5000 --level II --aql 1.0
    """
    import json
    from dataclasses import asdict

    from extractor.batch.accepting import Sampling, severity_of
    from extractor.exports.acceptance.plans import Severity, plan_for
    from extractor.exports.acceptance.risk import CONSUMER_RISK, operating_characteristic, quality_at

    wanted = None if severity == "auto" else _severity(severity)
    if out_dir is not None:
        with existing_store(out_dir, db) as store:
            wanted = severity_of(store, Sampling(level, aql, wanted))
    plan = plan_for(lot, level, aql, wanted or Severity.NORMAL)
    n, ac = plan.sample_size, plan.acceptance
    limiting = quality_at(n, ac, CONSUMER_RISK)
    share = min(float(plan.aql) / 100, 1.0)
    shares = sorted({share * factor for factor in (0.5, 1, 2, 3, 4, 6, 8) if share * factor <= 1})
    curve = operating_characteristic(n, ac, shares)
    if as_json:
        found = {**asdict(plan), "rejection": plan.rejection, "ltpd": limiting, "oc": curve}
        say(json.dumps(found))
        return
    arrow = "" if plan.plan_letter == plan.code_letter else f", by an arrow of the table from {plan.code_letter}"
    say(f"ISO 2859-1, single sampling, {plan.severity} inspection, level {plan.level}, AQL {plan.aql} %")
    say(f"Lot of {lot} records: code letter {plan.plan_letter}{arrow}")
    say(f"Sample: {'all ' if plan.everything else ''}{n} records")
    say(f"Accept with at most {ac} nonconforming (Ac), reject with {plan.rejection} or more (Re)")
    if plan.everything:
        return
    say("Nonconforming in the lot -> probability that it is accepted:")
    for at, probability in curve:
        say(f"  {at:8.3%}  {probability:7.2%}{'   (the AQL)' if at == share else ''}")
    say(f"  {limiting:8.3%}  {CONSUMER_RISK:7.2%}   (limiting quality, LTPD)")


@acceptance_app.command("sample")
def acceptance_sample(
    out_dir: OutArgument,
    person: Annotated[str, typer.Option(help="Who draws the sample; stands in the report and the log.")],
    level: LevelOption = "II",
    aql: AqlOption = "1.0",
    severity: SeverityOption = "auto",
    book: Annotated[
        list[str] | None, typer.Option(help="Book to accept, as its package is named (KS.2017.01); repeatable.")
    ] = None,
    each_book: Annotated[bool, typer.Option("--each-book", help="Every book is a lot of its own.")] = False,
    seed: Annotated[str, typer.Option(help="Seed of the draw; by default a random one, which is reported.")] = "",
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
) -> None:
    """Draw records from the exported packages for inspectors, and write the list of them.

    All books together are one lot, each giving its share of the sample, unless --each-book. Inspectors key the records
    again, blind, in the review application.

    Example: extractor acceptance sample ket-qua --level II --aql 1.0 --seed 20261128 --person 'Tổ nghiệm thu'
    """
    from extractor.batch.accepting import Sampling, draw_samples

    strictness = None if severity == "auto" else _severity(severity)
    sampling = Sampling(level, aql, strictness, seed.strip(), each_book)
    with existing_store(out_dir, db) as store:
        drawn = draw_samples(
            store, out_dir, template_folders(templates, out_dir), sampling, books=tuple(book or ()), person=person
        )
    for one in drawn:
        books = ", ".join(f"{part['stem']} ({part['drawn']} of {part['records']})" for part in one.inspection.lot)
        say(f"Inspection {one.inspection.id}: {one.inspection.sample_size} of {one.plan.lot_size} records; {books}")
        plan = one.plan
        say(f"  {plan.severity} inspection, Ac {plan.acceptance}, Re {plan.rejection}, seed {one.inspection.seed}")
        say(f"  {one.sample_list}")
    say(f"Inspect them with: extractor review serve {out_dir}")


@acceptance_app.command("list")
def acceptance_list(out_dir: OutArgument, db: DatabaseOption = None) -> None:
    """List inspections and how far they are."""
    with existing_store(out_dir, db) as store:
        found = store.inspections.all()
    if not found:
        say("No sample was drawn yet.")
    for inspection in found:
        say(_line(inspection))


@acceptance_app.command("withdraw")
def acceptance_withdraw(
    out_dir: OutArgument,
    inspection: Annotated[int, typer.Argument(help="Number of the inspection.")],
    person: Annotated[str, typer.Option(help="Who withdraws it; stands in the log.")],
    db: DatabaseOption = None,
) -> None:
    """End an inspection without a result, as when its books were exported anew; its answers are kept."""
    with existing_store(out_dir, db) as store:
        store.inspections.withdraw(inspection, person=person)
    say(f"Inspection {inspection} is withdrawn.")


@acceptance_app.command("answer")
def acceptance_answer(
    out_dir: OutArgument,
    inspection: Annotated[int, typer.Argument(help="Number of the inspection.")],
    truth: Annotated[Path, typer.Option(help="Truth file in JSON lines.")],
    db: DatabaseOption = None,
) -> None:
    """Let a truth file inspect a sample: to try out what comes after inspection, never for real books.

    Example: extractor acceptance answer demo-output 1 --truth sample_book/truth.jsonl
    """
    from extractor.batch.answering import inspect_from_truth
    from extractor.evaluation.truth import read_truth

    known = read_truth(truth)
    with existing_store(out_dir, db) as store, progress(False, "Fields") as on_progress:
        store.inspections.get(inspection)
        done = inspect_from_truth(store, inspection, known, on_progress=on_progress)
    say(f"{done.answered} fields inspected from {truth}; of {done.unknown} it says nothing.")


@acceptance_app.command("report")
def acceptance_report(
    out_dir: OutArgument,
    inspection: Annotated[int | None, typer.Option(help="Number of the inspection; by default the newest one.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Make a PDF too; needs LibreOffice.")] = False,
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
) -> None:
    """Count what is handed over, judge the sample, and write the record of acceptance (DOCX and workbook).

    Ends with code 7 where packages, workbooks and manifests do not agree; each file concerned is named.

    Example: extractor acceptance report ket-qua --pdf
    """
    from extractor.batch.accepting import report_acceptance
    from extractor.exports.acceptance.words import fault_text

    with existing_store(out_dir, db) as store:
        reported = report_acceptance(store, out_dir, template_folders(templates, out_dir), inspection=inspection)
    record = reported.record
    for line in record.conclusion:
        say(line)
    for fault in record.counted.faults:
        say(fault_text(fault))
    say(str(reported.document))
    say(str(reported.workbook))
    if pdf:
        from extractor.exports.acceptance.office import write_pdf

        say(str(write_pdf(reported.document)))
    if not record.counted.ok:
        raise typer.Exit(int(ExitCode.EXPORT))


def _severity(text: str) -> Severity:
    from extractor.exports.acceptance.plans import Severity

    if text == "reduced":
        raise SettingsError(
            "--severity reduced: there is none here, since its tables differ between the editions of the standard.",
            mend="Draw with normal inspection, which the standard allows in its place at any time.",
        )
    if text not in {each.value for each in Severity}:
        raise SettingsError(f"--severity {text}: not known.", mend="Choose normal, tightened or auto.")
    return Severity(text)


def _line(inspection: Inspection) -> str:
    state = "withdrawn" if inspection.withdrawn_at else "finished" if inspection.finished else "under way"
    left = f", {inspection.waiting} fields to key, {inspection.disputed} to judge" if state == "under way" else ""
    return (
        f"{inspection.id}: {state}{left}; {inspection.sample_size} of {inspection.lot_size} records, level "
        f"{inspection.level}, AQL {inspection.aql} %, {inspection.severity}, drawn by {inspection.person}"
    )
