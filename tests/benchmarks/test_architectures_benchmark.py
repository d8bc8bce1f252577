"""The comparison of architectures runs from its file, without any collection."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "architectures.py"
NAMES = ("crnn", "transformer")


@pytest.mark.slow
def test_architectures_learn_from_the_same_lines(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"data: open\nseed: 1\nencoder: none.onnx\nwork: {tmp_path}/work\nout: {tmp_path}/out\n"
        "head: {lines: 1, batch: 1, rate: 0.001}\nfine_tune: {lines: 1, batch: 1, rate: 0.001}\nmixture: {fonts: 1}\n",
        "utf-8",
    )
    figures = tmp_path / "figures"
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), str(recipe), "none.onnx", "--only", *NAMES,
         "--lines", "8", "--watched", "2", "--out", str(figures)],
        capture_output=True, text=True, timeout=600, cwd=ROOT, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    for name in NAMES:
        assert name in ended.stdout
        item = json.loads((figures / f"{name}.json").read_text())
        assert item["curve"][-1][0] == 8
        assert item["training_ms"] > 0
        assert item["parameters"] > 1_000_000
    assert (figures / "architectures.png").stat().st_size > 5000
