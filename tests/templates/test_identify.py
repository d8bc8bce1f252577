from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from extractor.readers.page_text import PageText, Word
from extractor.records import Box
from extractor.templates import identify

OTHER = {
    "a marriage": [
        "Số: 12 Quyển: 01 Ngày, tháng, năm đăng ký: 12.5.2017",
        "Họ, chữ đệm, tên vợ: Trần Thị An",
        "Ngày, tháng, năm sinh: 1990 Dân tộc: Kinh Quốc tịch: Việt Nam",
        "Nơi cư trú: xã Tân Lập Giấy tờ tùy thân: 012345678",
        "Họ, chữ đệm, tên chồng: Trần Văn Bình",
        "Họ, chữ đệm, tên, chức vụ người ký Giấy chứng nhận kết hôn:",
    ],
    "a letter": ["Kính gửi Ủy ban nhân dân xã", "Tôi xin trình bày một việc như sau", "Xin cảm ơn quý cơ quan"],
}


@pytest.mark.parametrize("name", ["ks-2016", "ks-2006"])
def test_a_form_is_known(name, forms, drawer):
    drawn = drawer(next(form for form in forms if form.name == name))
    match = identify(drawn.page, drawn.text, forms)
    assert match.form == name
    assert match.margin > 0.2
    assert match.reason == ""


@pytest.mark.parametrize("case", OTHER)
def test_other_pages_are_unknown(case, forms, drawer, ks2016):
    words = []
    for number, line in enumerate(OTHER[case]):
        at = 100
        for word in line.split():
            words.append(Word(word, 0.9, Box(at, 200 + 70 * number, 16 * len(word), 30), number))
            at += 16 * (len(word) + 1)
    match = identify(drawer(ks2016).page, PageText(tuple(words)), forms)
    assert match.form is None
    assert match.reason
    assert not match.blank


def test_a_blank_page_is_called_so(forms, drawer, ks2016):
    page = drawer(ks2016).page
    grey = np.full_like(page.grey, 250)
    match = identify(replace(page, grey=grey, image=np.dstack([grey] * 3)), PageText(), forms)
    assert match.form is None
    assert match.blank


def test_without_forms_nothing_is_known(drawer, ks2016):
    drawn = drawer(ks2016)
    assert identify(drawn.page, drawn.text, []).form is None
