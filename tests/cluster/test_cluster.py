import hashlib
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.cluster_workers import ObedientWorker

from extractor.batch.workers import PageOutcome, process_pages
from extractor.cluster import ClusterOptions, connection, pages, process_pages_on_cluster
from extractor.cluster.connection import connected
from extractor.cluster.parcel import pack
from extractor.cluster.worker import About, Finished, PageWorker, remove_leftovers
from extractor.errors import ClusterError, ExitCode, SettingsError
from extractor.page_file import page_stem
from extractor.pipeline import PipelineOptions
from extractor.scans import PageRef, SetAside, SourceFile, list_pages
from extractor.scans.kinds import FileKind
from extractor.scans.sources import stamp_of
from extractor.settings import get_settings
from extractor.training.synth import render_book

ray = pytest.importorskip("ray")


def source_of(folder, name, count=1):
    """A source that is a text file: the obedient worker decodes nothing."""
    path = folder / name
    path.write_text(f"content of {name}", "utf-8")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return SourceFile(path, "", name, FileKind.PNG, count, digest, stamp_of(path))


def refs_of(folder, *named):
    return [
        PageRef(source, page)
        for name, count in named
        for source in [source_of(folder, name, count)]
        for page in range(1, count + 1)
    ]


@pytest.fixture
def crew_of(machines, tmp_path, monkeypatch):
    """Gives out pages to obedient workers; gives what came back."""
    monkeypatch.setattr(pages, "PageWorker", ObedientWorker)

    class Here:
        def __init__(self, options):
            self.version = "1"

    monkeypatch.setattr(pages, "Pipeline", Here)

    def work(refs, form="", **options):
        cluster = ClusterOptions(machines.address, **options)
        return list(process_pages_on_cluster(refs, PipelineOptions(tmp_path / "out", (), form=form), cluster))

    return work


def told(outcomes):
    return Counter((found.ref.source.file, found.ref.page, found.set_aside.reason) for found in outcomes)


def test_every_page_comes_back_once_though_workers_die_and_a_page_that_kills_them_all_is_set_aside(crew_of, tmp_path):
    refs = refs_of(tmp_path, ("whole.png", 5), ("die-1-first.png", 1), ("die-99-all.png", 1), ("far.png", 2))
    found = crew_of(refs)
    assert told(found) == Counter(
        {(ref.source.file, ref.page, "crash" if "die-99" in ref.source.file else "done"): 1 for ref in refs}
    )
    lost = next(item.set_aside for item in found if item.set_aside.reason == "crash")
    assert "ended the worker process 3 times" in lost.message
    assert len(list((tmp_path / "marks").glob("die-99*"))) == pages.ATTEMPTS
    # A scan on another machine's disk is sent, and what workers made of a page lies in the output folder.
    assert {item.set_aside.message for item in found if item.ref.source.file == "far.png"} == {"content of far.png"}
    kept = {path.name: path.read_text("utf-8") for path in (tmp_path / "out" / "pages").iterdir()}
    assert kept == {**dict.fromkeys((f"whole-{n}.json" for n in range(1, 6)), ""), "die-1-first-1.json": "",
                    "far-1.json": "content of far.png", "far-2.json": "content of far.png"}  # fmt: skip


@pytest.mark.slow
def test_a_machine_can_go_with_a_page_in_the_middle_of_a_run(crew_of, machines, tmp_path):
    third = machines.add_node(num_cpus=1, **machines.small)
    refs = refs_of(tmp_path, ("hold.png", 6))

    def begun():
        return [int(mark.read_text() or 0) for mark in (tmp_path / "marks").glob("*")]

    def until(true):
        end = time.monotonic() + 120
        while not true() and time.monotonic() < end:
            time.sleep(0.05)

    def change():
        until(lambda: len(begun()) == 3)
        machines.remove_node(third, allow_graceful=False)
        # Its worker ends when it misses its machine, and must not be released before.
        until(lambda: not all(Path("/proc", str(process)).exists() for process in begun()))
        (tmp_path / "release").touch()

    changing = threading.Thread(target=change)
    changing.start()
    found = crew_of(refs)
    changing.join()
    assert told(found) == Counter({("hold.png", page, "done"): 1 for page in range(1, 7)})
    assert len(begun()) == 7


