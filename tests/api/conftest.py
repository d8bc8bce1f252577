"""An office's programs: a store with two invented books, pictures of their pages, keys, clients."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw

from extractor.api.app import create_app
from extractor.records import (
    BookKey,
    Box,
    Candidate,
    Decision,
    FieldValue,
    PageProblem,
    PageProblemKind,
    Record,
    Registration,
    RuleWarning,
)
from extractor.settings import get_settings
from extractor.store import ApiKeys, MachineChange, PageResult, Scope, Store
from extractor.templates.load import load_form

ROOT = Path(__file__).parents[2]
SIZE = (620, 877)
FIRST = BookKey(register="KS", year="2017", number="01", agency="UBND xã Đồng Thử")
SECOND = BookKey(register="KS", year="2018", number="01", agency="UBND xã Đồng Thử")
KINDS = {"so": "record_number", "nksHoTen": "person_name", "nksNoiSinh": "place", "meHoTen": "person_name"}
SECRET = "Giàng Thị Kín"
"""What the machine read of the field that is keyed blind."""


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 8, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=7)
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


def value(raw: str, confidence: float, box: Box, decision: Decision = Decision.REVIEW) -> FieldValue:
    return FieldValue(
        raw=raw,
        value=raw,
        confidence=confidence,
        decision=decision,
        reader="handwriting",
        box=box,
        candidates=(Candidate(raw, confidence), Candidate(raw + "h", (1 - confidence) / 2)),
    )


@cache
def version_in_use() -> str:
    """Version of the form that the server has: records read with another one are not handed over."""
    return load_form(get_settings().templates_dir / "ks-2016").version


def make_page(file: str, page: int, book: BookKey = FIRST) -> PageResult:
    record = Record(
        file=file,
        page=page,
        form="ks-2016",
        form_version=version_in_use(),
        registration=Registration(ok=True, residual_px=1.2, coverage=0.9, method="labels"),
        fields={
            "so": value(f"{page:02d}", 0.8, Box(40, 40, 90, 30)),
            "nksHoTen": value(f"Lò Thị Thử {page}", 0.7, Box(160, 120, 300, 34)),
            "nksNoiSinh": value("Bản Mẫu", 0.3, Box(160, 220, 400, 34)),
            "meHoTen": value(SECRET, 0.99, Box(160, 320, 300, 34), Decision.ACCEPTED),
        },
        warnings=(
            RuleWarning(rule="R1", fields=("so",), message="Số không liên tục."),
            RuleWarning(rule="R8", fields=("meHoTen",), message=f"Tên lạ: {SECRET}."),
        ),
    )
    return PageResult(
        file=file,
        page=page,
        sha256=f"{abs(hash((file, page))):064x}"[:64],
        width=SIZE[0],
        height=SIZE[1],
        image="pages/1.jpg",
        pipeline_version="v1",
        book=book,
        kinds=KINDS,
        records=(record,),
    )


def make_problem(file: str, page: int) -> PageResult:
    problem = PageProblem(file=file, page=page, kind=PageProblemKind.UNKNOWN_FORM, message="Không rõ biểu mẫu.")
    return PageResult(
        file=file, page=page, sha256=f"{page:064d}", width=SIZE[0], height=SIZE[1], image="pages/1.jpg",
        pipeline_version="v1", book=FIRST, problem=problem,
    )  # fmt: skip


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder for copying: three records and a problem in the first book, one record in the second."""
    folder = tmp_path_factory.mktemp("seeded")
    (folder / "pages").mkdir()
    image = Image.new("RGB", SIZE, (247, 242, 228))
    ImageDraw.Draw(image).rectangle((150, 110, 470, 160), outline=(30, 40, 120), width=3)
    image.save(folder / "pages" / "1.jpg", quality=85)
    with Store.open(f"sqlite:///{folder / 'extractor.sqlite'}", audit_key_file=folder / "audit.key") as store:
        for page in (1, 2, 3):
            store.save_page(make_page("a.pdf", page))
        store.save_page(make_problem("a.pdf", 4))
        store.save_page(make_page("b.pdf", 1, SECOND))
    return folder


@pytest.fixture
def out(seeded: Path, tmp_path: Path) -> Path:
    """An output folder of its own for one test."""
    return shutil.copytree(seeded, tmp_path / "out")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(out: Path, clock: Clock) -> Iterator[Store]:
    url = f"sqlite:///{out / 'extractor.sqlite'}"
    with Store.open(url, audit_key_file=out / "audit.key", clock=clock) as opened:
        yield opened


@pytest.fixture
def blind(store: Store) -> tuple[int, str]:
    """A record of which one field is keyed blind; gives its number and the field's code."""
    key = ("a.pdf", 1, 1)
    record = next(iter(store.records(1)))
    store.update_machine_values([MachineChange(key, "meHoTen", record.fields["meHoTen"], recheck=True)])
    return store.record_ids(1)[0], "meHoTen"


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A folder with the one form the records are of; reading all of them takes long."""
    folder = tmp_path_factory.mktemp("templates")
    shutil.copytree(ROOT / "page_templates" / "ks-2016", folder / "ks-2016")
    return [folder]


@pytest.fixture
def app(store: Store, out: Path, templates: list[Path]) -> FastAPI:
    return create_app(store, out, templates=templates)


@pytest.fixture
def enter(app: FastAPI, store: Store) -> Iterator[Callable[..., TestClient]]:
    """Gives a program a key, with all scopes or those named; gives its client."""
    with ExitStack() as entered:

        def make(*scopes: Scope, name: str = "một cửa", **options: Any) -> TestClient:
            _, text = ApiKeys(store).add(name, scopes or tuple(Scope), **options)
            headers = {"Authorization": f"Bearer {text}"}
            return entered.enter_context(TestClient(app, headers=headers, raise_server_exceptions=False))

        yield make


@pytest.fixture
def client(enter: Callable[..., TestClient]) -> TestClient:
    return enter()
