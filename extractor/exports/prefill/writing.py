"""Entry forms of all books of a store, with the pictures beside them; the same command goes on where it was stopped."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import zip_longest
from pathlib import Path

from extractor.dittos import meant_when_exported
from extractor.errors import ExportError, ExtractorError, SettingsError
from extractor.exports.prefill.entry import EntryDocument, entry_document, settled_only
from extractor.exports.prefill.filler_code import user_script
from extractor.exports.prefill.mapping import MappingProfile
from extractor.exports.prefill.pages import (
    SAMPLE_PAGE,
    BookLine,
    Line,
    book_page,
    book_title,
    entry_page,
    index_page,
    line_of,
)
from extractor.exports.prefill.pictures import frame_of, write_small
from extractor.exports.supplements import FILE as SUPPLEMENTS
from extractor.exports.supplements import Supplement, read_supplements
from extractor.records import BookKey, Record
from extractor.store import BookSummary, Store, StoredRecord
from extractor.templates.form import FormSchema

INDEX = "index.html"
PICTURES = "anh"
FILLER = "bo-dien"
USER_SCRIPT = "bo-dien.user.js"

RecordKey = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """A record without an entry form, or one whose form lacks the picture."""

    key: RecordKey
    message: str


@dataclass(slots=True)
class Written:
    """What stands in the folder now.

    Args:
        changed: how many pages of records are new or other than before.
        doubtful: records with at least one field that nobody answers for.
    """

    index: Path
    books: int = 0
    records: int = 0
    changed: int = 0
    doubtful: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """What entry forms are made of, and how.

    Args:
        out: output folder of the run, for the pictures.
        target: the folder that gets the pages.
        forms: form schemas by name.
        settled: leave out proposals that nobody answers for.
    """

    store: Store
    out: Path
    target: Path
    forms: Mapping[str, FormSchema]
    supplements: Mapping[RecordKey, Supplement]
    settled: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """Where a record's page goes, and the names of those beside it."""

    path: Path
    before: str
    after: str


