"""The process that carries out one job: ``python -m extractor.jobs.child OUT JOB ATTEMPT``.

It goes on when the server dies, and ends by itself. The lock on its file tells a new server that it is still there; the
attempt keeps one that was given up from writing into a job that another has begun.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from extractor.batch.run import only_run
from extractor.batch.storage import open_store
from extractor.errors import ExtractorError, SettingsError
from extractor.jobs import work
from extractor.jobs.locks import DATABASE_VARIABLE, TEMPLATES_VARIABLE, holding, lock_path
from extractor.logs import set_up as set_up_log
from extractor.store import Job, JobKind, Jobs, JobState

log = logging.getLogger(__name__)

_WAIT = 2.0


def main(out: Path, job_id: str, attempt: int) -> None:
    """Carry out the job, unless another process does or did."""
    templates = tuple(Path(part) for part in os.environ.get(TEMPLATES_VARIABLE, "").split(os.pathsep) if part)
    database = os.environ.get(DATABASE_VARIABLE, "")
    with holding(lock_path(out, job_id), wait=True), open_store(out, database) as store:
        jobs = Jobs(store)
        job = jobs.get(job_id)
        if job.state is not JobState.RUNNING or job.attempts != attempt:
            return
        try:
            report = _reporter(jobs, job)
            _wait_for_folder(out, report)
            if job.kind is JobKind.EXPORT:
                result = work.export(store, job, out, templates, report)
            elif job.kind is JobKind.REREAD:
                result = work.reread(job, out, database, templates, report)
            else:
                result = work.read_scans(job, out, database, templates, report)
        except work.Cancelled:
            jobs.finish(job_id, JobState.CANCELLED)
        except ExtractorError as error:
            jobs.finish(job_id, JobState.FAILED, message=error.message, mend=error.mend)
        except Exception as error:
            # The error's own text may quote what stands in a register: only its kind and place are told.
            frames = traceback.extract_tb(error.__traceback__)
            places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-8:]]
            log.error("%s at %s", type(error).__name__, " > ".join(places))
            jobs.finish(
                job_id,
                JobState.FAILED,
                message=f"The job failed ({type(error).__name__}).",
                mend="The job's log in the output folder tells where.",
            )
        else:
            jobs.finish(job_id, JobState.DONE, result=result)


def _reporter(jobs: Jobs, job: Job) -> Callable[[int, int], None]:
    """Notes progress, at most once a second; ends the job when its client wants that."""
    noted = 0.0

    def report(done: int, total: int) -> None:
        nonlocal noted
        now = time.monotonic()
        if done < total and now - noted < 1.0:
            return
        noted = now
        if jobs.progress(job.id, done, total):
            raise work.Cancelled

    return report


def _wait_for_folder(out: Path, report: Callable[[int, int], None]) -> None:
    """Wait while somebody runs in the same output folder from the command line."""
    while True:
        try:
            with only_run(out):
                return
        except SettingsError:
            report(0, 0)
            time.sleep(_WAIT)


if __name__ == "__main__":
    set_up_log()
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
