import json
import logging
import socket
import threading
import time
import zipfile
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from support.runs import contents, options

from extractor.batch import arriving
from extractor.batch import run as run_module
from extractor.batch.run import run
from extractor.batch.sources import load_sources
from extractor.batch.workers import outcome_of
from extractor.errors import SettingsError
from extractor.remote import ScanCache, parse_address
from extractor.remote import store as store_module
from extractor.scans import Limits

BLANKS = ("KS.2017.01/a.png", "KS.2017.01/b.png", "KS.2018.02/c d#é.png")


def sheet(shade):
    """A sheet of paper with nothing on it, which costs no reading; each shade gives other pixels."""
    return cv2.imencode(".png", np.full((1100, 780, 3), 220 + shade, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Blank sheets in folders and a ZIP, with a sidecar and a broken file beside them."""
    made = tmp_path_factory.mktemp("blanks") / "so"
    for shade, name in enumerate(BLANKS):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(sheet(shade))
    with zipfile.ZipFile(made / "KS.2019.03.zip", "w") as archive:
        archive.writestr("d.png", sheet(8))
    (made / "notes.json").write_text("{}")
    (made / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    return made


@pytest.fixture
def quick(monkeypatch):
    """Runs that open every page and read none: what is tested is how the scans come."""

    class NoPipeline:
        def __init__(self, options):
            self.reader_versions = {}

        def version_of(self, *_):
            return "1"

    def opening(refs, *_, **__):
        for ref in refs:
            yield outcome_of(SimpleNamespace(process=lambda ref: ref.load() and None), ref)

    monkeypatch.setattr(run_module, "Pipeline", NoPipeline)
    monkeypatch.setattr(run_module, "process_pages", opening)
    monkeypatch.setattr(run_module, "conclude", lambda *_, **__: (None, ()))
    monkeypatch.setattr(store_module, "WAITS", (0.0,))
    return opening


@pytest.fixture
def bucket(s3, folder, request):
    name = "b-" + str(abs(hash(request.node.name)))[:12]
    s3.put_folder(f"{name}", folder)
    return name


def problems(out):
    return (out / "problems.jsonl").read_bytes()


def reports(summary):
    return sorted((item.file, item.reason) for item in summary.set_aside)


def run_from(url, out, **changes):
    return run(options([parse_address(url)], out, **changes))


@pytest.mark.slow
def test_a_bucket_gives_the_same_bytes_as_the_folder_and_what_was_read_does_not_come_again(
    s3, bucket, folder, tmp_path
):
    here = run(options([folder], tmp_path / "here"))
    there = run_from(f"s3://{bucket}/", tmp_path / "there")
    own = ("sources.json", "report.html", ".key", ".drawn", ".lock")  # of paths, times, and each folder's own secret
    made = [
        {name: data for name, data in contents(tmp_path / each).items() if not name.endswith(own)}
        for each in ("here", "there")
    ]
    for one in made:  # of the seconds that a page took
        for name in [name for name in one if name.startswith("pages/") and name.endswith(".json")]:
            one[name] = {**json.loads(one[name]), "seconds": 0}
    assert made[0] == made[1]
    assert {name.rpartition("/")[0] for name in made[0]} >= {"pages", "overlays"}
    assert reports(here) == reports(there) == [("broken.pdf", "truncated")]
    assert here.pages == there.pages == there.pages_new == 4
    assert not (tmp_path / "there" / "scans-at-hand" / "run").exists()

    before = len(s3.asked("GET", bucket))
    again = run_from(f"s3://{bucket}", tmp_path / "there")
    assert (again.pages, again.pages_new, reports(again)) == (4, 0, reports(here))
    # The damaged file is looked at again, as it would be on a disk; no other comes, and neither does the sidecar.
    got = [line for line in s3.asked("GET", bucket)[before:] if "notes.json" not in line]
    assert got and all("broken.pdf" in line for line in got)
    known = load_sources(tmp_path / "there")
    assert set(known) == {*BLANKS, "KS.2019.03.zip/d.png"}
    assert str(known[BLANKS[2]].origin.address) == f"s3://{bucket}/{BLANKS[2]}"
    assert known[BLANKS[0]].named.number == "01"

    # Another content under the same key is read anew; the content decides, not the tag.
    s3.put(f"{bucket}/{BLANKS[0]}", sheet(15))
    changed = run_from(f"s3://{bucket}", tmp_path / "there")
    assert changed.pages_new == 1


def test_hostile_keys_large_and_vanished_objects_are_set_aside_one_by_one(s3, bucket, quick, tmp_path, monkeypatch):
    for key in ("../out.png", "x/../../../etc/y.png", "x//y.png", "./z.png"):
        s3.put(f"{bucket}/{key}", sheet(20))
    s3.put(f"{bucket}/folder/")
    s3.put(f"{bucket}/.hidden.png", sheet(21))
    s3.put(f"{bucket}/empty.png")
    s3.put(f"{bucket}/large.png", sheet(22) + b"\0" * 60_000)
    found = run_module._found

    def then_one_goes(*args):
        listed = found(*args)
        assert s3.remove(f"{bucket}/{BLANKS[1]}") == 204
        return listed

    monkeypatch.setattr(run_module, "_found", then_one_goes)
    summary = run_from(f"s3://{bucket}", tmp_path / "out", limits=Limits(file_bytes=50_000))
    told = dict(reports(summary))
    assert [reason for file, reason in reports(summary)].count("unsafe_path") == 4
    assert told["large.png"] == "limit" and told["empty.png"] == "empty" and told[BLANKS[1]] == "missing"
    assert all(item.mend for item in summary.set_aside)
    # Of what is too large only the beginning was asked for.
    assert len([line for line in s3.asked("GET", bucket) if "large.png" in line]) == 1
    assert set(load_sources(tmp_path / "out")) == {BLANKS[0], BLANKS[2], "KS.2019.03.zip/d.png"}
    assert not list(tmp_path.parent.rglob("y.png"))


def test_objects_come_a_few_ahead_and_go_when_they_are_done(s3, quick, tmp_path, monkeypatch):
    s3.put("many")
    for number in range(9):
        s3.put(f"many/{number}.png", sheet(number))
    init = ScanCache.__init__
    monkeypatch.setattr(ScanCache, "__init__", lambda self, folder, limit: init(self, folder, 1))
    most = []

    def watching(refs, *_, **__):
        for outcome in quick(refs):
            most.append(len(list((tmp_path / "out" / "scans-at-hand" / "run").iterdir())))
            yield outcome

    monkeypatch.setattr(run_module, "process_pages", watching)
    summary = run_from("s3://many/", tmp_path / "out")
    assert summary.pages == summary.pages_new == 9 and not summary.set_aside
    assert len(most) == 9 and max(most) <= arriving.AHEAD + 2


def test_one_object_by_its_url_is_named_as_a_file_is(s3, bucket, quick, tmp_path):
    summary = run_from(f"s3://{bucket}/{BLANKS[0]}", tmp_path / "out")
    assert (summary.pages, summary.set_aside) == (1, ())
    assert set(load_sources(tmp_path / "out")) == {"a.png"}


def test_a_name_stands_for_one_file_wherever_it_lies(s3, bucket, quick, tmp_path):
    other = tmp_path / "a.png"
    other.write_bytes(sheet(30))
    summary = run(options([other, parse_address(f"s3://{bucket}/{BLANKS[0]}")], tmp_path / "out"))
    # Both get their folder's name put before theirs.
    assert summary.pages == 2 and not summary.set_aside
    assert set(load_sources(tmp_path / "out")) == {f"{tmp_path.name}/a.png", BLANKS[0]}
    run(options([other], tmp_path / "alone"))
    taken = run(options([parse_address(f"s3://{bucket}/{BLANKS[0]}")], tmp_path / "alone"))
    assert reports(taken) == [("a.png", "name_taken")]


def test_faults_of_the_way_are_told_in_our_words_and_secrets_never(s3, quick, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    assert reports(run_from("s3://no-such-bucket/x", tmp_path / "out")) == [("s3://no-such-bucket/x", "missing")]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    gone = run_from("s3://bucket/x", tmp_path / "out")
    assert reports(gone) == [("s3://bucket/x", "unreachable")] and "AWS_ENDPOINT_URL" in gone.set_aside[0].mend
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert reports(run_from("s3://bucket/x", tmp_path / "out")) == [("s3://bucket/x", "denied")]
    for url in (
        "s3://me:geheim@bucket/x",
        "s3://me:ab/geheim@bucket/x",
        "s3://bucket/x?X-Amz-Signature=geheim",
        "zip://geheim::s3://bucket/x",
    ):
        with pytest.raises(SettingsError) as refused:
            parse_address(url)
        assert "geheim" not in str(refused.value)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("extractor")]
    assert not any("not-a-real-secret" in text for text in ours)


def test_what_may_not_be_read_is_set_aside_as_denied(s3, bucket, quick, tmp_path):
    s3.deny(bucket, "s3:GetObject")
    summary = run_from(f"s3://{bucket}", tmp_path / "out")
    assert {reason for _, reason in reports(summary)} == {"denied"} and len(summary.set_aside) == 6
    assert "credentials" in summary.set_aside[0].mend


def test_a_server_that_falters_is_asked_again_and_one_that_is_gone_is_not_asked_for_ever(tmp_path):
    calls = []

    def faltering():
        calls.append(1)
        if len(calls) < 3:
            raise TimeoutError
        return b"content"

    there = store_module.RemoteStore("memory", waits=(0.0, 0.0))
    assert there._ask("memory://x", faltering) == b"content"
    calls.clear()

    def gone():
        calls.append(1)
        raise TimeoutError

    for _ in range(5):
        with pytest.raises(store_module.UnreachableInputError):
            there._ask("memory://x", gone)
    assert len(calls) == 3 * 3 + 2


@pytest.mark.parametrize("protocol", ["s3", "s3a"])
def test_a_server_that_never_answers_is_not_waited_for_by_the_hour(s3, monkeypatch, protocol):
    asked = []

    def silent():
        while True:
            asked.append(server.accept())

    impatient = {**store_module._S3["config_kwargs"], "read_timeout": 0.1}
    monkeypatch.setitem(store_module._OPTIONS, protocol, {"config_kwargs": impatient})
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=silent, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(store_module.UnreachableInputError):
            store_module.RemoteStore(protocol, waits=(0.0,) * 3).find(parse_address(f"{protocol}://bucket/x"))
    # Four attempts of two requests; each may cost the whole time that a server is given to answer.
    assert 4 <= len(asked) <= 8
    assert store_module._S3["config_kwargs"]["read_timeout"] <= 30


def test_a_stopped_run_does_not_wait_for_an_object_that_does_not_come(s3, bucket, quick, tmp_path, monkeypatch):
    bring, never, begun = arriving.fetch, threading.Event(), threading.Event()

    def hanging(item, file, *rest):
        if file == BLANKS[1]:
            begun.set()
            never.wait(60)
        return bring(item, file, *rest)

    def stopped(refs, *_, **__):
        next(refs)
        assert begun.wait(30)
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(arriving, "fetch", hanging)
    monkeypatch.setattr(run_module, "process_pages", stopped)
    try:
        before = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            run_from(f"s3://{bucket}", tmp_path / "out")
        assert time.monotonic() - before < 40
        # Neither do those wait that are left when the program ends.
        assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("arriving"))
    finally:
        never.set()


def test_without_the_package_the_extra_is_named(monkeypatch):
    import fsspec

    monkeypatch.setattr(fsspec, "filesystem", lambda *_, **__: (_ for _ in ()).throw(ImportError("no s3fs")))
    with pytest.raises(SettingsError, match=r"extractor\[cloud\]"):
        store_module.RemoteStore("s3")
    with pytest.raises(SettingsError, match="not known"):
        store_module.RemoteStore("quatsch")
