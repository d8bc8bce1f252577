import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.vietnamese.distance import distance, letter_cost
from extractor.vietnamese.text import (
    canonical_tones,
    compare_key,
    fold_marks,
    fold_tones,
    list_key,
    single_spaces,
    spelling_key,
)

LETTERS = st.text(alphabet="aàảãáạăâbcdđeêghiklmnoôơpqrstuưvxyýỳ ", max_size=15)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hòa", "hoà"),
        ("Khánh Hòa", "Khánh Hoà"),
        ("THÚY", "THUÝ"),
        ("khỏe", "khoẻ"),
        ("quý", "quý"),
        ("già", "già"),
        ("giếng", "giếng"),
        ("gì", "gì"),
        ("của", "của"),
        ("mùa", "mùa"),
        ("mía", "mía"),
        ("ngoài", "ngoài"),
        ("khuỷu", "khuỷu"),
        ("thuở", "thuở"),
        ("người", "người"),
        ("hoàn", "hoàn"),
        ("toán", "toán"),
        ("quốc", "quốc"),
        ("tuyết", "tuyết"),
    ],
)
def test_tone_places(old: str, new: str) -> None:
    assert canonical_tones(new, "old") == old
    assert canonical_tones(old, "new") == new
    assert compare_key(old) == compare_key(new)


@pytest.mark.parametrize("word", ["Đắklắk", "H'Đớ", "Ksor", "x́yz", "àá", "Mlô"])
def test_words_of_other_shapes_stay(word: str) -> None:
    assert canonical_tones(word) == unicodedata.normalize("NFC", word)


@given(LETTERS, st.sampled_from(["old", "new"]))
def test_canonical_form_is_settled_and_keeps_letters_and_tones(text: str, style) -> None:
    once = canonical_tones(text, style)
    assert canonical_tones(once, style) == once
    assert fold_tones(once) == fold_tones(text)
    assert compare_key(once) == compare_key(text)


@given(st.text(max_size=20))
def test_keys_do_not_depend_on_the_normal_form(text: str) -> None:
    assert compare_key(unicodedata.normalize("NFD", text)) == compare_key(text)
    assert single_spaces(single_spaces(text)) == single_spaces(text)


def test_folding() -> None:
    assert fold_marks("Đường Nguyễn Huệ") == "Duong Nguyen Hue"
    assert fold_tones("Tường") == "Tương"
    assert fold_marks("Mlŏ ê̆ Êban") == "Mlo e Eban"


def test_keys() -> None:
    assert compare_key("Sài-Gòn") == compare_key("sài gòn")
    assert compare_key("An") != compare_key("Ân")
    assert spelling_key("Lý") == spelling_key("Lí")
    assert spelling_key("Mỹ") == spelling_key("MĨ")
    assert spelling_key("Quý") == spelling_key("Quí")
    assert spelling_key("Thúy") != spelling_key("Thúi")
    assert spelling_key("tay") != spelling_key("tai")
    assert list_key("Ê-đê") == list_key("Êđê") == list_key("ê đê")


def test_letter_costs_are_ordered() -> None:
    costs = [letter_cost(a, b) for a, b in [("á", "Á"), ("á", "à"), ("a", "â"), ("ấ", "a"), ("1", "7"), ("a", "k")]]
    assert costs == sorted(costs)
    assert costs[0] == 0.0
    assert costs[-1] == 1.0
    assert letter_cost("d", "đ") == letter_cost("a", "ă")


@given(LETTERS, LETTERS)
def test_distance_is_symmetric_and_zero_for_equals(a: str, b: str) -> None:
    assert distance(a, b) == pytest.approx(distance(b, a))
    assert distance(a, a) == 0.0
    assert distance(a, b) <= max(len(a), len(b))


@given(LETTERS, LETTERS, LETTERS)
def test_distance_obeys_the_triangle_within_letters(a: str, b: str, c: str) -> None:
    limit = distance(a, b)
    assert distance(a, b, limit) == pytest.approx(limit)
    if limit > 1:
        assert distance(a, b, 0.5) > 0.5


def test_a_lost_tone_costs_less_than_a_lost_letter() -> None:
    assert distance("Nguyễn", "Nguyên") < distance("Nguyễn", "Nguyễ") == 1.0
