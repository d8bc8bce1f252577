"""Rules for deaths, marriages, recognition of parents and confirmation of marital status."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from extractor.rules.births import IN_TIME, LATE, agree
from extractor.rules.registry import Finding, record_rule
from extractor.rules.view import RecordView
from extractor.vietnamese.names import told_sex

_DEATH_DAYS = 15
_OLDEST = 120
_MARRIAGE_AGE = {"chongNgaySinh": 20, "voNgaySinh": 18}
_PARENT_AGE = 12


def _in_order(view: RecordView, codes: tuple[str, ...]) -> Iterator[Finding]:
    """Each date is not after the next one that is known."""
    known = [(code, date) for code in codes if (date := view.date(code))]
    for (first, a), (second, b) in pairwise(known):
        if a.earliest > b.latest:
            yield Finding((first, second), {"first": first, "second": second})


@record_rule("R06-death-words")
def death_digits_equal_words(view: RecordView) -> Iterator[Finding]:
    """The date of death in digits is the one in words."""
    digits, words = view.date("nktNgayChet"), view.date_in_words("nktNgayChetGhiBangChu")
    if digits and words and not agree(digits, words):
        yield Finding(("nktNgayChet", "nktNgayChetGhiBangChu"))


@record_rule("R11-death-order")
def death_dates_follow(view: RecordView) -> Iterator[Finding]:
    """Birth, death, notice of death and registration follow one another."""
    yield from _in_order(view, ("nktNgaySinh", "nktNgayChet", "gbtNgay", "ngayDangKy"))


@record_rule("R11-death-age")
def age_at_death(view: RecordView) -> Iterator[Finding]:
    """Nobody dies older than the oldest."""
    birth, death = view.birth_span("nktNgaySinh"), view.date("nktNgayChet")
    if birth and death and death.year - birth[1] > _OLDEST:
        yield Finding(("nktNgaySinh", "nktNgayChet"), {"age": str(death.year - birth[1])})


@record_rule("R11-late")
def late_death_box_fits(view: RecordView) -> Iterator[Finding]:
    """The box in time or late fits the days between death and registration."""
    death, registered, kind = view.date("nktNgayChet"), view.registered, view.text("loaiDangKy")
    if not (death and registered and death.complete and registered.complete):
        return
    days = registered.days_since(death)
    if (kind == IN_TIME and days > _DEATH_DAYS) or (kind == LATE and 0 <= days <= _DEATH_DAYS):
        yield Finding(("loaiDangKy", "nktNgayChet", "ngayDangKy"), {"days": str(days)})


@record_rule("R12-age")
def old_enough_to_marry(view: RecordView) -> Iterator[Finding]:
    """Both are of age in the year of registration, by the widest counting."""
    year = view.registration_year
    for code, age in _MARRIAGE_AGE.items():
        span = view.birth_span(code)
        if year and span and year - span[0] < age:
            yield Finding((code, "ngayDangKy"), {"field": code, "age": str(age)})


@record_rule("R12-swapped")
def couple_is_not_swapped(view: RecordView) -> Iterator[Finding]:
    """Not both: the husband bears a woman's middle name and the wife a man's."""
    if told_sex(view.text("chongHoTen")) == "2" and told_sex(view.text("voHoTen")) == "1":
        yield Finding(("chongHoTen", "voHoTen"))


@record_rule("R14-parent-older")
def parent_is_older(view: RecordView) -> Iterator[Finding]:
    """A recognised parent is at least so much older than the child."""
    parent, child = view.birth_span("cmNgaySinh"), view.birth_span("ncNgaySinh")
    if parent and child and child[1] - parent[0] < _PARENT_AGE:
        yield Finding(("cmNgaySinh", "ncNgaySinh"), {"age": str(child[1] - parent[0])})


@record_rule("R15-residence-span")
def residence_dates_follow(view: RecordView) -> Iterator[Finding]:
    """Residence begins, ends, and is then certified."""
    yield from _in_order(view, ("nxnThoiGianCuTruTu", "nxnThoiGianCuTruDen", "ngayDangKy"))
