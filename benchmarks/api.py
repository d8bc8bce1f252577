"""How fast other programs read records over the HTTP interface; whether a list's last page is as fast as its first.

    python benchmarks/api.py [--books 200] [--records 50] [--requests 200] [--db postgresql://...] [--out DIR]

An invented store (books of ``--records`` records with twelve fields each; 10,000 records by default) is read by one
client inside the process: what is measured is the interface and the database, not the network. The peer of the list's
marks is the usual ``LIMIT ... OFFSET ...`` in the same order on the same database.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fastapi.testclient import TestClient
from PIL import Image
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from extractor.api.app import create_app
from extractor.api.cursor import make_cursor
from extractor.records import BookKey, Box, Candidate, FieldValue, Record, Registration
from extractor.store import ApiKeys, PageResult, Scope, Store
from extractor.store.reading import PLACE, current_records
from extractor.store.tables import FileRow, PageRow, RecordRow
from extractor.templates import load_form

ROOT = Path(__file__).resolve().parent.parent
FIELDS = 12
SIZE = (1240, 1754)
PAGE = 50


@dataclass(frozen=True)
class Timed:
    """Milliseconds of one kind of request: the median, and what 95 of 100 stayed below."""

    what: str
    requests: int
    median: float
    most: float


def fill(store: Store, books: int, records: int) -> None:
    """Store invented books, one page a record."""
    registration = Registration(ok=True, residual_px=1.0, coverage=0.9, method="labels")
    version = load_form(ROOT / "page_templates" / "ks-2016").version
    for book in range(books):
        key = BookKey(register="KS", year=str(1976 + book % 40), number=f"{book:03d}", agency="UBND xã Đồng Thử")
        for page in range(1, records + 1):
            fields = {
                f"truong{number}": FieldValue(
                    raw=f"Thử {page} {number}",
                    value=f"Thử {page} {number}",
                    confidence=0.8,
                    box=Box(100, 100 + 60 * number, 400, 50),
                    candidates=(Candidate(f"Thử {page} {number}", 0.8), Candidate("Thủ", 0.1)),
                )
                for number in range(FIELDS)
            }
            file = f"so-{book}/trang.pdf"
            record = Record(
                file=file, page=page, form="ks-2016", form_version=version, registration=registration, fields=fields
            )
            store.save_page(
                PageResult(
                    file=file, page=page, sha256=f"{book:032d}{page:032d}", width=SIZE[0], height=SIZE[1],
                    image="pages/1.jpg", pipeline_version="1", book=key, records=(record,),
                )
            )  # fmt: skip


def timed(what: str, requests: int, ask: Callable[[int], None]) -> Timed:
    """Time a kind of request; the first is for warming up."""
    ask(0)
    times = []
    for number in range(1, requests + 1):
        begun = time.perf_counter()
        ask(number)
        times.append(1000 * (time.perf_counter() - begun))
    return Timed(what, requests, statistics.median(times), sorted(times)[int(0.95 * (len(times) - 1))])


def by_offset(store: Store, offset: int) -> None:
    """The same page of the list, found by counting."""
    wanted = current_records(select(RecordRow, PageRow, FileRow.path)).order_by(*PLACE)
    with store.reading() as session:
        assert session.execute(wanted.limit(PAGE).offset(offset)).all()


def measure(store: Store, out: Path, requests: int) -> list[Timed]:
    """Time all kinds of requests."""
    app = create_app(store, out, templates=[ROOT / "page_templates"], requests_per_second=1e6)
    _, key = ApiKeys(store).add("benchmark", list(Scope))
    ids = [number for book in store.books() for number in store.record_ids(book.id)]
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as client:

        def get(path: str) -> None:
            answer = client.get(path)
            assert answer.status_code == 200, answer.text

        def answer_next(_number: int) -> None:
            task = client.post("/v1/tasks/claim", json={"person": "An"}).json()["task"]
            said = {"task": task["id"], "token": task["token"], "person": "An", "raw": "Thử"}
            assert client.post("/v1/decisions", json=said).status_code == 200

        def record(number: int) -> int:
            return ids[(number * 7919) % len(ids)]

        last = len(ids) - PAGE - 1
        marks = {name: make_cursor("r", ids[place]) for name, place in (("middle", last // 2), ("last", last))}
        return [
            timed("health (no key, no record)", requests, lambda _: get("/v1/health")),
            timed("list, first page of 50", requests, lambda _: get("/v1/records")),
            timed("list, middle page", requests, lambda _: get(f"/v1/records?after={marks['middle']}")),
            timed("list, last page", requests, lambda _: get(f"/v1/records?after={marks['last']}")),
            timed("peer: OFFSET, first page (query alone)", requests, lambda _: by_offset(store, 0)),
            timed("peer: OFFSET, last page (query alone)", requests, lambda _: by_offset(store, last)),
            timed("record with its fields", requests, lambda n: get(f"/v1/records/{record(n)}")),
            timed("entry document", requests, lambda n: get(f"/v1/records/{record(n)}/entry")),
            timed("crop of a field", requests, lambda n: get(f"/v1/records/{record(n)}/fields/truong1/crop")),
            timed("claim and answer a field", requests, answer_next),
        ]


def main() -> None:
    """Fill a store, time the requests, show and keep the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--books", type=int, default=200)
    parser.add_argument("--records", type=int, default=50, help="records in a book")
    parser.add_argument("--requests", type=int, default=200, help="of each kind")
    parser.add_argument("--db", default="", help="an empty PostgreSQL database; default: SQLite")
    parser.add_argument("--out", type=Path, default=None, help="folder for api.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        (out / "pages").mkdir()
        Image.effect_noise(SIZE, 40).convert("RGB").save(out / "pages" / "1.jpg", quality=85)
        url = options.db or f"sqlite:///{out / 'extractor.sqlite'}"
        with Store.open(url, audit_key_file=out / "audit.key") as store:
            fill(store, options.books, options.records)
            found = measure(store, out, options.requests)
    table = Table("Request", "Median ms", "95 % below ms", title=f"{options.books * options.records} records")
    for item in found:
        table.add_row(item.what, f"{item.median:.1f}", f"{item.most:.1f}")
    Console().print(table)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "api.json").write_text(json.dumps([asdict(item) for item in found], indent=1), "utf-8")


if __name__ == "__main__":
    main()
