import hashlib
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from extractor.batch import publishing
from extractor.batch.publishing import fetch_published, publish
from extractor.batch.run import only_run
from extractor.cli import main
from extractor.errors import PublishError
from extractor.remote import parse_address
from extractor.remote import store as store_module

SECRETS = ("extractor.sqlite", "extractor.sqlite-wal", "audit.key", "sources.json", "learning/learning.key", ".lock")
SHOWN = ("records.jsonl", "report.html", "import/KS 2017.xlsx", "packages/KS.zip", "pages/a-0001.jpg", "overlays/a.png")


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "ket-qua"
    for name in (*SECRETS, *SHOWN, "pages/a-0001.953e88.drawn", "import/x.xlsx.part", "scans-at-hand/run/0"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(f"content of {name}".encode())
    (folder / "audit.key").write_text("ab" * 32)
    (folder / "packages" / "link.key").symlink_to(folder / "audit.key")
    return folder


@pytest.fixture
def other(tmp_path):
    """Output folder of another office."""
    folder = tmp_path / "xa-khac"
    folder.mkdir()
    (folder / "audit.key").write_text("cd" * 32)
    (folder / "records.jsonl").write_text("of another office")
    return folder


@pytest.fixture
def place(s3, request):
    bucket = "p-" + str(abs(hash(request.node.name)))[:12]
    s3.put(bucket)
    return bucket, parse_address(f"s3://{bucket}/xa-a")


def seen(s3, bucket):
    """What readers see: path and content, by way of the manifest."""
    manifest = json.loads(s3.get(f"{bucket}/xa-a/manifest.json"))
    return {
        file["path"]: s3.get(f"{bucket}/xa-a/objects/{file['sha256'][:2]}/{file['sha256']}").decode()
        for file in manifest["files"]
    }


def test_only_what_is_handed_over_goes_once_and_comes_back_whole(s3, place, out, tmp_path):
    bucket, address = place
    first = publish(out, address)
    assert (first.files, first.sent, first.changed) == (len(SHOWN), len(SHOWN), True)
    assert seen(s3, bucket) == {name: f"content of {name}" for name in SHOWN}
    sent = len(s3.asked("PUT", bucket))
    assert publish(out, address) == publishing.Published(len(SHOWN), 0, False, 0)
    assert len(s3.asked("PUT", bucket)) == sent

    (out / "records.jsonl").write_text("corrected")
    assert publish(out, address, pictures=False, prune=True) == publishing.Published(4, 1, True, 3)
    assert seen(s3, bucket)["records.jsonl"] == "corrected"
    assert fetch_published(address, tmp_path / "copy") == 4
    copied = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.*")}
    assert copied == {name for name in SHOWN if not name.startswith(("pages", "overlays"))}


def test_another_folders_state_gives_way_only_where_that_is_asked_for(s3, place, out, other):
    bucket, address = place
    publish(out, address)
    before, sent = seen(s3, bucket), len(s3.asked("PUT", bucket))
    with pytest.raises(PublishError, match="another output folder") as refused:
        publish(other, address, prune=True)
    assert str(address) in refused.value.message and "--replace" in refused.value.mend
    assert seen(s3, bucket) == before and len(s3.asked("PUT", bucket)) == sent
    assert not s3.asked("DELETE", bucket)

    assert publish(other, address, replace=True, prune=True) == publishing.Published(1, 1, True, len(SHOWN))
    assert seen(s3, bucket) == {"records.jsonl": "of another office"}
    assert publish(other, address) == publishing.Published(1, 0, False, 0)
    with pytest.raises(PublishError, match="another output folder"):
        publish(out, address)


def test_a_folder_that_was_moved_and_worked_in_goes_on(s3, place, out, tmp_path):
    bucket, address = place
    publish(out, address)
    moved = out.rename(tmp_path / "noi-khac")
    (moved / "records.jsonl").write_text("corrected")
    (moved / "extractor.sqlite").write_text("more work")
    assert publish(moved, address) == publishing.Published(len(SHOWN), 1, True, 0)
    assert seen(s3, bucket)["records.jsonl"] == "corrected"
    assert b"ab" * 32 not in s3.get(f"{bucket}/xa-a/manifest.json")


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (b'{"format": "extractor-publication/1", "files": []}', "does not tell"),
        (b'{"format": "extractor-publication/2", "fol', "damaged"),
        (b"", "damaged"),
    ],
)
def test_a_state_of_which_it_is_not_known_whose_it_is_does_not_give_way_unasked(s3, place, out, manifest, told):
    bucket, address = place
    s3.put(f"{bucket}/xa-a/manifest.json", manifest)
    with pytest.raises(PublishError, match=told) as refused:
        publish(out, address)
    assert "--replace" in refused.value.mend
    assert s3.get(f"{bucket}/xa-a/manifest.json") == manifest
    publish(out, address, replace=True)
    assert publish(out, address) == publishing.Published(len(SHOWN), 0, False, 0)


