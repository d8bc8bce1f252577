"""Exports where an office demands that a book is approved before it leaves the house."""

from __future__ import annotations

import csv
import json

import pytest
from sqlalchemy import select
from support.output_folder import STEM
from support.runs import contents

from extractor.batch import outputs
from extractor.batch.exporting import ExportJob, export_now
from extractor.batch.policy import demanded
from extractor.batch.storage import open_store
from extractor.errors import SettingsError
from extractor.exports.policy import Policy
from extractor.records import Decision
from extractor.settings import get_settings
from extractor.store import Approvals, MachineChange
from extractor.store.tables import AuditRow

APPROVER = "Lãnh Đạo"


@pytest.fixture
def strict(out):
    (out / "exports.yaml").write_text("policy: approved\n", encoding="utf-8")
    return out


def approve(out):
    with open_store(out) as store:
        approvals = Approvals(store)
        return approvals.approve(1, APPROVER, approvals.standing(1).digest)


def correct(out, text="Lò Thị Thử"):
    with open_store(out) as store:
        field = next(field for field in store.stored_record(1).fields if field.code == "nksHoTen")
        task = store.claim_field(field.id, "Người Nhập")
        store.decide(task, task.token, person="Người Nhập", raw=text, value=text)


def manifest(out):
    return json.loads((out / "packages" / f"{STEM}.manifest.json").read_text(encoding="utf-8"))


def held_back(out):
    with (out / "import" / "held_back.csv").open(encoding="utf-8-sig", newline="") as file:
        return [line["Mã lý do"] for line in csv.DictReader(file)]


def policies(out):
    with open_store(out) as store, store.reading() as session:
        wanted = select(AuditRow.subject).where(AuditRow.action == "export_policy").order_by(AuditRow.seq)
        return list(session.scalars(wanted))


def test_only_what_is_approved_leaves_the_house_and_the_manifest_says_by_whom(strict, extractor):
    code, shown = extractor("export", "all", "--from", strict)
    assert (code, f"not approved as they stand: {STEM}" in shown) == (0, True)
    assert held_back(strict) == ["approval_never"] * 4
    assert not list((strict / "packages").glob("*")) if (strict / "packages").exists() else True
    assert not list((strict / "import").glob("*.xlsx"))
    approval = approve(strict)
    code, shown = extractor("export", "all", "--from", strict)
    assert (code, f"{STEM}.zip: 4 PDFs" in shown) == (0, True)
    stated = manifest(strict)
    assert stated["policy"] == "approved"
    with open_store(strict) as store:
        digest = Approvals(store).standing(1).digest
    at = approval.at.isoformat(timespec="seconds")
    assert stated["approvals"] == [
        {"book": 1, "records": 4, "valid": True, "person": APPROVER, "at": at, "digest": digest}
    ]
    before = contents(strict)
    assert extractor("export", "all", "--from", strict)[0] == 0
    assert contents(strict) == before
    assert extractor("export", "--verify", "--from", strict) == (0, "1 manifests, 0 faults\n")


def test_a_book_that_changed_is_held_back_and_its_former_files_are_left_and_named(strict, extractor):
    approve(strict)
    extractor("export", "all", "--from", strict)
    package = (strict / "packages" / f"{STEM}.zip").read_bytes()
    correct(strict)
    extractor("export", "all", "--from", strict)
    assert held_back(strict) == ["approval_changed"] * 4
    assert (strict / "packages" / f"{STEM}.zip").read_bytes() == package
    code, shown = extractor("export", "--verify", "--from", strict)
    assert (code, "book 1 changed after it was approved and exported" in shown) == (7, True)
    approve(strict)
    extractor("export", "all", "--from", strict)
    assert extractor("export", "--verify", "--from", strict)[0] == 0
    with open_store(strict) as store:
        Approvals(store).withdraw(1, APPROVER)
    code, shown = extractor("export", "--verify", "--from", strict)
    assert (code, "the approval of book 1 was taken back" in shown) == (7, True)
    extractor("export", "all", "--from", strict)
    assert held_back(strict) == ["approval_withdrawn"] * 4


