import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.exports.reconciliation.names import (
    CLOSE,
    EXACT,
    OTHER,
    SAME_ENDS,
    SHORTER,
    SOUND,
    common_share,
    compare_names,
    name_key,
    name_sound,
)
from extractor.records import nfc

WORDS = st.sampled_from(("Nguyễn", "Hòa", "Thúy", "Đức", "Quý", "Ê", "H'Mĕ", "Kpă", "Văn", "Thị", "An"))


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Nguyễn Thị Hòa", "NGUYỄN  THỊ HOÀ", EXACT),
        ("Nguyễn Thị Hòa", "Nguye\u0302\u0303n Thị Hoà", EXACT),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hoa", SOUND),
        ("Võ Thị Lý", "Vũ Thị Lí", SOUND),
        ("Hoàng Văn Phúc", "Huỳnh Văn Phước", SOUND),
        ("Nguyễn Thị Thu Hà", "Nguyễn Thị Hà", SHORTER),
        ("Nguyễn Văn Hùng", "Nguyễn Văn Hung", SOUND),
        ("Nguyễn Văn Hùng", "Nguyễn Vău Hùng", CLOSE),
        ("Nguyễn Văn An", "Nguyễn Văn Anh", CLOSE),
        ("Nguyễn Văn Hùng", "Nguyễn Quốc Hùng", SAME_ENDS),
        ("Nguyễn Văn Hùng", "Nguyễn Văn Dũng", OTHER),
        ("Nguyễn Văn Hùng", "Trần Thị Lan", OTHER),
    ],
)
def test_levels(one, other, level):
    assert compare_names(name_key(one), name_key(other)).level == level


def test_a_tone_is_nearer_than_a_letter():
    tone = compare_names(name_key("Lê Hoà"), name_key("Lê Hóa")).distance
    letter = compare_names(name_key("Lê Hoà"), name_key("Lê Hoàn")).distance
    assert 0 < tone < letter


def test_dashes_and_points_of_old_spelling_do_not_count():
    assert name_key("Nguyễn-Văn-Hùng") == name_key("Nguyễn Văn Hùng.")


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, min_size=1, max_size=5))
def test_comparing_is_symmetric_and_zero_only_for_the_same(ones, others):
    one, other = name_key(" ".join(ones)), name_key(" ".join(others))
    forth, back = compare_names(one, other), compare_names(other, one)
    assert forth.level == back.level
    assert forth.distance == pytest.approx(back.distance)
    assert (forth.level == EXACT) == (one == other)
    assert name_sound(one) == name_sound(nfc(one).upper())


def test_letters_that_only_look_like_another():
    assert name_key("Phan Ðình Khải\u200b") == name_key("Phan Đình Khải")


def test_frequent_names_have_a_share_and_all_others_none():
    assert common_share(name_sound("Nguyễn Thị Lan")) > common_share(name_sound("Nguyễn Thị Thu Lan")) > 0
    for name in ("Lan", "", "Y Hlêng", "Lê Hợi", "Jean Dupont"):
        assert common_share(name_sound(name)) == 0
