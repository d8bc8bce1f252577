"""Erasure by order: nothing can be read any more, the chain holds, and nobody can pretend an order."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from extractor.backup.checking import check_backup
from extractor.backup.making import make_backup
from extractor.backup.place import Place
from extractor.backup.restoring import restore_backup
from extractor.batch.erasing import carry_out, plan_erasure
from extractor.batch.run import with_instructions
from extractor.batch.storage import open_store
from extractor.errors import ErasureError, LeaseLostError, SettingsError
from extractor.records import Decision, FieldState
from extractor.store import Approvals, DrawnRecord, Erasures, ExportedField, Part, SampleDraft, audit, erasure_audit
from extractor.store import engine as engine_module
from extractor.store.engine import make_engine, parse_url
from extractor.store.erasing import Scope
from extractor.store.erasure_tables import ErasureRow
from extractor.store.results import NothingToUndo
from extractor.store.tables import AuditRow, Base, DecisionRow, FieldRow, RecordRow

SECRET = "Giàng Thị Kín"
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What no database treats otherwise need not be tried on both."""


@pytest.fixture
def worked(store, result, record, value):
    """Two pages, on the second a record that is to go; people answered on both."""
    store.save_page(result(page=1))
    store.save_page(
        result(
            page=2,
            records=(
                record(
                    "so-01.pdf", 2, so=value("02", 0.6), nksHoTen=value(SECRET, 0.8), nksNoiSinh=value("Bản X", 0.3)
                ),
            ),
        )
    )
    for _ in range(4):
        task = store.claim("Thử Một")
        store.decide(task, task.token, person="Thử Một", raw=f"{task.field.raw} nữa", value=task.field.raw)
    return store


def record_on(store, page):
    return next(each.id for each in map(store.stored_record, store.record_ids(1)) if each.key[1] == page)


def erase(store, out, *records, books=()):
    out.mkdir(exist_ok=True)
    plan = plan_erasure(store, records, books)
    return carry_out(store, out, plan, person="Thử Hai", reason="Quyết định 12")


def everything(store):
    """The whole content of the database as text."""
    with store.reading() as session:
        return "\n".join(
            str(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))
        )


def test_what_was_erased_is_nowhere_and_the_chain_holds(worked, tmp_path):
    head, mine = worked.audit_head(), record_on(worked, 2)
    assert SECRET in everything(worked)
    done = erase(worked, tmp_path / "out", mine)
    assert SECRET not in everything(worked)
    report = worked.verify_audit(head=head)
    assert report.faults == ()
    assert report.erased == done.erasure.entries > 0
    assert [each.key[1] for each in map(worked.stored_record, worked.record_ids(1))] == [1]
    # Who decided when stays, and so does everything of the others.
    with worked.reading() as session:
        assert len(list(session.scalars(select(DecisionRow)))) == 4
    assert "Lò Văn Thử" in everything(worked)
    assert done.scrubbed


@ONE_DATABASE
def test_the_files_of_the_database_do_not_show_it(worked, database, tmp_path):
    erase(worked, tmp_path / "out", record_on(worked, 2))
    path = Path(database.url.removeprefix("sqlite:///"))
    content = b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*"))
    assert SECRET.encode() not in content
    assert "Lò Văn Thử".encode() in content


@ONE_DATABASE
def test_erasing_again_and_more_keeps_the_chain(worked, tmp_path):
    first = erase(worked, tmp_path / "out", record_on(worked, 2))
    second = erase(worked, tmp_path / "out", record_on(worked, 1))
    assert second.erasure.id == first.erasure.id + 1
    assert worked.verify_audit().faults == ()
    assert worked.record_ids(1) == ()
    assert [each.reason for each in Erasures(worked).all()] == ["Quyết định 12"] * 2


def test_long_histories_share_events_and_keep_what_is_not_erased(store, result, record, value, tmp_path, forge):
    """One event vouches for decisions of two records, of which one goes: the other's stay vouched for."""

    def page(texts):
        records = tuple(record("so-01.pdf", 1, number, a=value(raw, 0.5)) for number, raw in enumerate(texts, start=1))
        return result(records=records)

    store.save_page(page(["một", "hai"]))
    store.save_page(replace(page(["ba", "bốn"]), pipeline_version="v2"))
    with store.reading() as session:
        mine, page_id = session.execute(select(RecordRow.id, RecordRow.page_id).order_by(RecordRow.number)).first()
    Erasures(store).erase(Scope((mine,), (), (page_id,)), person="Thử Hai", reason="x")
    report = store.verify_audit()
    assert (report.faults, report.erased) == ((), 1)
    assert "hai" in everything(store)
    assert "một" not in everything(store)
    forge("UPDATE decision SET person = 'Thử Ba' WHERE id = 2")
    assert any("was changed" in fault for fault in store.verify_audit().faults)


