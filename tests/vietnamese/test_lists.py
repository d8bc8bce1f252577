import pytest

from extractor.vietnamese.ditto import is_ditto
from extractor.vietnamese.identity import identity_digits, plausible, province_codes, take_apart
from extractor.vietnamese.lists import ethnic_groups, nationalities, relations, sexes, titles
from extractor.vietnamese.names import middle_names, name_prior, surname, told_sex
from extractor.vietnamese.papers import IdentityPaper, parse_paper
from extractor.vietnamese.places import Province, parse_place, provinces


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Kinh", "Kinh"),
        ("KINH", "Kinh"),
        ("K", "Kinh"),
        ("Hmông", "Mông"),
        ("H’Mông", "Mông"),
        ("Êđê", "Ê Đê"),
        ("Ê-đê", "Ê Đê"),
        ("S'tiêng", "Xtiêng"),
        ("bana", "Ba Na"),
        ("Khơ-me", "Khmer"),
        ("Mèo", "Mông (Mèo)"),
        ("A-la Công", "Ba Na (A-la Công)"),
        ("Ba Na (A-la Công)", "Ba Na (A-la Công)"),
        ("Gia-rai", "Gia Rai"),
        ("Thổ", "Thổ"),
        ("Xá Lá Vàng", None),
        ("Kính", None),
        ("Tay", None),
        ("", None),
    ],
)
def test_ethnic_groups(text: str, value: str | None) -> None:
    assert ethnic_groups().find(text) == value


def test_there_are_54_groups_and_their_spellings_do_not_collide() -> None:
    groups = [value for value in ethnic_groups().weights if "(" not in value]
    assert len(groups) == 54 + 3
    for value in ethnic_groups().weights:
        assert ethnic_groups().find(value) == value


@pytest.mark.parametrize("entries", [ethnic_groups(), nationalities(), relations(), titles()])
def test_every_spelling_is_found(entries) -> None:
    for spelling, value in (*entries.spellings, *entries.abbreviations):
        assert entries.find(spelling) == value, spelling


def test_nearest_entries() -> None:
    near = ethnic_groups().nearest("Kính", 0.34)
    assert near[0].value == "Kinh"
    assert near[0].distance == pytest.approx(0.25)
    assert ethnic_groups().nearest("Hoàng Văn Tèo", 0.34) == ()
    assert {entry.value for entry in sexes().nearest("Nư", 0.55)} == {"2"}


@pytest.mark.parametrize(("text", "value"), [("Việt nam", "Việt Nam"), ("VN", "Việt Nam"), ("Mỹ", "Hoa Kỳ (American)")])
def test_nationalities(text: str, value: str) -> None:
    assert nationalities().find(text) == value


def test_surnames() -> None:
    assert surname("Nguyễn Văn An") == "Nguyễn"
    assert surname("Tôn Thất Mẫu") == "Tôn Thất"
    assert surname("CÔNG TẰNG TÔN NỮ MẪU") == "CÔNG TẰNG TÔN NỮ"
    assert surname("Tôn Văn Mẫu") == "Tôn"
    assert surname("") == ""
    assert middle_names("Công Tằng Tôn Nữ Thị Mẫu") == middle_names("Lê Thị Mẫu")


def test_told_sex_is_a_hint_only() -> None:
    assert told_sex("Lê Văn Mẫu") == "1"
    assert told_sex("LÊ THỊ MẪU") == "2"
    assert told_sex("Lê Thị Văn Mẫu") is None
    assert told_sex("Thị Mẫu") is None
    assert told_sex("Lê Mẫu") is None


def test_name_prior_is_soft() -> None:
    frequent, rare, highland, unknown = (
        name_prior(name) for name in ("Nguyễn Văn An", "Cấn Văn An", "Y Bhin Êban", "Smith John")
    )
    assert 1.0 >= frequent > rare > unknown > 0.2
    assert highland > unknown
    assert name_prior("Nguyễn Văn 4n") < unknown
    assert name_prior("") > 0
    assert name_prior("H'Nhung Niê") > unknown


def test_identity_numbers() -> None:
    assert len(province_codes()) == 63
    number = take_apart("075302001234")
    assert number is not None
    assert (number.province, number.sex, number.birth_year) == ("Đồng Nai", "2", 2002)
    assert take_apart("001085001234").birth_year == 1985  # type: ignore[union-attr]
    assert take_apart("001185001234").sex == "2"  # type: ignore[union-attr]
    assert take_apart("271234567") is None
    assert plausible("271234567")
    assert plausible("12345678")
    assert not plausible("003085001234")
    assert not plausible("0010850012345")
    assert identity_digits("271 234.567") == "271234567"
    assert identity_digits("27123456O") is None
    assert identity_digits("") is None


@pytest.mark.parametrize(
    "text", ["nt", "-nt-", "NT", "n.t", '"', "”", "//", "- // -", "như trên", "Như trên.", "〃", '" "']
)
def test_ditto_marks(text: str) -> None:
    assert is_ditto(text)


@pytest.mark.parametrize("text", ["", "-", "...", "Kinh", "ntn", "1/2", "Nhứt", "11", "/"])
def test_no_ditto_marks(text: str) -> None:
    assert not is_ditto(text)


