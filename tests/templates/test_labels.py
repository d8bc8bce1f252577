from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from extractor.readers.page_text import PageText
from extractor.templates import Form, RegisteredPage, register
from extractor.templates.label_evidence import label_evidence


def shares(registered: RegisteredPage, drawn: Any) -> tuple[float, float, str]:
    """Share of value ink inside its region, share of foreign ink inside, and the worst field."""
    written = np.bincount(drawn.owner.ravel(), minlength=len(drawn.codes) + 1)
    inside, foreign, worst, least = 0, 0, "", 1.0
    for field in registered.records[0].fields:
        mask = np.zeros(drawn.owner.shape, np.uint8)
        for line in field.lines:
            cv2.fillPoly(mask, [np.round(line).astype(np.int32)], 1)
        caught = np.bincount(drawn.owner[mask > 0], minlength=len(drawn.codes) + 1)
        index = drawn.codes.index(field.code) + 1 if field.code in drawn.codes else 0
        mine = int(caught[index]) if index else 0
        inside, foreign = inside + mine, foreign + int(caught[1:].sum()) - mine
        if index and mine / written[index] < least:
            worst, least = field.code, mine / written[index]
    return inside / int(written[1:].sum()), foreign / max(1, inside), f"{worst} {least:.2f}"


CASES = {
    "as drawn": {},
    "blocks moved by up to 15 mm": {"shift": {"text": (2, 7), "ticks": (-3, -9), "head": (2, -8), "margin": (0, 6)}},
    "smaller print": {"scale": 0.97},
    "labels moved sideways": {"jitter": 6.0, "seed": 3},
    "no leaders": {"leaders": False},
    "other wordings": {
        "reword": {
            "Quyển": "Quyển số",
            "Giới tính": "Giới tinh",
            "Số định danh cá nhân": "Số định danh",
            "Họ và tên người đi khai sinh": "Họ và tên người đi khai",
        }
    },
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["ks-2016", "ks-2006"])
def test_values_lie_in_their_regions(case, name, forms, drawer):
    form = next(form for form in forms if form.name == name)
    drawn = drawer(form, **CASES[case])
    registered = register(drawn.page, drawn.text, form)
    assert registered.registration.ok, registered.registration.reason
    inside, foreign, worst = shares(registered, drawn)
    assert inside > 0.985, worst
    assert foreign < 0.005


def test_every_field_has_a_region(ks2016: Form, drawer):
    drawn = drawer(ks2016)
    located = register(drawn.page, drawn.text, ks2016).records[0].fields
    assert [field.code for field in located] == [spec.code for spec in ks2016.schema.fields]
    for field in located:
        assert bool(field.options) == (field.code in {"loaiDangKy", "nksLoaiKhaiSinh"})
        assert field.lines or field.options


def test_lost_labels_are_placed_by_their_neighbours(ks2016: Form, drawer):
    texts = [label.text for _, _, label in ks2016.template.labels()]
    lost = frozenset(i for i, text in enumerate(texts) if text in {"Nơi sinh", "Quê quán"})
    drawn = drawer(ks2016, lost=lost, shift={"text": (0, 9)})
    registered = register(drawn.page, drawn.text, ks2016)
    whole = register(drawn.page, drawer(ks2016, shift={"text": (0, 9)}).text, ks2016)
    assert registered.registration.coverage < whole.registration.coverage
    inside, _, worst = shares(registered, drawn)
    assert inside > 0.95, worst


def test_parts_of_a_date_come_in_their_order(ks2006: Form, drawer):
    drawn = drawer(ks2006)
    field = next(f for f in register(drawn.page, drawn.text, ks2006).records[0].fields if f.code == "ngayDangKy")
    lefts = [line[0, 0] for line in field.lines]
    assert len(lefts) == 3
    assert lefts == sorted(lefts)


