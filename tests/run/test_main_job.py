import json
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import openpyxl
import pytest
from support.postgres import new_server
from support.runs import AGENCY, RECORDS, contents, options

from extractor.batch import erasing
from extractor.batch.accepting import FOLDER as ACCEPTANCE
from extractor.batch.outputs import write_outputs
from extractor.batch.run import only_run, run
from extractor.batch.sources import load_sources
from extractor.batch.storage import DATABASE, SCANS, open_store
from extractor.errors import SettingsError
from extractor.evaluation import evaluate
from extractor.exports.profile import load_profiles
from extractor.exports.reconciliation.writing import FOLDER as RECONCILIATION
from extractor.jobs.files import FOLDER as UPLOADS
from extractor.jobs.locks import FOLDER as JOBS
from extractor.records import BookKey, Decision, FieldState, read_records
from extractor.review.board_settings import FILE as BOARDS
from extractor.scans.own_outputs import is_output, is_output_folder
from extractor.settings import get_settings
from extractor.templates import load_forms

REAL_SCANS = Path(__file__).resolve().parents[3] / "shared" / "scans"


def blank_sheet(path: Path) -> Path:
    """A sheet of paper with nothing on it, which costs no reading; each name gives other pixels."""
    assert cv2.imwrite(str(path), np.full((1100, 780, 3), 225 + ord(path.stem[0]) % 20, np.uint8))
    return path


@pytest.fixture(scope="module")
def unnamed(scans, tmp_path_factory) -> tuple[Path, Path]:
    """A scan whose name says nothing of its book, and the output folder of a run over it."""
    folder = tmp_path_factory.mktemp("unnamed")
    shutil.copy(min(scans.glob("KS.2009*.pdf")), folder / "scan.pdf")
    run(options([folder / "scan.pdf"], folder / "out"), outputs=False)
    return folder / "scan.pdf", folder / "out"


def test_every_form_page_yields_its_record(finished):
    out, summary = finished
    records = list(read_records(out / "records.jsonl"))
    assert len(records) == 2 * RECORDS == summary.outputs.status.records
    assert {record.form for record in records} == {"ks-2016", "ks-2006"}
    assert all(record.registration.ok for record in records)


