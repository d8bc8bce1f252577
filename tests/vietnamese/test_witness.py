import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.vietnamese import Context, Decoded, reconcile_dates

BOOK = Context(year="2008", register="KS")
SEVENTH = "ngày bảy tháng ba năm hai nghìn không trăm linh tám"
FIRST = "ngày một tháng ba năm hai nghìn không trăm linh tám"


def digits(value: str | None, probability: float) -> Decoded:
    return Decoded(value or "?", value, probability, known=value is not None)


def words(text: str, probability: float, known: bool = True) -> Decoded:
    return Decoded(text, text, probability, known=known)


def test_words_decide_between_one_and_seven() -> None:
    found, said = reconcile_dates(
        [digits("01.03.2008", 0.5), digits("07.03.2008", 0.4)], [words(SEVENTH, 0.7), words(FIRST, 0.1)], BOOK
    )
    assert found[0].value == "07.03.2008"
    assert found[0].probability > 0.7
    assert said[0].raw == SEVENTH
    assert said[0].probability > 0.7


def test_a_book_that_contradicts_itself_stays_so_where_both_are_read_surely() -> None:
    found, said = reconcile_dates(
        [digits("01.03.2008", 0.999), digits("07.03.2008", 0.0001)], [words(SEVENTH, 0.999), words(FIRST, 0.0001)], BOOK
    )
    assert found[0].value == "01.03.2008"
    assert said[0].raw == SEVENTH


def test_unparsed_words_are_no_witness() -> None:
    before = [digits("01.03.2008", 0.5), digits("07.03.2008", 0.4)]
    found, _ = reconcile_dates(before, [words("ngày bấy", 0.9, known=False)], BOOK)
    assert [item.value for item in found] == ["01.03.2008", "07.03.2008"]
    assert found[0].probability == pytest.approx(0.5)
    assert reconcile_dates(before, [], BOOK) == (tuple(before), ())
    assert reconcile_dates([], [words(FIRST, 0.5)], BOOK)[0] == ()


def test_a_partial_date_does_not_contradict() -> None:
    found, _ = reconcile_dates([digits("03.2008", 0.5), digits("04.2008", 0.4)], [words(FIRST, 0.9)], BOOK)
    assert found[0].value == "03.2008"
    assert found[0].probability > 0.6


@given(
    st.lists(st.tuples(st.sampled_from(["01.03.2008", "07.03.2008", "2008", None]), st.floats(0, 0.25)), max_size=4),
    st.lists(st.tuples(st.sampled_from([SEVENTH, FIRST, "bấy"]), st.floats(0, 0.25)), max_size=4),
)
def test_probabilities_stay_probabilities(left: list[tuple[str | None, float]], right: list[tuple[str, float]]) -> None:
    left.sort(key=lambda item: -item[1])
    right.sort(key=lambda item: -item[1])
    both = reconcile_dates(
        [digits(*item) for item in left], [words(text, p, known=text != "bấy") for text, p in right], BOOK
    )
    for before, after in zip((left, right), both, strict=True):
        assert len(before) == len(after)
        assert sum(item.probability for item in after) <= 1 + 1e-9
        assert [item.probability for item in after] == sorted((item.probability for item in after), reverse=True)