def test_idle_workers_of_a_lost_machine_do_not_count_against_a_page(tmp_path):
    class Lost(Exception):
        pass

    class Told(Exception):
        pass

    class Worker:
        """Each call gives what comes of it; a dead one's is an error."""

        def __init__(self, alive):
            self.alive = alive

        def __getattr__(self, name):
            return SimpleNamespace(remote=lambda *given: partial(self.answer, name, *given))

        def answer(self, name, *given):
            if not self.alive:
                raise Lost
            if name != "process":
                return About("here", "1")
            return Finished(PageOutcome(given[0], set_aside=SetAside(given[0].source.file, "done", "", page=1)), {})

    fake = SimpleNamespace(
        exceptions=SimpleNamespace(RayError=Lost, RayActorError=Lost, RayTaskError=Told),
        remote=lambda **_: lambda _: SimpleNamespace(remote=lambda _: Worker(alive=True)),
        put=lambda content: content,
        wait=lambda futures, **_: (futures[:1], futures[1:]),
        get=lambda future: future(),
    )
    head = SimpleNamespace(check=lambda: None, processors=4)
    parcel = SimpleNamespace(options=PipelineOptions(tmp_path / "out", ()))
    crew = pages.Crew(fake, head, parcel, "1", ClusterOptions("x"), iter(refs_of(tmp_path, ("a.png", 1))))
    crew._idle.extend(Worker(alive=False) for _ in range(pages.ATTEMPTS))
    assert told(crew.work()) == Counter({("a.png", 1, "done"): 1})


def test_a_worker_that_would_read_otherwise_or_lacks_a_program_ends_the_run_and_is_named(crew_of, tmp_path):
    refs = refs_of(tmp_path, ("a.png", 1))
    with pytest.raises(ClusterError, match="differ from those on this machine"):
        crew_of(refs, form="another version", workers=1)
    with pytest.raises(ClusterError, match="Tesseract is not installed") as failed:
        crew_of(refs, form="no-program", workers=1)
    assert failed.value.exit_code == ExitCode.MISSING_PROGRAM


def test_pages_are_asked_for_as_workers_need_them(crew_of, tmp_path):
    refs, ahead = refs_of(tmp_path, ("whole.png", 6), ("far.png", 6)), []

    def coming():
        for number, ref in enumerate(refs, 1):
            begun = len(list((tmp_path / "marks").glob("*"))) if (tmp_path / "marks").exists() else 0
            ahead.append(number - begun)
            yield ref

    found = crew_of(coming())
    assert told(found) == Counter({(ref.source.file, ref.page, "done"): 1 for ref in refs})
    assert max(ahead) <= 2 * 2 + 1, "two workers with a page each, as many that wait, and the one that is asked for"


def test_a_scan_that_changed_since_it_was_listed_is_set_aside_and_the_others_go_on(crew_of, tmp_path):
    refs = refs_of(tmp_path, ("far-changed.png", 1), ("far.png", 1))
    refs[0].source.path.write_text("something else", "utf-8")
    reasons = {found.ref.source.file: found.set_aside.message for found in crew_of(refs, workers=1)}
    assert "changed since it was listed" in reasons["far-changed.png"]
    assert reasons["far.png"] == "content of far.png"


def test_without_a_free_processor_the_run_says_so_and_nothing_hangs(crew_of, tmp_path, monkeypatch):
    monkeypatch.setattr(pages.Crew, "_hire", lambda crew: None)
    with pytest.raises(ClusterError, match="no worker could start for 1 seconds"):
        crew_of(refs_of(tmp_path, ("a.png", 1)), patience=1)


