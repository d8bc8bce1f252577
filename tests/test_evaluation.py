from __future__ import annotations

import io
import json
import random

import pytest
from rich.console import Console

from extractor.errors import EvaluationError
from extractor.evaluation import clopper_pearson_upper, evaluate, pair_files, read_truth, render_table, write_plots
from extractor.templates.form import FormSchema

FORM = FormSchema.model_validate(
    {
        "form": "f",
        "version": "1",
        "title": "f",
        "source": "invented",
        "fields": [
            {"code": "hoTen", "label": "Họ tên", "kind": "person_name"},
            {"code": "ngay", "label": "Ngày", "kind": "date"},
        ],
    }
)


def field(raw, value=None, *, confidence=0.9, decision="accepted", state="read"):
    return {"raw": raw, "value": raw if value is None else value, "state": state, "confidence": confidence,
            "decision": decision}  # fmt: skip


def line(fields, file="a.pdf", page=1, record=1):
    return {
        "file": file, "page": page, "record": record, "form": "f", "form_version": "1",
        "registration": {"ok": True, "residual_px": 1.0, "coverage": 1.0, "method": "m"},
        "fields": fields,
    }  # fmt: skip


@pytest.fixture
def judge(tmp_path):
    def make(records, truth, forms=True):
        for name, lines in (("records", records), ("truth", truth)):
            text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines)
            (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
        schemas = {"f": FORM} if forms else None
        return evaluate(tmp_path / "records.jsonl", tmp_path / "truth.jsonl", forms=schemas)

    return make


TRUTH = [
    line({"hoTen": field("Nguyễn Văn An"), "ngay": field("3/2/2017", "03.02.2017")}),
    line({"hoTen": field("Lê Bình"), "ngay": field("", "", state="blank")}, page=2),
    line({"hoTen": field("Hồ Cúc"), "ngay": field("5/6/2017", "05.06.2017")}, page=3),
]
RECORDS = [
    # One letter wrong in the name; the date right in value, not in the verbatim text.
    line({"hoTen": field("Nguyễn Vân An", confidence=0.95), "ngay": field("03/2/2017", "03.02.2017", confidence=0.85)}),
    # The name awaits review and is right; the blank is found.
    line({"hoTen": field("Lê Bình", confidence=0.35, decision="review"),
          "ngay": field("", "", state="blank", confidence=0.99)}, page=2),
    # Page 3 was not found; page 9 is not in the truth.
    line({"hoTen": field("Ai Đó")}, page=9),
]  # fmt: skip


def test_figures_by_hand(judge):
    made = judge(RECORDS, TRUTH)
    name, date, all_ = made.kinds["person_name"], made.kinds["date"], made.overall
    assert list(made.kinds) == ["date", "person_name"]
    assert (name.fields, name.missing, date.fields, date.missing) == (3, 1, 3, 1)
    # 13 + 7 + 6 letters; one wrong, and the six of the missing record.
    assert name.character_error_rate == pytest.approx(7 / 26)
    # 8 + 0 + 8 letters; one added, eight missing.
    assert date.character_error_rate == pytest.approx(9 / 16)
    assert all_.character_error_rate == pytest.approx(16 / 42)
    assert name.exact == pytest.approx(1 / 3)
    assert date.exact == pytest.approx(2 / 3)
    assert date.exact_raw == pytest.approx(1 / 3)
    assert (date.blank, date.blank_exact, date.false_blank) == (1, 1, 0)
    assert all_.accepted == pytest.approx(3 / 6)
    assert (all_.accepted_fields, all_.accepted_errors) == (3, 1)
    assert all_.error_among_accepted == pytest.approx(1 / 3)
    # One error in three: the bound p solves (1-p)^3 + 3p(1-p)^2 = 0.05.
    assert all_.error_upper_95 == pytest.approx(0.8646, abs=1e-4)
    assert (made.truth_records, made.missing_records) == (3, (("a.pdf", 3, 1),))
    assert made.unknown_records == (("a.pdf", 9, 1),)


def test_calibration_by_hand(judge):
    made = judge(RECORDS, TRUTH)
    # Bins: 0.3-0.4 {0.35 right}, 0.8-0.9 {0.85 right}, 0.9-1.0 {0.95 wrong, 0.99 right}.
    assert [(part.low, part.fields, part.exact) for part in made.bins] == [(0.3, 1, 1.0), (0.8, 1, 1.0), (0.9, 2, 0.5)]
    assert made.calibration_error == pytest.approx((0.65 + 0.15 + 2 * 0.47) / 4)


def test_risk_coverage_by_hand(judge):
    made = judge(RECORDS, TRUTH)
    assert [(p.confidence, p.coverage, p.risk) for p in made.curve] == [
        (0.99, 0.25, 0.0),
        (0.95, 0.5, 0.5),
        (0.85, 0.75, pytest.approx(1 / 3)),
        (0.35, 1.0, 0.25),
    ]


def test_fields_of_one_confidence_come_in_together(judge):
    truth = [line({"hoTen": field("a"), "ngay": field("b")})]
    made = judge([line({"hoTen": field("a"), "ngay": field("x")})], truth)
    assert [(p.coverage, p.risk) for p in made.curve] == [(1.0, 0.5)]


def test_a_missing_field_is_wrong_even_where_the_truth_is_blank(judge):
    made = judge([line({})], [line({"ngay": field("", "", state="blank")})])
    assert (made.overall.exact, made.overall.missing, made.overall.blank_exact) == (0.0, 1, 0)
    assert made.overall.character_error_rate is None
    assert made.calibration_error is None


def test_writing_read_as_blank_is_counted(judge):
    made = judge([line({"hoTen": field("", "", state="blank")})], [line({"hoTen": field("Lê An")})])
    assert (made.overall.false_blank, made.overall.exact, made.overall.character_error_rate) == (1, 0.0, 1.0)


def test_a_blank_truth_may_state_no_value(judge):
    truth = [line({"ngay": {"raw": "", "value": None, "state": "blank"}})]
    assert judge([line({"ngay": field("", "")})], truth).overall.exact == 1.0
    assert judge([line({"ngay": field("1")})], truth).overall.exact == 0.0


def test_the_machine_alone_accepts(judge):
    made = judge([line({"hoTen": field("x", decision="corrected")})], [line({"hoTen": field("a")})])
    assert (made.overall.accepted, made.overall.by_person, made.overall.error_among_accepted) == (0.0, 1, None)


def test_composed_and_decomposed_letters_are_the_same(judge):
    composed, decomposed = "Nguy\u1ec5n", "Nguye\u0302\u0303n"
    for found, true in ((composed, decomposed), (decomposed, composed)):
        made = judge([line({"hoTen": field(found)})], [line({"hoTen": field(true)})])
        assert (made.overall.character_error_rate, made.overall.exact) == (0.0, 1.0)


def test_unknown_fields_are_counted_apart(judge):
    made = judge([line({"hoTen": field("a"), "khac": field("b")})], [line({"hoTen": field("a")})])
    assert (made.unknown_fields, made.overall.fields) == (1, 1)


def test_without_forms_fields_count_under_their_codes(judge):
    assert list(judge(RECORDS, TRUTH, forms=False).kinds) == ["hoTen", "ngay"]


def test_files_pair_by_full_name_then_by_a_unique_base_name():
    assert pair_files(["x/a.pdf", "b.pdf"], ["x/a.pdf", "y/a.pdf", "z/b.pdf"]) == {
        "x/a.pdf": "x/a.pdf",
        "b.pdf": "z/b.pdf",
    }
    assert pair_files(["a.pdf"], ["x/a.pdf", "y/a.pdf"]) == {}
    assert pair_files(["x/a.pdf", "y/a.pdf"], ["a.pdf"]) == {}


def test_records_pair_by_base_name(judge):
    truth = [line({"hoTen": field("a")}, file="pages/a.pdf")]
    assert judge([line({"hoTen": field("a")}, file="in/a.pdf")], truth).overall.exact == 1.0


def test_page_and_record_must_agree(judge):
    made = judge([line({"hoTen": field("a")}, record=2)], [line({"hoTen": field("a")}, record=1)])
    assert (made.overall.missing, len(made.unknown_records)) == (1, 1)


@pytest.mark.parametrize(("errors", "trials"), [(0, 1), (0, 59), (2, 100), (7, 50), (49, 50)])
def test_the_bound_solves_its_equation(errors, trials):
    from math import comb

    bound = clopper_pearson_upper(errors, trials)
    tail = sum(comb(trials, k) * bound**k * (1 - bound) ** (trials - k) for k in range(errors + 1))
    assert tail == pytest.approx(0.05, abs=1e-9)


def test_the_bound_at_its_ends():
    assert clopper_pearson_upper(3, 3) == 1.0
    assert clopper_pearson_upper(0, 300) == pytest.approx(0.0099, abs=1e-4)


def test_long_curves_are_thinned_and_keep_their_end(judge):
    rng = random.Random(1)
    truth = [line({"hoTen": field("a")}, page=page) for page in range(1, 1001)]
    found = [line({"hoTen": field(rng.choice("ab"), confidence=rng.random())}, page=page) for page in range(1, 1001)]
    made = judge(found, truth)
    assert 150 <= len(made.curve) <= 201
    assert made.curve[-1].coverage == 1.0
    assert made.curve[-1].risk == pytest.approx(1 - made.overall.exact)


def test_json_holds_all_figures(judge):
    made = json.loads(judge(RECORDS, TRUTH).to_json())
    assert made["overall"]["fields"] == 6
    assert made["kinds"]["date"]["blank"] == 1
    assert made["missing_records"] == [["a.pdf", 3, 1]]


def test_the_table_shows_kinds_and_total_on_a_narrow_terminal(judge):
    written = io.StringIO()
    Console(file=written, width=80).print(render_table(judge(RECORDS, TRUTH)))
    lines = [line.split() for line in written.getvalue().splitlines()]
    assert ["person_name", "3", "26.92", "33.33", "33.33", "0/0", "33.33", "1/1", "100.00"] in lines
    assert ["all", "6", "38.10", "50.00", "33.33", "1/1", "50.00", "1/3", "86.46"] in lines
    assert "1 of them not" in written.getvalue()


def test_plots_are_written(judge, tmp_path):
    curve, reliability = write_plots(judge(RECORDS, TRUTH), tmp_path / "plots")
    assert curve.read_bytes().startswith(b"\x89PNG")
    assert reliability.stat().st_size > 5000


def test_nothing_found_gives_no_plot(judge, tmp_path):
    with pytest.raises(EvaluationError, match="no field"):
        write_plots(judge([], TRUTH), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"file": "a"}\n', "line 1: page"),
        ("\n\nno json\n", "line 3"),
        ('{"file": "a", "page": 1, "form": "f", "fields": {}}\n' * 2, "stands twice"),
    ],
)
def test_a_wrong_truth_file_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "truth.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match=message) as error:
        read_truth(path)
    assert "truth.jsonl" in str(error.value)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(EvaluationError, match=r"truth\.jsonl: cannot be read"):
        evaluate(tmp_path / "records.jsonl", tmp_path / "truth.jsonl")
    (tmp_path / "truth.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"records\.jsonl: cannot be read"):
        evaluate(tmp_path / "records.jsonl", tmp_path / "truth.jsonl")


def test_a_record_that_stands_twice_is_refused(judge):
    with pytest.raises(EvaluationError, match=r"records\.jsonl: a\.pdf, page 1, record 1 stands twice"):
        judge([RECORDS[0], RECORDS[0]], TRUTH)
