"""The one place where the steps are put together: a page goes in, its records or the reason why not come out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import cv2

from extractor.adapted_reading import ADAPTED, with_hand
from extractor.errors import InputError, InstructionError, UnknownFormError
from extractor.field_reading import HANDWRITING, PRINTED, read_fields
from extractor.laying import LaidPicture, Layer
from extractor.page_file import PageFile, page_stem, save_page_file, save_picture
from extractor.page_instruction import PageInstruction
from extractor.page_problems import all_in_one
from extractor.picture_reading import PictureReading
from extractor.readers import get_reader
from extractor.readers.handwriting import HandwritingReader, load_adapted_reader
from extractor.readers.protocol import Reader
from extractor.records import BookKey
from extractor.scans import CleanPage, HandOfPage, PageRef
from extractor.store.results import PageResult
from extractor.templates import Form, find_form, load_forms
from extractor.templates.form import Role
from extractor.templates.own_forms import folders_in_use
from extractor.templates.types import RegisteredPage
from extractor.vietnamese import Context

STEPS_VERSION = "7"
"""Raised whenever the steps between the scan and the fields change in a way that forms and readers do not show."""


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """What a run needs to know; picklable, so that worker processes can build their own pipeline.

    Args:
        out: output folder; pictures and page files go below it.
        templates: folders of page templates; the office's own forms in ``out`` come last, and so win.
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

    Args:
        at_once: batches of lines in the network at once, for processors that no other page needs; to be set before the
            first page. What is read is the same.

    Raises:
        TemplateError: a form is wrong or unknown.
        ModelError: a reader's model is missing or unfit.
    """

    options: PipelineOptions
    at_once: int = 1

    def __post_init__(self) -> None:
        """Load the forms and check the wanted one before any work starts."""
        cv2.setNumThreads(1)
        self.forms: list[Form] = load_forms(folders_in_use(self.options.templates, self.options.out))
        self._adapted: tuple[str, Reader] | None = None
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
        readers = {name: get_reader(name) for name in (HANDWRITING, PRINTED)}
        for reader in readers.values():
            if isinstance(reader, HandwritingReader):
                reader.at_once = self.at_once
        return readers

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

    def version_of(self, said: PageInstruction | None, hand: HandOfPage | None = None) -> str:
        """The version of a page of which a person said something, or which an adapted reader reads: it changes so."""
        digest = said.digest() if said else ""
        version = _digest({"version": self.version, "said": digest}) if digest else self.version
        return _digest({"version": version, "hand": hand.digest()}) if hand else version

    def process(self, ref: PageRef) -> PageResult:
        """Load, clean, identify, register and read one page; keep its picture, regions and evidence.

        What a person said of the page is heeded where it was said of these very pixels.

        Raises:
            InputError: the page cannot be decoded, or what a person said of it cannot be followed.
        """
        started = time.monotonic()
        source = ref.load()
        said = ref.said[1] if ref.said and ref.said[0] == source.sha256 else PageInstruction()
        try:
            height, width = source.image.shape[:2]
            said.check(width, height)
            laid = Layer(self.choice, self.wanted, self.forms).instructed(said).lay(source)
        except (UnknownFormError, InstructionError) as error:
            # It concerns this page; the others of the run go on.
            raise InputError(source.file, error.message, mend=error.mend) from error
        book = merge_books(self.options.book, source.book)
        read = self._read(laid, book, ref.hand)
        stem = page_stem(ref.source.sha256, ref.page)
        image = save_picture(self.options.out, stem, laid.page)
        kept = PageFile(
            sha256=source.sha256,
            pipeline_version=self.version_of(said, ref.hand),
            reading_version=self.reading_version,
            seconds=time.monotonic() - started,
            regions=read.regions,
            evidence=read.evidence,
            readings=read.readings,
            guides=read.guides,
            stated=read.stated,
            anchors=read.anchors,
            areas=read.areas,
            hand=ref.hand.digest() if ref.hand else "",
        )
        save_page_file(self.options.out, stem, kept)
        return PageResult(
            file=source.file,
            page=source.page,
            sha256=source.sha256,
            width=width,
            height=height,
            image=image,
            pipeline_version=self.version_of(said, ref.hand),
            book=merge_books(book, BookKey(register=read.register)),
            file_sha256=ref.source.sha256,
            records=tuple(read.records),
            problem=all_in_one(read.problems),
            kinds=read.kinds,
            reader_versions=self.reader_versions | ({ADAPTED: self.adapted(ref.hand).version} if ref.hand else {}),
            image_to_source=tuple(float(v) for v in laid.page.to_source.ravel()),
            char_confidences=read.chars,
            told=bool(said.rows) or said.is_ is not None,
        )

    def adapted(self, hand: HandOfPage) -> Reader:
        """The reader adapted to a hand; the last one stays warm.

        Raises:
            ModelError: it is missing or damaged, or made for other weights.
        """
        if self._adapted is None or self._adapted[0] != hand.hand:
            self._adapted = (hand.hand, load_adapted_reader(self.options.out, hand.hand))
        return self._adapted[1]

    def _read(self, picture: LaidPicture, book: BookKey, hand: HandOfPage | None) -> PictureReading:
        """Read all pages of a picture, from left to right."""
        read = PictureReading()
        for laid in picture.pages:
            form, registered = laid.form, laid.registered
            if form is None or registered is None:
                read.add_problem(laid)
            elif laid.said is not None or form.schema.role is not Role.RECORDS:
                read.add_problem(laid, self._statements(laid.page, registered, form, book))
            elif not registered.registration.ok or not registered.records:
                read.add_problem(laid)
            elif not read.fits(laid):
                read.add_other_book(laid)
            else:
                own = merge_books(book, BookKey(register=form.schema.register_code))
                context = Context.of_book(own, form.schema.language)
                readings = read_fields(laid.page, registered, form.schema, self.readers, context)
                if hand:
                    readers = {**self.readers, HANDWRITING: self.adapted(hand)}
                    chosen = {(number - read.located, code) for number, code in hand.fields}
                    readings = with_hand(
                        readings,
                        chosen,
                        page=laid.page,
                        registered=registered,
                        schema=form.schema,
                        readers=readers,
                        context=context,
                    )
                read.add_records(laid, readings)
        return read

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


def _digest(parts: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
