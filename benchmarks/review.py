"""How fast the review room is: for one person in a browser, over a weak network, and with many people at once.

    python benchmarks/review.py [--quick] [--records 1000] [--pages 24] [--fields 150] [--pause 1.0] [--forms 12]
                                [--seconds 60] [--reviewers 50 12] [--seed 5] [--out DIR]

An invented book (see ``review_book.py``) is served as users start the room, each server a process of its own.

- In headless Chromium fields are answered by keyboard, ``--pause`` seconds after each was on the screen and again as
  fast as the driver can press: from the key to the frame in which the next field stands with its crop decoded. The
  same over 1 Mbit/s with 50 ms latency, emulated in the browser. Aimed at: a median under 100 ms, 95 of 100 under 250.
- The keystrokes, counted over all fields, and the operators of ``review_model.py`` give the time for a field, with the
  waiting that was measured; the same for a plain web form of the same records in the same browser
  (``review_servers.py``). The room leaves out what the machine's certificate accepts, the form shows all; both are
  therefore also compared by records.
- ``--reviewers`` people at once on PostgreSQL and on SQLite (``review_load.py``). Aimed at: 95 of 100 answers under
  300 ms on two cores, no field settled twice. Server, database and reviewers share the machine. Without the package
  ``pgserver`` the first is left out.

Prints the tables with the machine's load; ``--quick`` is a small version (two and a half minutes on two busy cores).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from review_book import InventedBook, fill, render, truths_by_task
from review_browser import FORM_WAY, Measured, chromium, fill_in, most, verify
from review_load import PAUSE, Load, load
from review_model import SCROLLED_AND_SAVED, Effort, in_form, in_room
from review_servers import Place, form, people, postgres, room
from rich.console import Console
from rich.table import Table

QUICK = {"records": 40, "pages": 3, "fields": 10, "pause": 0.4, "forms": 1, "seconds": 6.0}


def in_browser(place: Place, book: InventedBook, options: argparse.Namespace) -> list[Measured]:
    """One person: the room and the form, over both networks; the room also as fast as keys can be pressed."""
    with place.open() as store:
        truths = truths_by_task(store, book)
        cookies = [cookie for _, cookie in people(store, 4)]
    found = []
    with room(place) as address, form(book, place.out) as form_address, chromium() as browser:
        for weak in (False, True):
            for pause in (options.pause, 0.0):
                answered = verify(
                    browser, address, cookies.pop(), truths, fields=options.fields, pause=pause, weak=weak
                )
                answered.way = f"room, {pause:g} s before each key" if pause else "room, no pause"
                found.append(answered)
            found.append(fill_in(browser, form_address, book, records=options.forms, pause=options.pause, weak=weak))
    return found


@dataclass(frozen=True)
class Pace:
    """What the model says of a way of working."""

    keys: float
    seconds: float
    records: float

    @property
    def fields(self) -> float:
        """Fields looked at in an hour."""
        return 3600 / self.seconds


def pace(book: InventedBook, measured: Measured) -> Pace:
    """The model's time over all fields of all pages that differ, with the waiting that was measured."""
    of_form = measured.way == FORM_WAY
    looked = [truth for page in book.pages for truth in page.values() if of_form or truth.waits]
    effort = Effort(waited=statistics.mean(measured.waits) / 1000 * (len(book.pages) if of_form else len(looked)))
    for truth in looked:
        effort += (in_form(truth.raw, truth.machine.raw) if of_form else in_room(truth.raw, truth.shown, truth.texts))[
            0
        ]
    for _ in book.pages if of_form else ():
        effort += SCROLLED_AND_SAVED
    seconds = effort.seconds / len(looked)
    return Pace(effort.keys / len(looked), seconds, 3600 * len(book.pages) / effort.seconds)


def with_many(sqlite: Place, book: InventedBook, options: argparse.Namespace) -> list[Load]:
    """Many people, on both databases."""
    many, few = options.reviewers
    how = {"seconds": options.seconds, "seed": options.seed}
    found = []
    if many:
        with postgres(sqlite.out) as place:
            if place is not None:
                with place.open() as store:
                    fill(store, place.out, book, options.records)
                found.append(load(place, "PostgreSQL", reviewers=many, **how))
    if few:
        found.append(load(sqlite, "SQLite", reviewers=few, **how))
    return found


