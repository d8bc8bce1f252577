"""Rules on one record: each fires on what it is for, and keeps silent on a sound record and on unread fields."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from extractor.records import BookKey, FieldState, FieldValue, Record, Registration, Severity
from extractor.rules import all_rules, check_record, rules_table
from extractor.rules.registry import book_checks, record_checks
from extractor.templates.form import FieldSpec, FormSchema, Kind

FORMS = Path(__file__).parents[2] / "page_templates"
BOOK = BookKey(register="KS", year="2016", number="01", agency="UBND xã Thử Nghiệm")
SOUND = {
    "so": "05/2016",
    "quyenSo": "01/2016",
    "trangSo": "5",
    "ngayDangKy": "12.03.2016",
    "loaiDangKy": "1",
    "nksHoTen": "Trần Văn Thử",
    "nksGioiTinh": "1",
    "nksNgaySinh": "01.03.2016",
    "nksNgaySinhBangChu": "Ngày một tháng ba năm hai nghìn không trăm mười sáu",
    "nksDanToc": "Kinh",
    "nksQuocTich": "Việt Nam",
    "nksSoDinhDanh": "075216000001",
    "nksNoiSinh": "Trạm y tế xã Thử Nghiệm, tỉnh Đồng Nai",
    "nksQueQuan": "xã Thử Nghiệm, tỉnh Đồng Nai",
    "meHoTen": "Lê Thị Mẫu",
    "meNgaySinh": "1990",
    "meDanToc": "Kinh",
    "chaHoTen": "Trần Văn Mẫu",
    "chaNgaySinh": "05.05.1988",
    "nycHoTen": "Trần Văn Mẫu",
    "nguoiKyChucVu": "Phạm Văn Ký, Chủ tịch",
    "nguoiThucHien": "Bùi Thị Ghi",
}


def schema_2016() -> FormSchema:
    return FormSchema.model_validate(yaml.safe_load((FORMS / "ks-2016" / "form.yaml").read_text(encoding="utf-8")))


SCHEMA = schema_2016()


def make_record(page: int = 1, **changes: str | None) -> Record:
    """A sound record with changes; none makes a field blank."""
    fields = {}
    for code, value in {**SOUND, **changes}.items():
        if value is None:
            fields[code] = FieldValue(state=FieldState.BLANK)
        else:
            fields[code] = FieldValue(raw=value, value=value)
    return Record(
        file="so.pdf",
        page=page,
        form="ks-2016",
        form_version="1",
        registration=Registration(ok=True, residual_px=1.0, coverage=1.0, method="test"),
        fields=fields,
    )


def fired(record: Record, book: BookKey = BOOK, schema: FormSchema = SCHEMA) -> set[str]:
    return {warning.rule for warning in check_record(record, schema, book)}


def test_a_sound_record_raises_nothing() -> None:
    assert fired(make_record()) == set()


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("R01-key", {"so": None}),
        ("R01-key", {"ngayDangKy": None}),
        ("R02-year", {"so": "05/2017"}),
        ("R02-book-year", {"ngayDangKy": "12.03.2019", "so": "05/2019"}),
        ("R05-birth-order", {"nksNgaySinh": "13.03.2016"}),
        ("R05-late", {"nksNgaySinh": "01.01.2016", "nksNgaySinhBangChu": None}),
        ("R05-late", {"loaiDangKy": "4"}),
        ("R06-words", {"nksNgaySinh": "07.03.2016"}),
        ("R06-words", {"nksNgaySinhBangChu": "Ngày bảy tháng ba năm hai nghìn không trăm mười sáu"}),
        ("R07-parent-age", {"meNgaySinh": "2006"}),
        ("R07-parent-age", {"meNgaySinh": "1950"}),
        ("R07-parent-age", {"chaNgaySinh": "8 tuổi"}),
        ("R08-swapped", {"meHoTen": "Lê Văn Mẫu", "chaHoTen": "Trần Thị Mẫu"}),
        ("R08-middle-name", {"meHoTen": "Lê Văn Mẫu"}),
        ("R08-middle-name", {"nksGioiTinh": "2"}),
        ("R09-surname-near", {"nksHoTen": "Trấn Văn Thử"}),
        ("R09-surname", {"nksHoTen": "Phạm Văn Thử"}),
        ("R10-birth-kind", {"nksLoaiKhaiSinh": "5"}),
        ("R10-birth-kind", {"nksLoaiKhaiSinh": "1", "chaHoTen": None}),
        ("R16-format", {"nksSoDinhDanh": "07521600000"}),
        ("R16-format", {"nksSoDinhDanh": "003216000001"}),
        ("R16-format", {"nksSoDinhDanh": "0752l6000001"}),
        ("R16-person", {"nksSoDinhDanh": "075316000001"}),
        ("R16-person", {"nksSoDinhDanh": "075215000001"}),
        ("R17-list", {"nksDanToc": "Kính"}),
        ("R17-list", {"nksQuocTich": "Việt Nan"}),
        ("R17-place-near", {"nksQueQuan": "xã Thử Nghiệm, tỉnh Đồng Nải"}),
        ("R17-place-near", {"nksQueQuan": "xã Hòa Ăn, huyện Cầu Kè, tỉnh Trà Vinh"}),
        ("R17-place-time", {"nksQueQuan": "xã Thử Nghiệm, tỉnh Sông Bé"}),
        ("R18-same-person", {"nycHoTen": "Trần Vân Mẫu"}),
        ("R18-same-person", {"nycHoTen": "Phạm Hữu Khác", "nycQuanHe": "Cha đẻ"}),
        ("R19-year", {"nksNgaySinh": "01.03.2073"}),
        ("R19-year", {"chaNgaySinh": "1858"}),
    ],
)
def test_rule_fires(rule: str, changes: dict[str, str | None]) -> None:
    record = make_record(**changes)
    assert rule in fired(record)
    for warning in check_record(record, SCHEMA, BOOK):
        assert set(warning.fields) <= set(record.fields)
        assert warning.severity is all_rules()[warning.rule].severity
        values = [value for value in SOUND.values() if len(value) > 2] + [
            v for v in changes.values() if v and len(v) > 2
        ]
        assert not any(value in warning.message + warning.message_en for value in values), "personal value in a message"


@pytest.mark.parametrize(
    "changes",
    [
        {"nksNgaySinhBangChu": None},
        {"nksNgaySinh": "03.2016"},
        {"nksNgaySinh": None, "meHoTen": None, "chaHoTen": None},
        {"meNgaySinh": "27 t"},
        {"meNgaySinh": None, "chaNgaySinh": None},
        {"nycHoTen": "Phạm Hữu Khác"},
        {"nksHoTen": "Lê Văn Thử"},
        {"nksLoaiKhaiSinh": "3", "chaHoTen": None, "nksHoTen": "Lê Văn Thử"},
        {"nksSoDinhDanh": "271234567"},
        {"nksQueQuan": "Bang California, Hoa Kỳ"},
        {"quyenSo": None},
    ],
)
def test_sound_variants_raise_nothing(changes: dict[str, str | None]) -> None:
    assert fired(make_record(**changes)) == set()


def test_unread_fields_are_passed_over() -> None:
    record = make_record()
    unread = {code: FieldValue(raw="?", value=None) for code in record.fields}
    assert fired(record.model_copy(update={"fields": unread})) == {"R01-key"}
    assert fired(record.model_copy(update={"fields": {}})) == set()


def test_book_number_may_be_known_from_elsewhere() -> None:
    assert "R01-key" in fired(make_record(quyenSo=None), replace(BOOK, number=""))


def test_a_year_taken_from_the_book_is_no_witness() -> None:
    record = make_record(ngayDangKy="02.01.2017", nksNgaySinh="01.01.2017", nksNgaySinhBangChu=None, nksSoDinhDanh=None)
    fields = {**record.fields, "so": FieldValue(raw="05", value="05/2016")}
    assert "R02-year" not in fired(record.model_copy(update={"fields": fields}))
    assert "R02-year" in fired(record)


def test_foreign_forms_are_not_checked() -> None:
    schema = SCHEMA.model_copy(update={"register_code": ""})
    assert fired(make_record(so=None), schema=schema) == set()


def _form(register: str, **kinds: Kind) -> FormSchema:
    fields = tuple(FieldSpec(code=code, label=code, kind=kind) for code, kind in kinds.items())
    return FormSchema(form="t-1", version="1", register_code=register, title="t", source="test", fields=fields)


@pytest.mark.parametrize(
    ("register", "values", "rule"),
    [
        ("KT", {"nktNgayChet": "05.03.2016", "nktNgaySinh": "06.03.2016"}, "R11-death-order"),
        ("KT", {"nktNgayChet": "05.03.2016", "ngayDangKy": "01.03.2016"}, "R11-death-order"),
        ("KT", {"nktNgayChet": "05.03.2016", "nktNgaySinh": "1890"}, "R11-death-age"),
        ("KT", {"nktNgayChet": "05.01.2016", "ngayDangKy": "01.03.2016", "loaiDangKy": "1"}, "R11-late"),
        (
            "KT",
            {"nktNgayChet": "05.03.2016", "nktNgayChetGhiBangChu": "ngày sáu tháng ba năm hai nghìn mười sáu"},
            "R06-death-words",
        ),
        ("KH", {"voNgaySinh": "1999", "ngayDangKy": "01.03.2016"}, "R12-age"),
        ("KH", {"chongHoTen": "Lê Thị Một", "voHoTen": "Lê Văn Hai"}, "R12-swapped"),
        ("CMC", {"cmNgaySinh": "2000", "ncNgaySinh": "05.03.2008"}, "R14-parent-older"),
        ("HN", {"nxnThoiGianCuTruTu": "2016", "nxnThoiGianCuTruDen": "2014"}, "R15-residence-span"),
    ],
)
def test_rules_of_other_registers(register: str, values: dict[str, str], rule: str) -> None:
    kinds = {code: Kind.DATE if "Ngay" in code or "ThoiGian" in code else Kind.TEXT for code in values}
    record = make_record().model_copy(
        update={"fields": {code: FieldValue(raw=value, value=value) for code, value in values.items()}}
    )
    assert rule in fired(record, replace(BOOK, register=register), _form(register, **kinds))


def test_every_rule_has_its_check_and_texts() -> None:
    rules = all_rules()
    assert {name for name, rule in rules.items() if not rule.along_book} == set(record_checks)
    assert {name for name, rule in rules.items() if rule.along_book} == set(book_checks)
    for rule in rules.values():
        assert rule.source and rule.title and rule.title_en
        assert re.fullmatch(r"R\d\d-[a-z-]+", rule.id)
        places = re.compile(r"{(\w+)}")
        assert set(places.findall(rule.message)) == set(places.findall(rule.message_en))
    errors = {rule.id for rule in rules.values() if rule.severity is Severity.ERROR}
    assert errors == {"R01-key", "R01-duplicate"}


def test_table_names_every_rule() -> None:
    table = rules_table()
    assert all(f"| `{name}` |" in table for name in all_rules())
    assert {line.count("|") for line in table.strip().splitlines()} == {8}
