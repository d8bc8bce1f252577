"""Opening, upgrading and refusing databases."""

import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from extractor.errors import StoreError
from extractor.store import Store
from extractor.store.engine import _create_private, make_engine, parse_url, writing
from extractor.store.migrate import HEAD, _reason, alembic_config, is_current, upgrade, upgrade_within
from extractor.store.tables import Base


def test_the_migrations_give_exactly_the_schema_of_the_tables(empty_database):
    Store.open(empty_database.url, audit_key_file=empty_database.key_file).close()
    engine = make_engine(parse_url(empty_database.url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_head_names_the_newest_migration():
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_a_new_sqlite_file_is_what_all_migrations_make_of_an_empty_one(tmp_path):
    made = {}
    for name, make in (("new", upgrade), ("migrated", _migrate)):
        engine = make_engine(parse_url(f"sqlite:///{tmp_path / name}"))
        make(engine)
        engine.dispose()
        with sqlite3.connect(tmp_path / name) as database:
            made[name] = list(database.iterdump())
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
    assert made["new"] == made["migrated"], "run scripts/schema-sql"
    assert any("CREATE TRIGGER" in line for line in made["new"])


def test_a_file_of_an_older_version_is_migrated_not_made_anew(tmp_path):
    engine = make_engine(parse_url(f"sqlite:///{tmp_path / 'old'}"))
    with writing(engine).begin() as connection:
        upgrade_within(connection, "0006")
    upgrade(engine)
    with engine.connect() as connection:
        assert is_current(connection)
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def _migrate(engine):
    with writing(engine).begin() as connection:
        upgrade_within(connection)


def test_opening_again_keeps_what_is_there(store, database, result):
    store.save_page(result())
    with Store.open(database.url, audit_key_file=database.key_file) as again:
        assert again.status() == store.status()


def test_a_database_of_a_newer_version_is_refused(store, database):
    engine = make_engine(parse_url(database.url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="does not know"):
        Store.open(database.url, audit_key_file=database.key_file)


def test_another_audit_key_is_refused(store, database, result, tmp_path):
    store.save_page(result())
    (tmp_path / "other-key").write_text("ab" * 32)
    with pytest.raises(StoreError, match="belongs to another database"):
        Store.open(database.url, audit_key_file=tmp_path / "other-key")


def test_a_missing_key_of_a_used_database_is_not_made_anew(store, database, result, tmp_path):
    store.save_page(result())
    with pytest.raises(StoreError, match="is missing") as refused:
        Store.open(database.url, audit_key_file=tmp_path / "gone")
    assert "backup" in refused.value.mend
    assert not (tmp_path / "gone").exists()


FOREIGN = {
    "tables": "CREATE TABLE photo (name TEXT)",
    "other migrations": "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('0010')",
    "a view": "CREATE VIEW seen AS SELECT 1",
    "a version": "PRAGMA user_version = 7",
    "a mark": "PRAGMA application_id = 99; PRAGMA user_version = 1",
}


@pytest.mark.parametrize("script", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_file_of_another_program_is_left_as_it_is(tmp_path, script, mode):
    path = tmp_path / "photos ?%20.sqlite"
    with sqlite3.connect(path) as others:
        others.executescript(f"PRAGMA journal_mode={mode}; {script}")
    others.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        upgrade(make_engine(URL.create("sqlite", database=str(path))))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_log_of_another_program_that_crashed_is_left_as_it_is(tmp_path):
    path, copy = tmp_path / "busy.sqlite", tmp_path / "copy" / "busy.sqlite"
    copy.parent.mkdir()
    others = sqlite3.connect(path, isolation_level=None)
    others.executescript("PRAGMA journal_mode=WAL; CREATE TABLE photo (name TEXT); PRAGMA wal_checkpoint")
    others.execute("INSERT INTO photo VALUES ('late')")
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    others.close()
    before = {file.name: file.read_bytes() for file in copy.parent.iterdir()}
    assert before["busy.sqlite-wal"]
    with pytest.raises(StoreError, match="another program"):
        Store.open(f"sqlite:///{copy}")
    assert {file.name: file.read_bytes() for file in copy.parent.iterdir()} == before


def test_an_own_file_whose_tables_are_in_its_log_alone_is_opened(tmp_path):
    path, copy = tmp_path / "own.sqlite", tmp_path / "copy" / "own.sqlite"
    copy.parent.mkdir()
    with Store.open(f"sqlite:///{path}", audit_key_file=tmp_path / "key"):
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    (copy.parent / "own.sqlite-wal").stat()
    with Store.open(f"sqlite:///{copy}", audit_key_file=tmp_path / "key") as again:
        assert again.status().pages == 0


def test_an_empty_file_that_becomes_the_database_is_private(tmp_path):
    path = tmp_path / "new.sqlite"
    path.touch(0o644)
    Store.open(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_what_is_no_file_keeps_its_rights(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    _create_private(pipe)
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o666, "such as /dev/null, which whole machines need"


def test_a_broken_key_file_is_named(database):
    database.key_file.write_text("abc")
    with pytest.raises(StoreError, match=database.key_file.name):
        Store.open(database.url, audit_key_file=database.key_file)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://root@host/base", "rubbish"])
def test_unsupported_addresses_are_refused(url):
    with pytest.raises(StoreError):
        Store.open(url)


def test_an_unreachable_server_is_an_error_without_the_password(tmp_path):
    url = f"postgresql://somebody:very-secret@/base?host={tmp_path}"
    with pytest.raises(StoreError) as caught:
        Store.open(url, audit_key_file=tmp_path / "key")
    assert "very-secret" not in str(caught.value)


def test_postgresql_asks_for_the_key_file():
    with pytest.raises(StoreError, match="audit key"):
        Store.open("postgresql://somebody@host/base")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is no database, by any means" * 100)
    with pytest.raises(StoreError, match=r"store\.sqlite"):
        Store.open(f"sqlite:///{path}")


def test_sqlite_is_private_durable_and_checks_references(tmp_path, monkeypatch, set_up_as_shipped):
    monkeypatch.setattr("extractor.store.engine._set_up_sqlite", set_up_as_shipped)
    path = tmp_path / "new" / "store.sqlite"
    with Store.open(f"sqlite:///{path}"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        key_file = Path(f"{path}.audit-key")
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    engine = make_engine(parse_url(f"sqlite:///{path}"))
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.mark.parametrize(
    ("code", "mend"),
    [(sqlite3.SQLITE_FULL, "free space"), (sqlite3.SQLITE_CORRUPT, "restore"), (None, "server")],
    ids=["full", "damaged", "server"],
)
def test_the_mend_follows_from_what_is_wrong(code, mend):
    error = sqlite3.OperationalError("database or disk is full")
    if code is not None:
        error.sqlite_errorcode = code
    assert mend in _reason(DatabaseError("", {}, error))[1]
