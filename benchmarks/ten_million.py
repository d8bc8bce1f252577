"""How long people wait for the next field when ten million are in the database.

    python benchmarks/ten_million.py [--fields 100000] [--database postgres|sqlite] [--people 1 4 8] [--turns 60]
                                     [--pause 0.1] [--state NAME ...] [--no-questions] [--json FILE]
                                     [--work DIR] [--url URL --key FILE]

A store of invented fields is written by the database itself (``ten_million_fill.py``): 400,000 records in 8,000 books
are ten million fields, for which PostgreSQL needs 12 GB and a quarter of an hour. ``--work DIR`` keeps what was
written, and uses it again where it is there; ``--url`` takes a server that runs already (an empty database of it).

The queue is then brought into each of five states, and in each so many people at once claim single fields and whole
records, answer, give back and put off, with a pause after each turn. Shown are the milliseconds until the store
answered, and those that the database itself needed for the statements of one such call (``EXPLAIN ANALYZE``, planning
and execution), which other work on the machine lengthens less. In the state "half done" all other questions are asked
too, alone, three times each. Aimed at: 95 of 100 claims under 20 ms at ten million fields, better under 5.

The fields themselves stay half done in all states; only the queue changes. The audit chain of such a store is not
valid.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event, select
from ten_million_fill import FIELDS_A_RECORD, RARE, STATES, Filler, State

from extractor.records import FieldState
from extractor.review import board_books
from extractor.review.app import create_app
from extractor.store import Accounts, QueueEmpty, RecordQueue, Role, Store, Task, counting
from extractor.store.engine import make_engine, parse_url
from extractor.store.listing import Listing
from extractor.store.tables import FieldRow

PASSWORD = "mười hai con thuyền giấy"
_DECIDE, _SKIP = 0.7, 0.1
_LONG_MS = 5000
"""What takes longer is asked once."""

Times = dict[str, list[float]]


def timed(times: Times, what: str, do: Callable[[], Any]) -> Any:
    """What ``do`` gives; its milliseconds are added to ``times``, under another name where nothing was left."""
    begun = time.perf_counter()
    found = do()
    taken = 1000 * (time.perf_counter() - begun)
    times.setdefault(f"{what}, nothing left" if isinstance(found, QueueEmpty) else what, []).append(taken)
    return found


def at_work(store: Store, state: State, *, people: int, turns: int, pause: float) -> Times:
    """Let so many people work; gives the milliseconds of each kind of call."""
    times: Times = {}
    lock = threading.Lock()

    def one(number: int) -> None:
        own: Times = {}
        person, rng = f"Thử Người {number}", Random(f"{state.name}/{people}/{number}")
        for turn in range(turns):
            if turn % 4 == 3:
                got = timed(own, "claim a record", lambda: RecordQueue(store).claim(person))
            else:
                got = timed(own, "claim a field", lambda: store.claim(person))
                got = got if isinstance(got, QueueEmpty) else (got,)
            if not isinstance(got, QueueEmpty):
                for task in got:
                    _answer(store, own, task, person, 1.0 if state.few else rng.random())
            time.sleep(pause * rng.uniform(0.5, 1.5))
        with lock:
            for what, some in own.items():
                times.setdefault(what, []).extend(some)

    with ThreadPoolExecutor(people) as pool:
        list(pool.map(one, range(people)))
    return times


def _answer(store: Store, times: Times, task: Task, person: str, chance: float) -> None:
    if chance < _DECIDE:
        name = "Nguyễn Thị Thử"
        timed(
            times,
            "answer",
            lambda: store.decide(task, task.token, raw=name, value=name, state=FieldState.READ, person=person),
        )
    elif chance < _DECIDE + _SKIP:
        timed(times, "put off", lambda: store.skip(task, task.token, person=person))
    else:
        timed(times, "give back", lambda: store.release(task, task.token, person=person))


def server_ms(store: Store, do: Callable[[], Any]) -> tuple[float, list[dict[str, Any]]]:
    """Milliseconds the database needs to plan and run the statements of one call, and what each was; PostgreSQL only.

    The statements are run twice, the second time under ``EXPLAIN`` in a transaction that is rolled back.
    """
    ran: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        ran.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    found = []
    raw = store._engine.raw_connection()
    try:
        cursor = raw.cursor()
        for statement, parameters in ran:
            cursor.execute("SAVEPOINT one")
            try:
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) {statement}", parameters)
                plan = next(iter(cursor))[0][0]
            except Exception:  # a row that is there already since the first run; it costs what it cost
                cursor.execute("ROLLBACK TO SAVEPOINT one")
                continue
            found.append({"statement": statement, "ms": plan["Planning Time"] + plan["Execution Time"], "plan": plan})
    finally:
        raw.rollback()
        raw.close()
    return sum(each["ms"] for each in found), found


def questions(store: Store, out: Path, fields: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What people and programs ask beside the queue, with what each does."""
    listing, person = Listing(store), "Thử Người 1"
    middle, book = fields // FIELDS_A_RECORD // 2, max(1, fields // FIELDS_A_RECORD // 50 // 2)

    def reading(ask: Callable[[Any], Any]) -> Any:
        with store.reading() as session:
            return ask(session)

    def back(got: Any) -> None:
        if not isinstance(got, QueueEmpty):
            for task in got if isinstance(got, tuple) else (got,):
                store.release(task, task.token, person=person)

    yield "claim a field of a kind, and back", lambda: back(store.claim(person, kinds=["place"]))
    yield "claim a field of a rare kind, and back", lambda: back(store.claim(person, kinds=[RARE]))
    yield "claim a field of a kind there is not", lambda: store.claim(person, kinds=["none"])
    yield "claim a field of a book, and back", lambda: back(store.claim(person, book=book))
    yield "claim a field of a finished book", lambda: store.claim(person, book=1)
    yield "claim a record of a book, and back", lambda: back(RecordQueue(store).claim(person, books=[book]))
    yield "a record and its fields", lambda: store.stored_record(middle)
    yield "what the person holds", lambda: store.held(person)
    yield "take back the last answer, and again", lambda: _undo(store, person)
    yield "list of records, first page", lambda: listing.records(limit=50)
    yield "list of records, in the middle", lambda: listing.records(after=middle, limit=50)
    yield "list of waiting records", lambda: listing.records(settled=False, limit=50)
    yield "list of records of a book", lambda: listing.records(books=[book], limit=50)
    yield "list of books, a page", lambda: listing.books(after=book, limit=50)
    yield "all records of a book, for export", lambda: list(store.records(book))
    yield "how many wait for the person", lambda: store.open_tasks(person=person)
    yield "how many of each kind wait", lambda: store.open_kinds(person=person)
    yield "the metrics", lambda: counting.count(store)
    yield "board of all books", lambda: reading(lambda session: board_books.states(session, lambda _: True))
    yield "all books with counts", store.books
    yield "status", store.status
    accounts = Accounts(store)
    if not any(account.login == "do" for account in accounts.all()):
        accounts.add("do", "Người Đo", tuple(Role), PASSWORD, must_change=False, by="benchmark")
    client = TestClient(create_app(store, out, announce=lambda _: None, hosts={"testserver"}))
    client.post("/sign-in", data={"login": "do", "password": PASSWORD})
    client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]

    def post(path: str, body: Any) -> Any:
        return client.post(path, json=body).raise_for_status()

    yield "room: claim fields", lambda: post("/api/claim", {"known": [], "count": False})
    yield "room: claim fields and count", lambda: post("/api/claim", {"known": [], "count": True})
    yield "room: claim a record", lambda: post("/api/records/claim", {"without": []})
    yield "room: page for verifying", lambda: client.get("/verify").raise_for_status()
    yield "room: first page", lambda: client.get("/").raise_for_status()
    yield "room: boards", lambda: client.get("/boards").raise_for_status()


