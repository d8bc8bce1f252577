"""How people name a book."""

import pytest

from extractor.errors import SettingsError
from extractor.records import BookKey, book_label, find_book, short_name

BOOKS = {
    1: BookKey("KS", "2017", "01", agency="UBND xã Thử"),
    2: BookKey("KS", "2017", "02"),
    3: BookKey("KS", "2017", "02", agency="UBND xã Nghiệm"),
    4: BookKey(),
    5: BookKey(number="3"),
}


@pytest.mark.parametrize(
    ("name", "number"), [("KS.2017.01", 1), (" ks.2017.01 ", 1), ("2", 2), ("#2", 2), ("4", 4), ("3", 3)]
)
def test_a_book_is_found_by_its_number_and_by_its_name(name, number):
    assert find_book(BOOKS, name, said="--book") == number


@pytest.mark.parametrize(
    ("name", "fault", "mend"),
    [
        ("KS.2017.02", "--book: several books have this name", "numbers: 2, 3"),
        ("KS.2017.03", "--book: there is no such book", "1 (KS.2017.01), 2 (KS.2017.02)"),
        ("", "no such book", "4 (without a name)"),
        ("99", "no such book", "Choose from"),
    ],
)
def test_what_names_no_book_or_several_is_told_with_what_there_is(name, fault, mend):
    with pytest.raises(SettingsError, match=fault) as raised:
        find_book(BOOKS, name, said="--book")
    assert mend in raised.value.mend


def test_of_many_books_a_few_are_told():
    with pytest.raises(SettingsError) as raised:
        find_book({number: BookKey("KS", "2017", str(number)) for number in range(1, 31)}, "KH", said="--book")
    assert "20 more" in raised.value.mend
    assert "KS.2017.11" not in raised.value.mend


def test_a_book_of_which_nothing_is_known_goes_by_its_number():
    assert (short_name(BOOKS[4]), book_label(4, BOOKS[4]), book_label(1, BOOKS[1])) == ("", "#4", "KS.2017.01")
