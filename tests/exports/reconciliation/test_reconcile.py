import json
from types import SimpleNamespace

import openpyxl
import pytest

from extractor.errors import ExportError
from extractor.exports.reconciliation.engine import Limits, alone
from extractor.exports.reconciliation.profile import population_profile
from extractor.exports.reconciliation.reconcile import Given, reconcile
from extractor.exports.supplements import read_supplements
from extractor.records import Decision

from .conftest import SAMPLE, forms, sample_records

EXTRACT = SAMPLE / "population.csv"
LIMITS = Limits("500MB", 1)


def run(out, records=None, extract=EXTRACT, **options):
    given = Given(sample_records() if records is None else records, forms())
    return reconcile(out, given, [extract], population_profile("plain"), limits=LIMITS, **options)


def rows(path, sheet=0):
    book = openpyxl.load_workbook(path)
    found = book.worksheets[sheet]
    head, *rest = found.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("sample")
    return SimpleNamespace(out=out, folder=out / "reconciliation", result=run(out))


def test_the_three_cases_and_what_is_left_to_people(done):
    assert done.result.cases == {"match": 15, "differs": 4, "not_found": 3, "suspected": 2, "unverifiable": 0}
    assert done.result.unusable == {"name": 1, "warn_birth": 1, "warn_identity": 1}


def test_tracking_list_shows_both_values_and_never_the_residence(done):
    listed = rows(done.folder / "tracking.xlsx")
    assert [(row["Số đăng ký"], row["Thông tin sai lệch"]) for row in listed] == [
        ("02/2017", "ngày sinh"),
        ("04/2017", "họ tên mẹ"),
        ("06/2017", "họ tên"),
        ("03/2009", "dân tộc"),
        ("03/2009", "họ tên cha"),
    ]
    assert (listed[2]["Trong sổ"], listed[2]["Trong CSDL dân cư"]) == ("NGUYỄN HỮU THỊNH", "Nguyễn Hữu Thình")
    assert listed[2]["Mức khác"] == "0,25"


def test_new_entries_stand_in_the_columns_of_the_import_sheet(done):
    entered = rows(done.folder / "new_entries.KS.xlsx")
    assert [row["so"] for row in entered] == ["07/2017", "11/2017", "07/2009"]
    assert len(entered[0]) == 70


def test_twins_and_duplicates(done):
    kinds = {row["Số đăng ký"]: row["Loại"] for row in rows(done.folder / "suspected.xlsx")}
    assert kinds["06/2009"].startswith("Nghi sinh đôi")
    assert kinds["08/2009"].startswith("Nghi trùng")
    assert set(kinds) == {"06/2009", "08/2009"}


def test_matches_explain_themselves(done):
    matches = {
        row["Số đăng ký"]: row for row in rows(done.folder / "matches.xlsx") if row["Người"].endswith("khai sinh")
    }
    assert "họ tên" in matches["01/2009"]["Giống nhau"]
    assert float(matches["01/2009"]["Điểm (bit)"].replace(",", ".")) > 8


def test_supplements_are_of_case_1_only(done):
    found = read_supplements(done.folder / "supplements.jsonl")
    assert len(found) == 15
    first = found["KS.2009.01/KS.2009.01.2009-01-02.01.pdf", 1, 1].columns
    assert len(first["nksSoDinhDanh"]) == len(first["meSoDinhDanhCaNhan"]) == 12
    assert all(key not in found for key in (("KS.2017.01.pdf", 2, 1), ("KS.2017.01.pdf", 7, 1)))