def test_what_an_earlier_version_published_is_fetched(s3, place, out, tmp_path):
    bucket, address = place
    publish(out, address)
    told = json.loads(s3.get(f"{bucket}/xa-a/manifest.json"))
    del told["folder"]
    s3.put(f"{bucket}/xa-a/manifest.json", json.dumps(told | {"format": "extractor-publication/1"}).encode())
    assert fetch_published(address, tmp_path / "copy") == len(SHOWN)


def test_whoever_comes_while_contents_are_sent_is_not_replaced(s3, place, out, other, monkeypatch):
    bucket, address = place
    send = publishing._send

    def meanwhile(*given):
        send(*given)
        monkeypatch.setattr(publishing, "_send", send)
        publish(other, address)

    monkeypatch.setattr(publishing, "_send", meanwhile)
    with pytest.raises(PublishError, match="meanwhile"):
        publish(out, address)
    assert seen(s3, bucket) == {"records.jsonl": "of another office"}


def test_a_folder_without_its_key_is_not_published_and_gets_no_other(s3, place, out):
    bucket, address = place
    (out / "packages" / "link.key").unlink()
    (out / "audit.key").unlink()
    with pytest.raises(PublishError, match=r"holds no audit\.key"):
        publish(out, address, replace=True)
    assert not (out / "audit.key").exists() and not s3.asked("PUT", bucket)


def test_whoever_is_cut_off_leaves_the_former_state_and_can_begin_again(s3, place, out, monkeypatch):
    bucket, address = place
    publish(out, address)
    before = seen(s3, bucket)
    for name in SHOWN:
        (out / name).write_bytes(f"newer {name}".encode())
    put, calls = store_module.RemoteStore.put, []

    def killed(self, source, to):
        calls.append(to)
        if len(calls) > 3:
            raise KeyboardInterrupt
        put(self, source, to)

    with monkeypatch.context() as patch:
        patch.setattr(store_module.RemoteStore, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(out, address)
    assert seen(s3, bucket) == before
    assert publish(out, address).sent == len(SHOWN) - 3
    assert seen(s3, bucket) == {name: f"newer {name}" for name in SHOWN}


def test_what_does_not_arrive_as_sent_is_never_named(s3, place, out, monkeypatch, tmp_path):
    bucket, address = place
    put = store_module.RemoteStore.put
    monkeypatch.setattr(store_module.RemoteStore, "put", lambda self, _, to: put(self, b"something else", to))
    with pytest.raises(PublishError, match="not what was sent"):
        publish(out, address)
    monkeypatch.setattr(store_module.RemoteStore, "put", put)
    publish(out, address)
    # One content is damaged later: who fetches it is told.
    file = json.loads(s3.get(f"{bucket}/xa-a/manifest.json"))["files"][0]
    damaged = f"xa-a/objects/{file['sha256'][:2]}/{file['sha256']}"
    s3.put(f"{bucket}/{damaged}", b"x" * file["size"])
    with pytest.raises(PublishError, match="damaged") as told:
        fetch_published(address, tmp_path / "copy")
    # What it says to do mends it.
    assert damaged in told.value.message
    s3.remove(f"{bucket}/{damaged}")
    assert publish(out, address).sent == 1
    assert fetch_published(address, tmp_path / "copy")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("../../x",), "outside the folder"),
        (("/etc/x",), "outside the folder"),
        (("import/../../x",), "outside the folder"),
        (("import",), "outside the folder"),
        (("import/.",), "outside the folder"),
        ((".",), "damaged"),
        (("import/\x1b[31m.xlsx",), "outside the folder"),
        # An output folder that is fetched into would sign with another's key, and a home would let others in.
        (("audit.key",), "never published"),
        (("extractor.sqlite",), "never published"),
        ((".ssh/authorized_keys",), "never published"),
        (("records.jsonl", "records.jsonl"), "damaged"),
        (("import/a", "import/a/b.xlsx"), "damaged"),
    ],
)
def test_a_manifest_that_lies_brings_nothing_to_this_machine(s3, place, tmp_path, names, told):
    bucket, address = place
    sha256 = hashlib.sha256(b"x").hexdigest()
    s3.put(f"{bucket}/xa-a/objects/{sha256[:2]}/{sha256}", b"x")
    files = [{"path": name, "sha256": sha256, "size": 1} for name in ("report.html", *names)]
    s3.put(f"{bucket}/xa-a/manifest.json", json.dumps({"format": publishing.FORMAT, "files": files}).encode())
    with pytest.raises(PublishError, match=told):
        fetch_published(address, tmp_path / "a" / "copy")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("name", ["records.jsonl", "import", "pages/a-0001.jpg", "packages", "import/KS 2017.xlsx"])