@ONE_DATABASE
def test_blanking_without_an_order_is_found(worked, forge, tmp_path):
    erase(worked, tmp_path / "out", record_on(worked, 2))
    assert worked.verify_audit().ok
    with worked.reading() as session:
        of_first = select(FieldRow.id).where(FieldRow.record_id == record_on(worked, 1))
        other = session.scalar(select(DecisionRow.id).where(DecisionRow.field_id.in_(of_first)))
        blank = json.dumps({"raw": "", "value": None, "candidates": [], "erased": 1}).replace(":", r"\:")
    forge(f"UPDATE decision SET before = '{blank}', after = '{blank}' WHERE id = {other}")
    assert [fault for fault in worked.verify_audit().faults if f"Decision {other} was changed" in fault]


def test_the_database_lets_history_be_blanked_only(worked, database, tmp_path):
    engine = make_engine(parse_url(database.url))
    blank = json.dumps({"raw": "", "value": None, "candidates": [], "erased": 1}, separators=(",", ":"))
    filled = json.dumps({"raw": "x", "value": None, "candidates": [], "erased": 1}, separators=(",", ":"))

    def refused(statement):
        with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement).bindparams())

    both = "UPDATE decision SET before = CAST('{0}' AS JSON), after = CAST('{0}' AS JSON)"
    if database.backend == "sqlite":
        both = "UPDATE decision SET before = '{0}', after = '{0}'"
    both = both.replace(":", r"\:")
    escaped = [each.replace(":", r"\:") for each in (blank, filled)]
    refused(both.format(escaped[0]))  # no order stands there
    erase(worked, tmp_path / "out", record_on(worked, 2))
    refused(both.format(escaped[1]))
    refused(both.format(escaped[0]) + ", person = 'Thử Ba'")
    refused("UPDATE decision SET action = 'undo'")
    refused("DELETE FROM decision")
    refused("UPDATE erasure SET reason = 'x'")
    refused("DELETE FROM erasure")
    engine.dispose()
    assert worked.verify_audit().ok


@ONE_DATABASE
def test_an_invented_order_is_found(worked, forge, tmp_path):
    """Somebody without the key blanks a decision and writes an order with the digest that is left."""
    with worked.reading() as session:
        row = session.get(DecisionRow, 1)
        blank = {**row.before, "raw": "", "value": None, "candidates": [], "erased": 1}
        content = [{**audit.decision_content(row), "before": blank, "after": blank}]
        event = session.scalar(select(AuditRow.seq).where(AuditRow.subject == "decision:1"))
    texts = json.dumps(blank, ensure_ascii=False).replace(":", r"\:")
    events = json.dumps({str(event): audit.digest_of(content)}).replace(":", r"\:")
    scope = json.dumps({"records": [1], "whole": [], "parts": []}).replace(":", r"\:")
    forge(
        f"UPDATE decision SET before = '{texts}', after = '{texts}' WHERE id = 1",
        "INSERT INTO erasure (id, at, person, reason, scope, events) VALUES "
        f"(1, '2026-01-05 08\\:00\\:00', 'Thử Ba', 'x', '{scope}', '{events}')",
    )
    faults = worked.verify_audit().faults
    assert "Erasure 1 has no event." in faults
    assert any("Decision 1 was changed" in fault for fault in faults)
    with worked.reading() as session:
        row = session.get(ErasureRow, 1)
        digest, last = audit.digest_of(erasure_audit.content(row)), worked.audit_head()
    seq, previous = last.split(":")
    forge(
        "INSERT INTO audit_event (seq, at, actor, action, subject, digest, previous, mac) VALUES "
        rf"({int(seq) + 1}, 'x', 'Thử Ba', 'erased', 'erasure\:1', '{digest}', '{previous}', '{'0' * 64}')"
    )
    assert worked.verify_audit().faults == (f"Event {int(seq) + 1} was changed, or made with another key.",)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE erasure SET reason = 'khác'", "Erasure 1 was changed"),
        ("DELETE FROM erasure", "Erasure 1 is missing"),
        ("DELETE FROM audit_event WHERE action = 'erased'", "Erasure 1 has no event"),
    ],
)
def test_a_changed_order_is_found(worked, forge, tmp_path, statement, fault):
    erase(worked, tmp_path / "out", record_on(worked, 2))
    forge("DELETE FROM erased_record", "DELETE FROM erased_page", statement)
    faults = worked.verify_audit().faults
    assert any(fault in found for found in faults)
    assert any("was changed" in found or "Erasure" in found for found in faults)


