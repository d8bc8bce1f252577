import pytest

from extractor.errors import ExportError
from extractor.exports.supplements import Supplement, fitting, read_supplements, record_fingerprint, write_supplements

from .reconciliation.conftest import sample_records

ONE = Supplement(file="so.pdf", page=2, columns={"nksSoDinhDanh": "079217000123"}, source="extract.csv")


def make_record():
    return sample_records()[0]


def test_round_trip(tmp_path):
    path = tmp_path / "reconciliation" / "supplements.jsonl"
    assert write_supplements(path, [ONE]) == 1
    assert read_supplements(path) == {("so.pdf", 2, 1): ONE}


def test_no_file_means_none(tmp_path):
    assert read_supplements(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize("text", ["{}\n", "no json\n", ONE.model_dump_json() + "\n" + ONE.model_dump_json() + "\n"])
def test_faults_are_named_by_file_and_line(tmp_path, text):
    path = tmp_path / "supplements.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExportError, match=r"supplements\.jsonl, line \d"):
        read_supplements(path)


def test_a_record_that_says_something_else_today_gets_nothing_of_another_person():
    record = make_record()
    codes = tuple(record.fields)[:3]
    found = ONE.model_copy(update={"codes": codes, "fingerprint": record_fingerprint(record, codes)})
    assert fitting(found, record).columns == ONE.columns
    corrected = record.fields[codes[0]].model_copy(update={"value": "LÊ VĂN KHÁC"})
    changed = record.model_copy(update={"fields": {**record.fields, codes[0]: corrected}})
    assert fitting(found, changed).columns == {}
    assert fitting(found, changed).stale == ("nksSoDinhDanh",)
    # What another source says of the record by its number still holds.
    other = Supplement(file="so.pdf", page=2, columns={"nksDanToc": "Kinh"}, source="c06.xlsx")
    assert fitting(found.joined(other), changed).columns == {"nksDanToc": "Kinh"}


def test_identity_numbers_have_twelve_digits():
    record = make_record()
    odd = ONE.model_copy(update={"columns": {"nksSoDinhDanh": "79217E+10", "nksDanToc": "Kinh"}})
    assert fitting(odd, record).columns == {"nksDanToc": "Kinh"}
    assert fitting(odd, record).unfit == ("nksSoDinhDanh",)
