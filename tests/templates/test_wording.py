from __future__ import annotations

import pytest

from extractor.readers.page_text import PageText, Word
from extractor.records import Box
from extractor.templates.letters import baseline_of, fold, pieces_of
from extractor.templates.wording import find_wordings, needed


def text_of(*lines: str) -> PageText:
    """Words 10 pixels a letter, lines 50 pixels apart."""
    words = []
    for number, line in enumerate(lines):
        at = 0
        for word in line.split(" "):
            if word:
                words.append(Word(word, 0.9, Box(at, 50 * number, 10 * len(word), 20), number))
            at += 10 * (len(word) + 1)
    return PageText(tuple(words))


def places(wording: str, *lines: str) -> list[tuple[float, float]]:
    return [(found.left, found.right) for found in find_wordings(pieces_of(text_of(*lines)), [wording])]


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Họ, chữ đệm, tên:", "hochudemten"), ("ĐĂNG KÝ", "dangky"), ("sø", "so"), ("(Ký, ghi rõ)", "kyghiro"), ("…", "")],
)
def test_fold(text, folded):
    assert fold(text) == folded


def test_a_wording_is_found_where_it_stands():
    assert places("Giới tính", "Họ tên: An Giới tính: Nam") == [(110.0, 210.0)]


@pytest.mark.parametrize("seen", ["Quoc tich", "Quôc tịch", "Quốc tjch", "Quốctịch"])
def test_lost_marks_and_letters_do_not_matter(seen):
    assert len(places("Quốc tịch", f"{seen}: Việt Nam")) == 1


def test_values_glued_to_a_label_are_taken_off():
    ((left, right),) = places("Giới tính", "Giới tính:Nam")
    assert left == 0.0
    assert right == pytest.approx(100, abs=2)
    assert places("Quyển", "/22//Quyển số:") != []


def test_short_wordings_must_be_exact():
    assert needed("so") > 0.9
    assert places("Số", "Sơn La") == []
    assert places("Số", "Số: 12") == [(0.0, 30.0)]


def test_a_part_of_a_longer_wording_is_less_likely():
    lines = pieces_of(text_of("Họ, chữ đệm, tên người mẹ: An"))
    short, long = find_wordings(lines, ["Họ, chữ đệm, tên", "Họ, chữ đệm, tên người mẹ"])
    assert short.similarity < long.similarity - 0.1


def test_a_label_worded_longer_ends_at_its_colon():
    ((_, right),) = places("Họ, chữ đệm, tên người đi", "Họ, chữ đệm, tên người đi đăng ký: An")
    assert right == pytest.approx(340)


def test_a_label_that_goes_on_in_the_next_line_is_cut():
    lines = pieces_of(text_of("Trẻ chưa xác định", "được cha mẹ"))
    (found,) = find_wordings(lines, ["Trẻ chưa xác định được cha mẹ"])
    assert found.cut


def test_a_line_torn_in_two_is_joined():
    words = (Word("Quốc", 0.9, Box(0, 0, 40, 20), 0), Word("tịch:", 0.9, Box(50, 2, 50, 20), 1))
    (found,) = find_wordings(pieces_of(PageText(words)), ["Quốc tịch"])
    assert (found.left, found.right) == (0, 100)


def test_a_box_that_reaches_over_the_next_word_is_clipped():
    words = (Word("sinh:", 0.9, Box(0, 0, 200, 20), 0), Word("An", 0.9, Box(80, 0, 40, 20), 0))
    first = pieces_of(PageText(words))[0][0]
    assert first.right == 80


def test_a_label_drawn_into_its_value_is_shortened():
    usual = [Word("tính:", 0.9, Box(0, 40 * n, 50, 20), n) for n in range(8)]
    swollen = Word("tính:", 0.9, Box(0, 400, 110, 20), 8)
    lines = pieces_of(PageText((*usual, swollen)))
    rights = [line[0].right for line in lines]
    assert rights[:8] == [50.0] * 8
    assert rights[8] < 65


def test_the_baseline_is_where_letters_without_tails_stand():
    words = (Word("Nam", 0.9, Box(0, 0, 30, 20), 0), Word("gỵ", 0.9, Box(40, 0, 20, 26), 0))
    assert baseline_of(pieces_of(PageText(words))[0]) == 20


def test_nothing_is_found_on_an_empty_page():
    assert find_wordings(pieces_of(PageText()), ["Số"]) == []


def test_a_value_after_the_colon_is_no_part_of_a_longer_wording():
    found = find_wordings(pieces_of(text_of("Quyển: O1")), ["Quyển số", "Quyển"])
    best = max(found, key=lambda place: place.similarity)
    assert (best.wording, best.left, best.right) == (1, 0.0, 60.0)


@pytest.mark.parametrize("value", ["..12:(6-2090", "12:"])
def test_a_colon_read_into_a_value_does_not_end_the_label(value):
    assert places("ngày", f"ngày {value}") == [(0.0, 40.0)]
