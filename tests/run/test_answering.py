import json
import shutil

import pytest

from extractor.batch.storage import DATABASE, open_store
from extractor.records import Decision


@pytest.fixture
def own(finished, tmp_path):
    """A copy of the finished run whose queue may be emptied."""
    out = tmp_path / "out"
    out.mkdir()
    for name in (DATABASE, "audit.key", "sources.json"):
        shutil.copy(finished[0] / name, out / name)
    return out


def test_a_truth_file_answers_all_it_knows_and_exports_follow(own, scans, extractor):
    done = extractor("queue", "answer", own, "--truth", scans / "truth.jsonl")
    assert done.returncode == 0
    with open_store(own) as store:
        assert store.status().review == 0
        records = list(store.records())
    truth = {}
    for line in (scans / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        truth[record["file"], record["page"], record["record"]] = record["fields"]
    decided = [
        (record.key, code, field)
        for record in records
        for code, field in record.fields.items()
        if field.decision in (Decision.CONFIRMED, Decision.CORRECTED)
    ]
    assert decided
    for key, code, field in decided:
        known = truth[key][code]
        assert (field.value, field.state.value) == (known["value"], known["state"])


def test_what_the_truth_does_not_know_still_waits(own, scans, tmp_path, extractor):
    short = tmp_path / "truth.jsonl"
    lines = (scans / "truth.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    short.write_text(lines[0], encoding="utf-8")
    done = extractor("queue", "answer", own, "--truth", short)
    assert done.returncode == 0
    known = json.loads(lines[0])
    with open_store(own) as store:
        waiting = list(store.waiting_fields())
    assert waiting
    assert all(field.record != (known["file"], known["page"], known["record"]) for field in waiting)
    assert f"of {len(waiting)} it says nothing" in done.stdout
