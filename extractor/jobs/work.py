"""What a job does: read the scans of uploads, read some pages anew, or write what is handed over."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from extractor.batch.exporting import ExportJob, export_now
from extractor.batch.run import RunOptions, run
from extractor.batch.summary import describe_suspension
from extractor.confidence import shipped_certificate
from extractor.exports.files import sha256_of
from extractor.jobs.files import FOLDER as UPLOADS
from extractor.jobs.locks import FOLDER
from extractor.pipeline import PipelineOptions
from extractor.records import BookKey
from extractor.settings import get_settings
from extractor.store import Job, Store
from extractor.templates.own_forms import folders_in_use

Report = Callable[[int, int], None]


class Cancelled(Exception):  # noqa: N818 - no error: the client wanted it
    """The job's client wants it stopped."""


def read_scans(job: Job, out: Path, database: str, templates: tuple[Path, ...], report: Report) -> dict[str, Any]:
    """Run the main job on a job's uploads; what it was stopped at before is gone on with."""
    settings, asked = get_settings(), job.options
    certificate = None if asked["certificate"] == "none" else shipped_certificate(settings.certificate)
    if certificate is None:
        logging.getLogger(__name__).warning("no certificate: every field of the job goes to people")
    options = RunOptions(
        inputs=tuple(out / UPLOADS / upload_id for upload_id in asked["uploads"]),
        out=out,
        pipeline=PipelineOptions(
            out=out,
            templates=templates or (settings.templates_dir,),
            form=asked["form"],
            book=BookKey(**asked["book"]),
        ),
        certificate=certificate,
        database=database,
        workers=settings.worker_count,
        render_dpi=settings.render_dpi,
        redo=asked["redo"],
        recheck=asked["recheck"],
    )
    summary = run(options, on_progress=report)
    exported = summary.outputs.exported if summary.outputs else None
    return {
        "pages": summary.pages,
        "pages_new": summary.pages_new,
        "set_aside": [asdict(item) for item in summary.set_aside],
        "exported": sum(book.rows for book in exported.books) if exported else 0,
        "held_back": len(exported.held_back) if exported else 0,
        "suspended": [describe_suspension(item)[1] for item in summary.suspended],
    }


def reread(job: Job, out: Path, database: str, templates: tuple[Path, ...], report: Report) -> dict[str, Any]:
    """Read some pages anew, as :func:`extractor.batch.rereading.reread` does.

    The job's options are ``{"pages": [{"file": name in the records, "page": number from 1}, ...]}``; with ``"adapt":
    number of a book`` the reader is adapted to its hand first, and what is open in the book is read anew. ``reread``
    gets the output folder, the database's URL or nothing, the folders of templates, the pages as pairs of file and
    number, and ``report(done, total)``, which it calls after each page and lets raise. It holds the folder itself
    (:func:`extractor.batch.run.only_run`) and returns what became of the pages, as JSON.
    """
    pages = [(str(page["file"]), int(page["page"])) for page in job.options["pages"]]
    folders = templates or (get_settings().templates_dir,)
    if book := job.options.get("adapt"):
        adapt_books = importlib.import_module("extractor.learning.adapting_books").adapt_books
        return dict(asdict(adapt_books(out, database, folders, str(int(book)), report)))
    read_anew = importlib.import_module("extractor.batch.rereading").reread
    return dict(read_anew(out, database, folders, pages, report))


def export(store: Store, job: Job, out: Path, templates: tuple[Path, ...], report: Report) -> dict[str, Any]:
    """Write an export; its files are kept as they are, apart from those that later exports replace."""
    asked = job.options
    folders = folders_in_use(templates or (get_settings().templates_dir,), out)
    done = export_now(store, out, ExportJob(asked["format"], folders, pending=asked["pending"]))
    report(0, 0)
    kept = out / FOLDER / job.id
    shutil.rmtree(kept, ignore_errors=True)  # of an attempt that was cut off
    files = [_keep(path, kept / path.relative_to(out), out) for path in done.files if path.is_file()]
    store.append_audit(
        actor=job.client, action="exported", subject=f"job:{job.id}", content=[file["sha256"] for file in files]
    )
    return {
        "files": files,
        "files_left": list(done.files_left),
        "policy": done.books.policy.value if done.books is not None else "",
        "not_approved": list(done.not_approved),
    }


def _keep(path: Path, target: Path, out: Path) -> dict[str, Any]:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(path, target)  # files of exports are replaced, never written into
    except OSError:
        shutil.copyfile(path, target)
    return {
        "name": path.relative_to(out).as_posix(),
        "path": target.relative_to(out).as_posix(),
        "size": target.stat().st_size,
        "sha256": sha256_of(target),
    }