@pytest.mark.slow
def test_a_cluster_reads_the_same_as_this_machine(machines, tmp_path):
    render_book(tmp_path / "in", "ks-2016", seed=21, records=1, strength=1.0, hand_split="calibration", printed=(),
                camera=False, dpi=150)  # fmt: skip
    refs = list_pages([tmp_path / "in"], on_set_aside=pytest.fail)
    # As on a machine that does not see this one's disk: what was noted of the file does not fit.
    far = [replace(ref, source=replace(ref.source, stamp=(0, 0))) for ref in refs]
    templates = (get_settings().templates_dir,)
    options = PipelineOptions(tmp_path / "here", templates)
    here = {found.ref.page: found.result for found in process_pages(refs, options, 1)}
    there = {
        found.ref.page: found.result
        for found in process_pages_on_cluster(
            far, replace(options, out=tmp_path / "there"), ClusterOptions(machines.address, workers=1)
        )
    }
    assert here and all(result is not None for result in here.values())
    assert there == here
    for ref in refs:
        picture = f"pages/{page_stem(ref.source.sha256, ref.page)}.jpg"
        assert (tmp_path / "there" / picture).read_bytes() == (tmp_path / "here" / picture).read_bytes()


def test_a_parcel_holds_forms_and_adapted_readers_and_nothing_of_earlier_versions(tmp_path):
    forms, out = tmp_path / "forms", tmp_path / "out"
    for path in (forms / "a" / "schema.yaml", out / "templates" / "own" / "schema.yaml",
                 out / "templates" / ".versions" / "own" / "1.yaml", out / "adapted" / "hand1.npz",
                 out / "adapted" / "hand2.npz", out / "extractor.sqlite"):  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name, "utf-8")
    parcel = pack(PipelineOptions(out, (forms,)), ["hand1"])
    options = parcel.unpack(tmp_path / "worker")
    worker = tmp_path / "worker"
    found = {path.relative_to(worker).as_posix() for path in worker.rglob("*") if path.is_file()}
    assert found == {"forms/0/a/schema.yaml", "out/templates/own/schema.yaml", "out/adapted/hand1.npz"}
    assert options.out == tmp_path / "worker" / "out" and options.templates == (tmp_path / "worker" / "forms" / "0",)


def test_no_cluster_is_told_with_what_to_do(monkeypatch):
    def nobody(**given):
        raise ConnectionError(given["address"])

    monkeypatch.setattr(ray, "init", nobody)
    with pytest.raises(ClusterError, match="no cluster answers there") as failed, connected("127.0.0.1:1"):
        pass
    assert "ray start" in failed.value.mend


def test_without_ray_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match="Ray is not installed") as failed, connected("auto"):
        pass
    assert "extractor[cluster]" in failed.value.mend


def test_what_killed_workers_left_on_the_disk_is_removed_and_what_living_ones_have_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = PageWorker(lambda handle: handle)
    dead = tmp_path / "extractor-worker-dead"
    dead.mkdir()
    for name in ("lock", "scan"):
        (dead / name).touch()
    remove_leftovers()
    assert not dead.exists() and living._folder.exists()
    living.leave()
    assert not living._folder.exists()


def test_a_head_that_is_silent_too_long_is_lost_however_long_ray_itself_would_wait(monkeypatch):
    asked, never = threading.Event(), threading.Event()

    class Ray:
        def __init__(self):
            self.answers = iter([{"CPU": 3.0}])

        def get_runtime_context(self):
            return SimpleNamespace(gcs_address=f"127.0.0.1:{listening.getsockname()[1]}")

        def cluster_resources(self):
            if (found := next(self.answers, None)) is None:
                asked.set()
                never.wait()  # as Ray does where the head is gone
            return found

    monkeypatch.setattr(connection, "_EVERY", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        head = connection.Head(Ray(), "10.0.0.1:6379")
        assert head.processors == 3
        assert asked.wait(10)
    head.check()
    monkeypatch.setattr(connection, "SILENCE", 0.0)
    with pytest.raises(ClusterError, match=r"10\.0\.0\.1:6379: the head is lost") as lost:
        head.check()
    assert "run the same command again" in lost.value.mend
    head.leave()
    never.set()
