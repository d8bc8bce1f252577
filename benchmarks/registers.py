"""Every form through the whole run: a rendered book of each, identified, registered, read, and compared with the truth.

    python benchmarks/registers.py [--records 8] [--strength 2.5] [--seed 41] [--forms NAME...] [--out FOLDER]

Each form's book is drawn by the renderer's own description with invented persons in handwriting fonts that no model was
trained on (some entries are typed, as in real books), and goes through `extractor run` as a user would call it: no form
is named. Counted are the records that came out, whether every page was taken for its own form, fields that are exactly
right (their value, or verbatim), the share of wrong characters, and what was accepted without a person. The certificate
covers births of 2006 and 2016 alone, so everything else goes to people.

Prints a table and writes ``registers.json`` to ``--out``; the folders of the runs, with an overlay of every page, stay
there to look at.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from extractor.batch.run import RunOptions, run
from extractor.confidence import load_certificate
from extractor.evaluation import evaluate
from extractor.pipeline import PipelineOptions
from extractor.records import BookKey
from extractor.settings import get_settings
from extractor.templates import load_forms
from extractor.templates.form import Role
from extractor.training.synth import render_book
from extractor.training.synth.layout import layout_names


@dataclass
class Row:
    """What came of one form's book."""

    form: str
    records: int
    of_records: int
    own_form: bool
    fields: int
    exact: float
    exact_raw: float
    character_errors: float
    accepted: int
    accepted_wrong: int


def measure(form: str, out: Path, options: argparse.Namespace) -> Row:
    """Draw a book of a form, run it, compare it with the truth."""
    book, results = out / form / "book", out / form / "run"
    render_book(book, form, seed=options.seed, records=options.records, strength=options.strength, hand_split="test")
    settings = get_settings()
    job = RunOptions(
        inputs=tuple(sorted(book.glob("*.pdf"))),
        out=results,
        pipeline=PipelineOptions(out=results, templates=(settings.templates_dir,), form="", book=BookKey()),
        certificate=load_certificate(settings.certificate),
        database="",
        workers=options.workers,
        render_dpi=settings.render_dpi,
        redo=False,
        recheck=0.0,
    )
    run(job, on_progress=lambda done, total: None)
    records = [json.loads(line) for line in (results / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    truth = [json.loads(line) for line in (book / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    score = evaluate(
        results / "records.jsonl", book / "truth.jsonl", forms={known.name: known.schema for known in load_forms()}
    )
    return Row(
        form,
        len(records),
        len(truth),
        all(record["form"] == form for record in records),
        score.overall.fields,
        score.overall.exact or 0.0,
        score.overall.exact_raw or 0.0,
        score.overall.character_error_rate or 0.0,
        score.overall.accepted_fields,
        score.overall.accepted_errors,
    )


def show(rows: Sequence[Row]) -> Table:
    """The table that is printed."""
    table = Table("Form", "Records", "Own form", "Fields", "Exact", "Verbatim", "CER", "Accepted", "Of these wrong")
    for row in rows:
        shares = [f"{share:.0%}" for share in (row.exact, row.exact_raw)]
        good = "yes" if row.own_form else "no"
        found = f"{row.records} of {row.of_records}"
        errors = f"{row.character_errors:.1%}"
        table.add_row(
            row.form, found, good, str(row.fields), *shares, errors, str(row.accepted), str(row.accepted_wrong)
        )
    fields = sum(row.fields for row in rows)
    exact = sum(row.exact * row.fields for row in rows) / max(1, fields)
    found = f"{sum(row.records for row in rows)} of {sum(row.of_records for row in rows)}"
    accepted, wrong = sum(row.accepted for row in rows), sum(row.accepted_wrong for row in rows)
    table.add_section()
    table.add_row("all", found, "", str(fields), f"{exact:.0%}", "", "", str(accepted), str(wrong))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=8)
    parser.add_argument("--strength", type=float, default=2.5)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--forms", nargs="+")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("registers"))
    options = parser.parse_args()
    records = {form.name for form in load_forms() if form.schema.role is Role.RECORDS}
    names = options.forms or sorted(set(layout_names()) & records)
    rows = [measure(name, options.out, options) for name in track(names, "Forms", console=Console(stderr=True))]
    Console(width=120).print(show(rows))
    text = json.dumps([asdict(row) for row in rows], indent=1)
    (options.out / "registers.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