def show(console: Console, book: InventedBook, browser: list[Measured], many: list[Load]) -> None:
    """Print both tables."""
    waits = Table(
        "Network", "Way", "Answers", "Median ms", "95 % below", "First ms", "kB a field", "Picture kB (95 %)",
        "Keys a field", "s a field", "Fields an hour", "Records an hour", title="One person",
    )  # fmt: skip
    for row in browser:
        crops = row.sizes("scan" if row.way == FORM_WAY else "crop")
        modelled = pace(book, row)
        waits.add_row(
            row.network,
            row.way,
            str(len(row.waits)),
            f"{statistics.median(row.waits):.0f}",
            f"{most(row.waits):.0f}",
            f"{row.first:.0f}",
            f"{row.bytes_a_field / 1000:.1f}",
            f"{crops[0] / 1000:.1f} ({crops[1] / 1000:.1f})",
            f"{modelled.keys:.2f}",
            f"{modelled.seconds:.2f}",
            f"{modelled.fields:.0f}",
            f"{modelled.records:.1f}",
        )
    console.print(waits)
    people_table = Table(
        "Database", "Reviewers", "Answered", "An hour", "Request", "Number", "Median ms", "95 % below",
        "Twice", "Failed", title=f"Many at once, {PAUSE[0]:g} to {PAUSE[1]:g} s before each answer",
    )  # fmt: skip
    for load_row in many:
        for place, (kind, times) in enumerate({**load_row.times, "all since all are in": load_row.steady}.items()):
            first = [load_row.database, str(load_row.reviewers), str(load_row.decided)]
            first.append(f"{3600 * load_row.decided / load_row.seconds:.0f}")
            people_table.add_row(
                *(first if place == 0 else [""] * 4),
                kind,
                str(len(times)),
                f"{statistics.median(times or [0.0]):.0f}",
                f"{most(times):.0f}",
                *([str(load_row.twice), str(load_row.failed)] if place == 0 else ["", ""]),
            )
    console.print(people_table)


def as_json(book: InventedBook, browser: list[Measured], many: list[Load]) -> dict[str, Any]:
    """The figures for a file."""
    return {
        "browser": [
            {
                "network": row.network, "way": row.way, "answers": len(row.waits),
                "median_ms": statistics.median(row.waits), "most_ms": most(row.waits), "first_ms": row.first,
                "bytes_a_field": row.bytes_a_field, "fields_an_hour": pace(book, row).fields,
                **asdict(pace(book, row)),
            }
            for row in browser
        ],
        "many": [
            {
                "database": row.database, "reviewers": row.reviewers, "decided": row.decided, "stored": row.stored,
                "twice": row.twice, "failed": row.failed,
                "most_ms": {kind: most(times) for kind, times in {**row.times, "steady": row.steady}.items()},
            }
            for row in many
        ],
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small version")
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=24, help="pages that differ; the records repeat them")
    parser.add_argument("--fields", type=int, default=150, help="answered in each browser run")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds before each key in the browser")
    parser.add_argument("--forms", type=int, default=12, help="records gone through in the plain form")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each run with many people")
    parser.add_argument(
        "--reviewers",
        type=int,
        nargs=2,
        default=(50, 12),
        metavar=("POSTGRESQL", "SQLITE"),
        help="how many at once; 0 leaves it out",
    )
    parser.add_argument("--parts", nargs="+", choices=("browser", "many"), default=("browser", "many"))
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path, help="folder for review.json")
    parser.add_argument("--work", type=Path, help="folder for the book; by default a temporary one")
    known, _ = parser.parse_known_args()
    if known.quick:
        parser.set_defaults(**QUICK)
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = options.work or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        book = render(out, options.pages, options.seed)
        sqlite = Place(f"sqlite:///{out / 'extractor.sqlite'}", out / "audit.key", out)
        with sqlite.open() as store:
            fill(store, out, book, options.records)
        browser = in_browser(sqlite, book, options) if "browser" in options.parts else []
        many = with_many(sqlite, book, options) if "many" in options.parts else []
    console = Console(width=190)
    show(console, book, browser, many)
    busy = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    console.print(
        f"{options.records} records, {os.cpu_count()} cores, load over 1, 5 and 15 minutes {busy}, "
        f"{time.monotonic() - begun:.0f} s in all"
    )
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "review.json").write_text(json.dumps(as_json(book, browser, many), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
