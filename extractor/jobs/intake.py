"""The uploads and jobs of one output folder, as a server has them at hand."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.jobs.errors import QueueFullError
from extractor.jobs.files import UploadFolder
from extractor.scans import Limits
from extractor.store import ROOM, Job, JobKind, Jobs, Store, Uploads

MOST_WAITING = 100
"""Jobs of one output folder that may wait at once."""


@dataclass(frozen=True)
class Intake:
    """What comes in, and what is done with it.

    Args:
        out: output folder; scans lie below it.
        wake: called when there is a new job.
    """

    store: Store
    out: Path
    limits: Limits = field(default_factory=Limits)
    wake: Callable[[], None] = lambda: None
    uploads: Uploads = field(init=False)
    jobs: Jobs = field(init=False)
    upload_folder: UploadFolder = field(init=False)

    def __post_init__(self) -> None:
        """Give the rooms of the store their names."""
        object.__setattr__(self, "uploads", Uploads(self.store))
        object.__setattr__(self, "jobs", Jobs(self.store))
        object.__setattr__(self, "upload_folder", UploadFolder(self.out, self.limits))

    @property
    def folder(self) -> str:
        """The output folder as jobs name it."""
        return str(self.out.resolve())

    def queue(self, kind: JobKind, client: str, options: Mapping[str, Any], *, job_id: str = "") -> Job:
        """Put a job into the queue.

        Args:
            client: who asks; a program by its name, a person by :func:`room_client`.
            options: JSON; :mod:`extractor.jobs.work` tells what each kind of job takes.
            job_id: 32 hexadecimal digits; the same again gives the job that has it. By default a new one.

        Raises:
            QueueFullError: too many wait.
        """
        if self.jobs.waiting(self.folder) >= MOST_WAITING:
            raise QueueFullError("Too many jobs wait.", mend="Ask again when some are done.")
        job = self.jobs.add(job_id or secrets.token_hex(16), kind, client, self.folder, options)
        self.wake()
        return job


def room_client(account: int) -> str:
    """The client that a person of the review room is: by the account's number, never by name."""
    return f"{ROOM}{account}"
