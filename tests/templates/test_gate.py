from __future__ import annotations

import pytest

from extractor.templates.gate import judge


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"coverage": 0.4}, "40%"),
        ({"residual_px": 60.0}, "7.5 mm"),
        ({"missing": ("Số", "Họ và tên", "Giới tính")}, "Giới tính"),
    ],
)
def test_each_measure_closes_the_gate_and_says_why(change, word):
    good = {"coverage": 0.95, "residual_px": 5.0, "mm": 8.0, "missing": ("Số",), "method": "labels"}
    assert judge(**good).ok
    assert judge(**good).reason == ""
    verdict = judge(**{**good, **change})
    assert not verdict.ok
    assert word in verdict.reason
