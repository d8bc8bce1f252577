from __future__ import annotations

import numpy as np

from extractor.readers.furniture import Furniture
from extractor.templates.label_template import Label
from extractor.templates.letters import breadth
from extractor.templates.placing import Placed
from extractor.templates.unread import on_their_ink

MM = 8.0
UNIT = 12.0


def page() -> Furniture:
    empty = np.zeros((600, 800), np.uint8)
    return Furniture(1.0, MM * 25.4, empty + 255, empty.copy(), empty, (), (), (), empty)


def placed(text: str, row: int, left: float, *, found: bool, also: tuple[str, ...] = ()) -> Placed:
    label = Label(text=text, x=10.0, field=f"field{row}", also=also)
    right = left + breadth(text + ":") * UNIT
    return Placed(label, 0, row, left, right, 60.0 + 60 * row, 24.0, found, 0.0, (left, 60.0 + 60 * row))


def labels(unread: Placed) -> list[Placed]:
    read = ("Họ và tên", "Dân tộc", "Quốc tịch", "Nơi thường trú")
    return [*(placed(text, row, 40.0, found=True) for row, text in enumerate(read)), unread]


def test_an_unread_label_ends_where_a_word_of_its_width_does():
    furniture = page()
    short = round(breadth("Ngày sinh:") * UNIT)
    furniture.ink[285:300, 70 : 70 + short] = 255
    furniture.ink[285:300, 90 + short : 200 + short] = 255
    unread = placed("Ngày, tháng, năm sinh", 4, 50.0, found=False, also=("Ngày sinh",))
    moved = on_their_ink(labels(unread), furniture, MM)[-1]
    assert (moved.left, moved.right) == (70.0, 70.0 + short)
    assert not moved.found


def test_an_unread_label_stays_where_no_ink_is_like_it():
    unread = placed("Ngày sinh", 4, 50.0, found=False)
    assert on_their_ink(labels(unread), page(), MM)[-1] == unread