def _undo(store: Store, person: str) -> None:
    task = store.undo_last(person)
    if isinstance(task, Task):
        store.decide(task, task.token, raw="Thử", value="Thử", state=FieldState.READ, person=person)


@contextmanager
def database(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Path]]:
    """Address of the database and file of its audit key."""
    if options.url:
        yield options.url, options.key or folder / "key"
    elif options.database == "sqlite":
        yield f"sqlite:///{folder / 'store.sqlite'}", folder / "key"
    else:
        with warnings.catch_warnings(action="ignore"):
            import pgserver

            server = pgserver.get_server(folder / "pg", cleanup_mode="stop")
        try:
            yield server.get_uri(), folder / "key"
        finally:
            server.cleanup()


def percentile(some: list[float], share: float) -> float:
    """The value that this share of ``some`` does not exceed."""
    ordered = sorted(some)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fields", type=int, default=100_000)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--people", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.1)
    parser.add_argument("--state", nargs="+", choices=[state.name for state in STATES])
    parser.add_argument("--no-questions", action="store_true")
    parser.add_argument("--keep-queue", action="store_true", help="leave the queue as it is")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--key", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="extractor-ten-") as made:
        folder = options.work or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        with database(options, folder) as (url, key):
            found = _measure(options, url, key, folder)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")


