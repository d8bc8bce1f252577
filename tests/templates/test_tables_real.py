"""Real ledger pages, where they are at hand: one template finds the columns of one form over eighty years."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import yaml

from extractor.readers.page_text import PageText
from extractor.scans import clean_page
from extractor.scans.types import SourcePage
from extractor.templates.form import FormSchema
from extractor.templates.table_template import TableTemplate
from extractor.templates.tables import register_table, table_evidence, view_table

ROOT = Path(__file__).parents[2]
SCANS = ROOT.parent / "shared" / "scans"
FORM = ROOT / "page_templates" / "notary-repertoire"
NOTHING = PageText()
pytestmark = pytest.mark.skipif(not SCANS.is_dir(), reason="the real scans are not at hand")

ENTRIES = {
    "DAFANCH96_048MIC06482_L-1": 4,
    "DAFANCH96_048MIC06494_L-0": 7,
    "DAFANCH96_048MIC07662_L-0": 8,
    "DAFANCH96_048MIC07665_L-0": 7,
    "FRAN_0025_1350_L-0": 11,
    "FRAN_0025_1444_L-0": 14,
    "FRAN_0025_2674_L-0": 38,
    "FRAN_0025_2863_L-0": 22,
}
"""Counted by eye; an entry carried over from the page before counts."""


@cache
def form() -> tuple[FormSchema, TableTemplate]:
    schema, template = (yaml.safe_load((FORM / name).read_text("utf-8")) for name in ("form.yaml", "template.yaml"))
    return FormSchema.model_validate(schema), TableTemplate.model_validate(template)


@cache
def truth_module() -> ModuleType:
    import sys

    spec = importlib.util.spec_from_file_location("geometry_truth", ROOT / "benchmarks" / "geometry_truth.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["geometry_truth"] = module
    spec.loader.exec_module(module)
    return module


def cleaned(name: str):
    image = cv2.imread(str(SCANS / f"{name}.jpg"))
    return clean_page(SourcePage(f"{name}.jpg", 1, image, "0" * 64))


@pytest.mark.parametrize("name", ENTRIES)
def test_columns_and_entries_of_the_form(name):
    schema, template = form()
    page = cleaned(name)
    done = register_table(page, NOTHING, schema, template)
    assert done.registration.ok, done.registration
    assert table_evidence(page, NOTHING, template) > 0.9
    truth = truth_module().read_truth(SCANS / f"{name}.xml")
    view = view_table(page, template)
    assert view.frame is not None
    back = np.linalg.inv(page.to_source)
    moved = np.hstack([truth.centres, np.ones((len(truth.lines), 1))]) @ back.T
    points = moved[:, :2] / moved[:, 2:] * view.scale
    right = 0
    for line, (x, y) in zip(truth.lines, points, strict=True):
        row = [float(view.frame.edge_at(edge, y)) for edge in range(len(view.frame.edges))]
        right += line.column >= 0 and row[line.column] <= x < row[line.column + 1]
    assert right >= 0.97 * sum(line.column >= 0 for line in truth.lines)
    assert abs(len(done.records) - ENTRIES[name]) <= 1
    for record in done.records:
        assert [located.code for located in record.fields] == [spec.code for spec in schema.fields]


@pytest.mark.parametrize("name", ["lyon_page101_T", "lyon_page104_UV", "lyon_page22_C", "lyon_page58_H"])
def test_another_ledger_is_refused(name):
    schema, template = form()
    page = cleaned(name)
    done = register_table(page, NOTHING, schema, template)
    assert not done.registration.ok
    assert done.registration.reason
    assert done.records == ()
    assert table_evidence(page, NOTHING, template) < 0.4
