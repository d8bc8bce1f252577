"""An office: a store with an invented book, the pictures of its pages, a running server, a browser."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw, ImageFont
from support.people import EVERYTHING, PASSWORD, employ, login_of, sign_in

from extractor.records import (
    BookKey,
    Box,
    Candidate,
    Decision,
    FieldState,
    FieldValue,
    PageProblem,
    PageProblemKind,
    Record,
    Registration,
    RuleWarning,
    Severity,
)
from extractor.review.app import create_app
from extractor.store import PageResult, Role, Store, passwords

ROOT = Path(__file__).parents[2]
SIZE = (1240, 1754)
BOOK = BookKey(register="KS", year="2017", number="01", agency="UBND xã Đồng Thử")

# code, kind, label on the page, box, texts by page, confidence, further readings
LINES: list[tuple[str, str, str, Box, list[str], float, list[str]]] = [
    ("so", "record_number", "Số", Box(180, 90, 150, 56), ["01", "02", "03"], 0.81, ["07"]),
    ("ngayDangKy", "date", "Ngày, tháng, năm đăng ký", Box(760, 90, 330, 56), ["03/01/2017"] * 3, 0.97, []),
    ("nksHoTen", "person_name", "Họ, chữ đệm, tên", Box(330, 250, 640, 64),
     ["Lò Thị Mẫu Hiền", "Vàng A Thử", "Giàng Văn Thí"], 0.74, ["Lò Thị Mẫu Hiên", "Lò Thị Mẩu Hiền"]),
    ("nksNgaySinh", "date", "Ngày, tháng, năm sinh", Box(330, 350, 360, 60), ["28/12/2016"] * 3, 0.66, ["26/12/2016"]),
    ("nksNoiSinh", "place", "Nơi sinh", Box(330, 450, 820, 64),
     ["Trạm y tế xã Đồng Thử, huyện Mẫu"] * 3, 0.31, ["Trạm y tế xã Đồng Thứ, huyện Mẫu"]),
    ("meHoTen", "person_name", "Họ, chữ đệm, tên người mẹ", Box(330, 620, 640, 64),
     ["Lò Thị Ví Dụ"] * 3, 0.58, ["Lò Thi Ví Dụ"]),
    ("meDanToc", "ethnic_group", "Dân tộc", Box(330, 720, 240, 60), ["Thái"] * 3, 0.95, ["Thai"]),
]  # fmt: skip
ACCEPTED = {"ngayDangKy", "meDanToc"}


def font(size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Oblique.ttf", size)


def draw_page(path: Path, page: int) -> None:
    image = Image.new("RGB", SIZE, (247, 242, 228))
    draw = ImageDraw.Draw(image)
    small, large = font(24), font(44)
    draw.rectangle((60, 200, 1180, 1500), outline=(90, 90, 90), width=2)
    for _, _, label, box, texts, _, _ in LINES:
        draw.text((box.x - 10, box.y - 26), label, fill=(60, 60, 60), font=small)
        draw.line((box.x, box.bottom, box.right, box.bottom), fill=(170, 160, 150), width=1)
        draw.text((box.x + 8, box.y + 4), texts[page - 1], fill=(35, 48, 130), font=large)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=85)


def read_field(
    raw: str, confidence: float, box: Box, rivals: list[str], *, accepted: bool, state: FieldState = FieldState.READ
) -> FieldValue:
    share = (1 - confidence) / 2
    return FieldValue(
        raw=raw,
        value=raw.replace("/", ".") or None,
        state=state,
        confidence=confidence,
        decision=Decision.ACCEPTED if accepted else Decision.REVIEW,
        reader="handwriting",
        box=box,
        candidates=(Candidate(raw, confidence), *(Candidate(text, share) for text in rivals)),
    )


def make_page(page: int) -> PageResult:
    fields = {
        code: read_field(texts[page - 1], confidence, box, rivals, accepted=code in ACCEPTED)
        for code, _, _, box, texts, confidence, rivals in LINES
    }
    fields["meQuocTich"] = read_field("", 0.6, Box(700, 720, 240, 60), [], accepted=False, state=FieldState.BLANK)
    return PageResult(
        file="KS.2017.01.pdf",
        page=page,
        sha256=f"{page:064d}",
        width=SIZE[0],
        height=SIZE[1],
        image=f"pages/{page}.jpg",
        pipeline_version="v1",
        book=BOOK,
        kinds={code: kind for code, kind, *_ in LINES},
        records=(
            Record(
                file="KS.2017.01.pdf",
                page=page,
                form="ks-2016",
                form_version="1",
                registration=Registration(ok=True, residual_px=1.2, coverage=0.9, method="labels"),
                fields=fields,
                warnings=(
                    RuleWarning(
                        rule="B1",
                        fields=("so",),
                        message="Số đăng ký không nối tiếp bản ghi trước.",
                        message_en="The number does not follow the record before.",
                    ),
                    RuleWarning(
                        rule="R2",
                        fields=("nksNgaySinh", "ngayDangKy"),
                        message="Ngày sinh phải trước ngày đăng ký.",
                        severity=Severity.ERROR,
                    ),
                ),
            ),
        ),
    )


def make_problem(page: int, kind: PageProblemKind, message: str) -> PageResult:
    return PageResult(
        file="KS.2017.01.pdf",
        page=page,
        sha256=f"{page:064d}",
        width=SIZE[0],
        height=SIZE[1],
        image="pages/3.jpg",
        pipeline_version="v1",
        book=BOOK,
        problem=PageProblem(file="KS.2017.01.pdf", page=page, kind=kind, message=message),
    )


@dataclass
class Office:
    """A running review application."""

    store: Store
    out: Path
    port: int
    tokens: list[str] = field(default_factory=list)
    """For making the first account."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords that cost next to nothing: how dear real ones are is not what is tested here."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder for copying: three records, two pages that could not be read, and their pictures."""
    folder = tmp_path_factory.mktemp("seeded")
    for page in (1, 2, 3):
        draw_page(folder / "pages" / f"{page}.jpg", page)
    with Store.open(f"sqlite:///{folder / 'store.sqlite'}") as store:
        for page in (1, 2, 3):
            store.save_page(make_page(page))
        store.save_page(make_problem(4, PageProblemKind.UNKNOWN_FORM, "Không nhận ra biểu mẫu."))
        store.save_page(make_problem(5, PageProblemKind.BLANK_PAGE, "Trang trắng."))
    return folder


@pytest.fixture
def pages(seeded: Path, tmp_path: Path) -> Path:
    """An output folder of its own for one test."""
    return shutil.copytree(seeded, tmp_path / "out")


@pytest.fixture
def remake_page() -> Callable[[int], PageResult]:
    """Makes a page's result again; see :func:`make_page`."""
    return make_page


