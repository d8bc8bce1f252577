"""Erase records or a book from an output folder by order: database, pictures, page files, and what was made of them."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import select

from extractor.batch.assurance import FILE as CERTIFICATE
from extractor.batch.crash_marks import MARKS
from extractor.batch.hands import HandIndex, read_index, write_index
from extractor.batch.outputs import PROBLEMS, RECORDS, REPORT, write_records_file
from extractor.batch.policy import FILE as POLICY
from extractor.batch.run import only_run
from extractor.batch.sources import FILE as SOURCES
from extractor.batch.sources import KnownSource, load_sources
from extractor.batch.storage import AUDIT_KEY, DATABASE, LEARNING, LEARNING_SHARE, SCANS
from extractor.errors import ErasureError, ModelError, NotStoredError
from extractor.jobs.files import FOLDER as UPLOADS
from extractor.page_file import FOLDER, OVERLAYS, load_page_file, load_picture, overlay_name, page_stem, save_page_file
from extractor.readers.handwriting import ADAPTED_FOLDER
from extractor.records import find_book
from extractor.remote.cache import FOLDER as AT_HAND
from extractor.store import Erasure, Erasures, Store
from extractor.store.convert import book_key
from extractor.store.erasing import Scope
from extractor.store.erasure_scope import PageToErase, inspections_open, pages_to_erase
from extractor.store.tables import BookRow, PageRow, RecordRow
from extractor.templates.own_forms import OWN as OWN_FORMS
from extractor.templates.types import Polygon

Rectangle: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_QUALITY = 85

_OWN = {
    DATABASE, AUDIT_KEY, FOLDER, OVERLAYS, RECORDS, PROBLEMS, SOURCES, CERTIFICATE, POLICY, UPLOADS, OWN_FORMS,
    ADAPTED_FOLDER, LEARNING, LEARNING_SHARE, SCANS, MARKS, AT_HAND,
}  # fmt: skip
"""What lies in an output folder and was not made for others: erased here, named as scans, or free of what was read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an order comes to.

    Args:
        pages: all pages concerned, with their earlier states.
        records: records that are asked for.
        inspections: acceptance inspections that hold some of them.
    """

    pages: tuple[PageToErase, ...]
    records: tuple[int, ...]
    inspections: int

    @property
    def scope(self) -> Scope:
        """The same by numbers."""
        return Scope(
            records=tuple(sorted({number for page in self.pages for number in page.records})),
            whole=tuple(page.id for page in self.pages if not page.remaining),
            parts=tuple(page.id for page in self.pages if page.remaining),
        )


@dataclass(frozen=True, slots=True)
class Erased:
    """What an order did.

    Args:
        deleted: files below the output folder that are gone.
        blackened: pictures of which a part is black now.
        scans: scans that still hold the pages, as they were read.
        made: files and folders that were made of records before, and may hold copies; people judge what may go.
        scrubbed: whether the database has given up the room where the erased stood; otherwise readers kept it.
    """

    erasure: Erasure
    deleted: tuple[str, ...]
    blackened: tuple[str, ...]
    scans: tuple[str, ...]
    made: tuple[str, ...]
    scrubbed: bool


def plan_erasure(store: Store, record_ids: Collection[int], books: Collection[str]) -> Plan:
    """What an order comes to.

    Args:
        books: names or numbers, see :func:`extractor.records.find_book`.

    Raises:
        NotStoredError: a record is not there.
        SettingsError: a book is not there, or a name is that of several books.
    """
    with store.reading() as session:
        for record_id in record_ids:
            if session.get(RecordRow, record_id) is None:
                raise NotStoredError(f"There is no record {record_id} in the store.")
        keys = {row.id: book_key(row) for row in session.scalars(select(BookRow).order_by(BookRow.id))}
        book_ids = {find_book(keys, name, said=f"--book {name}") for name in books}
        pages = pages_to_erase(session, set(record_ids), book_ids)
        wanted = {number for page in pages for number in page.records}
        return Plan(tuple(pages), tuple(sorted(wanted)), inspections_open(session, wanted))


def carry_out(store: Store, out: Path, plan: Plan, *, person: str, reason: str) -> Erased:
    """Erase what was planned. Carried out again, it takes away files that it did not come to the first time.

    Raises:
        ErasureError: a record's place on a picture is not known, or see :meth:`extractor.store.Erasures.erase`.
        SettingsError: a run is writing to the folder.
    """
    with only_run(out):
        known = load_sources(out)
        erasures = Erasures(store)
        again = erasures.of_records(plan.records)
        needed = [page for page in plan.pages if page.remaining and page.current and page.image]
        blacken = [(page, part) for page in needed if (part := _black_part(out, page, again=again is not None))]
        erasure = again or erasures.erase(plan.scope, person=person, reason=reason)
        for page, part in blacken:
            _blacken(out, page, part)
        deleted = [name for page in plan.pages for name in _delete_files(out, page, {each.image for each in needed})]
        deleted += [name for name in (REPORT,) if _unlink(out / name)]
        shutil.rmtree(out / AT_HAND, ignore_errors=True)  # copies; the scans themselves are named
        if (out / RECORDS).exists():
            write_records_file(store, out)
        deleted += _forget_hands(store, out, plan)
    return Erased(
        erasure,
        tuple(dict.fromkeys(deleted)),
        tuple(page.image for page, _ in blacken),
        _scans(plan.pages, known),
        _made(out),
        store.scrub(),
    )


def _stem(page: PageToErase) -> str:
    # By its picture: the file may hold something else by now.
    return Path(page.image).stem if page.image else page_stem(page.file_sha256, page.page)


def _black_part(out: Path, page: PageToErase, *, again: bool) -> Rectangle | None:
    """The part of the kept picture that is nearer to the records to be erased than to any other; pixels.

    None where an earlier attempt took the records out of the page's file already, after blackening them.

    Raises:
        ErasureError: where the records lie is not known.
    """
    kept = load_page_file(out, _stem(page))
    own = [polygon for (number, _), parts in kept.regions.items() if number in page.numbers for polygon in parts]
    if not own and again:
        return None
    if not own:
        raise ErasureError(
            f"Where the record lies on page {page.page} of {page.file} is not known, and others are on it.",
            mend="Read the page again first, or erase all records of the page.",
        )
    picture = load_picture(out, page.image)
    left, top, right, bottom = 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
    box = _bounds(own)
    others = sorted({number for number, _ in kept.regions if number not in page.numbers})
    for other in others:
        there = _bounds(
            [polygon for (number, _), parts in kept.regions.items() if number == other for polygon in parts]
        )
        gaps = (box[0] - there[2], box[1] - there[3], there[0] - box[2], there[1] - box[3])
        side = max(range(4), key=gaps.__getitem__)
        middle = (box[side] + there[(side + 2) % 4]) / 2
        if side == 0:
            left = max(left, middle)
        elif side == 1:
            top = max(top, middle)
        elif side == 2:
            right = min(right, middle)
        else:
            bottom = min(bottom, middle)
    return left, top, right, bottom


def _bounds(polygons: Sequence[Polygon]) -> Rectangle:
    import numpy as np

    points = np.concatenate(polygons)
    return (*map(float, points.min(axis=0)), *map(float, points.max(axis=0)))  # type: ignore[return-value]


def _blacken(out: Path, page: PageToErase, part: Rectangle) -> None:
    """Blacken a part of the kept picture, then take the records out of the page's file."""
    import cv2

    picture = load_picture(out, page.image).copy()
    left, top, right, bottom = (round(edge) for edge in part)
    picture[top:bottom, left:right] = 0
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ErasureError(f"The picture {page.image} could not be written.")
    new = out / f"{page.image}.part"
    new.write_bytes(data.tobytes())
    new.replace(out / page.image)
    kept, numbers = load_page_file(out, _stem(page)), set(page.numbers)
    save_page_file(
        out,
        _stem(page),
        replace(
            kept,
            regions={key: value for key, value in kept.regions.items() if key[0] not in numbers},
            evidence={key: value for key, value in kept.evidence.items() if key[0] not in numbers},
            readings={key: value for key, value in kept.readings.items() if key[0] not in numbers},
        ),
    )


