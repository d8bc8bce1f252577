from extractor.evaluation.figures import compare
from extractor.evaluation.truth import TruthField
from extractor.records import FieldState, FieldValue

NOTHING = FieldValue(state=FieldState.BLANK)


def test_nothing_read_is_right_where_nothing_is_written():
    assert compare("date", TruthField(state=FieldState.BLANK), NOTHING).exact


def test_ink_of_which_no_value_can_be_made_is_no_empty_field():
    for truth in (
        TruthField(state=FieldState.ILLEGIBLE),
        TruthField(raw="31.02.2016"),
        TruthField(raw="nt", state=FieldState.DITTO),
    ):
        assert not compare("date", truth, NOTHING).exact


def test_text_without_a_value_is_right_where_it_is_verbatim():
    truth = TruthField(raw="31.02.2016")
    assert compare("date", truth, FieldValue(raw="31.02.2016")).exact
    assert not compare("date", truth, FieldValue(raw="31.02.2018")).exact
    assert not compare("date", TruthField(state=FieldState.BLANK), FieldValue(raw=".")).exact
