"""Addresses held against the gazetteer: what is found, what is corrected, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.vietnamese.address_search import find_address
from extractor.vietnamese.gazetteer import communes
from extractor.vietnamese.text import compare_key


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tại nhà, xã Hòa Ân, huyện Cầu Kè, tỉnh Trà Vinh", ("Xã Hòa Ân", "Huyện Cầu Kè", "Tỉnh Trà Vinh")),
        ("Hoà Ân - Cầu Kè - Trà Vinh", ("Xã Hòa Ân", "Huyện Cầu Kè", "Tỉnh Trà Vinh")),
        ("Nam Quất Nam Triều Phú Xuyên Hà Nội", ("Xã Nam Triều", "Huyện Phú Xuyên", "Thành phố Hà Nội")),
        ("P12, Q.Tân Bình, TP.HCM", ("Phường 12", "Quận Tân Bình", "Thành phố Hồ Chí Minh")),
        ("XÃ ĐẠ ĐỜN, HUYỆN LÂM HÀ, TỈNH LÂM ĐỒNG", ("Xã Đạ Đờn", "Huyện Lâm Hà", "Tỉnh Lâm Đồng")),
        ("thị xã Cầu Ngang, Trà Vinh, Việt Nam", ("Huyện Cầu Ngang", "Tỉnh Trà Vinh")),
        ("TTYT huyện Cầu Kè, tỉnh Trà Vinh", ("Huyện Cầu Kè", "Tỉnh Trà Vinh")),
        ("T.T Cầu Kè, Cầu Kè, Trà Vinh", ("Thị trấn Cầu Kè", "Huyện Cầu Kè", "Tỉnh Trà Vinh")),
        ("phường 05, quận 05, T.P. Hồ Chí Minh", ("Phường 5", "Quận 5", "Thành phố Hồ Chí Minh")),
        ("thành phố Hà Nội", ("Thành phố Hà Nội",)),
        ("Thường Thắng, Hiệp Hòa, Bắc Giang", ("Xã Thường Thắng", "Huyện Hiệp Hòa", "Tỉnh Bắc Giang")),
        ("Tân Xã Thạch Thất Hà Nội", ("Xã Tân Xã", "Huyện Thạch Thất", "Thành phố Hà Nội")),
    ],
)
def test_units_are_found(text, names):
    ways = find_address(text)
    assert ways[0].names == names
    assert ways[0].text == text
    assert ways[0].spelt


def test_communes_of_former_provinces_and_former_communes_are_found():
    assert find_address("xã Yên Lộc, huyện Ý Yên, tỉnh Hà Nam Ninh", year=1985)[0].names[0] == "Xã Yên Lộc"
    assert find_address("xã Hiệp Thạnh, thị xã Trà Vinh, tỉnh Cửu Long", year=1985)[0].names[-1] == "Tỉnh Cửu Long"
    city = find_address("phường Vĩnh Ninh, thành phố Huế, tỉnh Thừa Thiên Huế")[0]
    assert city.names == ("Phường Vĩnh Ninh", "Thành phố Huế", "Tỉnh Thừa Thiên Huế")
    former = find_address("phường Nguyễn Trung Trực, quận Ba Đình, Hà Nội")[0]
    assert former.names[0] == "Phường Nguyễn Trung Trực"
    assert former.names[0] not in {
        commune.unit.full for commune in communes("legacy") if commune.province.name == "Hà Nội"
    }


def test_a_province_of_another_time_costs_more():
    text = "xã Yên Lộc, huyện Ý Yên, tỉnh Hà Nam Ninh"
    assert find_address(text, year=1985)[0].cost == 0
    assert find_address(text, year=2015)[0].cost > 0


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("ấp 3, xã Hòa An, huyện Cầu Ke, tỉnh Trà Vinh", "ấp 3, xã Hòa Ân, huyện Cầu Kè, tỉnh Trà Vinh"),
        ("Kiến Thành, Đắk Ruấp, Đắk Nông", "Kiến Thành, Đắk R'Lấp, Đắk Nông"),
        ("XÃ ĐẠ ĐƠN, LÂM HA, LÂM ĐÔNG", "XÃ ĐẠ ĐỜN, LÂM HÀ, LÂM ĐỒNG"),
        # The tone stands where this writer puts it.
        ("Thiệu Hoà Thiệu Hoá Thành Hoá", "Thiệu Hoà Thiệu Hoá Thanh Hoá"),
        ("Thiệu Hòa Thiệu Hóa Thành Hóa", "Thiệu Hòa Thiệu Hóa Thanh Hóa"),
    ],
)
def test_near_names_are_corrected_and_the_rest_left_alone(read, meant):
    ways = find_address(read)
    assert meant in [way.text for way in ways]
    assert all(way.cost > 0 for way in ways)


def test_a_number_is_never_taken_for_another():
    for way in find_address("Phường 99, quận 1, thành phố Hồ Chí Minh"):
        assert "99" in way.text
        assert not way.names[0].startswith("Phường")


@pytest.mark.parametrize("text", ["", ",", "12", "đâu đó", "Bang California, Hoa Kỳ", "....", "Bệnh viện Từ Dũ", "VN"])
def test_what_is_no_address_gives_nothing(text):
    assert find_address(text) == ()


def test_units_since_2025_have_two_levels():
    ways = find_address("Phường Ba Đình, thành phố Hà Nội", "2025")
    assert ways[0].names == ("Phường Ba Đình", "Thành phố Hà Nội")
    assert ways[0].cost == 0


def test_an_unknown_system_is_an_error():
    with pytest.raises(ValueError, match="no system of units"):
        find_address("Hà Nội", "1975")


@given(st.sampled_from(communes("legacy")), st.booleans(), st.sampled_from([", ", " - ", " "]))
def test_every_commune_written_in_full_is_found_as_it_is(commune, kinds, separator):
    levels = commune.levels
    text = separator.join(unit.full if kinds or unit.name.isdigit() else unit.name for unit in levels)
    first = find_address(text)[0]
    assert first.text == text
    assert first.spelt
    assert [compare_key(found.unit.name) for found in first.units] == [compare_key(unit.name) for unit in levels]


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạ ,.-'/0123456789HNPQTXxh", max_size=60))
def test_any_text_is_survived_and_kept_where_nothing_is_found(text):
    for way in find_address(text):
        assert way.cost >= 0
        assert way.units
        if way.spelt:
            assert way.text == " ".join(text.split())
