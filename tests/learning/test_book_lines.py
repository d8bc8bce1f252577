"""Which lines of a book a reader is adapted by."""

import numpy as np
import pytest

from extractor.learning import book_lines
from extractor.learning.cutting import OpenPage, WrittenLines
from extractor.page_file import PageFile
from extractor.records import FieldValue
from extractor.store import DecidedField

LINE = np.full((20, 90), 255, np.uint8)


@pytest.mark.parametrize(
    ("read", "crops", "doubtful", "learnt"),
    [
        ("Bản Chiềng Đông", 1, False, True),
        ("Ban Chiêng Đong", 1, False, True),
        (None, 1, False, True),
        ("05.03.2009", 1, False, False),  # what people found stands elsewhere
        ("Bản Chiềng Đông", 2, False, False),  # nobody knows which words stand on which line
        ("Bản Chiềng Đông", 1, True, False),
        ("Bản Chiềng Đông", 0, False, False),
    ],
)
def test_a_line_is_learnt_where_its_text_surely_stands_on_it(monkeypatch, read, crops, doubtful, learnt):
    monkeypatch.setattr(book_lines, "written_lines", lambda *place: WrittenLines((LINE,) * crops, doubtful))
    readings = {} if read is None else {(1, "nksNoiSinh"): FieldValue(raw=read)}
    page = OpenPage(np.full((90, 90), 255, np.uint8), PageFile("0" * 64, "v1", readings=readings))
    final = FieldValue(raw="Bản Chiềng Đông")
    item = DecidedField(("x.pdf", 1, 1), "nksNoiSinh", "place", machine=FieldValue(), final=final, blind=False)
    assert (book_lines._single_line(page, item) is LINE) == learnt
