import pytest

from extractor.exports.reconciliation.places import SamePlace, place_forms, same_place


@pytest.mark.parametrize(
    ("book", "extract", "answer"),
    [
        ("xã Tân Lập, huyện Đồng Phú, tỉnh Bình Phước", "Tân Lập, Đồng Phú, Bình Phước", SamePlace.SAME),
        # renamed and merged in 2025
        ("xã Tân Lập, huyện Đồng Phú, tỉnh Bình Phước", "Xã Đồng Phú, Tỉnh Đồng Nai", SamePlace.SAME),
        ("ấp 3, xã Hoà Ân, huyện Cầu Kè, tỉnh Trà Vinh", "Xã Hòa Ân, Huyện Cầu Kè, Tỉnh Trà Vinh", SamePlace.SAME),
        # a commune and a town of one name in one district
        ("Vĩnh Thuận, Vĩnh Thuận, Kiên Giang", "Xã Vĩnh Thuận, Tỉnh An Giang", SamePlace.MAY_BE),
        ("tỉnh Trà Vinh", "Xã Cầu Kè, Tỉnh Vĩnh Long", SamePlace.MAY_BE),
        ("Bệnh viện đa khoa tỉnh Bình Phước", "Tỉnh Đồng Nai", SamePlace.MAY_BE),
        ("xã Tân Lập, huyện Đồng Phú, tỉnh Bình Phước", "Phường Hoài Nhơn, Tỉnh Gia Lai", SamePlace.OTHER),
        ("huyện Dầu Tiếng, tỉnh Bình Dương", "Tỉnh Cà Mau", SamePlace.OTHER),
        ("Nhà bảo sanh Mẫu", "Tỉnh Cà Mau", SamePlace.UNKNOWN),
        # provinces of before 2008, 1997 and 1976; of what a former province held only most is known
        ("xã Đông Thọ, huyện Yên Phong, tỉnh Hà Bắc", "Xã Văn Môn, Tỉnh Bắc Ninh", SamePlace.SAME),
        ("xã Đông Thọ, huyện Yên Phong, tỉnh Hà Bắc", "Tỉnh Cà Mau", SamePlace.OTHER),
        ("huyện Yên Phong, tỉnh Hà Bắc", "Xã Văn Môn, Tỉnh Bắc Ninh", SamePlace.MAY_BE),
        ("tỉnh Hà Bắc", "Tỉnh Cà Mau", SamePlace.UNKNOWN),
        ("Hà Tây", "Xã Kiều Phú, Thành phố Hà Nội", SamePlace.MAY_BE),
        ("tỉnh Gia Định", "Thành phố Hồ Chí Minh", SamePlace.MAY_BE),
        ("Phường 1, Quận 3, TPHCM", "Phường Bàn Cờ, Thành phố Hồ Chí Minh", SamePlace.SAME),
    ],
)
def test_units_of_all_years(book, extract, answer):
    assert same_place(book, extract) is answer
    assert same_place(extract, book) is answer


def test_abroad_is_not_at_home_and_unknown_names_are_compared_as_words():
    home = "Xã Minh Hưng, huyện Bù Đăng, tỉnh Bình Phước"
    assert same_place("Hoa Kỳ", home) is SamePlace.OTHER
    assert same_place("Xóm Đồng Mít", "Bản Suối Cát") is SamePlace.OTHER
    assert same_place("Trạm y tế xã Đồng Mít", "Xóm Đồng Mít") is SamePlace.UNKNOWN


def test_places_in_numbers_are_those_of_today():
    now = place_forms("Thôn 9, Xã Văn Môn, Tỉnh Bắc Ninh")
    assert now == place_forms("xã Đông Thọ, huyện Yên Phong, tỉnh Hà Bắc")
    commune, province = now.split("\t")
    assert commune.isdigit()
    assert place_forms("tỉnh Bắc Ninh") == f"\t{province}"
    assert place_forms("Xóm Đồng Mít") == "\t"
