"""The queue of an output folder that several servers serve, and what they tidy up meanwhile."""

import subprocess
import sys
import threading

import pytest

from extractor.errors import SettingsError
from extractor.jobs import Intake, QueueFullError, room_client
from extractor.jobs.locks import holding, holding_name, runner_path
from extractor.jobs.runner import Runner
from extractor.jobs.sweeping import KEPT, Sweeper
from extractor.jobs.work import reread
from extractor.scans import Limits
from extractor.store import ApiKeys, JobKind, JobState, Scope, Store

CLIENT = room_client(7)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'extractor.sqlite'}", audit_key_file=tmp_path / "audit.key") as opened:
        yield opened


@pytest.fixture
def intake(store, tmp_path):
    return Intake(store, tmp_path, Limits())


class Watched(Runner):
    """Tells when it rests, and lets its jobs' processes do nothing."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.rests, self.started, self.begun = threading.Semaphore(0), [], threading.Event()

    def _start(self, job):
        self.started.append(job.id)
        self.begun.set()
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)

    def _pause(self, seconds):
        self.rests.release()
        super()._pause(min(seconds, 0.02))

    def rest(self, times):
        """Wait until it has rested as often."""
        for _ in range(times):
            assert self.rests.acquire(timeout=30)


def test_of_two_servers_one_works_and_the_other_takes_over(intake, store, tmp_path):
    with holding(runner_path(tmp_path), wait=False):  # as another server does
        runner = Watched(store, tmp_path)
        runner.start()
        job = intake.queue(JobKind.RUN, CLIENT, {})
        runner.rest(3)
        assert intake.jobs.get(job.id).state is JobState.QUEUED
    assert runner.begun.wait(30)
    runner.stop()
    assert runner.started == [job.id]
    assert intake.jobs.get(job.id).state is JobState.QUEUED  # given back, as if it had not been begun


def test_a_job_whose_process_is_just_starting_is_not_begun_twice(intake, store, tmp_path):
    first, second = Watched(store, tmp_path), Watched(store, tmp_path)
    job = intake.queue(JobKind.RUN, CLIENT, {})
    first.start()
    assert first.begun.wait(30)  # its process has not taken the job's lock
    second.start()
    second.rest(4)
    assert second.started == []
    assert (intake.jobs.get(job.id).state, intake.jobs.get(job.id).attempts) == (JobState.RUNNING, 1)
    second.stop()
    first.stop()
    assert first.started == [job.id]


def test_a_name_is_held_by_one_and_leaves_no_file(tmp_path):
    path = tmp_path / "a" / "x.lock"
    with holding_name(path) as first, holding_name(path) as second:
        assert (first, second) == (True, False)
    assert not path.exists()
    with holding_name(path) as again:
        assert again


def test_a_held_name_is_free_after_a_server_was_killed(tmp_path):
    path = tmp_path / "x.lock"
    script = (
        "import sys, time; from pathlib import Path; from extractor.jobs.locks import holding_name\n"
        "with holding_name(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    server = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == "held\n"
    with holding_name(path) as held:
        assert not held
    server.kill()
    server.communicate()
    assert path.exists()
    with holding_name(path) as held:
        assert held
    assert not path.exists()


def test_files_that_never_became_whole_are_given_up_while_the_server_runs(intake, store, tmp_path, monkeypatch):
    upload = intake.uploads.add("1" * 32, CLIENT, "a.pdf", 10)
    sweeper = Sweeper(store, tmp_path)
    sweeper.sweep()
    assert intake.uploads.get(upload.id, CLIENT)
    monkeypatch.setattr(store, "now", lambda: upload.created_at + 2 * KEPT)
    sweeper.sweep()  # within the hour
    assert intake.uploads.get(upload.id, CLIENT)
    monkeypatch.setattr(sweeper, "_due", 0.0)
    with intake.upload_folder.holding(upload.id):
        sweeper.sweep()  # it is being sent right now
    assert intake.uploads.get(upload.id, CLIENT)
    monkeypatch.setattr(sweeper, "_due", 0.0)
    sweeper.sweep()
    assert intake.uploads.several([upload.id], CLIENT) == {}


def test_the_sweeper_outlives_a_database_that_fails(store, tmp_path, monkeypatch, caplog):
    sweeper = Sweeper(store, tmp_path)
    monkeypatch.setattr(store, "now", lambda: (_ for _ in ()).throw(OSError("Lò Văn Bí Mật")))
    sweeper.sweep()
    assert "OSError" in caplog.text
    assert "Bí Mật" not in caplog.text


def test_a_full_queue_takes_no_more(intake, monkeypatch):
    monkeypatch.setattr("extractor.jobs.intake.MOST_WAITING", 1)
    intake.queue(JobKind.RUN, CLIENT, {})
    with pytest.raises(QueueFullError):
        intake.queue(JobKind.RUN, CLIENT, {})


def test_no_program_is_called_like_a_person_of_the_room(store):
    with pytest.raises(SettingsError, match="not usable"):
        ApiKeys(store).add(CLIENT, list(Scope))


def test_pages_are_read_anew_by_the_module_for_it(intake, tmp_path, monkeypatch):
    told = []

    class Rereading:
        @staticmethod
        def reread(*given):
            told.append(given)
            return {"pages": 1}

    monkeypatch.setitem(sys.modules, "extractor.batch.rereading", Rereading)
    job = intake.queue(JobKind.REREAD, CLIENT, {"pages": [{"file": "a.pdf", "page": 3}]})
    assert reread(job, tmp_path, "", (tmp_path,), print) == {"pages": 1}
    assert told == [(tmp_path, "", (tmp_path,), [("a.pdf", 3)], print)]


def test_a_job_that_a_runner_begins_is_carried_out_by_a_process(intake, store, tmp_path):
    """With the true process: a run of no uploads fails at once, with its reason, and leaves no second attempt."""
    job = intake.queue(JobKind.REREAD, CLIENT, {"pages": "none"})
    runner = Runner(store, tmp_path)
    assert runner._step()
    found = intake.jobs.get(job.id)
    assert (found.state, found.attempts) == (JobState.FAILED, 1)
    assert (tmp_path / "jobs" / f"{job.id}.log").stat().st_size > 0
