"""Backups: of one moment while people answer, whole or not at all, restored into an empty place of either kind."""

import errno
import gzip
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select

from extractor.backup import place as places
from extractor.backup.checking import check_backup
from extractor.backup.making import make_backup
from extractor.backup.manifest import Entry, Manifest, read_listing, read_manifest, write_listing, write_manifest
from extractor.backup.place import Place
from extractor.backup.restoring import restore_backup
from extractor.batch.sources import load_sources
from extractor.batch.storage import open_store
from extractor.errors import BackupError, SettingsError, StoreError
from extractor.exports.files import sha256_of
from extractor.store import Accounts, JobKind, Jobs, QueueEmpty, Role
from extractor.store.audit import load_or_make_key
from extractor.store.dump import LEFT_OUT
from extractor.store.engine import make_engine, parse_url, writing
from extractor.store.migrate import HEAD, upgrade_within
from extractor.store.tables import Base, DecisionRow

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What no database treats otherwise need not be tried on both."""


@pytest.fixture
def empty_out(database, tmp_path):
    """An output folder with the schema and nothing else, on either database."""
    folder = tmp_path / "out"
    folder.mkdir()
    if database.backend == "sqlite":
        Path(database.url.removeprefix("sqlite:///")).rename(folder / "extractor.sqlite")
    return folder


@pytest.fixture
def out(database, empty_out, tmp_path, result):
    """An output folder in which people worked, on either database."""
    folder = empty_out
    (folder / "pages").mkdir()
    with opened(folder, database) as store:
        for page in (1, 2, 3):
            (folder / "pages" / f"{page}.jpg").write_bytes(b"picture %d" % page)
            store.save_page(result(page=page))
        store.save_page(result(page=4, problem="unknown_form"))
        answer(store, 3)
        Accounts(store).add("thu.mot", "Thử Một", [Role.REVIEWER], "một mật khẩu đủ dài 71", by="Thử Hai")
        Jobs(store).add("a" * 32, JobKind.RUN, "room", str(folder.resolve()), {"uploads": ["b"]})
    scan = tmp_path / "scans" / "so-01.pdf"
    scan.parent.mkdir()
    scan.write_bytes(b"scan")
    sources = [
        {"file": "so-01.pdf", "path": str(scan), "member": "", "sha256": "c" * 64, "name": None},
        {"file": "b/x.pdf", "path": str(folder / "uploads" / "b" / "x.pdf"), "member": "", "sha256": "d", "name": None},
    ]
    (folder / "sources.json").write_text(json.dumps(sources), encoding="utf-8")
    (folder / ".lock").touch()
    (folder / "half.jpg.part").write_bytes(b"half")
    return folder


def opened(out, database):
    url = "" if database.backend == "sqlite" else database.url
    return open_store(out, url)


def answer(store, count, person="Thử Một"):
    done = []
    for _ in range(count):
        task = store.claim(person)
        if isinstance(task, QueueEmpty):
            break
        store.decide(task, task.token, person=person, raw=f"{task.id} đã sửa", value=None)
        done.append(task.field_id)
    return done


def backed_up(out, to, database, **options):
    with opened(out, database) as store:
        url = "" if database.backend == "sqlite" else database.url
        return make_backup(store, out, to, database=url, **options)


def rows_of(store):
    """All rows of all tables, as values."""
    with store.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for table in Base.metadata.sorted_tables
            if table.name not in LEFT_OUT
        }


@pytest.mark.parametrize("into", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_all_comes_back_on_either_database_and_goes_on(out, database, tmp_path, into, empty_postgres, result):
    made = backed_up(out, tmp_path / "backups", database, with_key=True, with_scans=True)
    place, new = Place.existing(tmp_path / "backups"), tmp_path / "new"
    assert check_backup(place).faults == ()
    url = empty_postgres() if into == "postgres" else ""
    restore_backup(place, new, database=url, by="Thử Ba")
    with opened(out, database) as old, open_store(new, url) as store:
        before, after = rows_of(old), rows_of(store)
        last = after["audit_event"].pop()
        assert last[3:5] == ("restored", f"backup:{made.folder.name}")
        assert after["api_job"][0][3] == str(new.resolve())
        before.pop("api_job"), after.pop("api_job")
        assert after == before
        assert store.verify_audit(head=old.audit_head()).ok
        # Rows are numbered on from where they were: people answer, the machine reads, somebody gets an account.
        assert len(answer(store, 2)) == 2
        store.save_page(result(page=9))
        Accounts(store).add("thu.bon", "Thử Bốn", [Role.REVIEWER], "một mật khẩu đủ dài 72", by="Thử Ba")
        assert not store.save_page(result(page=1))
        assert store.verify_audit().ok
    assert (new / "pages" / "2.jpg").read_bytes() == b"picture 2"
    assert not (new / "half.jpg.part").exists()
    sources = load_sources(new)
    assert Path(sources["so-01.pdf"].path).read_bytes() == b"scan"
    assert Path(sources["so-01.pdf"].path).is_relative_to(new)
    assert sources["b/x.pdf"].path == str(new.resolve() / "uploads" / "b" / "x.pdf")
    restored = [*new.rglob("*"), *(tmp_path / "backups").rglob("*")]
    # What others may read tells nothing of records.
    assert {path.name for path in restored if path.stat().st_mode & 0o077} <= {"extractor-backups.json", ".lock"}


def test_a_backup_under_load_is_one_moment_and_lacks_nothing_acknowledged_before(database, empty_out, tmp_path, result):
    folder = empty_out
    with opened(folder, database) as store:
        for page in range(1, 31):
            store.save_page(result(page=page))
        acknowledged, stop = answer(store, 5), threading.Event()
        url = "" if database.backend == "sqlite" else database.url

        def work():
            while not stop.is_set() and (done := answer(store, 1, "Thử Hai")):
                acknowledged.extend(done)

        thread = threading.Thread(target=work)
        thread.start()
        while len(acknowledged) < 8 and thread.is_alive():
            time.sleep(0.001)
        before = list(acknowledged)
        made = make_backup(store, folder, tmp_path / "backups", database=url, with_key=True)
        stop.set()
        thread.join()
        assert store.audit_holds(made.manifest.audit_head)
    restore_backup(Place.existing(tmp_path / "backups"), tmp_path / "new")
    with open_store(tmp_path / "new") as store:
        with store.reading() as session:
            decided = list(session.scalars(select(DecisionRow.field_id).order_by(DecisionRow.id)))
        assert set(before) <= set(decided)
        assert decided == acknowledged[: len(decided)]
        # A decision, its field and its task are of one transaction: none is there without the others.
        assert store.status().corrected == len(decided)


@ONE_DATABASE
def test_files_are_saved_once(out, database, tmp_path):
    old = [backed_up(out, tmp_path / "backups", database).copied]
    (out / "pages" / "1.jpg").write_bytes(b"another picture")
    old.append(backed_up(out, tmp_path / "backups", database).copied)
    (out / "pages" / "same.jpg").write_bytes(b"another picture")
    old.append(backed_up(out, tmp_path / "backups", database).copied)
    assert old == [4, 1, 0]


@ONE_DATABASE
def test_old_backups_go_but_never_the_last_good_ones(out, database, tmp_path):
    place = Place.prepare(tmp_path / "backups")
    names = []
    for number in range(3):
        (out / "pages" / "1.jpg").write_bytes(b"version %d" % number)
        names.append(backed_up(out, place.folder, database, with_key=True).folder.name)
    (place.folder / names[2] / "database.jsonl.gz").write_bytes(b"")
    made = backed_up(out, place.folder, database, with_key=True, keep=2)
    # The broken one takes no place among the two that are kept, and stays to be looked at.
    assert made.dropped == (names[0],)
    assert made.broken == (names[2],)
    assert place.names() == (names[1], names[2], made.folder.name)
    assert check_backup(place, names[1]).faults == ()
    contents = [path.read_bytes() for path in place.objects()]
    assert b"version 0" not in contents
    assert b"version 1" in contents


@pytest.fixture
def saved(out, database, tmp_path):
    backed_up(out, tmp_path / "backups", database, with_key=True)
    return Place.existing(tmp_path / "backups")


@ONE_DATABASE
def test_what_was_changed_is_named(saved, out, database, tmp_path):
    newest = saved.named()
    picture = next(path for path in saved.objects() if path.read_bytes() == b"picture 2")
    picture.write_bytes(b"picture 8")
    assert [fault for fault in check_backup(saved).faults if "pages/2.jpg" in fault and "damaged" in fault]
    with pytest.raises(BackupError, match=r"pages/2\.jpg"):
        restore_backup(saved, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    picture.unlink()
    assert [fault for fault in check_backup(saved).faults if "missing" in fault]
    backed_up(out, saved.folder, database, with_key=True)  # the original is still there
    assert check_backup(saved, newest.name).faults == ()
    rows = newest / "database.jsonl.gz"
    content = rows.read_bytes()
    rows.write_bytes(content[:-1] + b"x")
    assert "database.jsonl.gz was changed" in check_backup(saved, newest.name).faults[0]
    rows.write_bytes(content)
    manifest = newest / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"files": ', '"files": 1'))
    with pytest.raises(BackupError, match=r"manifest\.json"):
        check_backup(saved, newest.name)


@ONE_DATABASE
def test_who_makes_the_hashes_anew_is_found_by_the_key(saved, tmp_path):
    """Rows are changed and every hash is made again, as by somebody who has the disk and not the key."""

    newest = saved.named()
    rows = newest / "database.jsonl.gz"
    changed = gzip.decompress(rows.read_bytes()).replace("đã sửa".encode(), "đã đổi".encode())
    rows.write_bytes(gzip.compress(changed))
    manifest = read_manifest(newest).model_dump() | {"database": sha256_of(rows)}
    write_manifest(newest, Manifest.model_validate(manifest), b"a key that was guessed wrongly......")
    assert "another audit key" in check_backup(saved).faults[0]
    with pytest.raises(BackupError, match="another audit key"):
        restore_backup(saved, tmp_path / "new")
    (newest / "audit.key").unlink()
    manifest |= {"with_key": False}
    write_manifest(newest, Manifest.model_validate(manifest), b"a key that was guessed wrongly......")
    checked = check_backup(saved)  # without the key the chain still tells that decisions are others
    assert not checked.with_key
    assert any("was changed" in fault for fault in checked.faults)


@ONE_DATABASE
def test_without_the_key_nothing_is_restored(out, database, tmp_path):
    backed_up(out, tmp_path / "backups", database)
    place = Place.existing(tmp_path / "backups")
    assert check_backup(place).faults == ()
    with pytest.raises(BackupError, match="no audit key"):
        restore_backup(place, tmp_path / "new")
    assert check_backup(place, key=out / "audit.key").with_key
    killed = tmp_path / ".new-restoring-x"
    killed.mkdir()
    restore_backup(place, tmp_path / "new", key=out / "audit.key")
    assert not killed.exists()
    assert (tmp_path / "new" / "audit.key").read_text() == (out / "audit.key").read_text()


def test_only_empty_places_are_restored_into(saved, out, database, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("kept")
    with pytest.raises(SettingsError, match="not empty"):
        restore_backup(saved, full)
    assert [path.name for path in full.iterdir()] == ["letter.txt"]
    if database.backend == "postgres":
        with pytest.raises(StoreError, match="holds tables"):
            restore_backup(saved, tmp_path / "new", database=database.url)
    else:
        with pytest.raises(SettingsError, match="there already"):
            restore_backup(saved, tmp_path / "new", database=f"sqlite:///{out / 'extractor.sqlite'}")
    assert not (tmp_path / "new").exists()
    with opened(out, database) as store:
        assert store.verify_audit().ok


@ONE_DATABASE
def test_places_that_hold_other_things_or_lie_inside_are_refused(out, database, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("kept")
    with pytest.raises(BackupError, match="neither empty"):
        backed_up(out, full, database)
    with pytest.raises(SettingsError, match="in the folder to be saved"):
        backed_up(out, out / "backups", database)
    with pytest.raises(BackupError, match="no folder of backups"):
        Place.existing(full)


@ONE_DATABASE
def test_a_full_disk_leaves_the_former_backups(saved, out, database, monkeypatch):
    (out / "pages" / "1.jpg").write_bytes(b"one more picture")
    before = saved.names()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(places.os, "fsync", full)
    with pytest.raises(BackupError, match="No space left"):
        backed_up(out, saved.folder, database)
    monkeypatch.undo()
    assert saved.names() == before
    assert not list(saved.folder.rglob(".part-*"))
    assert check_backup(saved).faults == ()
    backed_up(out, saved.folder, database)
    assert len(saved.names()) == 2


KILLED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from extractor.backup import making
    from extractor.batch.storage import open_store

    out, to, url = sys.argv[1:]
    save = making.save

    def slow(place, found, known):
        entry = save(place, found, known)
        print("saved", flush=True)
        sys.stdin.readline()
        return entry

    making.save = slow
    with open_store(Path(out), url) as store:
        making.make_backup(store, Path(out), Path(to), database=url)
    """
)


