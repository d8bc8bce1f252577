"""Runs as their pages show them: who asked for what, how far it is, how long it will take, what was set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from extractor.errors import NotStoredError
from extractor.review.room import Room
from extractor.review.scan_texts import Reason, explain
from extractor.review.texts import text
from extractor.store import ROOM, Job, JobKind, JobState
from extractor.store.vietnam import VIETNAM

KINDS = (JobKind.RUN, JobKind.REREAD)
_SHOWN = 50
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class SetAsideLine:
    """A file, or a page of it, that could not be used."""

    file: str
    page: int | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job.

    Args:
        who: who asked for it.
        mine: it was asked for in the room, so that people may stop it and ask for it again.
        files: how many files it reads; none for one that reads pages anew.
        said: how far it is, in words.
        remaining: how long it will take, in words, or empty.
    """

    job: Job
    who: str
    mine: bool
    files: int | None
    asked_at: datetime
    said: str
    remaining: str
    set_aside: tuple[SetAsideLine, ...]

    @property
    def percent(self) -> int:
        """Whole percents of the pages that are done."""
        return 100 * self.job.done // self.job.total if self.job.total else 0


def newest(room: Room) -> Sequence[Job]:
    """The newest jobs of the folder."""
    return room.intake.jobs.of_folder(room.intake.folder, KINDS, limit=_SHOWN)


def line(room: Room, language: str, job: Job, *, details: bool = False) -> JobLine:
    """One job as it is shown; with what was set aside where ``details`` are asked for."""
    return JobLine(
        job=job,
        who=_who(room, language, job.client),
        mine=job.client.startswith(ROOM),
        files=len(job.options.get("uploads", ())) if job.kind is JobKind.RUN else None,
        asked_at=job.created_at.astimezone(VIETNAM),
        said=_said(room, language, job),
        remaining=_remaining(language, job, room.store.now()),
        set_aside=tuple(_set_aside(language, item) for item in job.result.get("set_aside", ())) if details else (),
    )


def states(room: Room, language: str, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """How far jobs are, for pages that ask."""
    lines = [line(room, language, job) for job in jobs]
    return [
        {
            "id": each.job.id,
            "state": each.job.state.value,
            "cancel": each.job.cancel,
            "done": each.job.done,
            "total": each.job.total,
            "said": each.said,
            "remaining": each.remaining,
        }
        for each in lines
    ]


def seconds_left(job: Job, now: datetime) -> float | None:
    """How long a job will take at the pace it has had; none where nothing is known yet."""
    if job.state is not JobState.RUNNING or job.begun is None or job.done >= job.total:
        return None
    known, since = job.begun
    if job.done <= known:
        return None
    return (now - since).total_seconds() / (job.done - known) * (job.total - job.done)


def _remaining(language: str, job: Job, now: datetime) -> str:
    seconds = seconds_left(job, now)
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return text(language, "scan_left_soon")
    if seconds < _HOUR:
        return text(language, "scan_left_minutes", minutes=round(seconds / _MINUTE))
    hours, rest = divmod(round(seconds / _MINUTE), 60)
    return text(language, "scan_left_hours", hours=hours, minutes=rest)


def _said(room: Room, language: str, job: Job) -> str:
    say = partial(text, language)
    if job.state is JobState.QUEUED:
        ahead = room.intake.jobs.before(job)
        return say("scan_said_waits", count=ahead) if ahead else say("scan_said_queued")
    if job.state is JobState.RUNNING:
        if job.cancel:
            return say("scan_said_stopping")
        if not job.total:
            return say("scan_said_preparing")
        if job.done < job.total:
            return say("scan_said_reading", done=job.done, total=job.total)
        return say("scan_said_finishing", total=job.total)
    if job.state is JobState.DONE:
        aside = len(job.result.get("set_aside", ()))
        return say("scan_said_done_but", count=aside) if aside else say("scan_said_done")
    return say(f"scan_said_{job.state.value}")


def _who(room: Room, language: str, client: str) -> str:
    number = client.removeprefix(ROOM)
    if client == number or not number.isdigit():
        return text(language, "scan_who_program", name=client)
    try:
        return room.access.accounts.get(int(number)).person
    except NotStoredError:
        return text(language, "scan_who_gone")


def _set_aside(language: str, item: Mapping[str, Any]) -> SetAsideLine:
    return SetAsideLine(str(item["file"]), item.get("page"), explain(language, str(item["reason"])))
