"""Let an engine read a track, on one thread, and take its time."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from extractor.errors import SettingsError

from .answers import About, Answers
from .assigning import assign
from .engines import Engine, Options
from .tracks import PICTURES, Task, TrackFolder

_BATCH = 32

Progress = Callable[[int, int], None]


@dataclass
class _Clock:
    """Processor seconds of this process and of the programs it started."""

    seconds: float = 0.0

    def __enter__(self) -> None:
        self._begun = _spent()

    def __exit__(self, *error: object) -> None:
        self.seconds += _spent() - self._begun


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def machine_class() -> str:
    """What kind of machine this is, in words that tell nothing else of it."""
    return f"{platform.machine()}, {os.cpu_count()} cores, one thread used"


def read_with(
    engine: Engine, folder: TrackFolder, options: Options, progress: Progress = lambda done, total: None
) -> Answers:
    """Answers of an engine to all tasks of a track.

    Raises:
        SettingsError: the engine cannot read what the track holds.
        ImportError, ExtractorError: it is not installed, or something it needs is missing.
    """
    version = engine.version(options)
    texts: dict[str, str | None] = dict.fromkeys((task.id for task in folder.tasks), None)
    if folder.track.track == "lines":
        seconds = _lines(engine, folder, options, texts, progress)
        note = ""
    elif engine.records:
        seconds = _records(engine, folder, options, texts)
        note = "finds form and fields itself"
    else:
        seconds = _words(engine, folder, options, texts, progress)
        note = "fields by the truth's boxes"
    about = About(engine=engine.title, version=version, seconds=round(seconds, 2), machine=machine_class(), note=note)
    return Answers(about, texts)


def _lines(
    engine: Engine, folder: TrackFolder, options: Options, texts: dict[str, str | None], progress: Progress
) -> float:
    if engine.lines is None:
        raise SettingsError(f"{engine.title} reads no single lines.", mend="Give it the track of pages.")
    read, clock = engine.lines(options), _Clock()
    read([folder.picture(task.picture) for task in folder.tasks[:1]])  # What is loaded late is no part of the time.
    for start in range(0, len(folder.tasks), _BATCH):
        tasks = folder.tasks[start : start + _BATCH]
        pictures = [folder.picture(task.picture) for task in tasks]
        with clock:
            found = read(pictures)
        texts.update({task.id: text for task, text in zip(tasks, found, strict=True)})
        progress(min(start + _BATCH, len(folder.tasks)), len(folder.tasks))
    return clock.seconds


def _words(
    engine: Engine, folder: TrackFolder, options: Options, texts: dict[str, str | None], progress: Progress
) -> float:
    if engine.words is None:
        raise SettingsError(f"{engine.title} reads no pages.", mend="Give it the track of lines.")
    find, clock = engine.words(options), _Clock()
    pages = list(_by_picture(folder.tasks))
    for number, (name, tasks) in enumerate(pages, start=1):
        picture = folder.picture(name)
        with clock:
            pieces = find(picture)
        # Words say nothing about ticks: those stay without an answer.
        texts.update(assign(pieces, [task for task in tasks if task.kind != "choice"]))
        progress(number, len(pages))
    return clock.seconds


def _records(engine: Engine, folder: TrackFolder, options: Options, texts: dict[str, str | None]) -> float:
    assert engine.records is not None, "the caller has looked"
    read, clock = engine.records(options), _Clock()
    names = [name for name, _ in _by_picture(folder.tasks)]
    with clock:
        found = read([folder.folder / PICTURES / name for name in names])
    for task in folder.tasks:
        texts[task.id] = found.get((task.picture, task.record), {}).get(task.code)
    return clock.seconds


def _by_picture(tasks: Sequence[Task]) -> Iterator[tuple[str, list[Task]]]:
    for name, group in groupby(tasks, key=lambda task: task.picture):
        yield name, list(group)