def test_no_personal_data_stay_in_working_files_and_the_same_data_give_the_same_bytes(done, tmp_path):
    run(tmp_path)
    again = tmp_path / "reconciliation"
    assert not (again / ".work").exists()
    names = sorted(path.name for path in done.folder.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    for name in names:
        assert (again / name).read_bytes() == (done.folder / name).read_bytes(), name


def test_unsettled_fields_are_not_used_and_a_draft_says_what_it_is(tmp_path):
    records = sample_records(Decision.REVIEW)
    assert run(tmp_path, records).cases["unverifiable"] == 24
    assert "chưa được duyệt" in rows(tmp_path / "reconciliation" / "suspected.xlsx", 2)[0]["Lý do và cách làm"]
    draft = run(tmp_path, records, pending="proposal")
    assert draft.cases["match"] == 15
    assert draft.supplements == 0
    assert read_supplements(tmp_path / "reconciliation" / "supplements.jsonl") == {}
    summary = json.loads((tmp_path / "reconciliation" / "summary.draft.json").read_text("utf-8"))
    assert summary["draft"]
    assert (tmp_path / "reconciliation" / "tracking.draft.xlsx").exists()


def write_verdicts(path, verdicts):
    """Put words into a list as an officer would: by the number of the row and the heading."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    for (row, heading), text in verdicts.items():
        sheet.cell(row, heads.index(heading) + 1).value = text
    book.save(path)


def test_verdicts_come_back_and_count(tmp_path):
    folder = tmp_path / "reconciliation"
    run(tmp_path)
    verdict = "Kết luận của công an xã"
    write_verdicts(
        folder / "tracking.xlsx",
        {
            (2, verdict): "Theo sổ",
            (2, "Người xác minh"): "Lê Thị Mẫu",
            (4, verdict): "Không phải người này",
            (3, verdict): "??",
        },
    )
    candidates = rows(folder / "suspected.xlsx")
    chosen = next(n for n, row in enumerate(candidates, start=2) if row["Số đăng ký"] == "08/2009")
    write_verdicts(folder / "suspected.xlsx", {(chosen, "Kết luận"): "Đúng người này"})
    second = run(tmp_path)
    # 06/2017 is nobody in the extract now, 08/2009 is the one that was chosen.
    assert second.cases == {"match": 16, "differs": 3, "not_found": 4, "suspected": 1, "unverifiable": 0}
    assert second.odd_verdicts == 1
    listed = rows(folder / "tracking.xlsx")
    assert (listed[0][verdict], listed[0]["Người xác minh"]) == ("Theo sổ", "Lê Thị Mẫu")
    assert "??" in listed[1]["Ghi chú"]
    assert rows(folder / "tracking.xlsx", 1)[0][verdict] == "Không phải người này"
    third = run(tmp_path)
    assert third.cases == second.cases
    assert rows(folder / "tracking.xlsx") == listed


def test_a_verdict_on_other_values_is_marked_and_does_not_count(tmp_path):
    folder = tmp_path / "reconciliation"
    run(tmp_path)
    write_verdicts(folder / "tracking.xlsx", {(2, "Kết luận của công an xã"): "Theo sổ"})
    newer = tmp_path / "newer.csv"
    newer.write_text(EXTRACT.read_text("utf-8").replace("04/05/2017", "04/06/2017"), "utf-8")
    assert run(tmp_path, extract=newer).tracking.decided == 0
    row = rows(folder / "tracking.xlsx")[0]
    assert row["Kết luận của công an xã"] == "Theo sổ"
    assert "đã đổi" in row["Ghi chú"]
    # Given once more on the new values, it counts.
    write_verdicts(folder / "tracking.xlsx", {(2, "Ghi chú"): "", (2, "Kết luận của công an xã"): "Theo CSDL dân cư"})
    assert run(tmp_path, extract=newer).tracking.decided == 1


def test_later_verdicts_replace_and_contradictions_are_suspected(tmp_path):
    folder = tmp_path / "reconciliation"
    run(tmp_path)
    verdict = "Kết luận của công an xã"
    differing = [n for n, row in enumerate(rows(folder / "tracking.xlsx"), start=2) if row["Số đăng ký"] == "03/2009"]
    both = {(differing[0], verdict): "Theo sổ", (differing[1], verdict): "Không phải người này"}
    write_verdicts(folder / "tracking.xlsx", both)
    second = run(tmp_path)
    assert (second.cases["suspected"], second.cases["not_found"]) == (3, 3)
    kinds = {row["Số đăng ký"]: row["Loại"] for row in rows(folder / "suspected.xlsx")}
    assert kinds["03/2009"].startswith("Kết luận mâu thuẫn")


def test_a_person_ruled_out_can_be_taken_back(tmp_path):
    folder = tmp_path / "reconciliation"
    run(tmp_path)
    first = rows(folder / "suspected.xlsx")
    chosen = next(n for n, row in enumerate(first, start=2) if row["Số đăng ký"] == "06/2009")
    write_verdicts(folder / "suspected.xlsx", {(chosen, "Kết luận"): "Không phải người này"})
    run(tmp_path)
    book = openpyxl.load_workbook(folder / "suspected.xlsx")
    sheet = book["Kết luận đã cho"]
    sheet.cell(2, [cell.value for cell in sheet[1]].index("Kết luận") + 1).value = None
    book.save(folder / "suspected.xlsx")
    run(tmp_path)
    assert rows(folder / "suspected.xlsx") == first


@pytest.mark.parametrize("heading", ["Kết luận của công an xã", "Mã dòng"])
def test_a_list_without_its_columns_is_refused_and_kept(tmp_path, heading):
    run(tmp_path)
    path = tmp_path / "reconciliation" / "tracking.xlsx"
    write_verdicts(path, {(1, heading): "khác"})
    kept = path.read_bytes()
    with pytest.raises(ExportError, match="the verdicts cannot be told"):
        run(tmp_path)
    assert path.read_bytes() == kept


def test_a_damaged_list_is_not_written_over(tmp_path):
    run(tmp_path)
    path = tmp_path / "reconciliation" / "tracking.xlsx"
    path.write_bytes(b"no workbook")
    with pytest.raises(ExportError, match=r"tracking\.xlsx: cannot be read"):
        run(tmp_path)
    assert path.read_bytes() == b"no workbook"


def test_only_one_at_a_time(tmp_path):
    (tmp_path / "reconciliation").mkdir()
    with alone(tmp_path / "reconciliation"), pytest.raises(ExportError, match="at work"):
        run(tmp_path)


def test_no_records_are_no_error(tmp_path):
    assert sum(run(tmp_path, []).cases.values()) == 0
