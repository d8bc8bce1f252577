"""Read some pages of a folder anew, with what people said of them since, and bring everything else up to date."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from extractor.batch.assurance import read_assurance
from extractor.batch.at_hand import at_hand
from extractor.batch.hands import with_hands
from extractor.batch.run import conclude, only_run, with_instructions
from extractor.batch.sources import KnownSource, load_sources
from extractor.batch.storage import open_store
from extractor.batch.workers import process_pages
from extractor.confidence import Certificate, shipped_certificate
from extractor.errors import InputError, MissingInputError, NotStoredError, SettingsError
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.records import BookKey
from extractor.scans import Limits, PageRef, SetAside, SourceFile
from extractor.scans.sources import check_kind, inspect_file, inspect_member, read_head
from extractor.settings import get_settings
from extractor.store import Instructions, Store

RECHECK = 0.05
"""Share of the accepted fields that people key again blindly, as the main job has it where nothing else is said."""

_Options = tuple[BookKey, str]


def reread(
    out: Path,
    database: str,
    templates: Sequence[Path],
    pages: Iterable[tuple[str, int]],
    report: Callable[[int, int], None],
    *,
    certificate: Certificate | None = None,
) -> dict[str, Any]:
    """Read pages anew; what people decided stays, as when a whole book is read again.

    A page is read as its run was told to (form and book), and with the instruction that holds for it, so that a run
    over the same input afterwards finds nothing new. A page that cannot be read is set aside and told; the others go
    on.

    Args:
        database: URL, or empty for the SQLite file in ``out``.
        templates: folders of page templates.
        pages: file as the records name it, and number from 1.
        report: is told how many pages are done, of how many.
        certificate: by which fields are accepted; that of the last run where it is the shipped one.

    Returns:
        ``pages``: each with ``file``, ``page``, ``records`` (how many it has now) and ``problem`` (kind, or empty);
        ``set_aside``: what could not be read, and why.

    Raises:
        SettingsError: the folder is in use, or the last run went by another certificate than the shipped one.
        ExtractorError: a form, model, program or the database is not usable.
    """
    wanted = list(dict.fromkeys(pages))
    with only_run(out), open_store(out, database) as store:
        certificate = certificate or last_certificate(out)
        known = load_sources(out)
        set_aside: list[SetAside] = []
        groups: dict[_Options, list[PageRef]] = {}
        for file, page in wanted:
            try:
                options, ref = _ref(store, known, file, page)
            except InputError as error:
                set_aside.append(SetAside.of(error, page))
                continue
            groups.setdefault(options, []).append(ref)
        done = len(set_aside)
        report(done, len(wanted))
        pipeline = Pipeline(PipelineOptions(out, tuple(templates)))
        for (book, form), refs in groups.items():
            of_group = PipelineOptions(out, tuple(templates), form=form, book=book)
            for outcome in process_pages(with_hands(with_instructions(refs, store), out), of_group, 1):
                if outcome.set_aside:
                    set_aside.append(outcome.set_aside)
                if outcome.result:
                    store.save_page(outcome.result)
                done += 1
                report(done, len(wanted))
        workers = get_settings().worker_count
        conclude(store, pipeline, known, set_aside, certificate=certificate, recheck=RECHECK, workers=workers)
        return {
            "pages": [_outcome(store, file, page) for file, page in wanted],
            "set_aside": [asdict(item) for item in set_aside],
        }


def last_certificate(out: Path) -> Certificate | None:
    """The certificate that the last run of a folder went by; none where it had none.

    Raises:
        SettingsError: it is not the shipped one, so that it has to be named, or that has been taken away.
    """
    last = read_assurance(out)
    if last is not None and not last.get("in_force"):
        return None
    shipped = shipped_certificate(get_settings().certificate)
    digest = hashlib.sha256(shipped.model_dump_json().encode()).hexdigest() if shipped else ""
    if last is not None and not shipped:
        raise SettingsError(
            f"{out}: the last run went by a certificate, and there is none now at {get_settings().certificate}.",
            mend="Put it back, name one with --certificate, or 'extractor run' again: all fields go to people then.",
        )
    if last is not None and last.get("sha256") != digest:
        raise SettingsError(
            f"{out}: the last run went by another certificate than the shipped one.",
            mend="Read the pages anew with 'extractor reread ... --certificate FILE'.",
        )
    return shipped


def _ref(store: Store, known: dict[str, KnownSource], file: str, page: int) -> tuple[_Options, PageRef]:
    """A page to read, and what the user said when its file was read.

    Raises:
        InputError: its source is not known, gone, changed, or has no such page.
    """
    ref = _known_page(known, file, page)
    source = known[file]
    told = source.told if source.noted else _stored_book(store, file, page)
    return (told, source.form), ref


def _source(source: KnownSource) -> SourceFile:
    """A known source, checked again where it lies."""
    path, limits, names = at_hand(source), Limits(), (source.named, source.name)
    if source.member:
        return inspect_member(path, source.member, source.file, limits, names)
    kind = check_kind(read_head(path, source.file), source.file)
    return inspect_file(path, source.file, kind, limits, names)


def source_page(out: Path, file: str, page: int) -> PageRef:
    """A page of a folder's sources, for looking at.

    Raises:
        InputError: its source is not known, gone or changed, or has no such page.
    """
    return _known_page(load_sources(out), file, page)


def _known_page(known: Mapping[str, KnownSource], file: str, page: int) -> PageRef:
    source = known.get(file)
    if source is None:
        raise MissingInputError(file, "was never read into this folder.", mend="Run the input with this folder.")
    found = _source(source)
    if found.sha256 != source.sha256:
        raise InputError(file, "is not the file that was read.", mend="Run the input again with this folder.")
    if not 1 <= page <= found.pages:
        raise MissingInputError(file, f"has no page {page}, but {found.pages}.", mend="Name another page.")
    return PageRef(found, page, render_dpi=get_settings().render_dpi)


def _stored_book(store: Store, file: str, page: int) -> BookKey:
    """What is known of the book of a page that an earlier version read."""
    try:
        book_id = Instructions(store).find(file, page).book_id
    except NotStoredError:
        return BookKey()
    return next(book.key for book in store.books() if book.id == book_id)


def _outcome(store: Store, file: str, page: int) -> dict[str, Any]:
    try:
        stored = Instructions(store).find(file, page)
    except NotStoredError:
        return {"file": file, "page": page, "records": 0, "problem": ""}
    return {"file": file, "page": page, "records": len(stored.records), "problem": stored.problem}
