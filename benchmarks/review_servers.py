"""The review room, and a plain web form as its peer, each in a process of its own.

The form is the usual way: one page for each record with all its fields as text boxes, filled with what the machine
read, the scan beside it in a box that scrolls, one button. It is as quick as such a form can be: no accounts, no
leases, no history, one row of SQLite for each record saved.
"""

from __future__ import annotations

import html
import json
import multiprocessing
import os
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from review_book import InventedBook

from extractor.review import serve
from extractor.service.listening import listen
from extractor.store import Accounts, Role, Sessions, Store, passwords

ROOT = Path(__file__).resolve().parent.parent
_STYLE = """
body { margin: 0; display: grid; grid-template-columns: 1fr 1fr; font: 16px sans-serif; }
.scan { height: 100vh; overflow: auto; } .scan img { width: 100%; }
form { height: 100vh; overflow: auto; padding: 0 1em; box-sizing: border-box; }
label { display: block; margin-top: .4em; } input { width: 100%; box-sizing: border-box; font: inherit; }
"""


@dataclass(frozen=True)
class Place:
    """Where a store and its pictures are."""

    url: str
    key_file: Path
    out: Path

    def open(self) -> Store:
        """The store."""
        return Store.open(self.url, audit_key_file=self.key_file)


@contextmanager
def postgres(out: Path) -> Iterator[Place | None]:
    """An empty PostgreSQL database; none where no server can be started."""
    try:
        import pgserver
    except ImportError:
        yield None
        return
    with warnings.catch_warnings(action="ignore"):
        server = pgserver.get_server(Path(tempfile.mkdtemp(prefix="extractor-pg-")), cleanup_mode="delete")
    try:
        yield Place(server.get_uri(), out / "postgres-key", out)
    finally:
        with suppress(FileNotFoundError):
            server.cleanup()


@contextmanager
def room(place: Place) -> Iterator[str]:
    """The review room's address while it runs as its users start it."""
    with _running(_serve_room, place) as address:
        yield address


@contextmanager
def form(book: InventedBook, out: Path) -> Iterator[str]:
    """The form's address while it runs."""
    with _running(_serve_form, book, out) as address:
        yield address


def people(store: Store, count: int) -> list[tuple[str, str]]:
    """Make reviewers and sign them in; gives each one's name and the secret of the session's cookie.

    Passwords are asked for once a day and not for every field, so hashing them well is left out here.
    """
    vars(passwords)["_hasher"] = lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts, sessions = Accounts(store), Sessions(store)
    made = []
    known = len(accounts.all())
    for number in range(known, known + count):
        name = f"Thử Người {number}"
        account = accounts.add(
            f"thu{number}", name, [Role.REVIEWER], "con trâu gỗ ngậm bút chì xanh", must_change=False, by="benchmark"
        )
        made.append((name, sessions.begin(account)))
    return made


@contextmanager
def _running(serve: Any, *arguments: Any) -> Iterator[str]:
    spawn = multiprocessing.get_context("spawn")
    told: Any = spawn.Queue()
    process = spawn.Process(target=serve, args=(*arguments, told), daemon=True)
    process.start()
    try:
        address = None
        while address is None:
            try:
                address = told.get(timeout=1)
            except Empty:
                if not process.is_alive():
                    raise RuntimeError("the server did not start") from None
        yield address
    finally:
        process.terminate()
        process.join(10)


def _serve_room(place: Place, told: Any) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    with place.open() as store:
        serve(
            store,
            place.out,
            templates=[ROOT / "page_templates"],
            port=0,
            announce=lambda address: told.put(address.split("/set-up")[0].rstrip("/")),
        )


def _serve_form(book: InventedBook, out: Path, told: Any) -> None:
    app = FastAPI()
    database = sqlite3.connect(out / "form.sqlite", check_same_thread=False, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS saved (record INTEGER, texts TEXT)")

    @app.get("/{number}")
    def show(number: int) -> HTMLResponse:
        boxes = "".join(
            f'<label for="{code}">{html.escape(truth.label)}</label>'
            f'<input id="{code}" name="{code}" value="{html.escape(truth.machine.raw)}" autocomplete="off">'
            for code, truth in book.of_record(number).items()
        )
        return HTMLResponse(
            f'<!doctype html><html lang="vi"><meta charset="utf-8"><title>{number}</title><style>{_STYLE}</style>'
            f'<div class="scan" tabindex="-1"><img id="scan" src="/scan/{number}" alt=""></div>'
            f'<form method="post" action="/{number}">{boxes}<p><button id="save">Lưu</button></p></form>'
        )

    @app.get("/scan/{number}")
    def scan(number: int) -> FileResponse:
        return FileResponse(out / "pages" / f"{number}.jpg")

    @app.post("/{number}")
    async def save(number: int, request: Request) -> RedirectResponse:
        texts = dict(await request.form())
        database.execute("INSERT INTO saved VALUES (?, ?)", (number, json.dumps(texts)))
        return RedirectResponse(f"/{number + 1}", 303)

    listening = listen("127.0.0.1", 0)
    told.put(f"http://127.0.0.1:{listening.getsockname()[1]}")
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])
