from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.templates.form import Kind
from extractor.vietnamese.canonical import canonical_date_words, canonical_place, canonical_value
from extractor.vietnamese.text import canonical_tones

_WORDS = st.sampled_from(
    ["xã", "Xã", "huyện", "Quận", "thành phố", "Tỉnh", "thôn", "Hòa", "Hoà", "Bình", "Đống", "138", "3A", "Trạm Y tế",
     "-", ",", ";", ".", "X.", "TP.", "Vũng", "trạm y tế", "năm", "tháng", "chữ:", "“"]
)  # fmt: skip
_TEXTS = st.one_of(st.lists(_WORDS, max_size=12).map(" ".join), st.text(max_size=40))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("ấp 11, xã Phước Hoà, huyện Phú Giáo tỉnh Bình Dương", "ấp 11, xã Phước Hòa, huyện Phú Giáo, tỉnh Bình Dương"),
        ("Khu phố 1C, Xã Phước Hòa;huyện Phú Giáo", "khu phố 1C, xã Phước Hòa, huyện Phú Giáo"),
        ("xã A - huyện B - Tỉnh Bà Rịa - Vũng Tàu.", "xã A, huyện B, tỉnh Bà Rịa - Vũng Tàu"),
        ("phường 5 quận 3 thành phố Hồ Chí Minh", "phường 5, quận 3, thành phố Hồ Chí Minh"),
        ("138 Xã Đàn, phường A", "138 Xã Đàn, phường A"),
        ("Trạm Y tế xã Bù Gia Mập", "Trạm y tế xã Bù Gia Mập"),
        ("bệnh viện huyện Vũ Thư", "Bệnh viện huyện Vũ Thư"),
        ("X. Phong Thạnh, H. Giá Rai", "X. Phong Thạnh, H. Giá Rai"),
        ("ở đâu đó", "ở đâu đó"),
        ("", ""),
    ],
)
def test_places_get_commas_and_small_words(written: str, canonical: str) -> None:
    assert canonical_place(written) == canonical


def test_words_of_a_date_lose_commas_capitals_and_a_label() -> None:
    assert canonical_date_words("Chữ: ngày Hai mươi, tháng Tư. năm 2000") == "Ngày hai mươi tháng tư năm 2000"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (Kind.PERSON_NAME, "Nguyễn Thị Hoà", "Nguyễn Thị Hòa"),
        (Kind.ETHNIC_GROUP, "H'mông", "Mông"),
        (Kind.NATIONALITY, "Hoa Kỳ", "Hoa Kỳ (American)"),
        (Kind.RELATION, "cha đẻ", "Cha đẻ"),
        (Kind.PERSON_NAME, "Y B\u2019rông Niê \u00d0ạt", "Y B'rông Niê Đạt"),
        (Kind.SIGNER, "Lê Văn Ký, Chủ Tịch", "Lê Văn Ký, Chủ tịch"),
        (Kind.IDENTITY_PAPER, "CMND số: 271234567, cấp 1/2/2003", "CMND số 271234567 cấp 1/2/2003"),
        (Kind.DATE_WORDS, "Hai mươi, tháng tư năm 2000", "Ngày hai mươi tháng tư năm 2000"),
    ],
)
def test_writings_of_one_value_are_the_same(kind: Kind, one: str, other: str) -> None:
    assert canonical_value(kind.value, one) == canonical_value(kind.value, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (Kind.PERSON_NAME, "Trần Thanh Thái", "Trần Thạnh Thái"),
        (Kind.SIGNER, "Lê Thị Phó, Chủ tịch", "Lê Thị, Phó Chủ tịch"),
        (Kind.IDENTITY_PAPER, "CMND 271234567, cấp 1.12.2003", "CMND 271234567, cấp 1 12 2003"),
        (Kind.PERSON_NAME, "Lê An", "LÊ AN"),
        (Kind.PLACE, "xã Tân An, huyện A", "xã Tân Ân, huyện A"),
        (Kind.IDENTITY_PAPER, "CMND 271234567", "CMND 271234568"),
        (Kind.DATE, "01.02.2003", "01.02.2013"),
        (Kind.TEXT, "Tai nạn", "tai nạn"),
    ],
)
def test_what_differs_stays_different(kind: Kind, one: str, other: str) -> None:
    assert canonical_value(kind.value, one) != canonical_value(kind.value, other)


@given(_TEXTS)
def test_forms_are_the_same_when_taken_twice(text: str) -> None:
    for kind in Kind:
        once = canonical_value(kind.value, text)
        assert canonical_value(kind.value, once) == once
    assert canonical_place(canonical_place(text)) == canonical_place(text)


@given(_TEXTS)
def test_a_place_keeps_every_letter_and_digit(text: str) -> None:
    """Nothing is invented and nothing lost: commas, capitals and the tone's place alone may change."""

    def signs(value: str) -> list[str]:
        return [sign for sign in canonical_tones(value).casefold() if sign.isalnum()]

    assert signs(canonical_place(text)) == signs(text)


def test_a_text_without_an_end_takes_no_time() -> None:
    for text in ("1" + "a" * 20_000, "1" + "-" * 20_000):
        start = time.process_time()
        canonical_place(text)
        assert time.process_time() - start < 2.0