@pytest.mark.parametrize("leads_to", ["nothing", "something else", "the same"])
def test_nothing_is_written_through_a_link(out, tmp_path, name, leads_to):
    address = parse_address(f"file://{tmp_path}/shared")
    publish(out, address)
    outside = tmp_path / "outside"
    if leads_to == "something else":
        outside.mkdir() if (out / name).is_dir() else outside.write_text("kept")
    elif leads_to == "the same":
        outside = out / name
    link = tmp_path / "copy" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    with pytest.raises(PublishError, match="is a link") as refused:
        fetch_published(address, tmp_path / "copy")
    assert str(link) in refused.value.message and refused.value.mend
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before
    link.unlink()
    assert fetch_published(address, tmp_path / "copy") == len(SHOWN)


def test_no_link_in_the_place_of_what_is_being_brought_is_written_through(out, tmp_path):
    address = parse_address(f"file://{tmp_path}/shared")
    publish(out, address)
    outside = tmp_path / "outside"
    outside.write_text("kept")
    (tmp_path / "copy").mkdir()
    for passing in ("new", f"new.{os.getpid()}-{threading.get_ident()}.part"):
        (tmp_path / "copy" / f"records.jsonl.{passing}").symlink_to(outside)
    assert fetch_published(address, tmp_path / "copy") == len(SHOWN)
    assert outside.read_text() == "kept"
    assert not (tmp_path / "copy" / "records.jsonl").is_symlink()


def test_the_folder_itself_may_be_reached_by_a_link(out, tmp_path):
    address = parse_address(f"file://{tmp_path}/shared")
    publish(out, address)
    (tmp_path / "disk").mkdir()
    (tmp_path / "copy").symlink_to(tmp_path / "disk")
    assert fetch_published(address, tmp_path / "copy") == len(SHOWN)
    assert (tmp_path / "disk" / "records.jsonl").read_text() == "content of records.jsonl"


def test_a_content_in_another_place_is_not_taken_for_published(s3, place, out, tmp_path):
    bucket, address = place
    for name in SHOWN:
        content = f"content of {name}".encode()
        s3.put(f"{bucket}/xa-a/objects/backup/{hashlib.sha256(content).hexdigest()}", content)
    assert publish(out, address, prune=True) == publishing.Published(len(SHOWN), len(SHOWN), True, 0)
    assert fetch_published(address, tmp_path / "copy") == len(SHOWN)


@pytest.mark.parametrize("name", [b"import/a:b.xlsx", b"import/\xff.xlsx"])
def test_a_name_that_nobody_could_fetch_is_not_published(s3, place, out, name):
    bucket, address = place
    Path(os.fsdecode(os.fsencode(out) + b"/" + name)).touch()
    with pytest.raises(PublishError, match="name cannot be published"):
        publish(out, address)
    assert not s3.asked("PUT", bucket)


def test_the_command_refuses_while_a_run_goes_on_and_names_what_is_wrong(s3, place, out, other, monkeypatch, capsys):
    bucket, address = place

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["extractor", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code, told.out + told.err

    with only_run(out):
        code, told = command("publish", str(out), str(address))
    assert code == 2 and "another run" in told
    monkeypatch.setattr(store_module, "WAITS", ())
    code, told = command("publish", str(out), f"s3://{bucket}-gone/x")
    assert code == 7 and "no such bucket" in told
    s3.deny(bucket, "s3:PutObject")
    code, told = command("publish", str(out), str(address))
    assert code == 7 and "credentials" in told
    code, told = command("publish", str(out), f"s3://me:geheim@{bucket}/x")
    assert code == 2 and "geheim" not in told
    code, told = command("publish", str(other), f"file://{other.parent}/shared")
    assert code == 0 and "a new state" in told
    code, told = command("publish", str(out), f"file://{other.parent}/shared")
    assert code == 7 and "another output folder" in told and "/shared" in told and "--replace" in told
    code, told = command("publish", str(out), f"file://{other.parent}/shared", "--replace")
    assert code == 0 and "a new state" in told
    code, told = command("publish", str(out.parent / "none"), str(address))
    assert code == 7 and "no folder" in told


def test_a_folder_on_a_disk_is_a_place_too(out, tmp_path):
    address = parse_address(f"file://{tmp_path}/shared")
    assert publish(out, address).sent == len(SHOWN)
    assert publish(out, address).sent == 0
    assert fetch_published(address, tmp_path / "copy") == len(SHOWN)