def _delete_files(out: Path, page: PageToErase, needed: Collection[str]) -> list[str]:
    """Take away the page's own files where nobody needs them, and its overlay with the note of it in any case.

    Args:
        needed: pictures that others stay on.
    """
    stem, gone = _stem(page), []
    paths = [out / overlay_name(page.file, page.page), *sorted((out / FOLDER).glob(f"{stem}.*.drawn"))]
    if page.image not in needed:
        paths += [out / FOLDER / f"{stem}{ending}" for ending in (".jpg", ".json", ".areas")]
        paths += [out / page.image] if page.image else []
    for path in paths:
        if _unlink(path):
            gone.append(path.relative_to(out).as_posix())
    return gone


def _forget_hands(store: Store, out: Path, plan: Plan) -> list[str]:
    """Take away the adapted readers of the books concerned, which know their words, and all that no page is read by."""
    folder = out / ADAPTED_FOLDER
    before = set(folder.glob("*.npz"))
    try:
        index = read_index(out)
    except ModelError:
        index = HandIndex()  # whose they are cannot be told any more, so all go
    with store.reading() as session:
        books = set(session.scalars(select(PageRow.book_id).where(PageRow.id.in_([page.id for page in plan.pages]))))
    kept = {name: hand for name, hand in index.hands.items() if hand.book not in books}
    if before or index.hands:
        write_index(out, HandIndex(hands=kept, pages={k: page for k, page in index.pages.items() if page.hand in kept}))
    return [f"{ADAPTED_FOLDER}/{path.name}" for path in sorted(before - set(folder.glob("*.npz")))]


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _scans(pages: Sequence[PageToErase], known: dict[str, KnownSource]) -> tuple[str, ...]:
    """Scans that still hold the pages: the originals are for people to judge, and hold others' pages as well."""
    places = set()
    for page in pages:
        source = known.get(page.file)
        if source is not None and (source.origin or Path(source.path).exists()):
            path = str(source.origin.address) if source.origin else source.path
            places.add((f"{path}: {source.member}" if source.member else path, page.page))
    return tuple(f"{path}, page {page}" for path, page in sorted(places))


def _made(out: Path) -> tuple[str, ...]:
    found = [
        f"{path.name}/" if path.is_dir() else path.name
        for path in sorted(out.iterdir())
        if path.name not in _OWN
        and not path.name.startswith((".", f"{DATABASE}-"))
        and (path.is_file() or any(path.iterdir()))
    ]
    drafts = f"{OWN_FORMS}/.drafts/"
    return (*found, *((drafts,) if (out / drafts).is_dir() else ()))
