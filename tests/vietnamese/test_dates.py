import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.vietnamese.ages import birth_years, parse_age
from extractor.vietnamese.dates import PartialDate, Unparsed, full_year, parse_date, parse_value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("5/3/2009", "05.03.2009"),
        ("05.03.2009", "05.03.2009"),
        ("05-03-2009", "05.03.2009"),
        ("27 10 2008", "27.10.2008"),
        ("27 / 10 / 2008", "27.10.2008"),
        ("27. 10. 2008.", "27.10.2008"),
        ("27/10/2008 ./.", "27.10.2008"),
        ("Ngày 12 tháng 3 năm 1985", "12.03.1985"),
        ("12 tháng 3 năm 1985", "12.03.1985"),
        ("ngày 12, tháng 3, năm 1985", "12.03.1985"),
        ("ngày12tháng3năm1985", "12.03.1985"),
        ("12 tháng 3 1985", "12.03.1985"),
        ("sinh ngày 12/3/1985", "12.03.1985"),
        ("12/III/1985", "12.03.1985"),
        ("12-X-1976", "12.10.1976"),
        ("29/02/2000", "29.02.2000"),
        ("3/2009", "03.2009"),
        ("03.2009", "03.2009"),
        ("tháng 3 năm 2009", "03.2009"),
        ("tháng 3/2009", "03.2009"),
        ("1985", "1985"),
        ("năm 1985", "1985"),
        ("sinh năm 1985", "1985"),
        ("SN 1985", "1985"),
        ("SN: 1985", "1985"),
        ("00/00/1960", "1960"),
        ("00.05.1960", "05.1960"),
        (".../.../1960", "1960"),
        ("--/--/1960", "1960"),
        ("/ / 1960", "1960"),
        ("ngày tháng năm 1960", "1960"),
        ("ngày     tháng 5 năm 1960", "05.1960"),
    ],
)
def test_usual_writings(raw: str, value: str) -> None:
    date = parse_date(raw)
    assert isinstance(date, PartialDate)
    assert date.value == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        (" . ", "empty"),
        ("31/4/2009", "impossible"),
        ("29/2/2001", "impossible"),
        ("0/13/2009", "impossible"),
        ("12/13/2009", "impossible"),
        ("45/3/2009", "impossible"),
        ("1/1/5005", "year_range"),
        ("5/3/09", "short_year"),
        ("5/12", "form"),
        ("85", "form"),
        ("27", "form"),
        ("27102008", "form"),
        ("5/3/200", "form"),
        ("5/3/20099", "form"),
        ("5/3/2O09", "form"),
        ("l2/3/2009", "form"),
        ("5/00/1960", "form"),
        ("5/IIII/1985", "form"),
        ("5/3/2009 âm lịch", "lunar"),
        ("12/3 nhuận/1985", "lunar"),
        ("khoảng 1985", "form"),
        ("Nguyễn Văn", "form"),
        ("5/3/2009 hoặc 6/3/2009", "form"),
        ("5/3/2009 1", "form"),
    ],
)
def test_anything_else_is_unparsed(raw: str, reason: str) -> None:
    assert parse_date(raw) == Unparsed(reason)


@pytest.mark.parametrize(
    ("raw", "book_year", "value"),
    [
        ("ngày 5/3/09", 2009, "05.03.2009"),
        ("5/3/10", 2009, "05.03.2010"),
        ("5/3/85", 2009, "05.03.1985"),
        ("5.3.'85", 2009, "05.03.1985"),
        ("năm 85", 2009, "1985"),
        ("tháng 3 năm 85", 2009, "03.1985"),
    ],
)
def test_book_year_decides_two_digits(raw: str, book_year: int, value: str) -> None:
    date = parse_date(raw, book_year)
    assert isinstance(date, PartialDate)
    assert date.value == value


@pytest.mark.parametrize("raw", ["5/12", "85", "27", "3/85"])
def test_a_book_year_makes_no_year_of_bare_digits(raw: str) -> None:
    assert parse_date(raw, 2009) == Unparsed("form")


def test_a_two_digit_year_that_could_be_a_century_off_stays_unparsed() -> None:
    assert parse_date("5/3/12", 2009) == Unparsed("short_year")


@given(st.integers(0, 99), st.integers(1850, 2100))
def test_two_digits_never_leave_a_choice(digits: int, book_year: int) -> None:
    year = full_year(f"{digits:02d}", book_year)
    window = [y for y in range(book_year - 90, book_year + 2) if y % 100 == digits]
    assert ([year] if year is not None else []) == window


@given(st.dates(), st.sampled_from("./- "), st.booleans())
def test_dates_round_trip(when, sign: str, padded: bool) -> None:
    if not 1800 <= when.year <= 2199:
        assert parse_date(f"{when.day}/{when.month}/{when.year:04d}") == Unparsed("year_range")
        return
    width = "02d" if padded else "d"
    raw = sign.join([f"{when.day:{width}}", f"{when.month:{width}}", f"{when.year}"])
    date = parse_date(raw)
    assert isinstance(date, PartialDate)
    assert (date.day, date.month, date.year) == (when.day, when.month, when.year)
    assert parse_value(date.value) == date


@given(st.text(max_size=20))
def test_any_text_has_an_answer(raw: str) -> None:
    date = parse_date(raw, 2009)
    if isinstance(date, PartialDate):
        assert parse_date(date.value) == date


def test_order_of_partial_dates() -> None:
    assert PartialDate(2008, 2).latest == (2008, 2, 29)
    assert PartialDate(2008).earliest == (2008, 1, 1)
    assert PartialDate(2008, 3, 1).days_since(PartialDate(2008, 2, 28)) == 2


@pytest.mark.parametrize(
    ("raw", "age"),
    [("27 t", 27), ("27 tuổi", 27), ("27T", 27), ("27t.", 27), ("27", None), ("t", None), ("270 t", None)],
)
def test_ages(raw: str, age: int | None) -> None:
    assert parse_age(raw) == age


def test_age_gives_a_range_of_birth_years() -> None:
    assert birth_years(27, 1985) == (1957, 1959)
