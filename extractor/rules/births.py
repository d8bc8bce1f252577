"""Rules for birth records."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.rules.registry import Finding, record_rule
from extractor.rules.similar import nearly_same, same
from extractor.rules.view import RecordView
from extractor.vietnamese.dates import PartialDate
from extractor.vietnamese.names import surname, told_sex
from extractor.vietnamese.text import compare_key

IN_TIME, LATE = "1", "4"
_DAYS_SINCE_2016, _DAYS_BEFORE = 60, 30
_MOTHER, _FATHER = (12, 55), (14, 80)
_FATHER_WORDS = frozenset(compare_key(word) for word in ("cha", "cha đẻ", "cha ruột", "bố", "bố đẻ", "ba"))
_MOTHER_WORDS = frozenset(compare_key(word) for word in ("mẹ", "mẹ đẻ", "mẹ ruột", "má"))
_PARENTS = ("meHoTen", "chaHoTen")


@record_rule("R05-birth-order")
def birth_before_registration(view: RecordView) -> Iterator[Finding]:
    """Birth is not after registration."""
    birth = view.date("nksNgaySinh")
    if birth and view.registered and birth.earliest > view.registered.latest:
        yield Finding(("nksNgaySinh", "ngayDangKy"))


@record_rule("R05-late")
def late_box_fits(view: RecordView) -> Iterator[Finding]:
    """The box in time or late fits the days between birth and registration."""
    birth, registered, kind = view.date("nksNgaySinh"), view.registered, view.text("loaiDangKy")
    if not (birth and registered and birth.complete and registered.complete):
        return
    days = registered.days_since(birth)
    shortest = _DAYS_SINCE_2016 if registered.year >= 2016 else _DAYS_BEFORE
    if (kind == IN_TIME and days > _DAYS_SINCE_2016) or (kind == LATE and 0 <= days <= shortest):
        yield Finding(("loaiDangKy", "nksNgaySinh", "ngayDangKy"), {"days": str(days)})


def agree(digits: PartialDate, words: PartialDate) -> bool:
    """Whether two dates agree in all parts both have."""
    pairs = ((digits.year, words.year), (digits.month, words.month), (digits.day, words.day))
    return all(a == b for a, b in pairs if a is not None and b is not None)


@record_rule("R06-words")
def digits_equal_words(view: RecordView) -> Iterator[Finding]:
    """The date of birth in digits is the one in words."""
    digits, words = view.date("nksNgaySinh"), view.date_in_words("nksNgaySinhBangChu")
    if digits and words and not agree(digits, words):
        yield Finding(("nksNgaySinh", "nksNgaySinhBangChu"))


@record_rule("R07-parent-age")
def parents_are_of_age(view: RecordView) -> Iterator[Finding]:
    """Parents are neither too young nor too old at the birth."""
    birth = view.date("nksNgaySinh")
    if not birth:
        return
    for code, (youngest, oldest) in (("meNgaySinh", _MOTHER), ("chaNgaySinh", _FATHER)):
        span = view.birth_span(code)
        if span and (birth.year - span[0] < youngest or birth.year - span[1] > oldest):
            yield Finding((code, "nksNgaySinh"), {"field": code, "age": str(birth.year - span[1])})


@record_rule("R08-swapped")
def parents_are_not_swapped(view: RecordView) -> Iterator[Finding]:
    """Not both: the mother bears a man's middle name and the father a woman's."""
    if told_sex(view.text("meHoTen")) == "1" and told_sex(view.text("chaHoTen")) == "2":
        yield Finding(_PARENTS)


@record_rule("R08-middle-name")
def middle_name_fits_the_sex(view: RecordView) -> Iterator[Finding]:
    """A middle name that tells a sex tells the right one."""
    mother, father = told_sex(view.text("meHoTen")), told_sex(view.text("chaHoTen"))
    if not (mother == "1" and father == "2"):
        if mother == "1":
            yield Finding(("meHoTen",), {"field": "meHoTen"})
        if father == "2":
            yield Finding(("chaHoTen",), {"field": "chaHoTen"})
    sex, told = view.text("nksGioiTinh"), told_sex(view.text("nksHoTen"))
    if sex in {"1", "2"} and told and told != sex:
        yield Finding(("nksHoTen", "nksGioiTinh"), {"field": "nksHoTen"})


def _surnames(view: RecordView) -> tuple[str, dict[str, str]]:
    child = view.text("nksHoTen")
    parents = {code: surname(view.text(code)) for code in _PARENTS if view.text(code)}
    return (surname(child) if child else ""), parents


@record_rule("R09-surname-near")
def surname_is_spelled_as_a_parents(view: RecordView) -> Iterator[Finding]:
    """The child's surname is not a parent's with a mark or letter changed."""
    child, parents = _surnames(view)
    if child and not any(same(child, parent) for parent in parents.values()):
        for code in ("chaHoTen", "meHoTen"):
            if nearly_same(child, parents.get(code, "")):
                yield Finding(("nksHoTen", code), {"field": code})
                return


@record_rule("R09-surname")
def surname_is_a_parents(view: RecordView) -> Iterator[Finding]:
    """The child has the surname of one parent; silent where a block was not read."""
    child, parents = _surnames(view)
    unread = any(not view.text(code) and not view.blank(code) for code in _PARENTS)
    if not child or not parents or unread:
        return
    if not any(same(child, parent) or nearly_same(child, parent) for parent in parents.values()):
        yield Finding(("nksHoTen", *parents))


@record_rule("R10-birth-kind")
def kind_fits_the_parents(view: RecordView) -> Iterator[Finding]:
    """The kind of birth registration says which parents' blocks are empty."""
    kind = view.text("nksLoaiKhaiSinh")
    mother, father = bool(view.text("meHoTen")), bool(view.text("chaHoTen"))
    wrong = {
        "1": view.blank("meHoTen") or view.blank("chaHoTen"),
        "2": mother,
        "3": father,
        "4": mother or father,
        "5": mother or father,
    }
    if wrong.get(kind, False):
        yield Finding(("nksLoaiKhaiSinh", *_PARENTS))


def declared_by(view: RecordView) -> str:
    """Code of the parent who the relation says is the declarant, or empty."""
    relation = compare_key(view.text("nycQuanHe"))
    if relation in _FATHER_WORDS:
        return "chaHoTen"
    return "meHoTen" if relation in _MOTHER_WORDS else ""


@record_rule("R18-same-person")
def declarant_is_the_parent(view: RecordView) -> Iterator[Finding]:
    """A declarant who is a parent, by the relation or nearly by the name, has the parent's name."""
    declarant = view.text("nycHoTen")
    if not declarant or any(same(declarant, view.text(code)) for code in _PARENTS if view.text(code)):
        return
    parent = declared_by(view)
    if parent and view.text(parent):
        yield Finding(("nycHoTen", parent, "nycQuanHe"), {"field": parent})
        return
    for code in _PARENTS:
        if nearly_same(declarant, view.text(code)):
            yield Finding(("nycHoTen", code), {"field": code})
            return
