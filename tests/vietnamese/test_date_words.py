import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.vietnamese.date_words import november_by_old_count, parse_date_words
from extractor.vietnamese.date_writer import STYLES, WordStyle, date_in_words, random_style
from extractor.vietnamese.dates import PartialDate, Unparsed
from extractor.vietnamese.text import canonical_tones

FIRST, LAST = date(1900, 1, 1), date(2030, 12, 31)
DATES = st.dates(FIRST, LAST)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Ngày hai mươi bảy tháng tám năm hai nghìn không trăm linh tám", "27.08.2008"),
        ("Hai Mươi Bảy Tháng Tám Năm Hai Nghìn Không Trăm Linh Tám", "27.08.2008"),
        ("HAI MƯƠI BẢY, THÁNG TÁM, NĂM HAI NGHÌN KHÔNG TRĂM LINH TÁM", "27.08.2008"),
        ("ngày mùng năm tháng năm năm hai ngàn không trăm lẻ năm", "05.05.2005"),
        ("mồng một tháng giêng năm một nghìn chín trăm chín mươi bẩy", "01.01.1997"),
        ("ngày mười lăm tháng chạp năm một nghìn chín trăm tám hai", "15.12.1982"),
        ("ngày mười nhăm tháng tư năm một chín tám tư", "15.04.1984"),
        ("ngày hăm mốt tháng một năm hai nghìn linh một", "21.01.2001"),
        ("ngày băm mốt tháng mười hai năm hai nghìn", "31.12.2000"),
        ("hai mốt tháng mười một năm hai nghìn không trăm mười", "21.11.2010"),
        ("hai lăm tháng mười năm một nghìn chín trăm chẵn", "25.10.1900"),
        ("ngày ba mươi mốt tháng một năm hai không không chín", "31.01.2009"),
        ("ngày không năm tháng không chín năm hai không một hai", "05.09.2012"),
        ("tháng mười một chín tám hai", "10.1982"),
        ("tháng mười một năm một chín tám hai", "11.1982"),
        ("năm một ngàn chín trăm bốn mươi tám", "1948"),
        ("một ngàn chín trăm bốn mươi tám", "1948"),
        ("năm nghìn chín trăm tám mươi hai", "1982"),
        ("ngày hai tháng chín năm một nghìn chín trăm tám mươi hai (Nhâm Tuất)", "02.09.1982"),
        ("ngày hai tháng chín năm một nghìn chín trăm tám mươi hai, năm Nhâm Tuất", "02.09.1982"),
        ("Ngày 12 tháng ba năm 1985", "12.03.1985"),
        ("ngày hai mươi tháng hai năm hai nghìn hai mươi", "20.02.2020"),
        ("mười bảy, tháng ba, năm hai ngàn hai tám", "17.03.2028"),
        ("Sinh ngày bốn tháng bảy năm hai nghìn mười hai", "04.07.2012"),
        ("ngày năm tháng năm năm năm một nghìn chín trăm năm mươi lăm", None),
        ("ngày năm tháng năm năm một nghìn chín trăm năm mươi lăm", "05.05.1955"),
    ],
)
def test_real_variants(raw: str, value: str | None) -> None:
    answer = parse_date_words(raw)
    assert (answer.value if isinstance(answer, PartialDate) else None) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        (",.", "empty"),
        ("ngày ba mươi mốt tháng tư năm hai nghìn", "impossible"),
        ("ngày hai mươi chín tháng hai năm một nghìn chín trăm", "impossible"),
        ("ngày ba mươi hai tháng tư năm hai nghìn", "impossible"),
        ("ngày hai tháng mười ba năm hai nghìn", "impossible"),
        ("ngày rằm tháng bảy năm hai nghìn", "lunar"),
        ("ngày hai tháng ba nhuận năm hai nghìn", "lunar"),
        ("ngày hai tháng ba năm Nhâm Tuất", "form"),
        ("ngày hai tháng ba năm một nghìn chín trăm tám mươi ba (Nhâm Tuất)", "can_chi"),
        ("ngày hai tháng ba năm một nghìn chín trăm chín", "form"),
        ("ngày hai tháng ba năm hai nghìn tám", "form"),
        ("ngày hai tháng ba năm tám hai", "form"),
        ("ngày hai tháng ba", "form"),
        ("hai mươi bảy tám hai nghìn không trăm linh tám", "form"),
        ("ngày hai mưoi bảy tháng tám năm hai nghìn", "form"),
        ("ngày hai mươi bấy tháng tám năm hai nghìn", "form"),
        ("ngày hai tháng ba năm một nghìn chín trăm tám mươi hai chết", "form"),
        ("Nguyễn Văn An", "form"),
        ("tháng năm", "form"),
        ("ngày", "form"),
    ],
)
def test_anything_else_is_unparsed(raw: str, reason: str) -> None:
    assert parse_date_words(raw) == Unparsed(reason)