@ONE_DATABASE
def test_content_that_is_put_back_is_found(worked, database, forge, tmp_path):
    with worked.reading() as session:
        row = session.scalar(select(DecisionRow).order_by(DecisionRow.id.desc()))
        number, before, after = row.id, row.before, row.after
    erase(worked, tmp_path / "out", record_on(worked, 1), record_on(worked, 2))
    assert worked.verify_audit().ok
    old = [json.dumps(each, ensure_ascii=False).replace(":", r"\:") for each in (before, after)]
    forge(f"UPDATE decision SET before = '{old[0]}', after = '{old[1]}' WHERE id = {number}")
    assert any(f"Decision {number} was changed" in fault for fault in worked.verify_audit().faults)


@ONE_DATABASE
def test_a_broken_chain_is_not_covered_up(worked, forge, tmp_path):
    mine = record_on(worked, 2)
    forge("UPDATE decision SET person = 'Thử Ba'")
    with pytest.raises(ErasureError, match="does not hold"):
        erase(worked, tmp_path / "out", mine)
    assert SECRET in everything(worked)


@ONE_DATABASE
def test_nothing_comes_back_by_reading_or_answering(worked, result, record, value, tmp_path):
    """Nor by an answer that was under way, nor by taking one back."""
    task = worked.claim("Thử Bốn")
    with worked.reading() as session:
        mine = session.get(FieldRow, task.field_id).record_id
    others = [number for number in worked.record_ids(1) if number != mine]
    page = worked.stored_record(mine).key[1]
    erase(worked, tmp_path / "out", mine)
    with pytest.raises(LeaseLostError, match="erased by order"):
        worked.decide(task, task.token, person="Thử Bốn", raw=SECRET, value=SECRET)
    while not isinstance(undone := worked.undo_last("Thử Một"), NothingToUndo):
        with worked.reading() as session:
            assert session.get(FieldRow, undone.field_id).record_id in others
    before = everything(worked)
    again = result(page=page, version="v2", records=(record("so-01.pdf", page, nksHoTen=value("Đọc Lại", 0.9)),))
    assert not worked.save_page(again)
    assert everything(worked) == before
    assert worked.verify_audit().ok


@ONE_DATABASE
def test_marks_that_hang_on_it_are_not_left_to_mean_something_else(store, result, record, value, tmp_path):
    def ditto(raw):
        return value(raw, 0.5).model_copy(update={"state": FieldState.DITTO, "value": None, "candidates": ()})

    for page, field in ((1, value("Thái", 0.5)), (2, ditto('"')), (3, ditto('"'))):
        store.save_page(result(page=page, records=(record("so-01.pdf", page, meDanToc=field),)))
    first, second, third = store.record_ids(1)
    for asked in ((first,), (second,), (first, second)):
        with pytest.raises(ErasureError, match="Ditto"):
            erase(store, tmp_path / "out", *asked)
    erase(store, tmp_path / "out", third)
    erase(store, tmp_path / "out", first, second)
    assert store.verify_audit().ok


@ONE_DATABASE
def test_a_whole_book_goes(worked, result, tmp_path):
    worked.save_page(result(page=3, problem="unknown_form"))
    erase(worked, tmp_path / "out", books=("KS.2017.01",))
    assert list(worked.records()) == []
    assert worked.page_problems() == ()
    assert SECRET not in everything(worked)
    assert worked.verify_audit().ok
    with pytest.raises(SettingsError, match="no such book"):
        erase(worked, tmp_path / "out", books=("KH.1999.02",))


@pytest.fixture
def inspected(store, result):
    """A sampled record, of which two fields were typed by an inspector and one is in somebody's hands."""
    store.save_page(result(page=1))
    store.save_page(result(page=2))
    drawn = []
    for record in store.records():
        fields = tuple(
            ExportedField(code, field.raw, field.value, field.state.value) for code, field in record.fields.items()
        )
        drawn.append(DrawnRecord(record.key, "KS.2017.01", f"{record.page}.pdf", fields))
    plan = SampleDraft("II", "1.0", "normal", "A", 5, 0, 1, "7", ({"stem": "KS.2017.01", "records": 5},), tuple(drawn))
    inspection = store.inspections.add(plan, person="Cán Bộ")
    for _ in range(2):
        task = store.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
        store.inspections.answer(task.id, task.token, person="Thanh Tra", raw=SECRET, value=SECRET)
    return store, store.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")


