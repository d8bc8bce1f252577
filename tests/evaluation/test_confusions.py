"""What was taken for what, on examples made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import bootstrap

from extractor.errors import EvaluationError
from extractor.evaluation.alignment import Pair, align
from extractor.evaluation.confusion_plots import draw_groups, draw_matrix, draw_worst
from extractor.evaluation.confusions import NOTHING, Aspect, ReadLine, Share, compare_groups, count_confusions
from extractor.evaluation.picture_slider import slide
from extractor.vietnamese.letter_parts import letter_parts


@pytest.mark.parametrize(
    ("character", "parts"),
    [
        ("a", ("a", "plain", "ngang", False)),
        ("Ậ", ("a", "circumflex", "nặng", True)),
        ("ở", ("o", "horn", "hỏi", False)),
        ("ẵ", ("a", "breve", "ngã", False)),
        ("Đ", ("d", "stroke", "ngang", True)),
        ("ñ", ("n", "plain", "ngã", False)),
        ("č", ("c", "combining caron", "ngang", False)),
        ("7", ("7", "plain", "ngang", False)),
        (" ", (" ", "plain", "ngang", False)),
    ],
)
def test_a_letter_is_taken_apart(character, parts):
    assert letter_parts(character) == parts


def test_letters_that_differ_in_tone_or_mark_meet():
    assert align("Thủy", "Thúy") == tuple(map(Pair, "Thủy", "Thúy"))
    # With equal costs the o could as well meet the u and the extra letter be anywhere.
    assert align("ơn", "uon") == (Pair("", "u"), Pair("ơ", "o"), Pair("n", "n"))
    assert align("Lê Văn", "Lê Văn") == tuple(map(Pair, "Lê Văn", "Lê Văn"))
    assert align("", "ab") == (Pair("", "a"), Pair("", "b"))
    assert align("ab", "") == (Pair("a", ""), Pair("b", ""))
    assert align("", "") == ()


def test_composed_and_decomposed_texts_are_the_same():
    assert all(pair.right for pair in align("ề", "e\u0302\u0300"))


@pytest.mark.parametrize(
    ("truth", "read"), [("Nguyễn Thị Ổi", "Nguyên Thi Oi"), ("05.03.2009", "5.3.2O09"), ("a", "bcd")]
)
def test_an_alignment_holds_both_texts(truth, read):
    pairs = align(truth, read)
    assert "".join(pair.truth for pair in pairs) == truth
    assert "".join(pair.read for pair in pairs) == read
    assert Pair("", "") not in pairs


LINES = [
    ReadLine("Thủy", "Thúy", kind="name", writer="a"),
    ReadLine("đường", "duong", kind="place", writer="b"),
    ReadLine("Ba", "ba", kind="name", writer="b"),
    ReadLine("an", "am ", kind="place", writer="a"),
]


def test_tones_marks_bases_and_case_are_counted_apart():
    tones = count_confusions(LINES, Aspect.TONE)
    assert tones.counts == {
        ("hỏi", "sắc"): 1, ("ngang", "ngang"): 4, ("huyền", "ngang"): 1,
    }  # fmt: skip
    assert tones.total == Share(2, 6)
    marks = count_confusions(LINES, Aspect.MARK)
    assert marks.counts[("stroke", "plain")] == 1
    assert marks.counts[("horn", "plain")] == 2
    bases = count_confusions(LINES, Aspect.BASE)
    assert {pair: count for pair, count in bases.counts.items() if pair[0] != pair[1]} == {
        ("n", "m"): 1, (NOTHING, " "): 1,
    }  # fmt: skip
    case = count_confusions(LINES, Aspect.CASE)
    assert case.counts[("capital", "small")] == 1


def test_the_worst_stands_first_with_its_share():
    marks = count_confusions(LINES, Aspect.MARK)
    worst = marks.worst()[0]
    assert (worst.truth, worst.read, worst.share) == ("horn", "plain", Share(2, 2))
    letters = count_confusions(LINES, Aspect.LETTER)
    inserted = next(item for item in letters.worst() if item.truth == NOTHING)
    assert inserted.share == Share(1, 13)
    assert letters.written("n") == 2
    assert letters.written(NOTHING) == 13
    assert count_confusions([ReadLine("", "ab")], Aspect.LETTER).worst()[0].share == Share(1, 1)
    assert letters.matrix(["n", "m"]).tolist() == [[1, 1], [0, 0]]


def test_an_interval_holds_the_share_and_narrows():
    few, many = Share(1, 10), Share(100, 1000)
    assert few.low < 0.1 < few.high
    assert many.low > few.low and many.high < few.high
    # Clopper and Pearson's interval for 1 of 10, as tables give it.
    assert (few.low, few.high) == (pytest.approx(0.0025, abs=1e-4), pytest.approx(0.4450, abs=1e-4))
    assert (Share(0, 20).low, Share(20, 20).high, Share(0, 0).share) == (0.0, 1.0, 0.0)


def test_groups_are_compared_with_intervals():
    found = compare_groups(LINES, lambda line: line.kind)
    assert found["name"].cer == pytest.approx(2 / 6)
    assert found["place"].cer == pytest.approx(5 / 7)
    assert found["name"].low <= found["name"].cer <= found["name"].high
    assert found["name"].exact == Share(0, 2)
    assert compare_groups([ReadLine("", "")], lambda line: line.kind)[""].cer == 0.0


def test_writers_are_drawn_and_not_lines():
    """Every line of a writer is wrong, or none: over lines the interval would be a third as wide."""
    lines = [ReadLine("a", "b" if writer % 2 else "a", "x", str(writer)) for writer in range(20) for _ in range(10)]
    by_writer = compare_groups(lines, lambda line: line.kind, draws=4000)["x"]
    peer = bootstrap(([float(writer % 2) for writer in range(20)],), np.mean, method="percentile", n_resamples=4000,
                     rng=np.random.default_rng(2)).confidence_interval  # fmt: skip
    assert (by_writer.low, by_writer.high) == (pytest.approx(peer.low, abs=0.06), pytest.approx(peer.high, abs=0.06))
    # Where nobody knows the writers, or there is but one, lines are all there is to draw.
    for nobody in ("", "one"):
        over_lines = compare_groups([replace(line, writer=nobody) for line in lines], lambda line: line.kind)["x"]
        assert over_lines.high - over_lines.low < 0.5 * (by_writer.high - by_writer.low)


def test_plots_are_drawn_and_nothing_to_draw_is_said(tmp_path):
    tones = count_confusions(LINES, Aspect.TONE)
    for number, figure in enumerate(
        (draw_matrix(tones), draw_worst(tones), draw_groups(compare_groups(LINES, lambda line: line.writer), title="x"))
    ):
        file = tmp_path / f"{number}.png"
        figure.savefig(file)
        assert file.stat().st_size > 4000
        assert all(axes.get_xlabel() for axes in figure.axes[:1])
    right = count_confusions([ReadLine("a", "a")], Aspect.LETTER)
    for draw in (draw_matrix, draw_worst):
        with pytest.raises(EvaluationError, match="Nothing was taken"):
            draw(right)
    with pytest.raises(EvaluationError, match="no group"):
        draw_groups({}, title="x")


def test_a_slider_holds_its_pictures_and_no_text_ends_its_script():
    one = np.zeros((4, 6), np.uint8)
    slider = slide([one, one], ["first", "</script><b>"], start=1)
    page = slider._repr_html_()
    assert page.count("</script>") == 1
    assert 'max="1" value="1"' in page
    assert slide([one], ["x"])._repr_html_() != slide([one], ["x"])._repr_html_()
    with pytest.raises(EvaluationError, match="1 pictures and 0 captions"):
        slide([one], [])
    with pytest.raises(EvaluationError, match="0 pictures"):
        slide([], [])
    with pytest.raises(EvaluationError, match="no picture 3"):
        slide([one], ["x"], start=3)
