"""What the doctor finds in an installation that lacks something; each test takes one thing away."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractor.batch.storage import open_store
from extractor.cli.root import app
from extractor.confidence import load_certificate
from extractor.doctor import Grade, data, examine, machine, parts, programs
from extractor.doctor.findings import Finding
from extractor.errors import ExitCode
from extractor.readers.tesseract import library_differs
from extractor.settings import Settings, get_settings

ROOT = Path(__file__).parents[2]


def grades(findings):
    return {finding.what: finding.grade for finding in findings}


def faults(findings):
    return {finding.what: finding for finding in findings if finding.grade is Grade.FAULT}


@pytest.fixture
def settings(tmp_path):
    """An installation with one form and a model, to take things from."""
    models, templates = tmp_path / "models", tmp_path / "page_templates"
    for part in ("handwriting", "confidence", parts.DIGESTS):
        source = ROOT / "models" / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, (models.mkdir(exist_ok=True), models / part)[1])
    shutil.copytree(ROOT / "page_templates" / "ks-2016", templates / "ks-2016")
    return Settings(models_dir=models, templates_dir=templates)


def test_the_digests_that_ship_are_those_of_the_files():
    listed = [line.split(maxsplit=1) for line in (ROOT / "models" / parts.DIGESTS).read_text("utf-8").splitlines()]
    assert [parts.sha256(ROOT / "models" / name) for _, name in listed] == [digest for digest, _ in listed]
    assert {Path(name).name for _, name in listed} >= {"certificate.json", "model.safetensors", "language.npz"}


def test_programs_are_looked_for_in_the_path(tmp_path, monkeypatch):
    assert faults(programs.look_for_programs()) == {}
    monkeypatch.setenv("PATH", str(tmp_path))
    found = faults(programs.look_for_programs())
    assert set(found) == {"tesseract", "pdftoppm (poppler)"}
    assert {finding.exit_code for finding in found.values()} == {ExitCode.MISSING_PROGRAM}
    assert all("apt install" in finding.mend for finding in found.values())


def fake(folder, name, answer):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    path.chmod(0o755)


def test_tesseract_without_vietnamese_and_programs_that_do_not_answer_are_faults(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    fake(tmp_path, "tesseract", 'echo "tesseract 5.3.0"; echo eng')
    fake(tmp_path, "pdftoppm", "exit 3")
    found = faults(programs.look_for_programs())
    assert set(found) == {"tesseract: Vietnamese", "pdftoppm (poppler)"}
    assert "does not answer" in found["pdftoppm (poppler)"].told


def test_a_model_that_is_missing_or_changed_is_found(settings):
    assert faults(parts.look_at_models(settings)).keys() == {"digests of the models"}  # handwriting-open was not copied
    weights = settings.models_dir / "handwriting" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    told = faults(parts.look_at_models(settings))["digests of the models"].told
    assert "handwriting/model.safetensors" in told
    weights.unlink()
    missing = faults(parts.look_at_models(settings))["handwriting reader"]
    assert missing.exit_code is ExitCode.MODEL


def test_a_certificate_that_does_not_hold_here_is_told(settings, monkeypatch):
    monkeypatch.setattr("extractor.readers.printed.installed", lambda: ("9.9.9", frozenset(["vie"])))
    for form in load_certificate(settings.certificate).forms:
        shutil.copytree(ROOT / "page_templates" / form, settings.templates_dir / form, dirs_exist_ok=True)
    [found] = parts.look_at_certificate(settings)
    assert (found.grade, "tesseract-9.9.9" in found.told) == (Grade.NOTE, True)
    settings.certificate.write_text("{}", encoding="utf-8")
    [found] = parts.look_at_certificate(settings)
    assert (found.grade, found.exit_code) == (Grade.FAULT, ExitCode.MODEL)
    settings.certificate.unlink()
    [found] = parts.look_at_certificate(settings)
    assert (found.grade, "Every field goes to people" in found.mend) == (Grade.NOTE, True)


def test_a_template_with_a_mistake_and_no_templates_are_faults(settings):
    assert parts.look_at_templates(settings).grade is Grade.OK
    (settings.templates_dir / "ks-2016" / "form.yaml").write_text("form: [", encoding="utf-8")
    assert parts.look_at_templates(settings).exit_code is ExitCode.TEMPLATE
    shutil.rmtree(settings.templates_dir)
    assert parts.look_at_templates(settings).exit_code is ExitCode.TEMPLATE


def test_places_that_cannot_be_written_and_full_disks_are_faults(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    assert faults(machine.look_at_place("cache", tmp_path / "file" / "below"))
    monkeypatch.setattr(machine, "LEAST_FREE", 2**60)
    [found] = faults(machine.look_at_place("cache", tmp_path)).values()
    assert "GiB free" in found.told


def test_a_clock_before_its_time_is_a_fault():
    assert (
        machine.look_at_clock(datetime(2026, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)).grade is Grade.FAULT
    )


def test_a_package_that_is_missing_or_of_another_version_is_named(monkeypatch):
    monkeypatch.setattr(machine.metadata, "requires", lambda _: ["numpy>=999", "no-such-thing", "x; extra == 'test'"])
    told = faults(machine.look_at_python())["Python packages"].told
    assert "no-such-thing is missing" in told
    assert "numpy is" in told
    assert "x is" not in told


def test_fonts_are_looked_into():
    assert machine.look_at_fonts().grade is Grade.OK


def test_a_folder_that_others_can_read_and_a_database_of_another_time(tmp_path):
    out = tmp_path / "out"
    out.mkdir(mode=0o755)
    assert grades(data.look_at_rights(out)) == {"rights of the folder": Grade.NOTE, "audit key": Grade.NOTE}
    assert grades(data.look_at_database(out, "")) == {"database": Grade.NOTE}
    assert list(out.iterdir()) == []  # looking makes none
    with open_store(out) as store:
        store.append_audit(actor="x", action="exported", subject="y", content=None)
    assert grades(data.look_at_database(out, "")) == {"database": Grade.OK, "clock and database": Grade.OK}
    (out / "audit.key").chmod(0o644)
    assert grades(data.look_at_rights(out))["audit key"] is Grade.FAULT
    with open_store(out) as store, store.writing() as writer:
        plain = writer.session.connection()
        plain.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    [newer] = [found for found in data.look_at_database(out, "") if found.what == "database"]
    assert (newer.grade, newer.exit_code) == (Grade.FAULT, ExitCode.STORE)


def test_a_clock_that_was_set_back_is_found_by_the_newest_event(tmp_path):
    from extractor.store import Store

    late = datetime.now(UTC) + timedelta(days=2)
    url = f"sqlite:///{tmp_path / 'extractor.sqlite'}"
    with Store.open(url, audit_key_file=tmp_path / "audit.key", clock=lambda: late) as store:
        store.append_audit(actor="x", action="exported", subject="y", content=None)
    assert "clock and database" in faults(data.look_at_database(tmp_path, ""))


def test_a_database_that_is_none_or_away_is_a_fault_without_its_password(tmp_path):
    (tmp_path / "extractor.sqlite").write_bytes(b"no database at all, but long enough to be looked into" * 40)
    [found] = data.look_at_database(tmp_path, "")
    assert found.exit_code is ExitCode.STORE
    [found] = data.look_at_database(tmp_path, "postgresql://x:geheim@127.0.0.1:1/none")
    assert found.exit_code is ExitCode.STORE
    assert "geheim" not in found.told + found.mend


def test_a_check_that_fails_hides_no_other(monkeypatch):
    def fail():
        raise RuntimeError("x")

    for name in ("look_at_python", "look_at_fonts"):
        monkeypatch.setattr(machine, name, fail)
    monkeypatch.setattr(parts, "look_at_templates", lambda _: Finding("page templates", Grade.OK, ""))
    found = list(examine(get_settings()))
    assert {"Python", "fonts"} <= set(faults(found))
    assert grades(found)["clock"] is Grade.OK


def test_the_command_ends_with_the_code_of_the_first_fault(monkeypatch):
    findings = [
        Finding("a", Grade.OK, "[b]"),
        Finding("b", Grade.NOTE, "less", "mend it"),
        Finding("c", Grade.FAULT, "gone", "get it", ExitCode.MODEL),
        Finding("d", Grade.FAULT, "gone", "get it", ExitCode.STORE),
    ]
    monkeypatch.setattr("extractor.doctor.examine", lambda *_: iter(findings))
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == ExitCode.MODEL
    told = [json.loads(line) for line in CliRunner().invoke(app, ["doctor", "--json"]).stdout.splitlines()]
    assert [line["grade"] for line in told] == ["ok", "note", "fault", "fault"]
    monkeypatch.setattr("extractor.doctor.examine", lambda *_: iter(findings[:2]))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0


@pytest.mark.parametrize(
    ("differs", "grade", "told"),
    [(False, Grade.OK, "as the program"), (True, Grade.NOTE, "two versions"), (None, Grade.NOTE, "not found")],
)
def test_a_library_that_reads_otherwise_than_the_program_is_told(monkeypatch, differs, grade, told):
    monkeypatch.setattr(programs, "library_differs", lambda: differs)
    found = next(finding for finding in programs.look_for_programs() if finding.what == "tesseract: library")
    assert found.grade is grade and told in found.told


def test_the_library_here_reads_as_the_program_does():
    assert library_differs() in (False, None)
