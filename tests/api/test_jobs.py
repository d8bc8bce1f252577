"""Runs and exports: the queue, and what is left when servers and processes die."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from api.test_uploads import announce, picture, send

from extractor.batch.exporting import Exported
from extractor.errors import SettingsError
from extractor.jobs.locks import holding, lock_path
from extractor.jobs.runner import Runner
from extractor.jobs.work import export
from extractor.store import ApiKeys, JobKind, Jobs, JobState, Scope, Store


def upload_picture(client, name="scan.png"):
    content = picture()
    upload = announce(client, content, name)
    assert send(client, upload, content).json()["state"] == "complete"
    return upload


def test_a_run_waits_in_the_queue_and_can_be_cancelled(client, store):
    upload = upload_picture(client)
    asked = client.post("/v1/runs", json={"uploads": [upload], "book": {"register": "KS", "year": "2017"}})
    assert asked.status_code == 202
    run = asked.json()
    assert (run["state"], run["uploads"], asked.headers["location"]) == ("queued", [upload], f"/v1/runs/{run['id']}")
    assert client.get(asked.headers["location"]).json() == run
    assert client.post(f"/v1/runs/{run['id']}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/v1/runs/{run['id']}/cancel").status_code == 200
    assert client.get(f"/v1/exports/{run['id']}").status_code == 404
    assert store.verify_audit().ok


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"uploads": []}, 422, "body.uploads"),
        ({"uploads": ["x"]}, 422, "body.uploads.0"),
        ({"uploads": ["0" * 32]}, 404, ""),
        ({"form": "ks-9999"}, 422, "body.form"),
        ({"recheck": 1.5}, 422, "body.recheck"),
        ({"recheck": "0.5"}, 422, "body.recheck"),
        ({"redo": "yes"}, 422, "body.redo"),
        ({"certificate": "/etc/passwd"}, 422, "body.certificate"),
        ({"book": {"year": "17"}}, 422, "body.book.year"),
        ({"book": {"agency": "a\x00b"}}, 422, "body.book.agency"),
        ({"book": {"color": "red"}}, 422, "body.book.color"),
    ],
)
def test_bad_runs_are_refused_by_field(client, change, status, where):
    refused = client.post("/v1/runs", json={"uploads": [upload_picture(client)], **change})
    assert refused.status_code == status
    assert not where or refused.json()["errors"][0]["field"] == where


def test_a_file_that_is_not_whole_or_stands_twice_cannot_be_run(client):
    unfinished, whole = announce(client, picture()), upload_picture(client)
    early = client.post("/v1/runs", json={"uploads": [whole, unfinished]})
    assert (early.status_code, "body.uploads.1" in early.json()["detail"]) == (409, True)
    assert client.post("/v1/runs", json={"uploads": [whole, whole]}).status_code == 422


def test_two_files_of_one_name_are_not_run_together(client):
    first, other, second = upload_picture(client), upload_picture(client, "b/scan.png"), upload_picture(client)
    refused = client.post("/v1/runs", json={"uploads": [first, other, second]})
    assert refused.status_code == 422
    fault = refused.json()["errors"][0]
    assert fault["field"] == "body.uploads.2"
    assert all(named in fault["message"] for named in (first, second, "scan.png"))
    assert refused.json()["mend"]
    assert client.post("/v1/runs", json={"uploads": [first, other]}).status_code == 202


def test_a_file_that_was_taken_away_cannot_be_run(client, out):
    whole = upload_picture(client)
    (out / "uploads" / whole / "scan.png").unlink()
    refused = client.post("/v1/runs", json={"uploads": [whole]})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:extractor:problem:gone")


def test_a_full_queue_takes_no_more(client, monkeypatch):
    monkeypatch.setattr("extractor.jobs.intake.MOST_WAITING", 2)
    answers = [client.post("/v1/exports", json={}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].headers["retry-after"]


def test_jobs_are_the_programs_own(client, enter):
    job = client.post("/v1/exports", json={}).json()["id"]
    other = enter(name="khác")
    assert other.get("/v1/exports").json()["items"] == []
    for path in (f"/v1/exports/{job}", f"/v1/exports/{job}/files", f"/v1/exports/{job}/files/1"):
        assert other.get(path).status_code == 404


def test_an_export_keeps_its_files_whatever_comes_later(client, store, out, templates):
    asked = client.post("/v1/exports", json={"format": "records"}).json()
    early = client.get(f"/v1/exports/{asked['id']}/files")
    assert (early.status_code, early.json()["type"]) == (409, "urn:extractor:problem:not-done")
    jobs = Jobs(store)
    job = jobs.start_next(str(out.resolve()))
    jobs.finish(job.id, JobState.DONE, result=export(store, job, out, tuple(templates), lambda *_: None))
    [file] = client.get(f"/v1/exports/{asked['id']}/files").json()["items"]
    before = client.get(f"/v1/exports/{asked['id']}/files/1")
    (out / "records.jsonl").with_name("new").write_text("other")
    (out / "new").replace(out / "records.jsonl")
    after = client.get(f"/v1/exports/{asked['id']}/files/1", headers={"Range": "bytes=0-99"})
    assert (file["name"], file["size"]) == ("records.jsonl", len(before.content))
    assert (after.status_code, after.content) == (206, before.content[:100])
    assert after.headers["etag"] == f'"{file["sha256"]}"'
    assert "records.jsonl" in after.headers["content-disposition"]
    assert client.get(f"/v1/exports/{asked['id']}/files/2").status_code == 404
    assert client.post("/v1/exports", json={"format": "nothing"}).status_code == 422


def test_an_export_says_which_books_were_not_written(client, store, out, templates, monkeypatch):
    kept = Exported(out / "records.jsonl", None, None)
    monkeypatch.setattr(Exported, "files_left", ("KS.2017.01",))
    monkeypatch.setattr("extractor.jobs.work.export_now", lambda *_: kept)
    asked = client.post("/v1/exports", json={"format": "records"}).json()
    assert asked["files_left"] == []
    jobs = Jobs(store)
    job = jobs.start_next(str(out.resolve()))
    jobs.finish(job.id, JobState.DONE, result=export(store, job, out, tuple(templates), lambda *_: None))
    assert client.get(f"/v1/exports/{asked['id']}").json()["files_left"] == ["KS.2017.01"]


def test_an_export_follows_the_policy_and_says_which_books_are_not_approved(client, store, out, templates):
    (out / "exports.yaml").write_text("policy: approved\n", encoding="utf-8")
    asked = client.post("/v1/exports", json={"format": "all"}).json()
    assert (asked["policy"], asked["not_approved"]) == ("", [])
    jobs = Jobs(store)
    job = jobs.start_next(str(out.resolve()))
    jobs.finish(job.id, JobState.DONE, result=export(store, job, out, tuple(templates), lambda *_: None))
    done = client.get(f"/v1/exports/{asked['id']}").json()
    assert (done["policy"], len(done["not_approved"])) == ("approved", 2)
    names = [file["name"] for file in client.get(f"/v1/exports/{asked['id']}/files").json()["items"]]
    assert names == ["records.jsonl", "import/held_back.csv", "import/checks.csv"]
    entry = client.get(f"/v1/records/{store.record_ids(1)[0]}/entry")
    assert (entry.status_code, entry.json()["type"]) == (409, "urn:extractor:problem:not-approved")


def test_a_job_whose_process_dies_is_tried_again_and_then_fails(store, out):
    jobs, folder = Jobs(store), str(out.resolve())
    jobs.add("1" * 32, JobKind.EXPORT, "một cửa", folder, {"format": "records", "pending": "blank"})
    for attempt in (1, 2, 3):
        job = jobs.start_next(folder)
        assert job.attempts == attempt
        job = jobs.lost(job.id, "It ended without a word.")
    assert (job.state, job.message) == (JobState.FAILED, "It ended without a word.")
    assert jobs.start_next(folder) is None
    jobs.finish(job.id, JobState.DONE)
    assert jobs.get(job.id).state is JobState.FAILED  # what is over stays over


def test_a_process_that_outlived_its_server_is_left_to_it(store, out):
    jobs, folder = Jobs(store), str(out.resolve())
    jobs.add("1" * 32, JobKind.EXPORT, "một cửa", folder, {"format": "records", "pending": "blank"})
    jobs.start_next(folder)
    runner = Runner(store, out)
    with holding(lock_path(out, "1" * 32), wait=False):
        runner._step()
        assert jobs.get("1" * 32).state is JobState.RUNNING
    elsewhere = Runner(store, out.parent)
    elsewhere._step()
    assert jobs.get("1" * 32).state is JobState.RUNNING


def test_two_servers_do_not_share_a_folder(store, out):
    from extractor.api.serving import serve
    from extractor.jobs.locks import FOLDER

    with (
        holding(out / FOLDER / "server.lock", wait=False),
        pytest.raises(SettingsError, match="another server"),
    ):
        serve(store, out, templates=(), port=0, announce=lambda _: None)


def start_server(out, templates):
    script = "import sys; from extractor.cli import main; sys.argv = ['extractor', *sys.argv[1:]]; main()"
    command = [sys.executable, "-c", script, "api", "serve", str(out), "--port", "0",
               "--templates", str(templates)]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = server.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), server.communicate(timeout=20)
    return server, address


def poll(get, until, seconds=60):
    end = time.monotonic() + seconds
    while not until(found := get()):
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


def children_of(process):
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()} | set(map(int, listed))


@pytest.mark.slow
def test_a_job_survives_the_death_of_its_server_and_of_its_process(out, templates):
    with Store.open(f"sqlite:///{out / 'extractor.sqlite'}", audit_key_file=out / "audit.key") as store:
        _, key = ApiKeys(store).add("một cửa", list(Scope))
    headers = {"Authorization": f"Bearer {key}"}
    server, address = start_server(out, templates[0])
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            job = client.post("/exports", json={"format": "records"}).json()["id"]
            poll(lambda: children_of(server), bool)
            for pid in children_of(server):
                os.kill(pid, signal.SIGKILL)
            server.kill()
            server.wait()
    finally:
        server.kill()
        server.communicate()
    with Store.open(f"sqlite:///{out / 'extractor.sqlite'}", audit_key_file=out / "audit.key") as store:
        assert Jobs(store).get(job).state is JobState.RUNNING
    server, address = start_server(out, templates[0])
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            done = poll(
                lambda: client.get(f"/exports/{job}").json(), lambda found: found["state"] not in {"queued", "running"}
            )
            assert (done["state"], done["files"]) == ("done", 1)
        server.send_signal(signal.SIGINT)
        printed, complaints = server.communicate(timeout=20)
        assert "Traceback" not in complaints
        assert key not in printed + complaints
    finally:
        server.kill()
        server.communicate()
