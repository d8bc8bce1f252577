"""Stores on both databases, and invented pages to put into them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from support.clean_databases import CleanDatabases
from support.postgres import new_server

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
from extractor.store import PageResult, Store
from extractor.store.engine import make_engine, parse_url

BOOK = BookKey(register="KS", year="2017", number="01", agency="UBND xã Đồng Thử")
KINDS = {"so": "record_number", "ngayDangKy": "date", "nksHoTen": "person_name", "nksNoiSinh": "place"}


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 8, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        # Every look moves it a little, as a real one does; decisions then have times that differ.
        self.now += timedelta(microseconds=7)
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Database:
    """Where a store is, so that a test may open it more than once, also from another process."""

    url: str
    key_file: Path
    backend: str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server of this session; gives the URL of its first database."""
    try:
        server = new_server()
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL server can be started here: {error}")
    # Nothing here outlives the server, so that it need not wait for the disk.
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        _command(server.get_uri(), f"ALTER SYSTEM SET {name} = off")
    _command(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    with contextlib.suppress(FileNotFoundError):
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the schema and nothing else, for copying."""
    path = tmp_path_factory.mktemp("migrated") / "store.sqlite"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_base(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a PostgreSQL database with the schema and nothing else, for copying."""
    _command(postgres_server, "CREATE DATABASE migrated")
    url = postgres_server.replace("/postgres?", "/migrated?")
    Store.open(url, audit_key_file=tmp_path_factory.mktemp("migrated") / "key").close()
    return "migrated"


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str, migrated_base: str) -> CleanDatabases:
    """PostgreSQL databases with the schema and nothing else, used again and again."""
    return CleanDatabases(postgres_server, migrated_base)


BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind with the schema and nothing else."""
    if request.param == "sqlite":
        path = tmp_path / "store.sqlite"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield Database(f"sqlite:///{path}", tmp_path / "audit-key", "sqlite")
    else:
        with request.getfixturevalue("postgres_databases").one() as url:
            yield Database(url, tmp_path / "audit-key", "postgres")


@pytest.fixture(params=BACKENDS)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind with nothing in it at all."""
    if request.param == "sqlite":
        yield Database(f"sqlite:///{tmp_path / 'store.sqlite'}", tmp_path / "audit-key", "sqlite")
    else:
        yield from _empty_postgres(request.getfixturevalue("postgres_server"), tmp_path)


def _empty_postgres(server: str, folder: Path) -> Iterator[Database]:
    name = f"t{uuid4().hex[:12]}"
    _command(server, f"CREATE DATABASE {name} TEMPLATE template1")
    yield Database(server.replace("/postgres?", f"/{name}?"), folder / "audit-key", "postgres")
    _command(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes PostgreSQL databases with nothing in them at all; gives their URLs."""
    names: list[str] = []
    server = ""

    def make() -> str:
        nonlocal server
        server = request.getfixturevalue("postgres_server")
        names.append(f"t{uuid4().hex[:12]}")
        _command(server, f"CREATE DATABASE {names[-1]} TEMPLATE template1")
        return server.replace("/postgres?", f"/{names[-1]}?")

    yield make
    for name in names:
        _command(server, f"DROP DATABASE {name} WITH (FORCE)")


def _command(server: str, command: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(command)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> Iterator[Store]:
    with Store.open(database.url, audit_key_file=database.key_file, clock=clock) as opened:
        yield opened


def field_value(raw: str, confidence: float, decision: Decision = Decision.REVIEW) -> FieldValue:
    return FieldValue(
        raw=raw,
        value=raw,
        confidence=confidence,
        decision=decision,
        reader="handwriting",
        box=Box(10, 20, 300, 40),
        candidates=(Candidate(raw, confidence), Candidate(raw + "h", (1 - confidence) / 2)),
    )


def make_record(file: str, page: int, number: int = 1, **fields: FieldValue) -> Record:
    return Record(
        file=file,
        page=page,
        record=number,
        form="ks-2016",
        form_version="1",
        registration=Registration(ok=True, residual_px=1.5, coverage=0.93, method="labels"),
        fields=fields
        or {
            "so": field_value(f"{page:02d}", 0.6),
            "ngayDangKy": field_value("05.01.2017", 0.9, Decision.ACCEPTED),
            "nksHoTen": field_value("Lò Văn Thử", 0.8),
            "nksNoiSinh": field_value("Bản Mẫu", 0.3),
        },
        warnings=(RuleWarning(rule="R1", fields=("so",), message="Số không liên tục"),),
    )


def make_result(
    file: str = "so-01.pdf",
    page: int = 1,
    *,
    version: str = "v1",
    sha256: str | None = None,
    records: tuple[Record, ...] | None = None,
    problem: str | None = None,
    book: BookKey = BOOK,
) -> PageResult:
    return PageResult(
        file=file,
        page=page,
        sha256=sha256 or f"{abs(hash((file, page))):064x}"[:64],
        width=1000,
        height=1400,
        image=f"pages/{file}-{page}.jpg",
        pipeline_version=version,
        book=book,
        kinds=KINDS,
        reader_versions={"handwriting": "hw-1"},
        records=() if problem else records or (make_record(file, page),),
        problem=PageProblem(file=file, page=page, kind=PageProblemKind(problem), message="Không rõ mẫu")
        if problem
        else None,
    )


@pytest.fixture
def result() -> Callable[..., PageResult]:
    """Makes page results; see :func:`make_result`."""
    return make_result


@pytest.fixture
def value() -> Callable[..., FieldValue]:
    """Makes field values; see :func:`field_value`."""
    return field_value


@pytest.fixture
def record() -> Callable[..., Record]:
    """Makes records; see :func:`make_record`."""
    return make_record


@pytest.fixture
def forge(database):
    """Runs statements as an intruder does who can switch triggers off."""
    engine = make_engine(parse_url(database.url))

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            if database.backend == "postgres":
                connection.execute(text("SET session_replication_role = replica"))
            else:
                triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
                for (name,) in triggers.all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            for statement in statements:
                connection.execute(text(statement))

    yield run
    engine.dispose()
