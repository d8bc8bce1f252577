"""The main job: inputs through the pipeline into the store, the pass along each book, then all outputs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from extractor.batch.arriving import Arriving, Course
from extractor.batch.hands import with_hands
from extractor.batch.policy import demanded
from extractor.batch.sources import KnownSource, Names, remember_sources
from extractor.batch.storage import open_store
from extractor.batch.warming import warm_beside
from extractor.batch.workers import PageOutcome, process_pages
from extractor.confidence import Certificate
from extractor.errors import DatabaseGoneError, InputError, SettingsError, StoreError
from extractor.file_locks import lock as lock_file
from extractor.page_file import load_page_file, page_stem
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.remote import Address, ScanCache
from extractor.remote.cache import FOLDER as AT_HAND
from extractor.remote.cache import RUN
from extractor.scans import Limits, PageRef, SetAside, SourceFile, page_refs
from extractor.scans.decoding import warm_up
from extractor.scans.distant import find_objects
from extractor.scans.inputs import Found, find_files, name_inputs, open_input, set_aside_of
from extractor.settings import get_settings
from extractor.store import Erasures, Instructions, Store
from extractor.store.results import PageResult

_PATIENCE = 180.0
"""Seconds that a run waits for its database."""
_BETWEEN = 2.0
_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from extractor.batch.judging import BookSuspension
    from extractor.batch.outputs import OutputSummary
    from extractor.cluster import ClusterOptions


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run, checked before any work starts.

    Args:
        inputs: files and folders, here and elsewhere.
        out: output folder.
        pipeline: what worker processes need.
        database: URL, or empty for a SQLite file in ``out``.
        workers: worker processes.
        redo: read pages again even if nothing changed; what people decided stays.
        recheck: share of the accepted fields, 0 to 1, that people key again without seeing the proposal.
        cluster: cluster whose machines read the pages; none where this one does. ``workers`` then counts for what is
            written at the end alone.
    """

    inputs: tuple[Path | Address, ...]
    out: Path
    pipeline: PipelineOptions
    certificate: Certificate | None = None
    database: str = ""
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    render_dpi: int = 300
    redo: bool = False
    recheck: float = 0.0
    cluster: ClusterOptions | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did, and where things stand now.

    Args:
        void: the certificate was proved with other readers than those in use, so that every field went to people.
    """

    pages: int
    pages_new: int
    set_aside: tuple[SetAside, ...]
    outputs: OutputSummary | None
    suspended: tuple[BookSuspension, ...] = ()
    void: bool = False


Progress = Callable[[int, int], None]
"""Is told how many pages are done, of how many."""


def run(options: RunOptions, *, on_progress: Progress = lambda done, total: None, outputs: bool = True) -> RunSummary:
    """Run the main job; a run that was stopped goes on where it was.

    Args:
        outputs: whether to write workbooks, packages, overlays and the report; the store is filled in any case.

    Raises:
        SettingsError: the output folder, or the office's policy in it, cannot be used, or it is an input folder, too.
        ExtractorError: a form, model, program or the database is not usable.
    """
    _must_be_apart(options)
    prepare_folder(options.out)
    with only_run(options.out):
        return _run(options, on_progress, outputs)


def _run(options: RunOptions, on_progress: Progress, outputs: bool) -> RunSummary:
    warm_up()
    pipeline = Pipeline(options.pipeline)
    set_aside: list[SetAside] = []
    cache = ScanCache(options.out / AT_HAND / RUN, get_settings().scan_cache_mebibytes * 1024 * 1024)
    here, elsewhere = _found(options, cache, set_aside)
    names = Names(options.out, set_aside.append)
    sources = names.usable(_listed(here, options.limits, set_aside))
    refs = [ref for source in sources for ref in page_refs(source, options.limits, render_dpi=options.render_dpi)]
    asked = options.pipeline
    known = remember_sources(options.out, sources, book=asked.book, form=asked.form)
    with open_store(options.out, options.database) as store:
        if outputs:
            demanded(store, options.out)  # a fault in it is told before the pages are read, not after

        def prepared(refs: Iterable[PageRef]) -> list[PageRef]:
            return with_hands(with_instructions(refs, store), options.out)

        def is_done(ref: PageRef) -> bool:
            return not options.redo and _is_done(store, options.out, ref, pipeline)

        def note(more: Sequence[SourceFile], partly: set[str]) -> None:
            known.update(remember_sources(options.out, more, book=asked.book, form=asked.form, partly=partly))

        refs = prepared(refs)
        todo = [ref for ref in refs if not is_done(ref)]
        course = Course(prepared, is_done, options.limits, options.render_dpi)
        arriving = Arriving(
            elsewhere, cache, course, names=names, out=options.out, on_set_aside=set_aside.append, note=note
        )
        new, done = 0, len(refs) - len(todo)
        on_progress(done, len(refs) + arriving.waiting)
        try:
            for outcome in _outcomes(todo, arriving, options, pipeline):
                if outcome.set_aside:
                    set_aside.append(outcome.set_aside)
                if outcome.result:
                    _save(store, outcome.result)
                arriving.settled(outcome.ref)
                new += 1
                on_progress(done + arriving.done + new, len(refs) + arriving.pages + arriving.waiting)
        finally:
            arriving.write_down()
        pages = len(refs) + arriving.pages
        on_progress(done + arriving.done + new, pages)
        written, suspended = conclude(
            store,
            pipeline,
            known,
            set_aside,
            certificate=options.certificate,
            recheck=options.recheck,
            workers=options.workers,
            outputs=outputs,
        )
    cache.clear()
    void = options.certificate is not None and not options.certificate.holds_for(pipeline.reader_versions)
    return RunSummary(pages, new, tuple(set_aside), written, suspended, void)


def _found(
    options: RunOptions, cache: ScanCache, set_aside: list[SetAside]
) -> tuple[list[tuple[Found, str]], list[tuple[Found, str]]]:
    """All inputs with their names in the records: files of this machine, and objects elsewhere."""

    def report(error: InputError) -> None:
        set_aside_of(error, set_aside.append)

    found: list[Found] = []
    for place in options.inputs:
        if isinstance(place, Address):
            found += find_objects(place, cache, report)
        else:
            found += find_files(place, report)
    named = name_inputs(found)
    return [each for each in named if not each[0].origin], [each for each in named if each[0].origin]


def _must_be_apart(options: RunOptions) -> None:
    """Refuse to write into the very folder that is read: pictures of pages would be read as pages."""
    out = options.out.resolve()
    for place in options.inputs:
        if isinstance(place, Path) and place.resolve() == out:
            raise SettingsError(
                f"{options.out}: the output folder is the folder of the scans.",
                mend="Name another one with --out; it may lie in the folder of the scans.",
            )


def _listed(found: Iterable[tuple[Found, str]], limits: Limits, set_aside: list[SetAside]) -> Iterator[SourceFile]:
    def report(error: InputError) -> None:
        set_aside_of(error, set_aside.append)

    for item, file in found:
        yield from open_input(item, file, limits, report)


def _outcomes(
    todo: list[PageRef], arriving: Arriving, options: RunOptions, pipeline: Pipeline
) -> Iterator[PageOutcome]:
    refs = chain(todo, arriving.todo())
    if options.cluster is None:
        # How many pages are coming from elsewhere, nobody knows yet.
        workers = options.workers if arriving.waiting else min(options.workers, max(1, len(todo)))
        if workers == 1 < options.workers and todo:
            pipeline.at_once = options.workers
            warm_beside(pipeline)
        return process_pages(refs, options.pipeline, workers, pipeline=pipeline)
    from extractor.cluster import process_pages_on_cluster

    return process_pages_on_cluster(refs, options.pipeline, options.cluster)


def _save(store: Store, result: PageResult) -> None:
    """Store a page; where the database's server is gone, wait for it, for pages cost more than minutes.

    Raises:
        DatabaseGoneError: it did not come back.
    """
    until = monotonic() + _PATIENCE
    while True:
        try:
            store.save_page(result)
        except DatabaseGoneError:
            if monotonic() > until:
                raise
            _log.warning("the database does not answer; trying again")
            sleep(_BETWEEN)
        else:
            return


def with_instructions(refs: Iterable[PageRef], store: Store) -> list[PageRef]:
    """The pages with what people said of them, without those of which something was erased by order."""
    said = Instructions(store).current()
    erased = Erasures(store).erased_pages()
    return [
        replace(ref, said=(known.sha256, known.said)) if (known := said.get((ref.source.file, ref.page))) else ref
        for ref in refs
        if (ref.source.sha256, ref.page) not in erased
    ]


def conclude(
    store: Store,
    pipeline: Pipeline,
    known: Mapping[str, KnownSource],
    set_aside: Sequence[SetAside],
    *,
    certificate: Certificate | None,
    recheck: float,
    workers: int = 1,
    outputs: bool = True,
) -> tuple[OutputSummary | None, tuple[BookSuspension, ...]]:
    """What follows when pages were read: the pass along each book, then all outputs.

    Args:
        outputs: whether to write workbooks, packages, overlays and the report.
    """
    # These load what makes workbooks, packages and pictures: they need not hold up the first page.
    from extractor.batch.judging import judge_books
    from extractor.batch.outputs import write_outputs
    from extractor.batch.summary import describe_suspension

    out = pipeline.options.out
    forms = {form.schema.form: form for form in pipeline.forms}
    versions = pipeline.reader_versions
    suspended = judge_books(
        store, out, forms, known, certificate=certificate, reader_versions=versions,
        reading_version=pipeline.reading_version, recheck=recheck,
    )  # fmt: skip
    if not outputs:
        return None, suspended
    written = write_outputs(
        store,
        out,
        forms,
        known,
        # What is void stands behind nothing that is handed over.
        certificate=certificate if certificate and certificate.holds_for(versions) else None,
        reader_versions=versions,
        set_aside=set_aside,
        suspended=[describe_suspension(item) for item in suspended],
        workers=workers,
    )
    return written, suspended


def prepare_folder(out: Path) -> None:
    """Make the output folder, readable by its owner only: it will hold personal data.

    Raises:
        SettingsError: it cannot be made or written.
    """
    try:
        if not out.exists():
            out.mkdir(parents=True, mode=0o700)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"--out {out}: cannot be written ({error.strerror}).", mend="Choose another folder."
        ) from error


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Hold the output folder for one run; the lock goes with the process, however it ends.

    Raises:
        SettingsError: another run is writing to it.
    """
    with (out / ".lock").open("w") as lock:
        try:
            lock_file(lock, wait=False)
        except OSError as error:
            raise SettingsError(f"--out {out}: another run is writing to it.", mend="Wait for it to end.") from error
        yield


def _is_done(store: Store, out: Path, ref: PageRef, pipeline: Pipeline) -> bool:
    try:
        kept = load_page_file(out, page_stem(ref.source.sha256, ref.page))
    except StoreError:
        return False
    version = pipeline.version_of(ref.said[1] if ref.said and ref.said[0] == kept.sha256 else None, ref.hand)
    return kept.pipeline_version == version and store.page_done(kept.sha256, ref.source.file, ref.page, version)
