"""The comparison of ways to find places runs from its file."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_places_of_drawn_addresses_are_compared(tmp_path):
    (tmp_path / "images").mkdir()
    font = load_fonts("hand", "train")[0]
    rows = []
    for form in range(12):
        ink = draw_text(np.random.default_rng(form), "Nam Triều Phú Xuyên Hà Nội", font.path, font.scale)
        cv2.imwrite(str(tmp_path / "images" / f"{form}_0.jpg"), (255 - 200 * ink).astype(np.uint8))
        rows.append(f"images/{form}_0.jpg\tNam Triều Phú Xuyên Hà Nội\n")
    (tmp_path / "labels.tsv").write_text("".join(rows), "utf-8")
    ended = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "places.py"), str(tmp_path), "--out", str(tmp_path / "out")],
        capture_output=True, text=True, timeout=180, cwd=ROOT, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    outcomes = {item["way"]: item for item in json.loads((tmp_path / "out" / "places.json").read_text())}
    assert list(outcomes) == ["read", "province only", "gazetteer"]
    assert outcomes["gazetteer"]["right"] >= outcomes["read"]["right"]
    assert outcomes["gazetteer"]["right"] + outcomes["gazetteer"]["wrong"] + outcomes["gazetteer"]["unknown"] == 1
