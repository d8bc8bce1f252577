"""How long the boards take over a district's work.

    python benchmarks/boards.py [--books 1000] [--records 50] [--fields 25] [--people 12] [--seed 5] [--work DIR]

Books of invented emptiness are written straight into a SQLite store: every book has one record a page, every record so
many fields, of which people settled half within the last hundred days, one answer in fifty taken back. Shown are the
seconds of processor time of each question the page of the boards asks, and of the whole page, as the median of three
runs; beside them, of the way that needs no question of its own: all records read through ``Store.records`` and counted
in Python, once.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from extractor.records import BookKey
from extractor.review import board_books
from extractor.review.app import create_app
from extractor.store import Accounts, Role, Store, work
from extractor.store.tables import BookRow, DecisionRow, FieldRow, FileRow, PageRow, RecordRow, TaskRow

PASSWORD = "mười hai con thuyền giấy"
_DAYS = 100
_HOURS = (8, 14, 19)
_TAKEN_BACK = 0.02
_REGISTRATION = {"ok": True, "residual_px": 1.0, "coverage": 0.9, "method": "labels", "notes": []}
_PAGE = {
    "sha256": "", "width": 10, "height": 10, "image": "", "image_to_source": None, "pipeline_version": "",
    "status": "read", "superseded_at": None,
}  # fmt: skip
_FIELD = {
    "raw": "chữ", "value": "chữ", "state": "read", "confidence": 0.9, "reader": "hw", "box": None, "candidates": [],
    "char_confidences": [], "reader_version": "", "template_version": "", "retired_at": None,
}  # fmt: skip
_TASK = {"key_rank": 1, "ease": -0.9, "blind": False, "person": "", "token": 1, "leased_until": None, "rekeyed_by": ""}
_SAID = {"raw": "chữ", "value": "chữ", "state": "read", "decision": "confirmed"}
_ANSWER = {"token": 1, "before": _SAID, "after": _SAID}


def fill(store: Store, options: argparse.Namespace) -> None:
    """Write the books."""
    rng = Random(options.seed)
    with store.writing() as writer:
        for table, rows in _tables(rng, options, writer.now):
            writer.session.execute(insert(table), rows)


def _tables(rng: Random, options: argparse.Namespace, now: datetime) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    first = now - timedelta(days=_DAYS)
    numbers = count(1)
    for book in range(1, options.books + 1):
        key = BookKey(
            "KS", str(1990 + book % 30), f"{book:04d}", "UBND", f"Xã {book % 40}", f"Huyện {book % 5}", "Tỉnh"
        )
        yield BookRow, [{"id": book, **asdict(key)}]
        yield FileRow, [{"id": book, "path": f"{book}.pdf", "sort_key": f"{book:09d}", "sha256": ""}]
        rows: dict[Any, list[dict[str, Any]]] = {PageRow: [], RecordRow: [], FieldRow: [], TaskRow: [], DecisionRow: []}
        for page in range(1, options.records + 1):
            record = (book - 1) * options.records + page
            own = {"id": record, "form": "ks-2016", "form_version": "1", "registration": _REGISTRATION}
            rows[PageRow].append(_PAGE | own | {"file_id": book, "book_id": book, "page": page, "stored_at": first})
            rows[RecordRow].append({**own, "page_id": record, "number": 1, "retired_at": None})
            for position in range(options.fields):
                field = (record - 1) * options.fields + position + 1
                decision = rng.choice(("accepted", "review", "confirmed", "corrected"))
                decided = decision in ("confirmed", "corrected")
                person = f"Người {rng.randrange(options.people)}" if decided else ""
                at = first + timedelta(days=rng.randrange(_DAYS), seconds=rng.randrange(3600))
                at = at.replace(hour=rng.choice(_HOURS))
                code = {"code": f"f{position}", "kind": "text"}
                said = {"person": person, "decided_at": at if decided else None, "decision": decision}
                rows[FieldRow].append(_FIELD | code | said | {"id": field, "record_id": record, "position": position})
                if decision == "accepted":
                    continue
                status = "done" if decided else "open"
                rows[TaskRow].append(_TASK | code | {"id": field, "field_id": field, "book_id": book, "status": status})
                if not decided:
                    continue
                action = "confirm" if decision == "confirmed" else "correct"
                answer = _ANSWER | {"field_id": field, "at": at, "person": person}
                rows[DecisionRow].append(answer | {"id": (given := next(numbers)), "action": action, "reverses": None})
                if rng.random() < _TAKEN_BACK:
                    rows[DecisionRow].append(answer | {"id": next(numbers), "action": "undo", "reverses": given})
        yield from rows.items()


def counted_in_python(store: Store) -> Counter[tuple[str, str]]:
    """Fields by form and decision, from the records."""
    return Counter(
        (record.form, field.decision.value) for record in store.records() for field in record.fields.values()
    )


def main() -> None:
    """Fill a store, ask, and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("books", 1000), ("records", 50), ("fields", 25), ("people", 12), ("seed", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = options.work or Path(folder)
        with Store.open(f"sqlite:///{out / 'store.sqlite'}", clock=lambda: datetime.now(UTC)) as store:
            if not store.books():
                fill(store, options)
            _measure(store, out)


def _measure(store: Store, out: Path) -> None:
    accounts = Accounts(store)
    if not accounts.any():
        accounts.add("do", "Người Đo", tuple(Role), PASSWORD, must_change=False, by="benchmark")
    client = TestClient(create_app(store, out, announce=lambda _: None, hosts={"testserver"}))
    client.post("/sign-in", data={"login": "do", "password": PASSWORD})
    since = store.now() - timedelta(days=28)
    questions: dict[str, Callable[[Any], Any]] = {
        "books": lambda session: board_books.states(session, lambda _: True),
        "work": lambda session: work.work(session, since),
        "settled": lambda session: work.settled(session, since),
        "speeds": lambda session: work.speeds(session, since, limit_seconds=300, books=None),
        "blind": lambda session: work.blind_tallies(session, since, books=None),
        "inspected": lambda session: work.inspected_tallies(session, since, books=None),
    }

    def ask(question: Callable[[Any], Any]) -> None:
        with store.reading() as session:
            question(session)

    table = Table("what", "processor s")
    for name, question in questions.items():
        table.add_row(name, f"{_seconds(lambda question=question: ask(question)):.2f}")
    table.add_row("the page", f"{_seconds(lambda: client.get('/boards').raise_for_status()):.2f}")
    table.add_row(
        "the progress report", f"{_seconds(lambda: client.get('/boards/progress.xlsx').raise_for_status()):.2f}"
    )
    table.add_row("counted in Python", f"{_seconds(lambda: counted_in_python(store), times=1):.2f}")
    console = Console()
    totals = store.status()
    console.print(
        f"{totals.records} records, {totals.fields} fields, {totals.confirmed + totals.corrected} settled by people"
    )
    console.print(table)


def _seconds(do: Callable[[], Any], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        do()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
