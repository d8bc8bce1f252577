"""A closing page is no record, and the number it states is held against the book."""

import json

from extractor.batch.run import RunOptions, run
from extractor.pipeline import PipelineOptions
from extractor.records import read_records
from extractor.templates.load import default_folder
from extractor.training.synth import render_book


def test_the_stated_number_of_events_is_held_against_the_book(tmp_path):
    book = render_book(tmp_path / "in", "ks-2016", seed=4, records=1, strength=1.0, distractors=("closing",))
    out = tmp_path / "out"
    pipeline = PipelineOptions(out=out, templates=(default_folder(),))
    run(RunOptions(inputs=book.files, out=out, pipeline=pipeline))
    problem = json.loads((out / "problems.jsonl").read_text(encoding="utf-8"))
    assert problem["kind"] == "closing"
    (record,) = read_records(out / "records.jsonl")
    (warning,) = [warning for warning in record.warnings if warning.rule == "R04-count"]
    said = problem["message"].partition("đã đăng ký: ")[2].partition(";")[0]
    stated = "".join(sign for sign in said if sign.isdigit())
    assert stated and stated in warning.message