def write_entry_forms(
    store: Store,
    out: Path,
    target: Path,
    forms: Mapping[str, FormSchema],
    profiles: Sequence[MappingProfile] = (),
    *,
    settled: bool = False,
    wanted: Callable[[BookKey], bool] = lambda _: True,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write an entry form for each record, a list for each book, an index, and the filler.

    Args:
        out: output folder of the run, for pictures and supplements.
        target: the folder that gets the pages; it is made for its owner alone.
        profiles: mapping profiles the filler carries.
        settled: leave out the proposals that nobody answers for.
        wanted: which books; all where not given.
        progress: called with how many records are done, and of how many.

    Raises:
        SettingsError: there is no such book; nothing is written then.
        ExportError: the supplements are damaged.
    """
    job = Job(store, out, target, forms, read_supplements(out / SUPPLEMENTS), settled)
    books = [book for book in store.books() if book.counts.records and wanted(book.key)]
    if not books:
        raise SettingsError("No book fits.", mend="'extractor queue status' shows the books there are.")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    total = sum(book.counts.records for book in books)
    written = Written(target / INDEX, books=len(books))

    def step() -> None:
        written.records += 1
        if progress is not None:
            progress(written.records, total)

    lines: list[BookLine] = []
    for book, stem in zip(books, _stems([book.key for book in books]), strict=True):
        made, forms_title = _write_book(job, book, target / stem, written, step)
        title = f"{forms_title}: {book_title(book.key) or 'chưa rõ quyển sổ'}"
        _write(target / stem / INDEX, book_page(title, made))
        lines.append(BookLine(f"{stem}/{INDEX}", title, len(made), sum(bool(line.doubtful) for line in made)))
    _write_filler(target / FILLER, profiles)
    _write(target / INDEX, index_page(lines, profiles))
    return written


def _write_book(
    job: Job, book: BookSummary, folder: Path, written: Written, step: Callable[[], None]
) -> tuple[list[Line], str]:
    """Write the forms of one book; returns a line for each that stands, and what its register is called."""
    lines: list[Line] = []
    titles: Counter[str] = Counter()
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    before = ""
    pairs = list(zip(job.store.record_ids(book.id), meant_when_exported(job.store.records(book.id)), strict=True))
    for (number, record), following in zip_longest(pairs, pairs[1:]):
        after = _page_name(following[1].key) if following else ""
        name = _page_name(record.key)
        try:
            kept = job.store.stored_record(number)
            document = _document(job, record, kept, book.key)
            page = _Page(folder / name, before, after)
            failed = _write_record(job, document, kept, page, written)
        except ExtractorError as error:
            written.faults.append(Fault(record.key, str(error)))
        else:
            written.doubtful += not document.complete
            titles[document.form_title] += 1
            lines.append(line_of(document, name, failed))
        before = name
        step()
    return lines, titles.most_common(1)[0][0] if titles else book.key.register


def _document(job: Job, record: Record, kept: StoredRecord, book: BookKey) -> EntryDocument:
    form = job.forms.get(record.form)
    if form is None:
        raise ExportError(f"Form '{record.form}' is not known here.", mend="Name its folder with --templates.")
    withheld = {each.code for each in kept.fields if each.hidden}
    document = entry_document(record, form, book, job.supplements.get(record.key), withheld=withheld)
    return settled_only(document) if job.settled else document


def _write_record(job: Job, document: EntryDocument, kept: StoredRecord, page: _Page, written: Written) -> str:
    """Write one page; returns what is wrong with it in a few words, or nothing."""
    picture, frames, failed = "", {}, ""
    try:
        source = job.out / kept.picture.image
        if not kept.picture.image or not source.resolve().is_relative_to(job.out.resolve()):
            raise ExportError("The run kept no picture of the page.", mend="Run the same input again.")
        picture = f"{PICTURES}/{source.stem}.jpg"
        size = write_small(source, page.path.parent / picture)
        boxes = {code: f.box for code, f in document.fields.items() if f.box is not None}
        frames = {code: frame_of(box, kept.picture, size) for code, box in boxes.items()}
    except ExtractorError as error:
        written.faults.append(Fault(kept.key, str(error)))
        picture, failed = "", "thiếu ảnh trang sổ"
    text = entry_page(document, picture=picture, frames=frames, previous=page.before, following=page.after)
    written.changed += _write(page.path, text)
    return failed


def _write_filler(folder: Path, profiles: Sequence[MappingProfile]) -> None:
    folder.mkdir(exist_ok=True)
    _write(folder / USER_SCRIPT, user_script(profiles))
    sample = resources.files("extractor.exports.prefill.sample_pages").joinpath(SAMPLE_PAGE)
    _write(folder / SAMPLE_PAGE, sample.read_text(encoding="utf-8"))


def _write(path: Path, text: str) -> bool:
    """Write a page whole or not at all; tells whether it is other than before.

    These pages are views of the store and can be made again, so a former one is not kept.
    """
    data = text.encode()
    if path.exists() and path.read_bytes() == data:
        return False
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
    return True


def _page_name(key: RecordKey) -> str:
    """Name of a record's page: readable, and different for different records."""
    file, page, record = key
    readable = re.sub(r"[^\w.-]+", "_", file)[-60:]
    return f"{readable}-{hashlib.sha256(file.encode()).hexdigest()[:6]}-p{page:04d}-{record:02d}.html"


def _stems(books: Sequence[BookKey]) -> list[str]:
    """A folder name for each book; those that would be alike are told apart by all that is known of them."""
    plain = [
        ".".join(re.sub(r"[^\w-]+", "_", part) or "chuaro" for part in (book.register, book.year, book.number))
        for book in books
    ]
    doubled = Counter(stem.lower() for stem in plain)
    return [
        f"{stem}-{hashlib.sha256(repr(book).encode()).hexdigest()[:6]}" if doubled[stem.lower()] > 1 else stem
        for stem, book in zip(plain, books, strict=True)
    ]
