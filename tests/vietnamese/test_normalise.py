import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.records import BookKey
from extractor.templates.form import FieldSpec, Kind, Option
from extractor.vietnamese import Context, normalise, split_columns, split_signer

BOOK = Context(year="2008", register="KS")
KINDS = [kind for kind in Kind if kind is not Kind.CHOICE]


def spec(kind: Kind, *columns: str) -> FieldSpec:
    options = (Option(label="x"),) if kind is Kind.CHOICE else ()
    return FieldSpec(code="x", label="x", kind=kind, columns=columns, options=options)


@pytest.mark.parametrize(
    ("kind", "raw", "value", "known"),
    [
        (Kind.RECORD_NUMBER, "5", "05/2008", True),
        (Kind.RECORD_NUMBER, "05", "05/2008", True),
        (Kind.RECORD_NUMBER, "123", "123/2008", True),
        (Kind.RECORD_NUMBER, "007", "007/2008", True),
        (Kind.RECORD_NUMBER, "Số: 01/2018", "01/2018", True),
        (Kind.RECORD_NUMBER, "01 / 2018.", "01/2018", True),
        (Kind.RECORD_NUMBER, "07/08", "07/2008", True),
        (Kind.RECORD_NUMBER, "12/", "12/2008", True),
        (Kind.RECORD_NUMBER, "00", None, False),
        (Kind.RECORD_NUMBER, "1O", None, False),
        (Kind.RECORD_NUMBER, "12a", None, False),
        (Kind.BOOK_NUMBER, "Quyển số: 01", "01/2008", True),
        (Kind.BOOK_NUMBER, "1/2008", "01/2008", True),
        (Kind.NUMBER, "12", "12", True),
        (Kind.NUMBER, "trang số 12", "12", True),
        (Kind.NUMBER, "1 2", None, False),
        (Kind.DATE, "5/3/2008", "05.03.2008", True),
        (Kind.DATE, "5/3/08", "05.03.2008", True),
        (Kind.DATE, "1985", "1985", True),
        (Kind.DATE, "27 t", "27 t", True),
        (Kind.DATE, "31/2/2008", None, False),
        (Kind.DATE, "Ngày mười hai tháng ba năm một ngàn chín trăm sáu mươi hai", "12.03.1962", True),
        (Kind.DATE, "ngày mười hai tháng", None, False),
        (Kind.DATE_WORDS, " Ngày  năm tháng ba năm hai nghìn ", "Ngày năm tháng ba năm hai nghìn", True),
        (Kind.DATE_WORDS, "Ngày nắm tháng ba", "Ngày nắm tháng ba", False),
        (Kind.SEX, "Nam", "1", True),
        (Kind.SEX, "NỮ", "2", True),
        (Kind.SEX, "gái", "2", True),
        (Kind.SEX, "không xác định", "3", True),
        (Kind.SEX, "Nu", None, False),
        (Kind.ETHNIC_GROUP, "kinh", "Kinh", True),
        (Kind.ETHNIC_GROUP, "Kính", "Kính", False),
        (Kind.NATIONALITY, "việt nam", "Việt Nam", True),
        (Kind.RELATION, "cha  đẻ", "Cha đẻ", True),
        (Kind.RELATION, "hàng xóm tốt", "hàng xóm tốt", False),
        (Kind.TITLE, "PCT", "PCT", True),
        (Kind.PERSON_NAME, " NGUYỄN  VĂN AN ", "NGUYỄN VĂN AN", True),
        (Kind.PERSON_NAME, "Nguyễn", "Nguyễn", False),
        (Kind.SIGNER, "Lê Văn Ký  -  Chủ tịch", "Lê Văn Ký, Chủ tịch", True),
        (Kind.SIGNER, "Lê Văn Ký PCT UBND xã", "Lê Văn Ký, PCT UBND xã", True),
        (Kind.SIGNER, "Lê Văn Ký", "Lê Văn Ký", False),
        (Kind.IDENTITY_NUMBER, "271 234 567", "271234567", True),
        (Kind.IDENTITY_NUMBER, "27123456O", "27123456O", False),
        (Kind.IDENTITY_NUMBER, "123", "123", False),
        (Kind.IDENTITY_PAPER, "CMND  271234567", "CMND 271234567", True),
        (Kind.PLACE, "xã A,  tỉnh Đồng Nai", "xã A, tỉnh Đồng Nai", False),
        (Kind.PLACE, "Phú Lý,  Vĩnh Cửu, Đồng Nai", "Phú Lý, Vĩnh Cửu, Đồng Nai", True),
        (Kind.PLACE, "đâu đó", "đâu đó", False),
        (Kind.TEXT, " a\n b ", "a b", False),
    ],
)
def test_values(kind: Kind, raw: str, value: str | None, known: bool) -> None:
    result = normalise(spec(kind), raw, BOOK)
    assert (result.value, result.known) == (value, known)
    assert not result.ditto
    assert result.value is not None or result.note


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raw", ["", "   ", "......", "\n"])
def test_empty_gives_no_value(kind: Kind, raw: str) -> None:
    assert normalise(spec(kind), raw, BOOK).value is None
    assert normalise(spec(kind), raw, BOOK).note == "empty"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raw", ["nt", "-nt-", '"', "//", "như trên"])
