"""The one place where the steps are put together: a page goes in, its records or the reason why not come out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import cv2

from extractor.confidence import FieldEvidence
from extractor.field_reading import HANDWRITING, PRINTED, read_fields
from extractor.page_file import PageFile, overlay_name, page_stem, regions_of, save_page_file, save_picture
from extractor.readers import get_reader
from extractor.readers.page_text import PageText
from extractor.readers.printed import read_page
from extractor.readers.protocol import Reader
from extractor.records import BookKey, PageProblem, PageProblemKind, Record
from extractor.scans import PHOTOGRAPH, CleanPage, PageRef, SourcePage, clean_page
from extractor.store.results import PageResult
from extractor.templates import Form, find_form, identify, load_forms, register
from extractor.templates.form import Role
from extractor.templates.types import FormMatch, RegisteredPage
from extractor.vietnamese import Context

STEPS_VERSION = "4"
"""Raised whenever the steps between the scan and the fields change in a way that forms and readers do not show."""


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """What a run needs to know; picklable, so that worker processes can build their own pipeline.

    Args:
        out: output folder; pictures and page files go below it.
        templates: folders of page templates.
        form: name of the form all pages are of, or empty to find out.
        book: what the user said about the book; it overrides what file names say.
    """

    out: Path
    templates: tuple[Path, ...]
    form: str = ""
    book: BookKey = field(default_factory=BookKey)


@dataclass
class Pipeline:
    """Forms and readers kept warm, and the steps between them.

    Raises:
        TemplateError: a form is wrong or unknown.
        ModelError: a reader's model is missing or unfit.
    """

    options: PipelineOptions

    def __post_init__(self) -> None:
        """Load the forms and check the wanted one before any work starts."""
        cv2.setNumThreads(1)
        self.forms: list[Form] = load_forms(self.options.templates)
        self.wanted = find_form(self.forms, self.options.form) if self.options.form else None

    @cached_property
    def choice(self) -> list[Form]:
        """Forms a page may be of: all, or the wanted one and the pages that every book has besides its records."""
        if self.wanted is None:
            return self.forms
        return [self.wanted, *(form for form in self.forms if form.schema.role is not Role.RECORDS)]

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """The readers by name."""
        return {name: get_reader(name) for name in (HANDWRITING, PRINTED)}

    @cached_property
    def reader_versions(self) -> dict[str, str]:
        """Reader versions by name."""
        return {name: reader.version for name, reader in self.readers.items()}

    @cached_property
    def version(self) -> str:
        """Changes whenever the same pixels could give other records: steps, forms, readers."""
        parts = {
            "steps": STEPS_VERSION,
            "forms": {form.schema.form: form.version for form in self.forms},
            "readers": self.reader_versions,
            "form": self.options.form,
            # What the user says of the book decides values such as the year of a number, and which book the page is in.
            "book": asdict(self.options.book),
        }
        return _digest(parts)

    @cached_property
    def reading_version(self) -> str:
        """Changes whenever a located field could be read otherwise: steps and readers."""
        return _digest({"steps": STEPS_VERSION, "readers": self.reader_versions})

    def process(self, ref: PageRef) -> PageResult:
        """Load, clean, identify, register and read one page; keep its picture, regions and evidence.

        Raises:
            InputError: the page cannot be decoded.
        """
        started = time.monotonic()
        source = ref.load()
        page, match, registered = self._lay(clean_page(source))
        if PHOTOGRAPH in page.notes and not (registered and registered.registration.ok):
            # A dark gutter or a shadow can be taken for the edge of the page; then the picture as it is may fit.
            second = self._lay(clean_page(source, find_photo=False))
            if second[2] and second[2].registration.ok:
                page, match, registered = second
        stem = page_stem(ref.source.sha256, ref.page)
        image = save_picture(self.options.out, stem, page)
        kept = PageFile(source.sha256, self.version, self.reading_version)
        records: tuple[Record, ...] = ()
        chars: dict[tuple[int, str], tuple[float, ...]] = {}
        form = find_form(self.forms, match.form) if match.form else None
        if registered:
            kept = replace(
                kept,
                regions=regions_of(registered),
                anchors=registered.anchors.tolist(),
                guides=list(registered.guides),
            )
        book = merge_books(self.options.book, source.book)
        if form and form.schema.role is not Role.RECORDS and registered:
            kept = replace(kept, stated=self._statements(page, registered, form, book))
        elif form and registered and registered.registration.ok and registered.records:
            book = merge_books(book, BookKey(register=form.schema.register_code))
            records, evidence, chars = self._read(page, registered, form, book)
            readings = {(record.record, code): value for record in records for code, value in record.fields.items()}
            kept = replace(kept, evidence=evidence, readings=readings)
        save_page_file(self.options.out, stem, replace(kept, seconds=time.monotonic() - started))
        height, width = source.image.shape[:2]
        return PageResult(
            file=source.file,
            page=source.page,
            sha256=source.sha256,
            width=width,
            height=height,
            image=image,
            pipeline_version=self.version,
            book=book,
            file_sha256=ref.source.sha256,
            records=records,
            problem=None if records else _problem(source, match, registered, form, kept.stated),
            kinds={spec.code: spec.kind.value for spec in form.schema.fields} if form else {},
            reader_versions=self.reader_versions,
            image_to_source=tuple(float(v) for v in page.to_source.ravel()),
            char_confidences=chars,
        )

    def _lay(self, page: CleanPage) -> tuple[CleanPage, FormMatch, RegisteredPage | None]:
        """Identify the page's form and lay it over; no registration where it is of no known form."""
        text = read_page(page)
        match = self._match(page, text)
        if match.form is None:
            return page, match, None
        return page, match, register(page, text, find_form(self.forms, match.form))

    def _match(self, page: CleanPage, text: PageText) -> FormMatch:
        match = identify(page, text, self.choice)
        if self.wanted and match.form is None and not match.blank:
            # The user named the form: registration, not identification, decides whether it fits.
            return FormMatch(self.wanted.schema.form, match.score, match.margin)
        return match

    def _read(
        self, page: CleanPage, registered: RegisteredPage, form: Form, book: BookKey
    ) -> tuple[tuple[Record, ...], dict[tuple[int, str], FieldEvidence], dict[tuple[int, str], tuple[float, ...]]]:
        context = Context.of_book(book, form.schema.language)
        readings = read_fields(page, registered, form.schema, self.readers, context)
        records, evidence, chars = [], {}, {}
        for located, fields in zip(registered.records, readings, strict=True):
            if len(registered.records) > 1 and not any(reading.value.raw for reading in fields.values()):
                continue  # the last page of a book seldom fills all its places
            records.append(
                Record(
                    file=page.source.file,
                    page=page.source.page,
                    record=located.record,
                    form=form.schema.form,
                    form_version=form.version,
                    registration=registered.registration,
                    fields={code: reading.value for code, reading in fields.items()},
                )
            )
            evidence.update({(located.record, code): reading.evidence for code, reading in fields.items()})
            chars.update({(located.record, code): reading.chars for code, reading in fields.items() if reading.chars})
        return tuple(records), evidence, chars

    def _statements(self, page: CleanPage, registered: RegisteredPage, form: Form, book: BookKey) -> dict[str, str]:
        """What a cover or closing page says, by field code; nothing for what is blank or not understood."""
        context = Context.of_book(book, form.schema.language)
        readings = read_fields(page, registered, form.schema, self.readers, context)
        return {
            code: reading.value.value
            for fields in readings
            for code, reading in fields.items()
            if reading.value.value is not None
        }


