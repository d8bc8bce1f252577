"""What records say of the persons they name."""

import pytest

from extractor.exports.reconciliation.subjects import compared_codes, subjects_of
from extractor.records import Decision, FieldState, FieldValue, Record, Registration

from .conftest import forms


def death(relation, decision=Decision.CONFIRMED):
    told = {
        "nktHoTen": ("Nguyễn Văn Mẫu", Decision.CONFIRMED),
        "nycHoTen": ("Trần Thị Thử", Decision.CONFIRMED),
        "nycQuanHe": (relation, decision),
    }
    fields = {
        code: FieldValue(raw=text, value=text, state=FieldState.READ, decision=decided, box=None)
        for code, (text, decided) in told.items()
    }
    form = forms()["kt-2006"]
    registration = Registration(ok=True, residual_px=0, coverage=1, method="test")
    return Record(
        file="a.pdf", page=1, record=1, form=form.form, form_version="1", registration=registration, fields=fields
    )


@pytest.mark.parametrize(
    ("relation", "spouse"), [("Vợ", "Trần Thị Thử"), ("chồng ", "Trần Thị Thử"), ("Con", None), ("Vợ cũ", None)]
)
def test_who_told_a_death_may_be_wife_or_husband(relation, spouse):
    (dead,) = subjects_of(death(relation), forms())
    assert dead.values.get("spouse_name") == spouse
    assert not dead.provisional


def test_a_relation_that_waits_tells_nothing_but_in_a_draft():
    waits = death("Vợ", Decision.REVIEW)
    assert "spouse_name" not in subjects_of(waits, forms())[0].values
    (dead,) = subjects_of(waits, forms(), proposals=True)
    assert (dead.values["spouse_name"], dead.provisional) == ("Trần Thị Thử", True)


def test_a_supplement_holds_only_while_the_one_who_told_it_is_the_same():
    assert {"nycHoTen", "nycQuanHe"} <= set(compared_codes(forms()["kt-2006"]))
