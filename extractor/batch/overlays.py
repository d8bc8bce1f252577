"""Draw every page with its located fields coloured by decision; a picture that would not change is left alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from extractor.batch.sources import KnownSource
from extractor.page_file import FOLDER, OVERLAYS, load_page_file, load_picture, overlay_name, page_stem
from extractor.records import PageProblem, Record
from extractor.whole_files import write_whole
from extractor.worker_processes import begin

_WORTH_A_POOL = 8
_DRAWING_VERSION = "3"


@dataclass(frozen=True, slots=True)
class OverlayJob:
    """One picture to draw: which page, and what is known of it."""

    out: Path
    name: str
    stem: str
    decisions: tuple[tuple[int, str, str], ...]
    problem: str


class Decisions:
    """How each field of each page was decided: all that an overlay shows of records."""

    def __init__(self) -> None:
        self.pages: dict[tuple[str, int], list[tuple[int, str, str]]] = {}

    def add(self, record: Record) -> None:
        """Note a record's fields."""
        page = self.pages.setdefault((record.file, record.page), [])
        page.extend((record.record, code, value.decision.value) for code, value in record.fields.items())


def write_overlays(
    out: Path,
    decisions: Decisions,
    problems: Sequence[PageProblem],
    known: Mapping[str, KnownSource],
    *,
    workers: int = 1,
) -> list[str]:
    """Draw the overlays of all pages; returns their paths relative to ``out``, in order of file and page."""
    reasons = {(problem.file, problem.page): problem.message for problem in problems}
    jobs = [
        OverlayJob(
            out=out,
            name=overlay_name(file, page),
            stem=page_stem(known[file].sha256, page),
            decisions=tuple(decisions.pages.get((file, page), ())),
            problem=reasons.get((file, page), ""),
        )
        for file, page in sorted({*decisions.pages, *reasons})
        if file in known
    ]
    (out / OVERLAYS).mkdir(parents=True, exist_ok=True)
    stale = [job for job in jobs if not _is_current(job)]
    if workers > 1 and len(stale) >= _WORTH_A_POOL:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=begin) as pool:
            list(pool.map(draw_page, stale, chunksize=4))
    else:
        for job in stale:
            draw_page(job)
    return [job.name for job in jobs]


def draw_page(job: OverlayJob) -> None:
    """Draw one overlay and note what it shows."""
    from extractor.templates.overlay import PROBLEM, Mark, draw_overlay, write_overlay

    kept = load_page_file(job.out, job.stem)
    picture = load_picture(job.out, f"{FOLDER}/{job.stem}.jpg")
    decided = {(record, code): decision for record, code, decision in job.decisions}
    # In a table the column tells which field it is; a label on every line would hide the writing.
    table = bool(kept.guides)
    marks = [
        Mark(code if number == 0 and not (table and record > 1) else "", polygon, decided.get((record, code), PROBLEM))
        for (record, code), polygons in kept.regions.items()
        for number, polygon in enumerate(polygons)
    ]
    anchors = np.array(kept.anchors, dtype=np.float64).reshape(-1, 4) if job.problem and kept.anchors else None
    drawing = draw_overlay(picture, marks, anchors=anchors, guides=kept.guides, caption=job.problem)
    write_overlay(job.out / job.name, drawing)
    write_whole(_note(job), _content_key(job).encode())


def _is_current(job: OverlayJob) -> bool:
    note = _note(job)
    return (job.out / job.name).exists() and note.exists() and note.read_text(encoding="utf-8") == _content_key(job)


def _note(job: OverlayJob) -> Path:
    return job.out / FOLDER / f"{job.stem}.{hashlib.sha256(job.name.encode()).hexdigest()[:6]}.drawn"


def _content_key(job: OverlayJob) -> str:
    page_file = (job.out / FOLDER / f"{job.stem}.json").read_bytes()
    shown = json.dumps([_DRAWING_VERSION, job.decisions, job.problem], ensure_ascii=False).encode()
    return hashlib.sha256(page_file + shown).hexdigest()
