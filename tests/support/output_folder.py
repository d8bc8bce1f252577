"""An output folder of four settled birth records with their scans, and the command line called upon it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
import yaml

from extractor.batch.sources import FILE as SOURCES
from extractor.batch.sources import KnownSource
from extractor.batch.storage import open_store
from extractor.cli import main
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, Registration
from extractor.settings import get_settings
from extractor.store import PageResult
from extractor.templates import Form
from extractor.templates.load import load_form

GOLDEN = Path(__file__).parent.parent / "exports" / "golden"
BOOK = BookKey("KS", "2015", "01", "UBND xã Đồng Thử", "Xã Đồng Thử", "Huyện Bù Đăng", "Tỉnh Bình Phước")
STEM = "xadongthu_hbd_tbp.KS.2015.01"


@cache
def frozen() -> dict:
    return yaml.safe_load((GOLDEN / "records.yaml").read_text(encoding="utf-8"))["ks-2006"]["fields"]


@cache
def form_in_use() -> Form:
    return load_form(get_settings().templates_dir / "ks-2006")


def record_of(page: int, **changes: str) -> Record:
    """The frozen birth record of the form of 2006 with another number: no identity number is on that form."""
    content = {**frozen(), "so": f"{page:02d}/2015", **changes}
    fields = {}
    for code, text in content.items():
        parts = text if isinstance(text, dict) else {"raw": text or "", "value": text}
        state = FieldState.READ if parts["raw"] else FieldState.BLANK
        fields[code] = FieldValue(decision=Decision.ACCEPTED, confidence=0.99, state=state, **parts)
    return Record(
        file="so.jpg" if page == 1 else f"so-{page}.jpg",
        page=1,
        form="ks-2006",
        form_version=form_in_use().version,
        registration=Registration(ok=True, residual_px=1.0, coverage=1.0, method="test"),
        fields=fields,
    )


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """The one form that is needed here: reading all of them takes long."""
    folder = tmp_path_factory.mktemp("templates")
    shutil.copytree(get_settings().templates_dir / "ks-2006", folder / "ks-2006")
    return folder


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An output folder with an empty store."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(folder).close()
    return folder


@pytest.fixture
def out(tmp_path, empty, jpeg):
    """An output folder of four records, all settled, and their scans."""
    folder = tmp_path / "out"
    shutil.copytree(empty, folder)
    sources = []
    with open_store(folder) as store:
        for page in range(1, 5):
            record = record_of(page)
            scan = tmp_path / record.file
            scan.write_bytes(jpeg(page))
            digest = hashlib.sha256(scan.read_bytes()).hexdigest()
            sources.append(KnownSource(record.file, str(scan), "", digest, None))
            store.save_page(
                PageResult(
                    file=record.file,
                    page=1,
                    sha256=digest,
                    width=60,
                    height=90,
                    image="",
                    pipeline_version="1",
                    book=BOOK,
                    records=(record,),
                )
            )
    (folder / SOURCES).write_text(json.dumps([asdict(source) for source in sources]), encoding="utf-8")
    return folder


@pytest.fixture
def extractor(monkeypatch, capfd, templates):
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str]:
        if "--from" in arguments:
            arguments = (*arguments, "--templates", templates)
        monkeypatch.setattr(sys, "argv", ["extractor", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        shown = capfd.readouterr()
        return code, shown.out + shown.err

    return call
