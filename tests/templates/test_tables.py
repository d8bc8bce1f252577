"""The tabular layout on pages drawn here: columns, entries, cells and refusals."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from extractor.readers.page_text import PageText, Word
from extractor.records import Box
from extractor.scans.types import CleanPage, SourcePage
from extractor.templates.form import FormSchema
from extractor.templates.table_template import TableTemplate
from extractor.templates.tables import register_table, table_evidence

SHARES = (0.0, 0.08, 0.2, 0.7, 0.85, 1.0)
FIELDS = ("number", "date", "text", "place", "fee")
SCHEMA = FormSchema.model_validate(
    {
        "form": "drawn-table",
        "version": "7",
        "title": "Drawn table",
        "source": "drawn in the tests",
        "rows": True,
        "fields": [{"code": code, "label": code, "kind": "text"} for code in FIELDS],
    }
)
RAW = {
    "layout": "table",
    "version": "1",
    "drawn_on": "nothing",
    "edges": [{"at": share} for share in SHARES],
    "columns": [{"field": code, "headings": [code]} for code in FIELDS],
    "header": {"height": 0.12, "heading_band": 0.04},
    "rows": {"starts": {"number": 1.0, "date": 0.5, "place": 0.4}, "threshold": 0.9, "body": "text"},
}
TEMPLATE = TableTemplate.model_validate(RAW)
NOTHING = PageText()


@dataclass
class Sheet:
    """What to draw: places in pixels before the page is warped."""

    shares: tuple[float, ...] = SHARES
    left: int = 90
    right: int = 910
    top: int = 110
    bottom: int = 1180
    head: float = 0.12
    gaps: float = 0.0
    missing: tuple[int, ...] = ()
    frame: int = 1
    entries: tuple[int, ...] = (3, 2, 4)
    carried: int = 0
    extra: tuple[float, ...] = ()
    skew: float = 0.0
    seed: int = 5
    first: int = field(default=0, init=False)

    @property
    def width(self) -> int:
        return self.right - self.left

    def x(self, share: float) -> int:
        return round(self.left + share * self.width)

    def draw(self) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        page = np.clip(rng.normal(238, 3, (1300, 1000)), 0, 255).astype(np.uint8)
        for number, share in enumerate((*self.shares, *self.extra)):
            if number in self.missing:
                continue
            outer = number in (0, len(self.shares) - 1)
            for line in range(self.frame if outer else 1):
                x = self.x(share) + (-8 * line if number == 0 else 8 * line)
                for y in range(self.top, self.bottom, 24):
                    if rng.random() >= self.gaps:
                        cv2.line(page, (x, y), (x, y + 24), 60, 2)
        head = round(self.top + self.head * self.width)
        for y in (self.top, head):
            cv2.line(page, (self.left, y), (self.right, y), 60, 2)
        y = head + 60
        for _ in range(self.carried):
            self._word(page, rng, 2, y, 9)
            y += 30
        for lines in self.entries:
            self._word(page, rng, 0, y, 1)
            self._word(page, rng, 1, y, 2)
            for number in range(lines):
                self._word(page, rng, 2, y, 9 if number < lines - 1 else 5)
                y += 30
            self._word(page, rng, 4, y - 30, 2)
            y += 12
        if self.skew:
            turn = cv2.getRotationMatrix2D((500, 650), self.skew, 1.0)
            page = cv2.warpAffine(page, turn, (1000, 1300), borderValue=40)
        return page

    def _word(self, page: np.ndarray, rng: np.random.Generator, column: int, base: int, letters: int) -> None:
        x = self.x(self.shares[column]) + 14
        for _ in range(letters):
            for _ in range(4):
                end = (x + int(rng.integers(2, 9)), base - int(rng.integers(3, 13)))
                cv2.line(page, (x, base - int(rng.integers(0, 10))), end, 40, 2, cv2.LINE_AA)
                x += int(rng.integers(5, 9))
            x += 4 if letters > 2 else 0


def clean(grey: np.ndarray, scale: float = 1.0) -> CleanPage:
    image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    source = SourcePage("page.png", 1, image, "0" * 64)
    return CleanPage(source, image, grey, np.diag([scale, scale, 1.0]), 200.0)


def lines_of(page, code: str) -> list[int]:
    return [len(field.lines) for record in page.records for field in record.fields if field.code == code]


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param(Sheet(), id="as drawn"),
        pytest.param(Sheet(gaps=0.25), id="broken lines"),
        pytest.param(Sheet(frame=3), id="triple frame"),
        pytest.param(Sheet(skew=1.8), id="skewed"),
        pytest.param(Sheet(skew=-1.8), id="skewed the other way"),
        pytest.param(Sheet(missing=(3,)), id="one ruling missing"),
        pytest.param(Sheet(shares=(0.0, 0.095, 0.205, 0.685, 0.86, 1.0)), id="another print run"),
        pytest.param(Sheet(left=200, right=820), id="smaller on the page"),
        pytest.param(Sheet(extra=(1.12, 1.18)), id="part of the facing page"),
        pytest.param(Sheet(head=0.135), id="higher head"),
    ],
)
def test_columns_and_entries_are_found(sheet):
    page = register_table(clean(sheet.draw()), NOTHING, SCHEMA, TEMPLATE)
    assert page.registration.ok, page.registration
    assert table_evidence(clean(sheet.draw()), NOTHING, TEMPLATE) > 0.7
    assert [record.record for record in page.records] == [1, 2, 3]
    assert lines_of(page, "text") == [3, 2, 4]
    assert lines_of(page, "number") == lines_of(page, "date") == lines_of(page, "fee") == [1, 1, 1]
    assert lines_of(page, "place") == [0, 0, 0]
    if not sheet.skew:
        for record in page.records:
            for number, located in enumerate(record.fields):
                for line in located.lines:
                    assert line.shape == (4, 2)
                    assert sheet.x(sheet.shares[number]) - 12 <= line[:, 0].min()
                    assert line[:, 0].max() <= sheet.x(sheet.shares[number + 1]) + 12


def test_fields_stand_in_the_order_of_the_columns():
    page = register_table(clean(Sheet().draw()), NOTHING, SCHEMA, TEMPLATE)
    assert [field.code for field in page.records[0].fields] == list(FIELDS)
    assert (page.form, page.form_version) == ("drawn-table", "7")


def test_corners_run_clockwise_from_top_left():
    page = register_table(clean(Sheet().draw()), NOTHING, SCHEMA, TEMPLATE)
    corners = page.records[0].fields[2].lines[0]
    assert corners[0, 0] < corners[1, 0] and corners[0, 1] < corners[3, 1]
    assert corners[2, 0] > corners[3, 0] and corners[2, 1] > corners[1, 1]


def test_text_carried_over_is_a_record_without_number():
    page = register_table(clean(Sheet(carried=2).draw()), NOTHING, SCHEMA, TEMPLATE)
    assert lines_of(page, "number") == [0, 1, 1, 1]
    assert lines_of(page, "text") == [2, 3, 2, 4]


def test_a_heading_in_its_band_belongs_to_no_record():
    sheet = Sheet()
    grey = sheet.draw()
    sheet._word(grey, np.random.default_rng(1), 2, round(sheet.top + 0.12 * sheet.width + 22), 6)
    page = register_table(clean(grey), NOTHING, SCHEMA, TEMPLATE)
    assert lines_of(page, "text") == [3, 2, 4]


def test_a_heading_between_separators_belongs_to_no_record():
    sheet = Sheet(entries=(3,))
    grey = sheet.draw()
    base = round(sheet.top + 0.12 * sheet.width + 60 + 3 * 30)
    left, right = sheet.x(0.2) + 10, sheet.x(0.7) - 10
    for y in (base, base + 64):
        cv2.line(grey, (left, y), (right, y), 40, 3)
    rng = np.random.default_rng(2)
    x = sheet.x(0.36)
    for _ in range(20):
        cv2.line(grey, (x, base + 40), (x + 4, base + 40 - int(rng.integers(6, 14))), 40, 2, cv2.LINE_AA)
        x += 7
    page = register_table(clean(grey), NOTHING, SCHEMA, TEMPLATE)
    assert len(page.records) == 1
    assert lines_of(page, "text") == [3]


def test_residual_is_given_in_source_pixels():
    grey = Sheet(shares=(0.0, 0.095, 0.205, 0.685, 0.86, 1.0)).draw()
    one = register_table(clean(grey), NOTHING, SCHEMA, TEMPLATE).registration
    two = register_table(clean(grey, scale=2.0), NOTHING, SCHEMA, TEMPLATE).registration
    assert one.residual_px > 1.0
    assert two.residual_px == pytest.approx(2 * one.residual_px)


def test_anchors_are_matched_pairs():
    page = register_table(clean(Sheet().draw()), NOTHING, SCHEMA, TEMPLATE)
    assert page.anchors.shape == (7, 4)
    assert np.abs(page.anchors[:, :2] - page.anchors[:, 2:]).max() < 6
    assert page.registration.coverage == 1.0


def test_words_of_the_page_text_are_handed_on():
    bare = register_table(clean(Sheet().draw()), NOTHING, SCHEMA, TEMPLATE)
    centre = bare.records[1].fields[0].lines[0].mean(axis=0)
    word = Word("17", 0.8, Box(round(centre[0]) - 5, round(centre[1]) - 5, 10, 10), 0)
    page = register_table(clean(Sheet().draw()), PageText((word,)), SCHEMA, TEMPLATE)
    assert [record.fields[0].printed for record in page.records] == [None, ("17", 0.8), None]


def test_headings_read_in_their_columns_add_evidence():
    sheet = Sheet(missing=(3,), gaps=0.3)
    page = clean(sheet.draw())
    words = [
        Word(code, 0.9, Box(sheet.x(share) + 8, sheet.top + 30, 40, 16), 0)
        for code, share in zip(FIELDS, SHARES, strict=False)
    ]
    assert table_evidence(page, PageText(tuple(words)), TEMPLATE) >= table_evidence(page, NOTHING, TEMPLATE)


def blank(**_: object) -> np.ndarray:
    return np.clip(np.random.default_rng(0).normal(238, 3, (1300, 1000)), 0, 255).astype(np.uint8)


def letter() -> np.ndarray:
    page, sheet, rng = blank(), Sheet(left=60, right=940), np.random.default_rng(4)
    for y in range(120, 1200, 34):
        for column in range(5):
            sheet._word(page, rng, column, y, 4)
    return page


WRONG = {
    "blank": blank,
    "letter": letter,
    "two columns": lambda: Sheet(shares=(0.0, 0.68, 1.0), entries=()).draw(),
    "equal columns": lambda: Sheet(shares=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), entries=()).draw(),
    "many columns": lambda: Sheet(shares=tuple(np.linspace(0, 1, 17)), entries=()).draw(),
    "no head": lambda: Sheet(head=0.4, top=60).draw(),
    "mirrored": lambda: Sheet(shares=tuple(1 - share for share in reversed(SHARES)), entries=()).draw(),
    "a frame with a strip": lambda: Sheet(shares=(0.0, 0.7, 1.0), head=0.5, entries=()).draw(),
}


@pytest.mark.parametrize("kind", WRONG)
def test_other_pages_are_refused_with_a_reason(kind):
    page = clean(WRONG[kind]())
    done = register_table(page, NOTHING, SCHEMA, TEMPLATE)
    assert not done.registration.ok
    assert done.registration.reason
    assert done.records == ()


@pytest.mark.parametrize("shape", [(1, 1), (30, 2000), (2000, 30), (64, 64)])
def test_odd_sizes_are_refused(shape):
    page = clean(np.full(shape, 230, np.uint8))
    assert table_evidence(page, NOTHING, TEMPLATE) == 0.0
    assert not register_table(page, NOTHING, SCHEMA, TEMPLATE).registration.ok


def test_an_empty_form_has_no_entries():
    done = register_table(clean(Sheet(entries=()).draw()), NOTHING, SCHEMA, TEMPLATE)
    assert done.records == ()
    assert "no entries" in done.registration.reason


def test_the_same_page_gives_the_same_result():
    grey = Sheet(skew=0.7).draw()
    one, two = (register_table(clean(grey.copy()), NOTHING, SCHEMA, TEMPLATE) for _ in range(2))
    assert one.registration == two.registration
    for left, right in zip(one.records, two.records, strict=True):
        for a, b in zip(left.fields, right.fields, strict=True):
            assert all(np.array_equal(x, y) for x, y in zip(a.lines, b.lines, strict=True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"edges": [{"at": 0.0}, {"at": 0.5}, {"at": 0.4}, {"at": 1.0}]}, "rise from 0 to 1"),
        ({"edges": [{"at": 0.0}, {"at": 0.5}, {"at": 1.0}]}, "enclose 2 columns"),
        ({"columns": [{"field": "number"}] * 5}, "one column only"),
        ({"rows": {"starts": {"name": 1.0}, "body": "text"}}, "without a column: name"),
        ({"layout": "labels"}, "table"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_wrong_template_is_refused(change, words):
    with pytest.raises(ValidationError, match=words):
        TableTemplate.model_validate({**RAW, **change})