@ONE_DATABASE
def test_a_killed_backup_leaves_the_former_ones_and_is_cleared_away(saved, out, database):
    (out / "pages" / "1.jpg").write_bytes(b"one more picture")
    url = "" if database.backend == "sqlite" else database.url
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(out), str(saved.folder), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "saved\n"
    with pytest.raises(BackupError, match="another backup"):
        backed_up(out, saved.folder, database)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert list(saved.folder.glob(".part-*"))
    assert len(saved.names()) == 1
    assert check_backup(saved).faults == ()
    backed_up(out, saved.folder, database, with_key=True)
    assert not list(saved.folder.glob(".part-*"))
    assert check_backup(saved).faults == ()
    assert len(saved.names()) == 2


@ONE_DATABASE
def test_a_backup_of_an_older_schema_is_brought_up_to_date(saved, tmp_path):
    """Rows that were written before the newest tables existed."""

    old = make_engine(parse_url(f"sqlite:///{tmp_path / 'old.sqlite'}"))
    with writing(old).begin() as connection:
        upgrade_within(connection, "0006")
        known = MetaData()
        known.reflect(connection)
    old.dispose()
    newest = saved.named()
    rows = newest / "database.jsonl.gz"
    head, *lines = map(json.loads, gzip.decompress(rows.read_bytes()).splitlines())
    written, names = [{**head, "schema": "0006"}], []
    for line in lines:
        if isinstance(line, dict):
            table, names = known.tables.get(line["table"]), line["columns"]
            if table is not None:
                written.append({**line, "columns": [name for name in names if name in table.columns]})
        elif table is not None:
            written.append([value for name, value in zip(names, line, strict=True) if name in table.columns])
    rows.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in written)))
    manifest = read_manifest(newest).model_dump() | {"database": sha256_of(rows), "schema_version": "0006"}
    write_manifest(newest, Manifest.model_validate(manifest), load_or_make_key(newest / "audit.key"))
    restore_backup(saved, tmp_path / "new")
    with open_store(tmp_path / "new") as store:
        assert store.verify_audit().ok
        assert store.status().corrected == 3


