"""Notebooks run from top to bottom, are kept clean, and use the public interface alone."""

import ast
import json
import re
import runpy
import sys
from pathlib import Path
from tempfile import gettempdir

import nbformat
import pytest
from nbclient import NotebookClient

import extractor

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LIBRARIES = {"IPython", "cv2", "matplotlib", "numpy", "pandas", "tokenizers", "torch", "transformers"}
"""Public libraries a notebook may use, beside Python's own."""

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.mark.slow
@each
def test_notebook_runs_from_top_to_bottom(path, monkeypatch, tmp_path):
    monkeypatch.setenv("EXTRACTOR_NOTEBOOK_SIZE", "toy")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in ("LINE_SET", "VERIFIED", "TROCR_FOLDER", "SCANS"):
        monkeypatch.delenv(name, raising=False)
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in outputs), "nothing was drawn"


@each
def test_notebook_is_kept_clean(path):
    clean = runpy.run_path(str(ROOT / "scripts" / "clean-notebooks"))["clean"]
    text = path.read_text("utf-8")
    assert clean(text) == text, "run scripts/clean-notebooks"
    assert not [place for place in (ROOT, Path.home(), Path(gettempdir())) if f"{place}/" in text]


def test_what_is_not_clean_is_made_so():
    clean = runpy.run_path(str(ROOT / "scripts" / "clean-notebooks"))["clean"]
    cell = {
        "cell_type": "code", "id": "x", "metadata": {"scrolled": True}, "execution_count": 7, "source": "1\n",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "of a machine"}],
    }  # fmt: skip
    text = json.dumps({"cells": [cell], "metadata": {"language_info": {"version": "3.11.2"}}, "nbformat": 4})
    made = json.loads(clean(text))
    assert made["cells"] == [
        {"cell_type": "code", "id": "c0", "metadata": {}, "execution_count": None, "outputs": [], "source": ["1"]}
    ]
    assert "3.11.2" not in clean(text)
    assert clean(clean(text)) == clean(text)


@each
def test_notebook_opens_with_what_it_answers_and_how_long_it_takes(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "**What this answers:**" in first.source
    assert "**Takes**" in first.source
    assert "EXTRACTOR_NOTEBOOK_SIZE=toy" in first.source


@each
def test_notebook_uses_the_public_interface_alone(path):
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    code = re.sub(r"^%.*$", "", code, flags=re.MULTILINE)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
            if node.module == "extractor":
                assert {alias.name for alias in node.names} <= set(extractor.__all__)
        else:
            continue
        for module in modules:
            assert not module.startswith("extractor."), f"{module} is not public"
            assert module.split(".")[0] in {"extractor", *LIBRARIES, *sys.stdlib_module_names}, module


def test_the_documentation_names_every_notebook():
    page = (ROOT / "docs" / "learning.md").read_text("utf-8")
    assert NOTEBOOKS
    assert [path.name for path in NOTEBOOKS if f"(../notebooks/{path.name})" not in page] == []
