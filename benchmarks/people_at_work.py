"""Scripted people who verify a book as the verifying page does: fetched ahead, repeated until the server answers.

What the page hears is written down beside what it sent, for comparing with the database afterwards. Some replies are
thrown away on purpose after the server gave them, as a network does; the same request is then made again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from review_book import Truth, misread

_AHEAD = 2
"""As in the page's script."""

PASSWORD = "con trâu gỗ ngậm bút chì xanh"

Key = tuple[int, int]
"""Number of a task and the token it was given under."""


@dataclass(frozen=True)
class Habits:
    """How often, of 1, a person does what.

    Args:
        wrong: answers with something else than the book holds.
        wrong_blind: the same where the machine's reading is not shown.
        put_off: puts a field off once.
        back: takes the last answer back, and gives it anew.
        closed: closes the page and opens it again.
        unheard: replies that get lost on their way.
    """

    wrong: float = 0.08
    wrong_blind: float = 0.4
    put_off: float = 0.04
    back: float = 0.06
    closed: float = 0.03
    unheard: float = 0.06


@dataclass(frozen=True)
class Said:
    """An answer that the person was told is saved."""

    field: int
    key: Key
    raw: str
    state: str


@dataclass
class Person:
    """One person's browser, and what the person saw in it.

    Args:
        handed: every field and token the page was given.
        saved: answers reported as saved, in their order.
        taken_back: how often the page was told that a decision was taken back.
        lost: answers the page was told are not used.
    """

    name: str
    login: str
    client: httpx.AsyncClient
    rng: Random
    truths: Mapping[int, Truth]
    habits: Habits = field(default_factory=Habits)
    handed: set[Key] = field(default_factory=set)
    saved: list[Said] = field(default_factory=list)
    taken_back: int = 0
    lost: list[Key] = field(default_factory=list)
    repeated: int = 0
    faults: list[str] = field(default_factory=list)
    left: int = -1
    _tasks: list[dict[str, Any]] = field(default_factory=list)
    _put_off: set[int] = field(default_factory=set)

    async def sign_in(self) -> None:
        """Come in through the page, as a browser does."""
        form = {"login": self.login, "password": PASSWORD}
        page = await self._reach(lambda: self.client.post("/sign-in", data=form, follow_redirects=True))
        found = re.search(r'name="csrf" content="([^"]+)"', page.text)
        if found is None:
            raise RuntimeError(f"{self.login} could not sign in ({page.status_code})")
        self.client.headers["X-CSRF-Token"] = found[1]

    async def work(self, done: Callable[[], bool]) -> None:
        """Answer what there is, until nothing waits for the person and ``done`` says that nothing will."""
        while True:
            if len(self._tasks) <= _AHEAD:
                await self._top_up()
            if self._tasks:
                await self._one()
            elif self.left == 0 and done():
                return
            else:
                await asyncio.sleep(0.05)

    async def _one(self) -> None:
        """What the person does next."""
        task = self._tasks.pop(0)
        await asyncio.sleep(self.rng.uniform(0.0, 0.01))
        if self.rng.random() < self.habits.closed:
            await self._close([task, *self._tasks])
        elif task["id"] not in self._put_off and self.rng.random() < self.habits.put_off:
            self._put_off.add(task["id"])
            await self._post("/api/skip", {"task": task["id"], "token": task["token"]})
        else:
            await self._answer(task)
            if self.rng.random() < self.habits.back:
                await self._take_back()

    async def _top_up(self) -> None:
        known = [{"task": task["id"], "token": task["token"], "blind": task["blind"]} for task in self._tasks]
        claimed = (await self._post("/api/claim", {"known": known}))[1]
        self.left = claimed["left"]
        for task in claimed["tasks"]:
            self._take(task)
            if task["crop"]:
                await self._reach(lambda url=task["crop"]["url"]: self.client.get(url))

    def _take(self, task: dict[str, Any]) -> None:
        self.handed.add((task["id"], task["token"]))
        self._tasks = [known for known in self._tasks if known["id"] != task["id"]]
        self._tasks.append(task)

    async def _answer(self, task: dict[str, Any]) -> None:
        truth = self.truths[task["id"]]
        raw, state = truth.raw, truth.state.value
        wrong = self.habits.wrong_blind if task["blind"] else self.habits.wrong
        if not task["disputed"] and self.rng.random() < wrong:
            raw, state = (misread(self.rng, raw), state) if raw else ("Thử", "read")
        key = (task["id"], task["token"])
        given = {"task": key[0], "token": key[1], "field": task["field"], "raw": raw, "state": state}
        status, told = await self._post("/api/decide", given)
        if status == 200:
            self.saved.append(Said(task["field"], key, raw, state))
            return
        self.lost.append(key)
        if status == 409 and told["task"]:
            self._take(told["task"])

    async def _take_back(self) -> None:
        known = [{"task": task["id"], "token": task["token"]} for task in self._tasks]
        task = (await self._post("/api/undo", {"known": known}))[1]["task"]
        if task is None:
            return
        self.taken_back += 1
        self._take(task)
        self._tasks.insert(0, self._tasks.pop())

    async def _close(self, held: list[dict[str, Any]]) -> None:
        await self._post("/api/release", [{"task": task["id"], "token": task["token"]} for task in held])
        self._tasks = []

    async def _post(self, path: str, body: Any) -> tuple[int, Any]:
        """As ``asking`` in the page's scripts: the same request again until the server answers."""
        answer = await self._reach(lambda: self.client.post(path, json=body))
        if answer.status_code not in (200, 409):
            self.faults.append(f"{self.login}: {path} was answered with {answer.status_code}")
        return answer.status_code, answer.json()

    async def _reach(self, ask: Callable[[], Any]) -> httpx.Response:
        while True:
            try:
                answer: httpx.Response = await ask()
            except httpx.TransportError:
                self.repeated += 1
                await asyncio.sleep(0.1)
                continue
            if answer.status_code < 500 and self.rng.random() >= self.habits.unheard:
                return answer
            self.repeated += 1
