"""Rules and evidence along a book."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.records import BookKey, FieldState, FieldValue, Record, Registration
from extractor.rules import check_book, supports
from extractor.rules.chain import rising_chain
from extractor.rules.similar import nearly_same, same
from extractor.templates.form import FieldSpec, FormSchema, Kind

BOOK = BookKey(register="KS", year="2016", number="01")
KINDS = {
    "so": Kind.RECORD_NUMBER,
    "quyenSo": Kind.BOOK_NUMBER,
    "trangSo": Kind.NUMBER,
    "ngayDangKy": Kind.DATE,
    "nksHoTen": Kind.PERSON_NAME,
    "nksGioiTinh": Kind.SEX,
    "nksNgaySinh": Kind.DATE,
    "nksNgaySinhBangChu": Kind.DATE_WORDS,
    "nksSoDinhDanh": Kind.IDENTITY_NUMBER,
    "meHoTen": Kind.PERSON_NAME,
    "chaHoTen": Kind.PERSON_NAME,
    "meNoiCuTru": Kind.PLACE,
    "chaNoiCuTru": Kind.PLACE,
    "nycHoTen": Kind.PERSON_NAME,
    "nycQuanHe": Kind.RELATION,
    "nguoiKy": Kind.PERSON_NAME,
}
SCHEMA = FormSchema(
    form="t-1",
    version="1",
    register_code="KS",
    title="t",
    source="test",
    fields=tuple(FieldSpec(code=code, label=code, kind=kind) for code, kind in KINDS.items()),
)


def make_record(page: int, **values: str | None) -> Record:
    fields = {
        code: FieldValue(raw=value, value=value) if value is not None else FieldValue(state=FieldState.BLANK)
        for code, value in values.items()
    }
    registration = Registration(ok=True, residual_px=1.0, coverage=1.0, method="test")
    return Record(file="a.pdf", page=page, form="t-1", form_version="1", registration=registration, fields=fields)


def book_of(count: int, changes: dict[int, dict[str, str | None]] | None = None) -> list[Record]:
    """A sound book of invented records; ``changes`` by page."""
    records = []
    for page in range(1, count + 1):
        values: dict[str, str | None] = {
            "so": f"{page:02d}/2016",
            "quyenSo": "01/2016",
            "trangSo": str(page),
            "ngayDangKy": (date(2016, 1, 4) + timedelta(days=2 * page)).strftime("%d.%m.%Y"),
            "nksHoTen": f"Trần Văn Số {page}",
            "nguoiKy": "Phạm Văn Ký",
        }
        records.append(make_record(page, **{**values, **(changes or {}).get(page, {})}))
    return records


def found(records: list[Record], **options: int) -> set[tuple[int, str]]:
    warnings = check_book(records, SCHEMA, BOOK, **options)
    return {(key[1], warning.rule) for key, list_ in warnings.items() for warning in list_}


def test_a_sound_book_raises_nothing() -> None:
    assert found(book_of(30)) == set()
    assert found([]) == set()


@pytest.mark.parametrize("wrong", ["73/2016", "01/2016", "99/2016"])
def test_only_the_misread_number_is_named(wrong: str) -> None:
    rules = {item for item in found(book_of(12, {6: {"so": wrong}})) if item[1] != "R01-duplicate"}
    if wrong == "01/2016":
        assert found(book_of(12, {6: {"so": wrong}})) == {(1, "R01-duplicate"), (6, "R01-duplicate")}
    else:
        assert rules == {(6, "R03-number-order")}


def test_missing_numbers_are_counted() -> None:
    records = [record for record in book_of(12) if record.page not in {5, 6}]
    warnings = check_book(records, SCHEMA, BOOK)
    (key,) = warnings
    assert key[1] == 7
    assert [warning.rule for warning in warnings[key]] == ["R03-number-gap"]
    assert "2" in warnings[key][0].message and "từ 5 đến 6" in warnings[key][0].message


def test_an_unread_number_is_no_gap() -> None:
    assert found(book_of(12, {5: {"so": None}})) == set()


def test_numbers_begin_anew_in_a_book_used_on() -> None:
    records = book_of(5) + [
        make_record(5 + n, so=f"{n:02d}/2017", ngayDangKy=f"0{n}.02.2017", trangSo=str(5 + n)) for n in (1, 2, 3)
    ]
    assert found(records) == set()


def test_a_date_out_of_order_is_named() -> None:
    assert found(book_of(12, {6: {"ngayDangKy": "16.11.2016"}})) == {(6, "R03-date-order")}
    assert found(book_of(12, {6: {"ngayDangKy": "2016"}})) == set()


def test_a_page_out_of_order_is_named() -> None:
    assert found(book_of(12, {6: {"trangSo": "66"}})) == {(6, "R03-page-order")}


def test_closing_total() -> None:
    assert found(book_of(5), closing_total=5) == set()
    assert found(book_of(5), closing_total=6) == {(5, "R04-count")}


def test_signer_spelled_another_way() -> None:
    assert found(book_of(9, {4: {"nguoiKy": "Phạm Vân Ký"}})) == {(4, "R18-signer")}
    assert found(book_of(9, {4: {"nguoiKy": "PHẠM VĂN KÝ"}})) == set()
    assert found(book_of(9, {4: {"nguoiKy": "Lê Thị Khác"}})) == set()


def test_twins_and_doubles() -> None:
    family = {"nksNgaySinh": "01.01.2016", "meHoTen": "Lê Thị Mẫu", "chaHoTen": "Trần Văn Mẫu"}
    twins = {2: {**family, "nksHoTen": "Trần Văn Một"}, 3: {**family, "nksHoTen": "Trần Văn Hai"}}
    assert found(book_of(5, twins)) == {(2, "R20-twins"), (3, "R20-twins")}
    doubles = {2: {**family, "nksHoTen": "Trần Văn Một"}, 4: {**family, "nksHoTen": "TRẦN VĂN MỘT"}}
    assert found(book_of(5, doubles)) == {(2, "R20-same-child"), (4, "R20-same-child")}


def test_the_same_couple_twice() -> None:
    schema = SCHEMA.model_copy(update={"register_code": "KH"})
    couple = {"chongHoTen": "Trần Văn Mẫu", "voHoTen": "Lê Thị Mẫu"}
    warnings = check_book([make_record(1, **couple), make_record(2, **couple)], schema, BOOK)
    assert sorted(key[1] for key in warnings) == [1, 2]


def support(records: list[Record], page: int, code: str) -> list[str]:
    return supports(records, SCHEMA, BOOK).get((records[page - 1].key, code), [])


def test_order_speaks_for_keys() -> None:
    records = book_of(5)
    assert support(records, 3, "so") == ["year-agrees", "number-follows"]
    assert support(records, 3, "ngayDangKy") == ["year-agrees", "date-in-order"]
    assert support(records, 3, "trangSo") == ["page-follows"]
    assert support(records, 3, "nguoiKy") == ["signer-repeated"]
    assert support(records, 3, "quyenSo") == ["book-repeated"]


def test_a_misread_key_has_no_support_and_gives_none() -> None:
    records = book_of(3, {2: {"so": "77/2016", "ngayDangKy": "08.01.2061", "nguoiKy": "Lê Thị Khác", "trangSo": "22"}})
    assert support(records, 2, "so") == []
    assert support(records, 2, "ngayDangKy") == []
    assert support(records, 2, "nguoiKy") == []
    assert support(records, 2, "trangSo") == []
    assert support(records, 1, "so") == ["year-agrees"]


def test_evidence_within_a_record() -> None:
    record = make_record(
        1,
        nksHoTen="Trần Văn Thử",
        nksGioiTinh="1",
        nksNgaySinh="01.03.2016",
        nksNgaySinhBangChu="Ngày một tháng ba năm hai nghìn không trăm mười sáu",
        nksSoDinhDanh="075216000001",
        chaHoTen="Trần Văn Mẫu",
        nycHoTen="TRẦN VĂN MẪU",
        nycQuanHe="Cha đẻ",
        meNoiCuTru="xã Thử Nghiệm, tỉnh Đồng Nai",
        chaNoiCuTru="xã Thử Nghiệm, tỉnh Đồng Nai",
    )
    assert support([record], 1, "nksNgaySinh") == ["words-equal-digits", "identity-agrees"]
    assert support([record], 1, "nksNgaySinhBangChu") == ["words-equal-digits"]
    assert support([record], 1, "nksSoDinhDanh") == ["identity-agrees"]
    assert support([record], 1, "nksGioiTinh") == ["identity-agrees", "middle-name-agrees"]
    assert support([record], 1, "nycHoTen") == ["declarant-is-parent"]
    assert support([record], 1, "chaHoTen") == ["surname-agrees", "declarant-is-parent"]
    assert support([record], 1, "nycQuanHe") == ["relation-agrees"]
    assert support([record], 1, "meNoiCuTru") == ["same-in-record"]


def test_disagreement_is_no_evidence() -> None:
    record = make_record(
        1, nksNgaySinh="02.03.2016", nksNgaySinhBangChu="Ngày một tháng ba năm hai nghìn không trăm mười sáu"
    )
    assert supports([record], SCHEMA, BOOK) == {}


def test_forms_without_register_have_no_evidence() -> None:
    schema = SCHEMA.model_copy(update={"register_code": ""})
    assert supports(book_of(5), schema, BOOK) == {}
    assert check_book(book_of(5, {3: {"so": "99/2016"}}), schema, BOOK) == {}


@given(st.lists(st.integers(0, 50), max_size=25), st.booleans())
def test_chain_rises_and_is_as_long_as_can_be(values: list[int], strictly: bool) -> None:
    chain = [values[index] for index in rising_chain(list(enumerate(values)), strictly=strictly)]
    assert all(a < b or (a == b and not strictly) for a, b in pairwise(chain))
    longest = [0] * len(values)
    for i, value in enumerate(values):
        before = (longest[j] for j in range(i) if values[j] < value or (values[j] == value and not strictly))
        longest[i] = 1 + max(before, default=0)
    assert len(chain) == max(longest, default=0)


def test_random_misreadings_are_all_named_and_little_else() -> None:
    rng = random.Random(7)
    named = missed = wrong = 0
    for _ in range(20):
        pages = set(rng.sample(range(3, 58), 3))
        changes = {page: {"so": f"{page + rng.choice([-30, 30, 60, 70]) % 100 + 100}/2016"} for page in pages}
        rules = {page for page, rule in found(book_of(60, changes)) if rule.startswith(("R03-number", "R01"))}
        named += len(rules & pages)
        missed += len(pages - rules)
        wrong += len(rules - pages)
    assert missed == 0
    assert wrong <= 2, wrong


def test_similar_names() -> None:
    assert same("Lý Văn Hòa", "LÍ VĂN HOÀ")
    assert nearly_same("Nguyễn Văn An", "Nguyễn Vân An")
    assert not nearly_same("Nguyễn Văn An", "Nguyễn Văn An")
    assert not nearly_same("Nguyễn Văn An", "Nguyễn Văn Bình")
    assert not nearly_same("", "An")