@pytest.mark.parametrize(
    ("text", "province", "detail"),
    [
        ("xã A, huyện B, tỉnh Đồng Nai", "Đồng Nai", ("xã A", "huyện B")),
        ("xã Bình Hoà, h. Châu Thành, Long-An", "Long An", ("xã Bình Hoà", "h. Châu Thành")),
        ("Bệnh viện đa khoa tỉnh Đắc Lắc", "Đắk Lắk", ("Bệnh viện đa khoa",)),
        ("Tân Phú Đồng Nai", "Đồng Nai", ("Tân Phú",)),
        ("Tân Phú - Đồng Nai", "Đồng Nai", ("Tân Phú",)),
        ("phường 5, Tp. HCM", "Thành phố Hồ Chí Minh", ("phường 5",)),
        ("Khánh Hoà", "Khánh Hòa", ()),
        ("tỉnh Gia Lai - Kon Tum", "Gia Lai - Kon Tum", ()),
        ("TT Đức Hòa, Bà Rịa-Vũng Tàu", "Bà Rịa - Vũng Tàu", ("TT Đức Hòa",)),
        ("TP. Huế, TT Huế", "Thừa Thiên Huế", ("TP. Huế",)),
        ("xã A, tỉnh Sông Bé", "Sông Bé", ("xã A",)),
    ],
)
def test_places(text: str, province: str, detail: tuple[str, ...]) -> None:
    place = parse_place(text)
    assert place.province is not None
    assert (place.province.name, place.detail) == (province, detail)


@pytest.mark.parametrize(
    "text",
    [
        "xã Quảng Tín",
        "Trạm y tế X. Quảng Tín",
        "thành phố Biên Hòa",
        "Bệnh viện đa khoa thành phố Biên Hòa",
        "h. Long Khánh",
    ],
)
def test_a_narrower_unit_of_a_provinces_name_is_no_province(text: str) -> None:
    assert parse_place(text).province is None


def test_unknown_places_are_kept_and_near_ones_named() -> None:
    assert parse_place("Bang California").province is None
    assert parse_place("").province is None
    assert parse_place(" - ").province is None
    assert parse_place("xã A, tỉnh Đồng Nải").near == ("Đồng Nai",)
    assert parse_place("xã A, Đồng Nải").near == ("Đồng Nai",)
    assert parse_place("xã A, Tân Châu").near == ()
    assert parse_place("xã Long Ân").near == ()


def test_provinces_in_time() -> None:
    song_be = provinces().province("Sông Bé")
    assert song_be is not None
    assert song_be.existed(1985)
    assert not song_be.existed(1999)
    assert Province("x").existed(1)


class _OneProvince:
    def province(self, name: str) -> Province | None:
        return Province("Thử") if name == "Thử" else None

    def near_provinces(self, name: str) -> tuple[str, ...]:
        return ()


def test_the_gazetteer_can_be_replaced() -> None:
    assert parse_place("xã A, Thử", _OneProvince()).province == Province("Thử")
    assert parse_place("xã A, Đồng Nai", _OneProvince()).province is None


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        (
            "CMND số 271234567 do CA Đồng Nai cấp ngày 12/3/2005",
            IdentityPaper("1", "271234567", "12.03.2005", "CA Đồng Nai"),
        ),
        (
            "CCCD: 075185001234, cấp ngày 01/02/2021 tại Cục CSQLHC về TTXH",
            IdentityPaper("4", "075185001234", "01.02.2021", "Cục CSQLHC về TTXH"),
        ),
        ("Hộ chiếu số B1234567", IdentityPaper("2", "B1234567")),
        ("CMND 271 234 567", IdentityPaper("1", "271234567")),
        ("271234567", IdentityPaper("", "271234567")),
        ("CMND 271234567, 271234568", IdentityPaper("1", "")),
        ("CMND 271234567 cấp ngày 31/02/2005", IdentityPaper("1", "271234567")),
        ("giấy khai sinh", IdentityPaper()),
        (
            "CMND 271234567, CA Đồng Nai cấp ngày 12/3/2005",
            IdentityPaper("1", "271234567", "12.03.2005", "CA Đồng Nai"),
        ),
        ("CMND 271234567 cấp 12/3/2005 CA Đồng Nai", IdentityPaper("1", "271234567", "12.03.2005", "CA Đồng Nai")),
        (
            "CMND 271234567 cấp ngày 12/3/2005, CA Đồng Nai",
            IdentityPaper("1", "271234567", "12.03.2005", "CA Đồng Nai"),
        ),
        ("CMND 271234567, CA Đồng Nai", IdentityPaper("1", "271234567", "", "CA Đồng Nai")),
    ],
)
def test_identity_papers(text: str, paper: IdentityPaper) -> None:
    assert parse_paper(text) == paper


@pytest.mark.parametrize(
    ("text", "left", "other"),
    [
        ("Giấy CMND số 271234567, cấp ngày 12/3/2005, nơi cấp: Công an tỉnh Đồng Nai", "", False),
        ("271234567", "", False),
        ("không có", "", False),
        ("CMND 285150339, ĐT 0912345678", "285150339 ĐT 0912345678", False),
        ("CMND 285150339 do CA Bình Phước cấp ngày 31/02/2012", "31 02 2012", False),
        ("CMND 285150339 và hộ chiếu B1234567", "CMND 285150339 và hộ chiếu B1234567", False),
        ("Sổ hộ khẩu số 123", "Sổ hộ khẩu 123", True),
    ],
)
def test_what_of_an_identity_paper_no_part_tells(text: str, left: str, other: bool) -> None:
    paper = parse_paper(text)
    assert (paper.left, paper.other) == (left, other)
