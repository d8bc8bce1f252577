import pytest

from extractor.records import BookKey
from extractor.scans.names import REGISTERS, parse_book_name, parse_official_name, read_names
from extractor.scans.types import OfficialName


@pytest.mark.parametrize("register", REGISTERS)
def test_all_ten_registers(register):
    name = parse_official_name(f"{register}.2017.01.2017-02-03.05.pdf")
    assert name == OfficialName(register, "2017", "01", "2017-02-03", "05")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("KS.2017.1.2017-2-3.5.pdf", ("KS", "2017", "1", "2017-2-3", "5")),
        ("KS.2017.001.2017-02-03.00005.PDF", ("KS", "2017", "001", "2017-02-03", "00005")),
        ("ks.2017.01.2017-02-03.05.tif", ("KS", "2017", "01", "2017-02-03", "05")),
        ("KT.2007.02.2007-11.113", ("KT", "2007", "02", "2007-11", "113")),
        ("KT.2007.02.2007.113.pdf", ("KT", "2007", "02", "2007", "113")),
        ("KT.2007.02.2007-00-00.113.pdf", ("KT", "2007", "02", "2007-00-00", "113")),
        ("KT.2007.02.2007-xx-xx.113.pdf", ("KT", "2007", "02", "2007-xx-xx", "113")),
        ("KT.2007.02..113.pdf", ("KT", "2007", "02", "", "113")),
        ("KH.1999.01.1999-12-31.05a.pdf", ("KH", "1999", "01", "1999-12-31", "05a")),
    ],
)
def test_official_names(written, expected):
    name = parse_official_name(written)
    assert name is not None
    assert (name.register, name.year, name.book, name.date, name.number) == expected


@pytest.mark.parametrize(
    "written",
    ["XX.2017.01.2017-02-03.05.pdf", "KS.17.01.2017-02-03.05.pdf", "KS.2017.01.pdf", "scan0001.pdf", "",
     "KS.2017.01.2017-02-03.pdf.05", "KS.2017.01.03.02.2017.05.pdf"],
)  # fmt: skip
def test_other_names_are_not_guessed(written):
    assert parse_official_name(written) is None


def test_book_names():
    assert parse_book_name("KS.2017.01.pdf") == BookKey(register="KS", year="2017", number="01")
    assert parse_book_name("TDCC.2016.2") == BookKey(register="TDCC", year="2016", number="2")
    assert parse_book_name("KS.2017") is None
    assert parse_book_name("KS.2017.01.2017-02-03.05.pdf") is None


def test_the_nearest_name_wins():
    book, name = read_names("KH.2018.02.2018-01-02.07.pdf", ("KS.2017.01",))
    assert book == BookKey(register="KH", year="2018", number="02")
    assert name is not None and name.number == "07"
    assert read_names("page 1.jpg", ("a", "KS.2017.01", "KT.2000.9"))[0].register == "KS"
    assert read_names("page 1.jpg", ("a",)) == (BookKey(), None)
