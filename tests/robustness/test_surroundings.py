"""A database that is gone for a while, and a clock that goes back."""

import shutil
from datetime import timedelta

import pytest
from support.output_folder import BOOK, record_of
from support.postgres import new_server, server_over

from extractor.batch import run
from extractor.batch.storage import open_store
from extractor.errors import DatabaseGoneError
from extractor.records import Decision
from extractor.store import PageResult


def page(number: int) -> PageResult:
    record = record_of(number)
    fields = {code: value.model_copy(update={"decision": Decision.REVIEW}) for code, value in record.fields.items()}
    return PageResult(
        file=record.file, page=1, sha256=f"{number:064d}", width=60, height=90, image="", pipeline_version="1",
        book=BOOK, records=(record.model_copy(update={"fields": fields}),),
    )  # fmt: skip


@pytest.mark.postgres
def test_a_run_waits_for_its_database(tmp_path, monkeypatch):
    pytest.importorskip("pgserver")
    server = new_server(cleanup_mode="stop")
    folder = server.pgdata
    waits: list[float] = []
    (tmp_path / "out").mkdir()

    def start(_seconds):
        nonlocal server
        waits.append(_seconds)
        if len(waits) == 2:
            server = server_over(folder, cleanup_mode="stop")

    monkeypatch.setattr(run, "sleep", start)
    try:
        with open_store(tmp_path / "out", server.get_uri()) as store:
            run._save(store, page(1))
            task = store.claim("A")
            store.decide(task, task.token, person="A", raw="X", value="X")
            server.cleanup()
            run._save(store, page(2))
            assert len(waits) >= 2
            assert {record.file for record in store.records()} == {"so.jpg", "so-2.jpg"}
            first = next(record for record in store.records() if record.file == "so.jpg")
            assert first.fields[task.code].decision is Decision.CORRECTED
            assert store.verify_audit().ok
            server.cleanup()
            monkeypatch.setattr(run, "_PATIENCE", -1.0)
            with pytest.raises(DatabaseGoneError, match="gave up") as gone:
                run._save(store, page(1))
            assert gone.value.mend
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_clock_that_goes_back_loses_nothing(tmp_path, monkeypatch):
    with open_store(tmp_path) as store:
        store.save_page(page(1))
        plain, back = store._clock, timedelta(0)
        monkeypatch.setattr(store, "_clock", lambda: plain() - back)
        decided = {}
        for hours in (0, 48, 1, 8760, 0):
            back = timedelta(hours=hours)
            task = store.claim(f"person {hours}")
            store.decide(task, task.token, person=f"person {hours}", raw=f"X{hours}", value=f"X{hours}")
            decided[task.code] = f"X{hours}"
        (record,) = store.records()
        assert len(decided) == 5
        assert {code: record.fields[code].value for code in decided} == decided
        assert store.verify_audit().ok
