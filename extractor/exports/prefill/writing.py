"""Entry forms of all books of a store, with the pictures beside them; the same command goes on where it was stopped."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import chain, pairwise
from pathlib import Path

from extractor.dittos import meant_when_exported
from extractor.errors import ExportError, ExtractorError, SettingsError
from extractor.exports.fields import unfit_form
from extractor.exports.prefill.entry import EntryDocument, entry_document, settled_only
from extractor.exports.prefill.filler_code import user_script
from extractor.exports.prefill.folder import OwnFolder, own_folder
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
        left_out: books that fit and may not leave the house.
    """

    index: Path
    books: int = 0
    records: int = 0
    changed: int = 0
    doubtful: int = 0
    left_out: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """What entry forms are made of, and how.

    Args:
        out: output folder of the run, for the pictures.
        own: the folder that gets the pages.
        forms: form schemas by name.
        settled: leave out proposals that nobody answers for.
    """

    store: Store
    out: Path
    own: OwnFolder
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
    opened: Collection[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write an entry form for each record, a list for each book, an index, and the filler.

    Args:
        out: output folder of the run, for pictures and supplements.
        target: the folder that gets the pages; it is made for its owner alone.
        profiles: mapping profiles the filler carries.
        settled: leave out the proposals that nobody answers for.
        wanted: which books; all where not given.
        opened: numbers of the only books that may leave the house; all where not given.
        progress: called with how many records are done, and of how many.

    Raises:
        SettingsError: there is no such book, or the target holds other files; nothing is written then.
        ExportError: the supplements are damaged.
    """
    supplements = read_supplements(out / SUPPLEMENTS)
    books = [book for book in store.books() if book.counts.records and wanted(book.key)]
    if not books:
        raise SettingsError("No book fits.", mend="'extractor queue status' shows the books there are.")
    fitting = len(books)
    books = [book for book in books if opened is None or book.id in opened]
    if not books:
        raise SettingsError(
            "No book that fits is approved as it stands, which exports.yaml or the setting demands.",
            mend="Have the books approved in the review application, then write the forms.",
        )
    total = sum(book.counts.records for book in books)
    written = Written(target / INDEX, books=len(books), left_out=fitting - len(books))

    def step() -> None:
        written.records += 1
        if progress is not None:
            progress(written.records, total)

    lines: list[BookLine] = []
    with own_folder(target) as own:
        job = Job(store, out, own, forms, supplements, settled)
        for book, stem in zip(books, _stems([book.key for book in books]), strict=True):
            made, forms_title = _write_book(job, book, target / stem, written, step)
            title = f"{forms_title}: {book_title(book.key) or 'chưa rõ quyển sổ'}"
            own.write(target / stem / INDEX, book_page(title, made))
            lines.append(BookLine(f"{stem}/{INDEX}", title, len(made), sum(bool(line.doubtful) for line in made)))
        _write_filler(own, profiles)
        own.write(target / INDEX, index_page(lines, profiles))
    written.faults.sort(key=lambda fault: fault.key)
    return written


def _write_book(
    job: Job, book: BookSummary, folder: Path, written: Written, step: Callable[[], None]
) -> tuple[list[Line], str]:
    """Write the forms of one book; returns a line for each that stands, and what its register is called."""
    lines: list[Line] = []
    titles: Counter[str] = Counter()
    job.own.folder(folder)
    job.own.folder(folder / PICTURES)
    before = ""
    # Pages lead only to pages that stand: those of records that failed are passed over.
    made = chain(_documents(job, book, written, step), [None])
    for found, following in pairwise(made):
        assert found is not None
        document, kept = found
        name = _page_name(kept.key)
        page = _Page(folder / name, before, _page_name(following[1].key) if following else "")
        failed = _write_record(job, document, kept, page, written)
        written.doubtful += not document.complete
        titles[document.form_title] += 1
        lines.append(line_of(document, name, failed))
        before = name
    return lines, titles.most_common(1)[0][0] if titles else book.key.register


def _documents(
    job: Job, book: BookSummary, written: Written, step: Callable[[], None]
) -> Iterator[tuple[EntryDocument, StoredRecord]]:
    """The book's records as documents; one that fails is named and left out."""
    records = meant_when_exported(job.store.records(book.id))
    for number, record in zip(job.store.record_ids(book.id), records, strict=True):
        try:
            kept = job.store.stored_record(number)
            document = _document(job, record, kept, book.key)
        except ExtractorError as error:
            written.faults.append(Fault(record.key, str(error)))
        else:
            yield document, kept
        step()


def _document(job: Job, record: Record, kept: StoredRecord, book: BookKey) -> EntryDocument:
    form = job.forms.get(record.form)
    if form is None:
        raise ExportError(f"Form '{record.form}' is not known here.", mend="Name its folder with --templates.")
    if unfit := unfit_form(record.form_version, form):
        raise ExportError(unfit.message_en, mend=unfit.mend_en)
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
        job.own.keep(page.path.parent / picture)
        boxes = {code: f.box for code, f in document.fields.items() if f.box is not None}
        frames = {code: frame_of(box, kept.picture, size) for code, box in boxes.items()}
    except ExtractorError as error:
        written.faults.append(Fault(kept.key, str(error)))
        picture, failed = "", "thiếu ảnh trang sổ"
    text = entry_page(document, picture=picture, frames=frames, previous=page.before, following=page.after)
    written.changed += job.own.write(page.path, text)
    return failed


def _write_filler(own: OwnFolder, profiles: Sequence[MappingProfile]) -> None:
    folder = own.folder(own.root / FILLER)
    own.write(folder / USER_SCRIPT, user_script(profiles))
    sample = resources.files("extractor.exports.prefill.sample_pages").joinpath(SAMPLE_PAGE)
    own.write(folder / SAMPLE_PAGE, sample.read_text(encoding="utf-8"))


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
