"""A date that lacks a part is not known for sure to be whole: the book pass says so, and calibration weighs it."""

from __future__ import annotations

import pytest

from extractor.book_pass import acceptable, examine
from extractor.confidence import FieldEvidence
from extractor.records import FieldState, FieldValue
from tests.rules.test_rules import BOOK, SCHEMA, make_record


@pytest.mark.parametrize(
    ("code", "value", "known"),
    [
        ("nksNgaySinh", "01.03.2016", True),
        ("nksNgaySinh", "03.2016", False),
        ("nksNgaySinh", "2016", False),
        ("nksNgaySinhBangChu", "Ngày một tháng ba năm hai nghìn không trăm mười sáu", True),
        ("nksNgaySinhBangChu", "Tháng ba năm hai nghìn không trăm mười sáu", False),
        ("nksHoTen", "2016", True),
    ],
)
def test_a_partial_date_is_not_known(code: str, value: str, known: bool) -> None:
    record = make_record(**{code: value})
    findings = examine([record], {SCHEMA.form: SCHEMA}, BOOK)
    kind = next(spec.kind.value for spec in SCHEMA.fields if spec.code == code)
    assert findings.applied_to((record.key, code), FieldEvidence(kind, known=True)).known is known


@pytest.mark.parametrize(
    ("field", "required", "may"),
    [
        (FieldValue(raw="Kinh", value="Kinh"), False, True),
        (FieldValue(raw="31.02.2016"), False, False),
        (FieldValue(state=FieldState.BLANK), False, True),
        (FieldValue(state=FieldState.BLANK), True, False),
        (FieldValue(raw="nt", value="Kinh", state=FieldState.DITTO), False, False),
        (FieldValue(state=FieldState.NOT_ON_FORM), False, False),
    ],
)
def test_what_may_pass_without_a_person(field: FieldValue, required: bool, may: bool) -> None:
    assert acceptable(field, required=required) is may