@pytest.fixture
def book(pages: Path) -> Iterator[Store]:
    """The store of that folder."""
    with Store.open(f"sqlite:///{pages / 'store.sqlite'}") as store:
        yield store


@pytest.fixture
def open_office(book: Store, pages: Path) -> Iterator[Callable[..., Office]]:
    """Starts the application on a free port; see :class:`Office`."""
    import uvicorn

    running: list[tuple[Any, threading.Thread]] = []

    def start(lease_seconds: float = 300.0) -> Office:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        office = Office(book, pages, listening.getsockname()[1])
        app = create_app(
            book,
            pages,
            templates=[ROOT / "page_templates"],
            announce=office.tokens.append,
            lease_seconds=lease_seconds,
        )
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        running.append((server, thread))
        return office

    yield start
    for server, thread in running:
        server.should_exit = server.force_exit = True
        thread.join(10)


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    return open_office()


@pytest.fixture
def visitor(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Brings a person into an office; gives the person's page."""
    contexts = []

    def enter(office: Office, name: str) -> Any:
        context = chromium.new_context(viewport={"width": 1366, "height": 657}, locale="vi-VN")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        employ(office.store, name)
        page.goto(office.url)
        page.fill("#login", login_of(name))
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".books")
        return page

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def tokens() -> list[str]:
    """Tokens for making the first account, as the application announced them."""
    return []


@pytest.fixture
def app(book: Store, pages: Path, tokens: list[str]) -> FastAPI:
    """The application without a server."""
    return create_app(book, pages, announce=tokens.append, hosts={"testserver"})


@pytest.fixture
def enter(app: FastAPI, book: Store) -> Callable[..., TestClient]:
    """Brings a person in; gives a client that repeats the token in every post."""

    def bring(
        name: str = "Thử Một", roles: Collection[Role] = EVERYTHING, books: Collection[int] | None = None
    ) -> TestClient:
        client = TestClient(app)
        employ(book, name, roles, books=books)
        sign_in(client, name)
        return client

    return bring
