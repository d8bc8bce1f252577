from __future__ import annotations

import json
import re
from pathlib import Path

import pikepdf
import pytest

SAMPLE = Path(__file__).parents[3] / "sample_book"


@pytest.fixture(scope="module")
def truth():
    return [json.loads(line) for line in (SAMPLE / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


def test_sample_is_small_and_complete(truth):
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 9_000_000
    pages = {}
    for path in SAMPLE.rglob("*.pdf"):
        with pikepdf.open(path) as pdf:
            pages[path.relative_to(SAMPLE).as_posix()] = len(pdf.pages)
    assert sum(pages.values()) == 24
    assert sorted((entry["file"], entry["page"]) for entry in truth) == sorted(
        (name, page) for name, count in pages.items() for page in range(1, count + 1)
    )


def test_sample_numbers_and_dates_run_on(truth):
    for form in ("ks-2016", "ks-2006"):
        entries = [entry for entry in truth if entry["form"] == form]
        assert [int(entry["fields"]["so"]["value"].split("/")[0]) for entry in entries] == list(range(1, 13))
        dates = [entry["fields"]["ngayDangKy"]["value"].split(".")[::-1] for entry in entries]
        assert dates == sorted(dates)


def test_file_names_agree_with_the_truth(truth):
    names = [entry for entry in truth if "/" in entry["file"]]
    assert len(names) == 12
    for entry in names:
        found = re.fullmatch(r"KS\.2009\.01/KS\.2009\.01\.(\d{4})-(\d{2})-(\d{2})\.(\d+)\.pdf", entry["file"])
        assert found, entry["file"]
        fields = entry["fields"]
        assert fields["ngayDangKy"]["value"] == f"{found[3]}.{found[2]}.{found[1]}"
        assert int(fields["so"]["value"].split("/")[0]) == int(found[4])