def test_cover_and_blank_page_are_page_problems_with_reason_and_overlay(finished):
    out, _ = finished
    problems = [json.loads(line) for line in (out / "problems.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {problem["kind"] for problem in problems} == {"cover", "blank_page"}
    for problem in problems:
        assert problem["message"]
        assert (out / problem["overlay"]).exists()


def test_broken_inputs_are_set_aside_by_name_and_nothing_else(finished):
    _, summary = finished
    assert {item.file.rpartition("/")[2] for item in summary.set_aside} == {"broken.pdf", "notes.docx"}
    assert all(item.reason and item.message for item in summary.set_aside)


def test_fields_are_complete_boxed_and_never_invented(finished):
    out, _ = finished
    forms = {form.schema.form: form.schema for form in load_forms()}
    for record in read_records(out / "records.jsonl"):
        assert set(record.fields) == {spec.code for spec in forms[record.form].fields}
        for value in record.fields.values():
            if value.state is FieldState.BLANK:
                assert value.raw == "" and value.value is None
            if value.state is not FieldState.NOT_ON_FORM:
                assert value.box is not None and value.box.w > 0
            assert value.decision is Decision.REVIEW  # no certificate was given


def test_most_values_are_right(finished, scans):
    out, _ = finished
    forms = {form.schema.form: form.schema for form in load_forms()}
    evaluation = evaluate(out / "records.jsonl", scans / "truth.jsonl", forms=forms)
    assert not evaluation.missing_records
    assert evaluation.overall.exact > 0.5


def test_one_overlay_a_page(finished):
    out, summary = finished
    assert len(list((out / "overlays").glob("*.png"))) == 2 * RECORDS + 2 == summary.pages


def test_package_holds_as_many_pdfs_as_the_sheet_has_rows(finished):
    out, _ = finished
    headers = {name: list(profile.columns) for name, profile in load_profiles().items()}
    workbooks = sorted((out / "import").glob("*.xlsx"))
    assert workbooks
    for path in workbooks:
        rows = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
        assert list(rows[0]) in headers.values()
        package = out / "packages" / (path.name.replace(".70cot", "").removesuffix(".xlsx") + ".zip")
        assert len(zipfile.ZipFile(package).namelist()) == len(rows) - 1


def test_running_again_reads_nothing_and_changes_nothing(finished, scans):
    out, _ = finished
    before = contents(out)
    again = run(options([scans], out))
    assert again.pages_new == 0
    assert contents(out) == before


def test_audit_chain_holds(finished):
    out, _ = finished
    with open_store(out) as store:
        assert store.verify_audit().ok


def test_no_value_of_a_register_in_the_report(finished):
    out, _ = finished
    report = (out / "report.html").read_text(encoding="utf-8")
    for record in read_records(out / "records.jsonl"):
        for code in ("nksHoTen", "meHoTen", "chaHoTen"):
            if len(record.fields[code].raw) > 5:
                assert record.fields[code].raw not in report


def test_what_a_person_decided_survives_and_is_exported(finished, scans, tmp_path):
    source, _ = finished
    out = tmp_path / "copy"
    shutil.copytree(source, out)
    with open_store(out) as store:
        (book,) = [book.id for book in store.books() if book.key.year == "2009"]
        task = store.claim("Kiểm tra viên", book=book)
        store.decide(task, task.token, person="Kiểm tra viên", raw="CHỮ TRONG SỔ", value="CHỮ TRONG SỔ")
    key, code = task.record, task.code
    again = run(replace(options([scans / key[0]], out), redo=True))
    assert again.pages_new == 1
    records = list(read_records(out / "records.jsonl"))
    assert len(records) == 2 * RECORDS
    decided = next(r for r in records if r.key == key).fields[code]
    assert decided.raw == "CHỮ TRONG SỔ"
    assert decided.decision is Decision.CORRECTED


def test_workers_give_the_same_records_as_one_process(finished, scans, tmp_path):
    out, _ = finished
    read = sorted(scans.glob("KS.2009*.pdf"))
    # More pages than two workers are given at once.
    sheets = [blank_sheet(tmp_path / f"{name}.png") for name in "abc"]
    summary = run(options([*read, *sheets], tmp_path / "out", workers=2), outputs=False)
    assert (len(read), summary.pages_new) == (RECORDS, RECORDS + 3)
    with open_store(tmp_path / "out") as store:
        found = list(store.records())
        assert found == [r for r in read_records(out / "records.jsonl") if r.file in {path.name for path in read}]
        assert (len(found), store.status().page_problems) == (RECORDS, 3)


def test_a_killed_run_goes_on_where_it_was(finished, scans, tmp_path):
    out, _ = finished
    (book,) = scans.glob("KS.2018*.pdf")
    code = "from extractor.cli import main; main()"
    command = [sys.executable, "-c", code, "run", str(book), "--out", str(tmp_path), "--certificate", "none"]
    command += ["--book", f"agency={AGENCY}"]
    process = subprocess.Popen([*command, "--workers", "1", "-q"], start_new_session=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list((tmp_path / "pages").glob("*.json"))) < 2:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / DATABASE).exists()
    with open_store(tmp_path) as store:
        kept = store.status().pages
    assert kept >= 1
    summary = run(options([book], tmp_path))
    assert summary.pages_new < summary.pages
    assert summary.outputs.status.records == RECORDS
    whole = [record for record in read_records(out / "records.jsonl") if record.file == book.name]
    assert list(read_records(tmp_path / "records.jsonl")) == whole


def test_two_runs_never_write_one_folder_at_once(scans, tmp_path):
    with only_run(tmp_path), pytest.raises(SettingsError, match="another run"):
        run(options([scans], tmp_path))


def test_another_file_of_a_known_name_is_set_aside_not_swapped(unnamed, scans, tmp_path):
    out = shutil.copytree(unnamed[1], tmp_path / "out")
    second = tmp_path / "two" / "scan.pdf"
    second.parent.mkdir()
    shutil.copy(max(scans.glob("KS.2009*.pdf")), second)
    again = run(options([second.parent], out), outputs=False)
    assert [item.reason for item in again.set_aside] == ["name_taken"]
    assert again.pages == 0


def test_what_is_said_of_the_book_later_is_taken_up(unnamed, tmp_path):
    out = shutil.copytree(unnamed[1], tmp_path / "out")
    plain = options([unnamed[0]], out)
    named = replace(plain.pipeline, book=BookKey(register="KS", year="2009", number="01"))
    run(replace(plain, pipeline=named), outputs=False)
    with open_store(out) as store:
        books = [book.key for book in store.books() if book.counts.records]
    assert [(book.year, book.number) for book in books] == [("2009", "01")]


def test_a_name_that_is_no_text_does_not_stop_the_others(tmp_path):
    page = blank_sheet(tmp_path / "good.png")
    shutil.copy(page, tmp_path / os.fsdecode(b"bad\xff.png"))
    summary = run(options([tmp_path], tmp_path / "out"), outputs=False)
    assert [item.reason for item in summary.set_aside] == ["unsafe_path"]
    assert summary.pages == 1


@pytest.mark.postgres
def test_the_same_records_on_postgresql(finished, scans, tmp_path):
    out, _ = finished
    page = next(scans.glob("KS.2009*.pdf"))
    server = new_server()
    try:
        run(options([page], tmp_path / "out", database=server.get_uri()))
    finally:
        server.cleanup()
    alone = list(read_records(tmp_path / "out" / "records.jsonl"))
    assert [r.fields for r in alone] == [r.fields for r in read_records(out / "records.jsonl") if r.file == page.name]


def test_a_wrong_form_named_by_the_user_yields_no_records(scans, tmp_path):
    page = next(scans.glob("KS.2009*.pdf"))
    summary = run(options([page], tmp_path, form="notary-repertoire"))
    assert summary.outputs.status.records == 0
    assert summary.outputs.status.page_problems == 1


@pytest.mark.skipif(not REAL_SCANS.is_dir(), reason="the real scans are not at hand")
def test_real_ledger_pages_register_and_other_ledgers_do_not(tmp_path):
    pages = [
        REAL_SCANS / name for name in ("FRAN_0025_1444_L-0.jpg", "DAFANCH96_048MIC06494_L-0.jpg", "lyon_page58_H.jpg")
    ]
    summary = run(options(pages, tmp_path))
    records = list(read_records(tmp_path / "records.jsonl"))
    assert {record.file for record in records} == {page.name for page in pages[:2]}
    assert all(record.form == "notary-repertoire" for record in records)
    assert min(sum(r.file == page.name for r in records) for page in pages[:2]) >= 5
    assert summary.outputs.status.page_problems == 1


def test_records_of_a_folder_are_never_all_in_memory(finished, tmp_path, monkeypatch):
    out = shutil.copytree(finished[0], tmp_path / "out")
    alive: list[weakref.ref] = []
    most = 0

    def one_by_one(records):
        nonlocal most
        for record in records:
            alive.append(weakref.ref(record))
            most = max(most, sum(reference() is not None for reference in alive))
            yield record
            del record

    with open_store(out) as store:
        stored = list(store.records())
        monkeypatch.setattr(store, "records", lambda *_: one_by_one(item.model_copy() for item in stored))
        write_outputs(
            store, out, {form.schema.form: form for form in load_forms([get_settings().templates_dir])},
            load_sources(out), certificate=None, reader_versions={}, set_aside=(),
        )  # fmt: skip
    assert len(stored) > 2
    assert len(alive) >= len(stored)
    assert most <= 2


def test_an_output_folder_below_the_input_folder_is_no_input(tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    cv2.imwrite(str(scans / "blank.png"), np.full((1400, 1000), 230, np.uint8))
    asked = options([scans], scans / "results")
    assert run(asked).pages == 1
    assert list((scans / "results" / "pages").glob("*.jpg"))
    again = run(asked)
    assert (again.pages, again.pages_new, again.set_aside) == (1, 0, ())


def test_the_folder_of_the_scans_is_no_output_folder(tmp_path):
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((1400, 1000), 230, np.uint8))
    (tmp_path / "again").symlink_to(tmp_path)
    for out in (tmp_path, tmp_path / "again"):
        with pytest.raises(SettingsError, match="folder of the scans"):
            run(options([tmp_path], out))
    assert {path.name for path in tmp_path.iterdir()} == {"blank.png", "again"}


def test_all_that_is_written_into_an_output_folder_is_known_as_that(finished):
    names = {path.name for path in finished[0].iterdir() if not path.name.startswith(".")}
    assert is_output_folder(names)
    given = {UPLOADS, SCANS}
    others = {name for name in erasing._OWN if not name.startswith(".")} | {ACCEPTANCE, RECONCILIATION, JOBS, BOARDS}
    assert {name for name in names | others | given if not is_output(name)} == given
