"""How long an export takes and how much memory, beside the usual way of writing such files.

    python benchmarks/exports.py [--records 10000] [--books 40] [--page-kb 100] [--seed 5] [--work DIR] [--out DIR]

Invented births on the form of 2016 are written to ``records.jsonl``, all their fields settled, and to one PDF a book
with one JPEG a page. Then, each in a process of its own with one thread:

- ``export``: :func:`extractor.exports.books.export_run` from those two, with all checks: both sheets (60 and 70
  columns), the package with one PDF a record cut from the book's PDF, the manifest, the lists;
- ``pandas + zipfile``: the same rows, ready as lists of texts, through ``DataFrame.to_excel`` into two workbooks a
  book, and the same PDFs, ready as bytes, into a ZIP. It checks nothing, cuts nothing and makes other bytes every time.

``--books 1`` shows one book of all records. Reading ``records.jsonl`` counts for the first, making the lists does not
count for the second. Memory is the highest resident size of the process (Linux); aimed at are 60 s of one core and
500 MB for 10,000 records.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pikepdf
from PIL import Image
from rich.console import Console
from rich.table import Table

from extractor.exports.books import export_run
from extractor.exports.image_pages import add_jpeg
from extractor.exports.profile import load_profiles
from extractor.exports.reading_back import read_sheet
from extractor.records import BookKey, Candidate, Decision, FieldState, FieldValue, Record, Registration, write_records
from extractor.records.jsonl import read_records
from extractor.templates import load_forms
from extractor.training.texts import any_record, make_book

FORM = "ks-2016"
SHEETS = ("ks-60", "ks-70")
WAYS = {"export": "export", "pandas": "pandas + zipfile"}


def prepare(work: Path, options: argparse.Namespace) -> None:
    """Invent the records and draw the books."""
    rng = Random(options.seed)
    form = next(form.schema for form in load_forms() if form.schema.form == FORM)
    a_book = -(-options.records // options.books)
    records = []
    for number in range(1, options.books + 1):
        count = min(a_book, options.records - len(records))
        setting = make_book(rng, FORM, count, year=2017, number=f"{number:02d}")
        for page in range(1, count + 1):
            made = any_record(rng, FORM, setting, page).fields
            fields = {spec.code: _field(made.get(spec.code)) for spec in form.fields}
            records.append(
                Record(
                    file=f"KS.2017.{number:02d}.pdf",
                    page=page,
                    form=FORM,
                    form_version=form.version,
                    registration=Registration(ok=True, residual_px=1.0, coverage=0.95, method="labels"),
                    fields=fields,
                )
            )
        draw_book(work / f"KS.2017.{number:02d}.pdf", count, options.page_kb, seed=number)
    write_records(work / "records.jsonl", records)


def _field(sample: Any) -> FieldValue:
    raw, value, state = sample or ("", None, FieldState.BLANK)
    others = tuple(Candidate(raw + sign, 0.01) for sign in "àáạ") if raw else ()
    return FieldValue(
        raw=raw,
        value=value,
        state=state,
        confidence=0.97,
        decision=Decision.CONFIRMED,
        reader="handwriting",
        candidates=(Candidate(raw, 0.97), *others),
    )


def draw_book(path: Path, pages: int, page_kb: int, seed: int) -> None:
    """A PDF as scanning programs write it; each page's JPEG has about so many kB and bytes of its own."""
    noise = np.random.default_rng(seed).normal(225, 12, (1169, 827, 3)).clip(0, 255).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(noise).save(written, "JPEG", quality=60, dpi=(100, 100))
    plain = written.getvalue()
    with pikepdf.new() as pdf:
        for page in range(pages):
            comment = f"page {page} of {path.stem} ".encode().ljust(
                max(60, min(65000, page_kb * 1000 - len(plain))), b"."
            )
            add_jpeg(pdf, plain[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + plain[2:])
        pdf.save(path)


def export(work: Path, out: Path) -> None:
    """The way that is measured."""
    form = next(form.schema for form in load_forms() if form.schema.form == FORM)

    class Books(dict[tuple[str, int, int], BookKey]):
        def __missing__(self, key: tuple[str, int, int]) -> BookKey:
            number = key[0].split(".")[2]
            return BookKey("KS", "2017", number, "UBND xã Đồng Thử", "Xã Đồng Thử", "Huyện Thử", "Tỉnh Thử")

        def get(self, key: Any, default: Any = None) -> BookKey:
            return self[key]

    export_run(
        out,
        read_records(work / "records.jsonl"),
        {form.form: form},
        {name: profile for name, profile in load_profiles().items() if name in SHEETS},
        books=Books(),
        page_source=lambda key: (work / key[0], key[1]),
    )


def pandas_way(ready: Path, out: Path) -> tuple[float, float]:
    """The usual way; returns when it began, after its lists were made."""
    import pandas

    packages = sorted((ready / "packages").glob("*.zip"))
    sheets = {path: pandas.read_pickle(path) for path in sorted(ready.glob("*.pickle"))}
    out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic(), time.process_time()
    for path, rows in sheets.items():
        pandas.DataFrame(rows[1:], columns=rows[0]).to_excel(out / f"{path.stem}.xlsx", index=False, sheet_name="KS")
    for path in packages:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(out / path.name, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
    return begun


def make_ready(out: Path, ready: Path) -> None:
    """Rows of the exported sheets as lists, and the packages, for the other way."""
    import pickle

    ready.mkdir(exist_ok=True)
    (ready / "packages").symlink_to(out / "packages")
    for path in sorted((out / "import").glob("*.xlsx")):
        profile = load_profiles()["ks-70" if path.stem.endswith(".70cot") else "ks-60"]
        rows = [[row.cells.get(column, "") for column in profile.columns] for row in read_sheet(path, profile).rows]
        (ready / f"{path.stem}.pickle").write_bytes(pickle.dumps([list(profile.columns), *rows]))


def run_way(way: str, work: Path) -> None:
    """Run one way in this process and print what it took, as JSON."""
    begun = time.monotonic(), time.process_time()
    if way == "export":
        export(work, work / "export")
    else:
        begun = pandas_way(work / "ready", work / "pandas")
    seconds, processor = time.monotonic() - begun[0], time.process_time() - begun[1]
    # Not getrusage: its figure begins with what the process that started this one had.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "processor_seconds": processor, "peak_mb": peak}))


def measure(way: str, work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run one way in a process of its own with one thread."""
    command = [sys.executable, __file__, "--way", way, "--work", str(work)]
    ended = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    folder = work / way
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return {"way": WAYS[way], "records": options.records, "books": options.books, "mb_written": size} | json.loads(
        ended.stdout
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--books", type=int, default=40)
    parser.add_argument("--page-kb", type=int, default=100)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--work", type=Path, help="Folder for the files; by default a temporary one.")
    parser.add_argument("--out", type=Path, help="Folder for exports.json.")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way, options.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        work = options.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        prepare(work, options)
        rows = [measure("export", work, options)]
        make_ready(work / "export", work / "ready")
        rows.append(measure("pandas", work, options))
    table = Table("Way", "Records", "Books", "Seconds", "Processor seconds", "Peak MB", "MB written")
    for row in rows:
        figures = (f"{row[name]:.1f}" for name in ("seconds", "processor_seconds"))
        table.add_row(
            row["way"],
            str(row["records"]),
            str(row["books"]),
            *figures,
            f"{row['peak_mb']:.0f}",
            f"{row['mb_written']:.0f}",
        )
    Console(width=110).print(table)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "exports.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