def test_ditto_gives_no_value(kind: Kind, raw: str) -> None:
    result = normalise(spec(kind), raw, BOOK)
    assert result.value is None
    assert result.ditto


def test_no_year_is_invented() -> None:
    result = normalise(spec(Kind.RECORD_NUMBER), "05", Context())
    assert (result.value, result.note) == (None, "no_year")
    assert normalise(spec(Kind.RECORD_NUMBER), "05/08", Context()).note == "short_year"
    assert normalise(spec(Kind.DATE), "5/3/08", Context()).note == "short_year"
    assert Context.of_book(BookKey(year="khoảng 2008")).book_year is None


def test_foreign_forms_keep_their_numbers() -> None:
    assert normalise(spec(Kind.RECORD_NUMBER), "417", Context(language="fr")).value == "417"


def test_the_old_name_of_november_is_not_settled_in_old_books() -> None:
    raw = "ngày hai tháng một năm một nghìn chín trăm năm mươi"
    assert normalise(spec(Kind.DATE_WORDS), raw, Context(year="2009")).known
    old = normalise(spec(Kind.DATE_WORDS), raw, Context(year="1958"))
    assert (old.known, old.note) == (False, "old_month")


@given(st.sampled_from(KINDS), st.text(max_size=25))
def test_normalising_twice_changes_nothing(kind: Kind, raw: str) -> None:
    once = normalise(spec(kind), raw, BOOK)
    if once.value is not None and kind is not Kind.SEX:
        assert normalise(spec(kind), once.value, BOOK).value == once.value
        assert unicodedata.is_normalized("NFC", once.value)
        assert once.value == once.value.strip()
    assert normalise(spec(kind), unicodedata.normalize("NFD", raw), BOOK) == once


@given(st.sampled_from(KINDS), st.text(alphabet="0123456789/.- tháng năm ngày nt\"'ABĐ", max_size=20))
def test_normalising_near_texts_twice_changes_nothing(kind: Kind, raw: str) -> None:
    once = normalise(spec(kind), raw, BOOK)
    if once.value is not None and kind is not Kind.SEX:
        assert normalise(spec(kind), once.value, BOOK).value == once.value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Lê Văn Ký, Chủ tịch", ("Lê Văn Ký", "Chủ tịch")),
        ("Lê Văn Ký Phó Chủ tịch", ("Lê Văn Ký", "Phó Chủ tịch")),
        ("Chủ tịch Lê Văn Ký", ("Lê Văn Ký", "Chủ tịch")),
        ("Chủ tịch, Lê Văn Ký", ("Lê Văn Ký", "Chủ tịch")),
        ("Lê Văn Ký, chức vụ: Chủ tịch", ("Lê Văn Ký", "Chủ tịch")),
        ("Lê Văn Ký", ("Lê Văn Ký", "")),
    ],
)
def test_signers(text: str, parts: tuple[str, str]) -> None:
    assert split_signer(text) == parts


def test_columns() -> None:
    signer = spec(Kind.SIGNER, "nguoiKy", "chucVuNguoiKy")
    assert split_columns(signer, "Lê Văn Ký, Chủ tịch") == {"nguoiKy": "Lê Văn Ký", "chucVuNguoiKy": "Chủ tịch"}
    assert split_columns(signer, "Lê Văn Ký") == {"nguoiKy": "Lê Văn Ký"}
    assert split_columns(signer, None) == {}
    paper = spec(Kind.IDENTITY_PAPER, "a", "b", "c", "d")
    assert split_columns(paper, "CMND số 271234567") == {"a": "1", "b": "271234567"}
    assert split_columns(spec(Kind.PLACE, "p"), "xã A") == {"p": "xã A"}
    assert split_columns(spec(Kind.PLACE), "xã A") == {}


def test_a_date_in_words_alone_fills_the_columns_of_the_words_and_of_the_day():
    words = "Ngày mười hai tháng ba năm một ngàn chín trăm sáu mươi hai"
    both = spec(Kind.DATE_WORDS, "words", "day")
    assert split_columns(both, words) == {"words": words, "day": "12.03.1962"}
    assert split_columns(both, "không rõ") == {"words": "không rõ"}
    assert split_columns(spec(Kind.DATE_WORDS, "words"), words) == {"words": words}


def test_months_that_may_be_counted_the_old_way_give_no_day():
    southern = Context(year="1965", register="KS")
    words = "Ngày hai tháng một năm một ngàn chín trăm sáu mươi lăm"
    assert normalise(spec(Kind.DATE), words, southern).value is None
    assert split_columns(spec(Kind.DATE_WORDS, "words", "day"), words) == {"words": words}