@ONE_DATABASE
def test_a_backup_of_a_newer_version_is_refused(saved, tmp_path):

    newest = saved.named()
    rows = newest / "database.jsonl.gz"
    content = gzip.decompress(rows.read_bytes()).replace(f'"schema":"{HEAD}"'.encode(), b'"schema":"9999"', 1)
    rows.write_bytes(gzip.compress(content))
    manifest = read_manifest(newest).model_dump() | {"database": sha256_of(rows)}
    write_manifest(newest, Manifest.model_validate(manifest), load_or_make_key(newest / "audit.key"))
    with pytest.raises(StoreError, match="does not know"):
        restore_backup(saved, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir() if "restoring" in path.name] == []


@ONE_DATABASE
def test_a_list_that_leads_out_of_the_folder_is_refused(saved, tmp_path):

    newest = saved.named()
    entries = [Entry("../thief.jpg", *entry[1:]) for entry in read_listing(newest)][:1]
    write_listing(newest / "files.jsonl.gz", entries)
    changed = {"listing": sha256_of(newest / "files.jsonl.gz"), "files": 1}
    manifest = read_manifest(newest).model_dump() | changed
    write_manifest(newest, Manifest.model_validate(manifest), load_or_make_key(newest / "audit.key"))
    with pytest.raises(BackupError, match="leads out"):
        restore_backup(saved, tmp_path / "new")
    assert not (tmp_path / "thief.jpg").exists()


@ONE_DATABASE
def test_the_second_name_of_a_key_that_a_killed_process_left_is_not_saved(out, database, tmp_path):
    (out / ".audit.key-abcd").write_bytes((out / "audit.key").read_bytes())
    backed_up(out, tmp_path / "saved", database)
    (newest,) = (path for path in (tmp_path / "saved").rglob("files.jsonl.gz"))
    assert b"audit.key" not in gzip.decompress(newest.read_bytes())
