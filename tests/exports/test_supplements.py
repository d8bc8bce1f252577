import pytest

from extractor.errors import ExportError
from extractor.exports.supplements import Supplement, read_supplements, write_supplements

ONE = Supplement(file="so.pdf", page=2, columns={"nksSoDinhDanh": "079217000123"}, source="extract.csv")


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
