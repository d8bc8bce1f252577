"""A book verified by two people and an adjudicator at once, while the server is killed and started again.

    python benchmarks/two_people.py [--records 24] [--pages 4] [--kills 10] [--databases sqlite postgresql] [--seed 1]
                                    [--work DIR]

An invented book (``review_book.py``) is served as users start the room. Three scripted people (``people_at_work.py``)
sign in and work through its HTTP interface at once as the page in the browser does, without a pause: a reviewer, one
who reviews and adjudicates, and an adjudicator. Some answers are wrong, some are taken back, some fields put off; every
second accepted field is re-keyed blind, so that disputes arise; some replies are lost on their way, and the same is
asked again. Meanwhile the server gets SIGKILL ``--kills`` times, each in the midst of requests.

Afterwards what the people were told is compared with the database (``people_audit.py``): no answer lost, none taken
twice, no field settled twice, none by whoever re-keyed it, the log of decisions whole. Exits with 1 where anything is
wrong. Without the package ``pgserver`` PostgreSQL is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import httpx
from killed_server import KilledServer, folder, verifies
from people_at_work import PASSWORD, Person
from people_audit import Outcome, compare
from review_book import InventedBook, fill, render, truths_by_task
from review_servers import Place, postgres
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from extractor.records import Decision
from extractor.store import Accounts, MachineChange, Role, Store
from extractor.store.tables import TaskRow, TaskStatus

PEOPLE = {
    "mot": ("Thử Người Một", [Role.REVIEWER]),
    "hai": ("Thử Người Hai", [Role.REVIEWER, Role.ADJUDICATOR]),
    "ba": ("Thử Người Ba", [Role.ADJUDICATOR]),
}
_BLIND_EVERY = 2


def run(place: Place, book: InventedBook, database: str, options: argparse.Namespace) -> Outcome:
    """Let the people verify the book to its end, and compare."""
    with place.open() as store:
        fill(store, place.out, book, options.records)
        blind = draw_blind(store)
        for login, (name, roles) in PEOPLE.items():
            Accounts(store).add(login, name, roles, PASSWORD, must_change=False, by="benchmark")
        truths = truths_by_task(store, book)
        waiting = store.open_tasks()
    begun = time.monotonic()
    with KilledServer(place) as server:
        people, kills = asyncio.run(at_work(server, truths, waiting, options))
    seconds = time.monotonic() - begun
    with place.open() as store:
        found = compare(store, people, database=database, kills=kills, seconds=seconds)
    found.blind = blind
    found.faults += verifies(place)
    if kills != options.kills:
        found.faults.append(f"the server was killed {kills} times only")
    return found


def draw_blind(store: Store) -> int:
    """Hand every second accepted field out to be re-keyed blind; gives how many."""
    accepted = [
        MachineChange(record.key, code, value, recheck=True)
        for record in store.records()
        for code, value in record.fields.items()
        if value.decision is Decision.ACCEPTED
    ][::_BLIND_EVERY]
    store.update_machine_values(accepted)
    with store.reading() as session:
        drawn = select(TaskRow.id).where(TaskRow.blind, TaskRow.status == TaskStatus.OPEN.value)
        return len(session.scalars(drawn).all())


async def at_work(
    server: KilledServer, truths: Any, waiting: int, options: argparse.Namespace
) -> tuple[list[Person], int]:
    """All three until nothing waits, with the kills between; gives them and how often the server was killed."""
    async with AsyncExitStack() as stack:
        people = []
        for login, (name, _) in PEOPLE.items():
            client = httpx.AsyncClient(base_url=server.address, timeout=60, verify=False)
            await stack.enter_async_context(client)
            people.append(Person(name, login, client, Random(f"{options.seed}/{login}"), truths))
        for person in people:
            await person.sign_in()
        first, second, third = people
        ended: set[str] = set()

        async def until(person: Person, others: set[str]) -> None:
            await person.work(lambda: others <= ended)
            ended.add(person.login)

        killing = asyncio.create_task(kill(server, people, waiting, options))
        # Whoever adjudicates stays until those who may contradict the machine are through.
        await asyncio.gather(
            until(first, set()), until(second, {first.login}), until(third, {first.login, second.login})
        )
        return people, await killing


async def kill(server: KilledServer, people: list[Person], waiting: int, options: argparse.Namespace) -> int:
    """Kill the server after even shares of the answers; gives how often."""
    rng, times = Random(f"{options.seed}/kills"), 0
    for number in range(1, options.kills + 1):
        # The last kill still leaves answers to give.
        while sum(len(person.saved) for person in people) < number * waiting // (options.kills + 2):
            await asyncio.sleep(0.002)
        await asyncio.sleep(rng.uniform(0.0, 0.03))
        server.kill()
        times += 1
        await asyncio.sleep(rng.uniform(0.0, 0.3))
        await asyncio.to_thread(server.start)
    return times


def show(console: Console, outcomes: list[Outcome]) -> None:
    """Print the table, and below it what is wrong."""
    table = Table(
        "Database", "Answers saved", "Blind", "Disputes settled", "Taken back", "Asked again", "Kills", "Refused",
        "Lost", "Doubled", "Still open", "Seconds", "Faults", title="Two people and an adjudicator",
    )  # fmt: skip
    for found in outcomes:
        table.add_row(
            found.database, str(found.saved), str(found.blind), str(found.disputes), str(found.taken_back),
            str(found.repeated), str(found.kills), str(found.refused), str(found.lost), str(found.doubled),
            str(found.open), f"{found.seconds:.0f}", str(len(found.faults)),
        )  # fmt: skip
    console.print(table)
    for found in outcomes:
        for fault in found.faults[:20]:
            console.print(f"{found.database}: {fault}", markup=False)


def main() -> int:
    """Run and print; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=24)
    parser.add_argument("--pages", type=int, default=4, help="pages that differ; the records repeat them")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument(
        "--databases", nargs="+", choices=("sqlite", "postgresql"), default=("sqlite", "postgresql"), metavar="NAME"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="folder for the book; by default a temporary one")
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as temporary:
        out = folder(options.work or Path(temporary))
        book = render(out, options.pages, options.seed)
        if "sqlite" in options.databases:
            place = Place(f"sqlite:///{out / 'extractor.sqlite'}", out / "audit.key", out)
            outcomes.append(run(place, book, "SQLite", options))
        if "postgresql" in options.databases:
            with postgres(out) as server:
                if server is not None:
                    place = Place(server.url, out / "audit.key", out)
                    outcomes.append(run(place, book, "PostgreSQL", options))
    show(Console(width=170), outcomes)
    return int(not outcomes or any(found.faults for found in outcomes))


if __name__ == "__main__":
    sys.exit(main())