def _measure(options: argparse.Namespace, url: str, key: Path, folder: Path) -> dict[str, Any]:
    console = Console()
    begun = time.perf_counter()
    with Store.open(url, audit_key_file=key) as store:
        console.print(f"opened in {time.perf_counter() - begun:.2f} s")
        filler = Filler(make_engine(parse_url(url)), options.fields, say=console.print)
        with store.reading() as session:
            empty = session.scalar(select(FieldRow.id).limit(1)) is None
        if empty:
            # The first event has to be the key's own; those that are written behind it are not.
            store.append_audit(actor="benchmark", action="fill", subject="benchmark")
            filler.fill()
            console.print(f"filled in {time.perf_counter() - begun:.0f} s")
        found: dict[str, Any] = {"fields": options.fields, "load": os.getloadavg(), "states": [], "questions": {}}
        for state in STATES:
            if options.state and state.name not in options.state:
                continue
            if not options.keep_queue:
                filler.queue(state)
            found["states"] += _state(store, state, options, console)
            if state.name == "half done" and not options.no_questions:
                found["questions"] = _ask_all(store, folder, options.fields, console)
    return found


def _state(store: Store, state: State, options: argparse.Namespace, console: Console) -> list[dict[str, Any]]:
    table = Table(
        "call", "people", "calls", "median ms", "95 % ms", "99 % ms", "most ms", "database ms", title=state.name
    )
    found = []
    alone: dict[str, Callable[[], Any]] = {
        "claim a field": lambda: store.claim("Thử Người 0"),
        "claim a record": lambda: RecordQueue(store).claim("Thử Người 0"),
    }
    alone |= {f"{name}, nothing left": do for name, do in alone.items()}
    for people in options.people:
        times = at_work(store, state, people=people, turns=options.turns, pause=options.pause)
        for what, some in sorted(times.items()):
            database = _database_ms(store, alone[what]) if what in alone else None
            row = {
                "state": state.name, "call": what, "people": people, "calls": len(some),
                "median": statistics.median(some), "p95": percentile(some, 0.95), "p99": percentile(some, 0.99),
                "most": max(some), "database": database, "load": os.getloadavg()[0],
            }  # fmt: skip
            found.append(row)
            figures = (f"{row[name]:.1f}" for name in ("median", "p95", "p99", "most"))
            table.add_row(what, str(people), str(len(some)), *figures, "" if database is None else f"{database:.1f}")
    console.print(table, f"load {os.getloadavg()[0]:.1f}")
    return found


def _database_ms(store: Store, do: Callable[[], Any]) -> float | None:
    with store.reading() as session:
        if session.get_bind().dialect.name != "postgresql":
            return None
    return statistics.median(server_ms(store, do)[0] for _ in range(3))


def _ask_all(store: Store, out: Path, fields: int, console: Console) -> dict[str, Any]:
    table = Table("question", "first ms", "median ms", "database ms", title="alone, half done")
    found = {}
    for name, ask in questions(store, out, fields):
        times: Times = {}
        for _ in range(3):
            try:
                timed(times, name, ask)
            except Exception as error:  # such as the time limit of the server
                times.setdefault(name, []).append(math.inf)
                console.print(f"{name}: {type(error).__name__}")
            if max(one for kind in times.values() for one in kind) > _LONG_MS:
                break
        some = [one for kind in times.values() for one in kind]
        database = _database_ms(store, ask) if not name.startswith("room") and max(some) < _LONG_MS else None
        found[name] = {"first": some[0], "median": statistics.median(some), "database": database}
        table.add_row(
            name, f"{some[0]:,.1f}", f"{statistics.median(some):,.1f}", "" if database is None else f"{database:,.1f}"
        )
    console.print(table, f"load {os.getloadavg()[0]:.1f}")
    return found


if __name__ == "__main__":
    main()
