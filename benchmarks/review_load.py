"""Many reviewers at once, without browsers: each asks for what the verifying page asks for, at a person's pace."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from review_servers import Place, people, room
from sqlalchemy import func, select

from extractor.store.tables import Action, DecisionRow

PAUSE = (1.5, 4.5)
"""Seconds a person takes for an answer, any value between these as likely as another."""

ARRIVING = "while they come in"
COMING = 0.3
"""Share of the time in which one after the other comes in; its figures are kept apart."""

_AHEAD, _COUNT_EVERY = 2, 15.0
"""As in the page's script."""


@dataclass
class Load:
    """What the reviewers met.

    Args:
        times: milliseconds of each kind of request.
        twice: fields that were settled more than once.
    """

    database: str
    reviewers: int
    seconds: float
    times: dict[str, list[float]] = field(default_factory=dict)
    decided: int = 0
    stored: int = 0
    twice: int = 0
    failed: int = 0

    @property
    def steady(self) -> list[float]:
        """Milliseconds of all requests since all had come in."""
        return [time for kind, times in self.times.items() if kind != ARRIVING for time in times]


def load(place: Place, database: str, *, reviewers: int, seconds: float, seed: int) -> Load:
    """Let so many work for so long on one server."""
    with place.open() as store:
        signed_in = people(store, reviewers)
        before = _settled(store)
    found = Load(database, reviewers, seconds)
    with room(place) as address:
        asyncio.run(_work(found, address, [cookie for _, cookie in signed_in], seed))
    with place.open() as store:
        after = _settled(store)
    found.stored = sum(after.values()) - sum(before.values())
    found.twice = sum(times > 1 for times in after.values())
    return found


def _settled(store: Any) -> dict[int, int]:
    """How often each field was settled."""
    wanted = (
        select(DecisionRow.field_id, func.count())
        .where(DecisionRow.action.in_((Action.CONFIRM.value, Action.CORRECT.value)))
        .group_by(DecisionRow.field_id)
    )
    with store.reading() as session:
        return dict(session.execute(wanted).tuples().all())


async def _work(found: Load, address: str, cookies: Sequence[str], seed: int) -> None:
    async with AsyncExitStack() as stack:
        clients = []
        for cookie in cookies:
            # There is nothing to verify without TLS, and preparing for it would take long.
            client = httpx.AsyncClient(
                base_url=address, cookies={"extractor_session": cookie}, timeout=60, verify=False
            )
            clients.append(await stack.enter_async_context(client))
            client.headers["X-CSRF-Token"] = (await client.get("/api/session")).json()["csrf"]
        end = time.monotonic() + found.seconds
        await asyncio.gather(
            *(_review(found, client, Random(f"{seed}/{number}"), end) for number, client in enumerate(clients))
        )


async def _review(found: Load, client: httpx.AsyncClient, rng: Random, end: float) -> None:
    coming = found.seconds * COMING
    steady = end - found.seconds + coming
    await asyncio.sleep(rng.uniform(0, 0.8 * coming))

    async def ask(kind: str, method: str, path: str, body: Any = None) -> httpx.Response:
        begun = time.perf_counter()
        answer = await client.request(method, path, json=body)
        if time.monotonic() < steady:
            kind = ARRIVING
        found.times.setdefault(kind, []).append(1000 * (time.perf_counter() - begun))
        found.failed += answer.status_code != 200
        return answer

    tasks: list[dict[str, Any]] = []
    counted = -math.inf
    while time.monotonic() < end:
        if len(tasks) <= _AHEAD:
            known = [{"task": task["id"], "token": task["token"], "blind": task["blind"]} for task in tasks]
            count = time.monotonic() - counted > _COUNT_EVERY
            counted = time.monotonic() if count else counted
            new = (await ask("claim", "POST", "/api/claim", {"known": known, "count": count})).json()["tasks"]
            tasks += new
            await asyncio.gather(*(ask("crop", "GET", task["crop"]["url"]) for task in new if task["crop"]))
        if not tasks:
            await asyncio.sleep(1)
            continue
        task = tasks.pop(0)
        await asyncio.sleep(rng.uniform(*PAUSE))
        given = {"task": task["id"], "token": task["token"], "field": task["field"]}
        answer = await ask("decide", "POST", "/api/decide", {**given, "raw": task["raw"], "state": task["state"]})
        found.decided += answer.status_code == 200