def test_an_answer_given_while_exporting_is_not_among_what_was_approved(strict, templates, monkeypatch):
    approve(strict)
    real = outputs.meant_when_exported

    def meant(records):
        correct(strict, "Giữa Chừng")  # after the approval was looked at, before the first record is read
        return real(records)

    monkeypatch.setattr(outputs, "meant_when_exported", meant)
    with open_store(strict) as store:
        done = export_now(store, strict, ExportJob("all", (templates,)))
        assert done.books.books[0].rows == 4
        assert Approvals(store).in_force() == {}
    shown = (strict / "import" / f"{STEM}.xlsx").read_bytes()
    monkeypatch.undo()
    correct(strict, "Giữa Chừng")
    (strict / "exports.yaml").write_text("policy: settled\n", encoding="utf-8")
    with open_store(strict) as store:
        export_now(store, strict, ExportJob("all", (templates,)))
    assert (strict / "import" / f"{STEM}.xlsx").read_bytes() != shown


def test_a_field_that_waits_again_holds_an_approved_book_back(strict, extractor):
    approve(strict)
    with open_store(strict) as store:
        record = next(store.records())
        waits = record.fields["nksHoTen"].model_copy(update={"decision": Decision.REVIEW})
        store.update_machine_values([MachineChange(record.key, "nksHoTen", waits)])
    extractor("export", "all", "--from", strict)
    assert held_back(strict) == ["approval_waiting"] * 4


def test_without_a_demand_settled_fields_go_and_the_manifest_says_so(out, extractor):
    extractor("export", "all", "--from", out)
    assert (manifest(out)["policy"], manifest(out)["approvals"]) == (
        "settled",
        [{"book": 1, "records": 4, "valid": False, "why": "never"}],
    )
    assert policies(out) == []
    approve(out)
    extractor("export", "all", "--from", out)
    assert manifest(out)["approvals"][0]["valid"]
    assert extractor("export", "--verify", "--from", out)[0] == 0
    (out / "exports.yaml").write_text("policy: approved\n", encoding="utf-8")
    code, shown = extractor("export", "--verify", "--from", out)
    assert (code, "exported under the policy 'settled'" in shown) == (7, True)


def test_taking_the_file_away_lifts_nothing_and_lifting_it_is_in_log_and_manifest(strict, extractor, monkeypatch):
    extractor("export", "all", "--from", strict)
    assert policies(strict) == ["policy:approved"]
    (strict / "exports.yaml").unlink()
    extractor("export", "all", "--from", strict)
    assert held_back(strict) == ["approval_never"] * 4
    monkeypatch.setenv("EXTRACTOR_EXPORT_POLICY", "settled")
    get_settings.cache_clear()
    try:
        (strict / "exports.yaml").write_text("policy: approved\n", encoding="utf-8")
        with open_store(strict) as store:
            assert demanded(store, strict) is Policy.APPROVED  # neither weakens the other
        (strict / "exports.yaml").unlink()
        extractor("export", "all", "--from", strict)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert manifest(strict)["policy"] == "settled"
    assert policies(strict) == ["policy:approved", "policy:settled"]
    with open_store(strict) as store:
        assert store.verify_audit().ok


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("policy: aproved\n", "policy"),
        ("demand: approved\n", "policy"),
        ("- [\n", "cannot be read"),
        ("policy: approved\npolicy: settled\n", "line 2: 'policy' stands there twice"),
    ],
)
def test_a_file_that_cannot_be_used_stops_every_export(out, extractor, content, said):
    (out / "exports.yaml").write_text(content, encoding="utf-8")
    code, shown = extractor("export", "all", "--from", out)
    assert (code, "exports.yaml" in shown, said in shown) == (2, True, True)
    assert not (out / "packages").exists()
    with open_store(out) as store, pytest.raises(SettingsError):
        demanded(store, out)


def test_a_manifest_with_an_invented_approval_is_found(strict, extractor):
    approve(strict)
    extractor("export", "all", "--from", strict)
    path = strict / "packages" / f"{STEM}.manifest.json"
    content = manifest(strict)
    content["approvals"][0]["person"] = "Người Khác"
    path.write_text(json.dumps(content), encoding="utf-8")
    code, shown = extractor("export", "--verify", "--from", strict)
    assert (code, "an approval of book 1 that was never given" in shown) == (7, True)
    content["approvals"] = []
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "names no valid approval" in extractor("export", "--verify", "--from", strict)[1]
    del content["policy"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "does not say whether an approval was asked for" in extractor("export", "--verify", "--from", strict)[1]


def test_entry_forms_are_for_approved_books_only(strict, extractor, templates, tmp_path):
    forms = ("prefill", strict, "--out", tmp_path / "forms", "--templates", templates)
    code, shown = extractor(*forms)
    assert (code, "No book that fits is approved" in shown) == (2, True)
    approve(strict)
    code, shown = extractor(*forms)
    assert "4 records in 1 books" in shown
    assert "Only approved books get forms; 0 are not" in shown