def merge_books(first: BookKey, second: BookKey) -> BookKey:
    """One book key from two; what the first knows wins."""
    names = BookKey.__dataclass_fields__
    return BookKey(**{name: getattr(first, name) or getattr(second, name) for name in names})


def _problem(
    source: SourcePage,
    match: FormMatch,
    registered: RegisteredPage | None,
    form: Form | None,
    stated: Mapping[str, str],
) -> PageProblem:
    if match.blank:
        kind, message = PageProblemKind.BLANK_PAGE, "Trang trắng: không thấy chữ in hay chữ viết."
    elif registered is None or form is None:
        kind, message = PageProblemKind.UNKNOWN_FORM, match.reason or "Không nhận ra biểu mẫu."
    elif form.schema.role is not Role.RECORDS:
        kind = PageProblemKind.COVER if form.schema.role is Role.COVER else PageProblemKind.CLOSING
        said = "; ".join(f"{spec.label}: {stated[spec.code]}" for spec in form.schema.fields if spec.code in stated)
        message = f"{form.schema.title}, không có bản ghi. {said}".rstrip(" .") + "."
    elif registered.registration.ok:
        kind, message = PageProblemKind.BLANK_PAGE, "Trang có biểu mẫu nhưng chưa ghi gì."
    else:
        kind, message = PageProblemKind.BAD_REGISTRATION, registered.registration.reason or "Không khớp với biểu mẫu."
    return PageProblem(
        file=source.file,
        page=source.page,
        kind=kind,
        message=message,
        form=match.form,
        registration=registered.registration if registered else None,
        overlay=overlay_name(source.file, source.page),
    )


def _digest(parts: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
