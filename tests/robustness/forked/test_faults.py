"""Work that ends at any durable step loses no acknowledged decision, leaves no half file, and is taken up again."""

import os
import sys
from pathlib import Path

import pytest
from support.fault_scenes import SCENES, Scene, warm

from extractor.exports.files import part_of, put_in_place
from extractor.whole_files import write_whole

ROOT = Path(__file__).resolve().parents[3]

# The benchmarks are no package; their folder does not stay on the path, where its names would hide those of tests.
sys.path.append(str(ROOT / "benchmarks"))
from faults import Stage, examine, fail_at  # noqa: E402

sys.path.remove(str(ROOT / "benchmarks"))

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the work is done in a branch of this process")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    warm()
    return Stage(tmp_path_factory.mktemp("stage"))


@pytest.mark.parametrize(("name", "mode", "at"), [("run", "cut", 44), ("export", "kill", 62)])
def test_work_that_ends_at_a_step_is_taken_up_again(stage, name, mode, at):
    how, wrong = fail_at(stage, name, mode, at)
    assert (how, wrong) == ("killed", [])


@pytest.mark.parametrize(("name", "mode"), [("answer", "kill"), ("certify", "full"), ("backup", "cut")])
def test_work_that_ends_at_many_steps(stage, name, mode):
    told = examine(stage, name, mode, every={"backup": 24}.get(name, 4), first=2)
    assert told.faults == []
    assert told.cases == told.ends["killed"] + told.ends["refused"] + told.ends["done"]
    assert told.ends["refused" if mode == "full" else "killed"]


@pytest.mark.parametrize("careless", [True, False])
def test_the_harness_sees_a_file_that_takes_its_place_too_early(stage, monkeypatch, careless):
    def work(place, _acknowledge):
        write_whole(place / "out" / "a.json", b"{}")
        (place / "out" / "done").mkdir()

    monkeypatch.setitem(SCENES, "two", Scene(("run",), work))
    if careless:
        monkeypatch.setattr("extractor.whole_files.sync", lambda _path: None)
    stage.forget("two")
    told = examine(stage, "two", "cut")
    assert bool(told.faults) == careless


def test_a_former_file_stands_until_the_new_one_does(tmp_path, monkeypatch):
    path = tmp_path / "so.xlsx"
    path.write_bytes(b"former")
    part_of(path).write_bytes(b"new")

    def ends(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("extractor.exports.files.take_place", ends)
        with pytest.raises(KeyboardInterrupt):
            put_in_place(path)
    assert path.read_bytes() == b"former"
    assert put_in_place(path)
    assert path.read_bytes() == b"new"
    kept = [each for each in tmp_path.iterdir() if each != path]
    assert {each.read_bytes() for each in kept} == {b"former"}


def test_a_file_is_on_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    done = []
    plain_sync, plain_replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("sync"), plain_sync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("replace"), plain_replace(*names)))
    write_whole(tmp_path / "a.json", b"{}")
    assert done == ["sync", "replace", "sync"]
    assert (tmp_path / "a.json").read_bytes() == b"{}"