def test_book_year_decides_short_years() -> None:
    answer = parse_date_words("ngày hai tháng ba năm tám hai", 2009)
    assert isinstance(answer, PartialDate)
    assert answer.value == "02.03.1982"


@pytest.mark.parametrize("name", sorted(STYLES))
def test_every_day_round_trips(name: str) -> None:
    style = STYLES[name]
    offset = sorted(STYLES).index(name)
    for number in range(offset, (LAST - FIRST).days, 7):
        when = FIRST + timedelta(days=number)
        assert parse_date_words(date_in_words(when, style)) == PartialDate(when.year, when.month, when.day)


@given(DATES, st.integers(0, 2**32))
@settings(max_examples=400)
def test_dates_in_any_style_round_trip(when: date, seed: int) -> None:
    text = date_in_words(when, random_style(random.Random(seed)))
    assert parse_date_words(text) == PartialDate(when.year, when.month, when.day), text


@given(DATES, st.integers(0, 2**32), st.sampled_from(["old", "new"]))
@settings(max_examples=100)
def test_tone_place_commas_and_case_do_not_matter(when: date, seed: int, tones) -> None:
    text = date_in_words(when, random_style(random.Random(seed)))
    expected = PartialDate(when.year, when.month, when.day)
    assert parse_date_words(canonical_tones(text, tones).upper().replace(" ", " , ")) == expected


@given(DATES, st.integers(0, 2**32), st.data())
@settings(max_examples=200)
def test_a_lost_or_foreign_word_never_gives_another_complete_date_by_guess(when: date, seed: int, data) -> None:
    """An unknown word makes the text unparsed."""
    words = date_in_words(when, random_style(random.Random(seed))).split(" ")
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = "bấy"
    assert isinstance(parse_date_words(" ".join(words)), Unparsed)


@given(st.integers(1900, 2030), st.one_of(st.none(), st.integers(1, 12)), st.integers(0, 2**32))
@settings(max_examples=150)
def test_partial_dates_round_trip(year: int, month: int | None, seed: int) -> None:
    when = PartialDate(year, month)
    assert parse_date_words(date_in_words(when, random_style(random.Random(seed)))) == when


@given(st.text(max_size=40))
def test_any_text_has_an_answer(raw: str) -> None:
    assert isinstance(parse_date_words(raw), PartialDate | Unparsed)


def test_writer_follows_its_style() -> None:
    when = date(1985, 4, 25)
    assert date_in_words(when) == "Ngày hai mươi lăm tháng bốn năm một nghìn chín trăm tám mươi lăm"
    terse = WordStyle(drop_ten=True, short_tens=True, day_word=False, case="upper", thousand="ngàn", five="nhăm")
    assert date_in_words(when, terse) == "HĂM NHĂM THÁNG BỐN NĂM MỘT NGÀN CHÍN TRĂM TÁM NHĂM"


def test_month_that_once_was_november() -> None:
    assert november_by_old_count("ngày hai tháng một năm một nghìn chín trăm")
    assert not november_by_old_count("ngày hai tháng mười một năm một nghìn chín trăm")
    assert not november_by_old_count("ngày hai tháng giêng năm một nghìn chín trăm")