def test_what_inspectors_read_goes_and_their_answers_stay_vouched_for(inspected, forge, tmp_path):
    store, task = inspected
    mine = record_on(store, 1)
    done = erase(store, tmp_path / "out", mine)
    assert SECRET not in everything(store)
    report = store.verify_audit()
    assert (report.faults, report.erased) == ((), 3)  # the sample and two answers
    assert done.erasure.entries == 3
    with pytest.raises(LeaseLostError, match="erased by order"):
        store.inspections.answer(task.id, task.token, person="Thanh Tra", raw=SECRET, value=SECRET)
    assert SECRET not in everything(store)
    erase(store, tmp_path / "out", record_on(store, 2))
    assert store.verify_audit().faults == ()
    forge("UPDATE inspection_answer SET raw = 'khác' WHERE id = 1")
    forge("UPDATE inspected_field SET raw = 'khác' WHERE id = 8")
    faults = store.verify_audit().faults
    assert "Answer 1 of an inspection was changed." in faults
    assert "The sample of inspection 1 was changed." in faults


@ONE_DATABASE
def test_an_approved_book_is_not_approved_any_more(store, result, record, value, tmp_path):
    accepted = Decision.ACCEPTED
    for page in (1, 2):
        store.save_page(result(page=page, records=(record("so-01.pdf", page, so=value("1", 0.9, accepted)),)))
    approvals = Approvals(store)
    approvals.approve(1, "Thử Duyệt", approvals.standing(1).digest)
    assert approvals.approves(1)
    erase(store, tmp_path / "out", record_on(store, 2))
    assert not approvals.approves(1)


@ONE_DATABASE
def test_pages_of_which_something_was_erased_are_not_read_again(worked, result, tmp_path):
    worked.save_page(replace(result(page=5), file_sha256="f" * 64))
    erase(worked, tmp_path / "out", record_on(worked, 5))
    source = SimpleNamespace(file="renamed.pdf", sha256="f" * 64)
    refs = [SimpleNamespace(source=source, page=page) for page in (4, 5)]
    assert [ref.page for ref in with_instructions(refs, worked)] == [4]


@ONE_DATABASE
def test_backups_taken_afterwards_hold_none_of_it_and_verify(worked, database, tmp_path):
    out = tmp_path / "out"
    erase(worked, out, record_on(worked, 2))
    (out / "audit.key").write_bytes(database.key_file.read_bytes())
    make_backup(worked, out, tmp_path / "backups", database=database.url, with_key=True)
    place = Place.existing(tmp_path / "backups")
    assert check_backup(place).faults == ()
    restore_backup(place, tmp_path / "new")
    with open_store(tmp_path / "new") as store:
        assert SECRET not in everything(store)
        assert store.verify_audit().erased
        assert erase(store, tmp_path / "new", record_on(store, 1)).erasure.id == 2


@ONE_DATABASE
def test_a_scan_that_was_read_twice_goes_with_its_copy(worked, result, record, value, tmp_path):
    copy = record("copy.pdf", 7, nksHoTen=value(SECRET, 0.7))
    worked.save_page(replace(result(file="copy.pdf", page=7, records=(copy,)), sha256=result(page=2).sha256))
    erase(worked, tmp_path / "out", record_on(worked, 2))
    assert SECRET not in everything(worked)
    assert [worked.stored_record(number).key[1] for number in worked.record_ids(1)] == [1]
    assert worked.verify_audit().ok


@ONE_DATABASE
def test_while_somebody_reads_the_room_on_the_disk_is_not_given_up_and_that_is_told(
    worked, database, tmp_path, monkeypatch
):
    monkeypatch.setattr(engine_module, "SCRUB_MILLISECONDS", 20)
    mine = record_on(worked, 2)
    engine = make_engine(parse_url(database.url))
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM field")).all()
        assert not erase(worked, tmp_path / "out", mine).scrubbed
    engine.dispose()
    assert erase(worked, tmp_path / "out", mine).scrubbed  # the same again does
    assert len(Erasures(worked).all()) == 1
