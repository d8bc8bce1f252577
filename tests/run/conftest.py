import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.runs import RECORDS, options

from extractor.batch.run import run
from extractor.cli import main
from extractor.records import BookKey
from extractor.training.synth import render_book


@pytest.fixture(scope="session")
def scans(tmp_path_factory) -> Path:
    """A folder of inputs: a book as PDF with a cover and a blank page, a folder of PDFs a record, and broken files."""
    folder = tmp_path_factory.mktemp("scans")
    book, records = tmp_path_factory.mktemp("book"), tmp_path_factory.mktemp("records")
    render_book(
        book,
        "ks-2016",
        seed=11,
        records=RECORDS,
        strength=1.0,
        hand_split="calibration",
        book=BookKey(year="2018", number="02"),
        printed=(),
        camera=False,
        distractors=("cover", "blank"),
    )
    render_book(
        records,
        "ks-2006",
        seed=12,
        records=RECORDS,
        strength=1.0,
        hand_split="calibration",
        output="pdf-per-record",
        book=BookKey(year="2009", number="01"),
        printed=(),
        camera=False,
    )
    for path in [*book.glob("*.pdf"), *records.glob("*.pdf")]:
        shutil.copy(path, folder)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    (folder / "notes.docx").write_bytes(b"PK\x03\x04 not really")
    shutil.copy(book / "truth.jsonl", folder / "truth.jsonl")
    with (folder / "truth.jsonl").open("a", encoding="utf-8") as file:
        file.write((records / "truth.jsonl").read_text(encoding="utf-8"))
    return folder


@pytest.fixture(scope="session")
def finished(scans, tmp_path_factory):
    """Output folder and summary of one run over ``scans``."""
    out = tmp_path_factory.mktemp("out")
    return out, run(options([scans], out))


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def extractor(monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["extractor", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Done(code, *capfd.readouterr())

    return call
