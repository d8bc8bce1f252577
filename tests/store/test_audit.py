"""The audit chain finds edits, gaps, other orders and cut ends; the database refuses to change history."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from extractor.store.engine import make_engine, parse_url


@pytest.fixture
def worked(store, result):
    """A store in which people worked."""
    for page in (1, 2):
        store.save_page(result(page=page))
    for raw in ("7", "8", "9"):
        task = store.claim("Thử Một")
        store.decide(task, task.token, person="Thử Một", raw=raw, value=raw)
    store.append_audit(actor="Thử Một", action="export", subject="export:KS_60", content=["a", 1])
    return store


def test_an_untouched_chain_holds(worked):
    report = worked.verify_audit(head=worked.audit_head())
    assert report.ok
    assert report.events == 6
    assert report.head == worked.audit_head()


def test_an_old_head_stays_part_of_a_chain_that_grew(worked, result):
    head = worked.audit_head()
    worked.save_page(result(page=3))
    assert worked.verify_audit(head=head).ok


@pytest.mark.parametrize("table", ["audit_event", "decision"])
def test_the_database_refuses_to_change_history(worked, database, table):
    engine = make_engine(parse_url(database.url))
    statements = [f"UPDATE {table} SET action = 'x'", f"DELETE FROM {table}"]
    statements += [f"TRUNCATE {table} CASCADE"] if database.backend == "postgres" else []
    for statement in statements:
        with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()
    assert worked.verify_audit().ok


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit_event SET actor = 'Thử Hai' WHERE seq = 3", "Event 3 was changed"),
        ("UPDATE audit_event SET digest = previous WHERE seq = 1", "Event 1 was changed"),
        ("DELETE FROM audit_event WHERE seq = 1", "Events 1 to 1 are missing"),
        ("DELETE FROM audit_event WHERE seq IN (2, 3)", "Events 2 to 3 are missing"),
        ("UPDATE decision SET person = 'Thử Hai' WHERE id = 2", "Decision 2 was changed"),
        ("UPDATE decision SET action = 'refused' WHERE id = 3", "Decision 3 was changed"),
        ("DELETE FROM decision WHERE id = 1", "Decision 1 is missing"),
        ("DELETE FROM audit_event WHERE seq >= 4", "Decision 2 has no event"),
    ],
)
def test_forgeries_are_found(worked, forge, statement, fault):
    forge(statement)
    assert any(fault in found for found in worked.verify_audit().faults)


def test_another_order_is_found(worked, forge):
    forge(
        "UPDATE audit_event SET seq = 100 WHERE seq = 3",
        "UPDATE audit_event SET seq = 3 WHERE seq = 4",
        "UPDATE audit_event SET seq = 4 WHERE seq = 100",
    )
    assert not worked.verify_audit().ok


def test_a_cut_end_is_found_by_a_noted_head(worked, forge):
    head = worked.audit_head()
    forge("DELETE FROM audit_event WHERE seq = 6")
    assert worked.verify_audit().ok  # nothing in the database itself can show that the last event is gone
    assert not worked.verify_audit(head=head).ok


def test_events_hold_no_text_of_registers(worked, database):
    engine = make_engine(parse_url(database.url))
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM audit_event")).all()
    engine.dispose()
    assert rows
    assert not any("Lò Văn" in str(row) or "Bản Mẫu" in str(row) for row in rows)


def test_long_histories_share_events(store, result, record, value):
    codes = [f"f{number}" for number in range(150)]
    store.save_page(result(records=(record("so-01.pdf", 1, **{code: value("a", 0.5) for code in codes}),)))
    again = record("so-01.pdf", 1, **{code: value("b", 0.5) for code in codes})
    store.save_page(result(version="v2", records=(again,)))
    report = store.verify_audit()
    assert (report.ok, report.events) == (True, 4)