def test_tick_boxes_are_found_ticked_or_not(ks2016: Form, drawer):
    drawn = drawer(ks2016, ticked=frozenset({"Đúng hạn", "Trẻ bị bỏ rơi"}), shift={"ticks": (3, 7)})
    registered = register(drawn.page, drawn.text, ks2016)
    options = {option.label: option for field in registered.records[0].fields for option in field.options}
    assert len(options) == 6
    for label, (left, top, right, bottom) in drawn.boxes.items():
        low, high = options[label].polygon.min(axis=0), options[label].polygon.max(axis=0)
        assert np.allclose(low, (left, top), atol=5), label
        assert np.allclose(high, (right, bottom), atol=5), label
    assert options["Quá hạn"].value == "4"


def test_another_form_is_refused(ks2016: Form, ks2006: Form, drawer):
    for drawn_form, asked in ((ks2016, ks2006), (ks2006, ks2016)):
        drawn = drawer(drawn_form)
        registered = register(drawn.page, drawn.text, asked)
        assert not registered.registration.ok
        assert registered.registration.reason
        assert registered.records == ()


def test_a_page_without_words_is_refused(ks2016: Form, drawer):
    registered = register(drawer(ks2016).page, PageText(), ks2016)
    assert not registered.registration.ok
    assert registered.registration.coverage == 0.0
    assert registered.anchors.shape == (0, 4)


def test_half_a_page_is_refused(ks2016: Form, drawer):
    drawn = drawer(ks2016)
    cut = drawn.page.grey.shape[0] // 3
    words = tuple(word for word in drawn.text.words if word.box.bottom < cut)
    page = replace(drawn.page, grey=drawn.page.grey[:cut], image=drawn.page.image[:cut])
    assert not register(page, PageText(words), ks2016).registration.ok


def test_residual_is_in_source_pixels(ks2016: Form, drawer):
    drawn = drawer(ks2016, jitter=5.0, seed=2)
    one = register(drawn.page, drawn.text, ks2016).registration.residual_px
    doubled = replace(drawn.page, to_source=np.diag([2.0, 2.0, 1.0]))
    assert one > 0
    assert register(doubled, drawn.text, ks2016).registration.residual_px == pytest.approx(2 * one)


def test_a_page_at_another_resolution_gives_the_same_places(ks2016: Form, drawer):
    drawn = drawer(ks2016)
    large = cv2.resize(drawn.page.grey, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    words = tuple(
        replace(word, box=type(word.box)(*(round(1.5 * side) for side in word.box))) for word in drawn.text.words
    )
    page = replace(drawn.page, grey=large, image=cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), dpi=300.0)
    small = register(drawn.page, drawn.text, ks2016).records[0].fields
    big = register(page, PageText(words), ks2016).records[0].fields
    for one, other in zip(small, big, strict=True):
        for a, b in zip(one.lines, other.lines, strict=True):
            assert np.abs(b.min(axis=0) / 1.5 - a.min(axis=0)).max() < 5, one.code
            assert np.abs(b.max(axis=0) / 1.5 - a.max(axis=0)).max() < 5, one.code


def test_evidence_tells_the_forms_apart(ks2016: Form, ks2006: Form, drawer):
    for right, wrong in ((ks2016, ks2006), (ks2006, ks2016)):
        drawn = drawer(right)
        mine, other = label_evidence(drawn.text, [right.template, wrong.template])
        assert mine > 0.9
        assert mine - other > 0.25


def test_what_the_ocr_pass_read_comes_along(ks2016: Form, drawer):
    drawn = drawer(ks2016)
    registered = register(drawn.page, drawn.text, ks2016)
    line = next(f for f in registered.records[0].fields if f.code == "nksHoTen").lines[0]
    middle = line.mean(axis=0)
    word = replace(
        drawn.text.words[0],
        text="NGUYỄN",
        confidence=0.7,
        box=type(drawn.text.words[0].box)(round(middle[0]) - 40, round(middle[1]) - 10, 80, 20),
        line=999,
    )
    again = register(drawn.page, PageText((*drawn.text.words, word)), ks2016)
    assert next(f for f in again.records[0].fields if f.code == "nksHoTen").printed == ("NGUYỄN", 0.7)
