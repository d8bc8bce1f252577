"""Renders whole books of invented records with exact truth."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from extractor.errors import SettingsError
from extractor.records import BookKey
from extractor.training.fonts import Split, load_fonts
from extractor.training.synth.capture import Device, draw_device, encode
from extractor.training.synth.distractors import make_distractor
from extractor.training.synth.edition import draw_edition
from extractor.training.synth.hand import Hand, draw_hand, draw_printer
from extractor.training.synth.layout import TableLayout, load_layout
from extractor.training.synth.lettering import Mask
from extractor.training.synth.output import truth_entry, write_lines, write_pdf
from extractor.training.synth.page import FieldPlace, PagePicture, Seal, make_page
from extractor.training.synth.paper import Picture, draw_paper
from extractor.training.synth.printing import draw_form
from extractor.training.synth.spread import FLAT, open_pages
from extractor.training.synth.table import typeset_table
from extractor.training.synth.typeset import field_code, slot_code, typeset
from extractor.training.synth.writing import Pens
from extractor.training.texts import (
    BirthRecord,
    BookSetting,
    InventedRecord,
    Sample,
    any_record,
    make_book,
    region_of,
    with_dittos,
    years_of,
)

OUTPUTS = ("pdf", "pdf-per-record", "images")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RenderedBook:
    """What was written: picture or PDF files, and the two truth files."""

    files: tuple[Path, ...]
    truth: Path
    layout: Path


@dataclass(frozen=True)
class RenderedRecord:
    """A record and the picture of its page; ``place`` is its number on the page, whose picture it may share."""

    record: BirthRecord | InventedRecord
    page: PagePicture
    device: Device
    place: int = 1


def render_book(
    out: Path,
    form: str,
    *,
    seed: int,
    records: int,
    strength: float = 2.0,
    hand_split: str = "train",
    output: str = "pdf",
    dpi: int = 200,
    book: BookKey | None = None,
    progress: Progress | None = None,
    hands: int = 1,
    printed: Collection[int] | None = None,
    camera: bool | None = None,
    distractors: Sequence[str] = (),
    quality: int | None = None,
    spreads: bool = False,
) -> RenderedBook:
    """Render a book into the folder ``out``; the same arguments always give the same bytes.

    Beside the pages it writes ``truth.jsonl`` (what each field holds) and ``layout.jsonl`` (where it lies, in pixels).

    Args:
        form: name of a form there is a layout for, such as ``ks-2016``.
        seed: decides everything that is drawn by lot.
        records: number of records; one a page, or as many as the form has room for.
        strength: 0 (a clean print of the form as described) to 5 (badly kept, badly scanned, another printing).
        hand_split: ``train``, ``calibration`` or ``test``: which fonts write.
        output: ``pdf`` (one file), ``pdf-per-record`` (official names) or ``images`` (JPEG).
        dpi: resolution, pixels an inch.
        book: year and number of the book, where they are to be given ones.
        progress: is told pages done and pages in all.
        hands: how many people write in the book by turns.
        printed: numbers of the records that are filled by a printer; by lot (a fifth of all books) if ``None``.
        camera: photographs (true), scans (false), or by lot.
        distractors: pages that are no form, kinds of :data:`extractor.training.synth.distractors.KINDS`; a cover comes
            first, others last. They are listed in ``no_form.jsonl``.
        quality: JPEG quality, 1 to 100, or by lot.
        spreads: two facing pages a picture, as of an opened book; not with ``pdf-per-record``.

    Raises:
        SettingsError: an argument is out of range.
    """
    _check(records, strength, output, dpi, hand_split)
    _check_key(book)
    if spreads and output == "pdf-per-record":
        raise SettingsError("Two facing pages a picture are no PDF a record.", mend="Use output 'pdf' or 'images'.")
    rng = Random(f"{form}/{seed}")
    setting = make_book(
        rng,
        form,
        records,
        year=int(book.year) if book and book.year else None,
        number=book.number if book and book.number else None,
        years=years_of(form),
        region=region_of(form),
    )
    stem = f"{form.partition('-')[0].upper()}.{setting.year}.{setting.number}"
    out.mkdir(parents=True, exist_ok=True)
    sink = _Sink(out, stem, output, dpi=dpi, quality=quality)
    rendered = render_records(
        setting,
        form,
        rng=rng,
        strength=strength,
        split=hand_split,
        dpi=dpi,
        hands=hands,
        printed=printed,
        camera=camera,
        device=FLAT if spreads else None,
    )
    if spreads:
        own = Random(f"{form}/{seed}/spreads")
        rendered = open_pages(
            rendered, draw_paper(own, strength), draw_device(own, strength, camera=camera), dpi=dpi, rng=own
        )
    other_rng = Random(f"{form}/{seed}/distractors")
    for kind in (kind for kind in distractors if kind == "cover"):
        sink.add_distractor(kind, setting, strength, other_rng)
    for number, item in enumerate(rendered, start=1):
        sink.add_record(item, form, number)
        if progress:
            progress(number, records)
    for kind in (kind for kind in distractors if kind != "cover"):
        sink.add_distractor(kind, setting, strength, other_rng)
    return sink.finish()


class _Sink:
    """Puts pages into files of the wanted sort, and keeps the truth about them."""

    def __init__(self, out: Path, stem: str, output: str, *, dpi: int, quality: int | None) -> None:
        self.out, self.stem, self.output, self.dpi, self.quality = out, stem, output, dpi, quality
        self.truth: list[dict[str, Any]] = []
        self.places: list[dict[str, Any]] = []
        self.no_form: list[dict[str, Any]] = []
        self.files: list[Path] = []
        self.pages: list[tuple[bytes, int, int]] = []
        self.at = ("", 0)

    def add_record(self, item: RenderedRecord, form: str, number: int) -> None:
        if item.place == 1:
            name = f"{self.stem}.{item.record.registered:%Y-%m-%d}.{number:02d}"
            self.at = self._add(item.page.picture, item.device, name, f"{self.stem}.{number:04d}")
        name, page = self.at
        self.truth.append(truth_entry(name, page, form, item.record.fields, item.place))
        self.places.append(_layout_entry(name, page, form, item, self.dpi))

    def add_distractor(self, kind: str, setting: BookSetting, strength: float, rng: Random) -> None:
        device = draw_device(rng, strength, camera=False)
        picture = make_distractor(kind, setting, paper=draw_paper(rng, strength), device=device, dpi=self.dpi, rng=rng)
        name, page = self._add(picture, device, f"{self.stem}.{kind}", f"{self.stem}.{kind}")
        self.no_form.append({"file": name, "page": page, "kind": kind})

    def _add(self, picture: Picture, device: Device, pdf_name: str, image_name: str) -> tuple[str, int]:
        """Write a page or keep it for the PDF; returns its file name and page number."""
        data = encode(picture, self.quality or device.quality)
        height, width = picture.shape[:2]
        if self.output == "pdf":
            self.pages.append((data, width, height))
            return f"{self.stem}.pdf", len(self.pages)
        name = f"{image_name}.jpg" if self.output == "images" else f"{pdf_name}.pdf"
        if self.output == "images":
            (self.out / name).write_bytes(data)
        else:
            write_pdf(self.out / name, [(data, width, height)], self.dpi)
        self.files.append(self.out / name)
        return name, 1

    def finish(self) -> RenderedBook:
        if self.output == "pdf":
            self.files.append(self.out / f"{self.stem}.pdf")
            write_pdf(self.files[0], self.pages, self.dpi)
        write_lines(self.out / "truth.jsonl", self.truth)
        write_lines(self.out / "layout.jsonl", self.places)
        if self.no_form:
            write_lines(self.out / "no_form.jsonl", self.no_form)
        return RenderedBook(tuple(self.files), self.out / "truth.jsonl", self.out / "layout.jsonl")


def _check_key(book: BookKey | None) -> None:
    if book and book.year and not re.fullmatch(r"(19|20)\d\d", book.year):
        raise SettingsError(f"The book's year is '{book.year}'.", mend="Give four digits, such as 2017.")
    if book and book.number and not re.fullmatch(r"\d{1,3}", book.number):
        raise SettingsError(f"The book's number is '{book.number}'.", mend="Give one to three digits, such as 01.")


def _check(records: int, strength: float, output: str, dpi: int, split: str) -> None:
    if not 1 <= records <= 100_000:
        raise SettingsError(f"records is {records}.", mend="Give a number from 1 to 100000.")
    if not 0.0 <= strength <= 5.0:
        raise SettingsError(f"strength is {strength}.", mend="Give a number from 0 to 5.")
    if output not in OUTPUTS:
        raise SettingsError(f"output is '{output}'.", mend=f"Use one of {', '.join(OUTPUTS)}.")
    if not 72 <= dpi <= 600:
        raise SettingsError(f"dpi is {dpi}.", mend="Give a resolution from 72 to 600.")
    if split not in list(Split):
        raise SettingsError(f"hand_split is '{split}'.", mend="Use 'train', 'calibration' or 'test'.")


def render_records(
    setting: BookSetting,
    form: str,
    *,
    rng: Random,
    strength: float,
    split: str,
    dpi: int,
    hands: int = 1,
    printed: Collection[int] | None = None,
    camera: bool | None = None,
    device: Device | None = None,
) -> Iterator[RenderedRecord]:
    """Render the records of a book one after the other; arguments as for :func:`render_book`.

    Args:
        device: what takes the pictures, in place of one by lot.
    """
    layout = load_layout(form)
    edition = draw_edition(rng, strength, len(layout.groups), split)
    printed_form = typeset_table(layout, edition) if isinstance(layout, TableLayout) else typeset(layout, edition)
    print_mask = draw_form(printed_form, dpi)
    paper, drawn = draw_paper(rng, strength), draw_device(rng, strength, camera=camera)
    device = device or drawn
    writers = _writers(rng, split, hands, strength)
    printer = draw_printer(rng, split)
    if printed is None:
        printed = range(len(setting.dates) + 1) if rng.random() < 0.2 else ()
    officer = draw_hand(rng, split, ugliness=0.4)
    seal = _seal(rng, setting, strength)
    page_seed = rng.randrange(2**62)
    turn = _turns(rng, len(setting.dates), hands)
    other: Mask | None = None
    before: dict[str, Sample] = {}
    total = len(setting.dates)
    for first in range(1, total + 1, layout.records):
        own = Random(f"{page_seed}/{first}")
        records = [any_record(own, form, setting, n) for n in range(first, min(first + layout.records, total + 1))]
        records = list(with_dittos(own, records, before))
        before = records[-1].fields if isinstance(layout, TableLayout) else {}
        main = writers[turn[first - 1]]
        pens = Pens(
            main=printer if first in printed else main,
            notes=draw_hand(own, split, not_font=main.font.file),
            informant=draw_hand(own, split, ugliness=0.9),
            officer=officer,
        )
        page = make_page(
            printed_form,
            print_mask,
            _placed(records, printed_form.records),
            pens,
            paper=paper,
            device=device,
            seal=seal if printed_form.signatures else None,
            other_side=other if other is not None else print_mask,
            dpi=dpi,
            rng=own,
        )
        other = page.ink
        for place, record in enumerate(records, start=1):
            mine = _places_of(page, place) if printed_form.records > 1 else page.places
            yield RenderedRecord(record, replace(page, places=mine), device, place)


def _placed(records: Sequence[BirthRecord | InventedRecord], on_page: int) -> dict[str, Sample]:
    """The fields of all records of a page by slot code."""
    if on_page == 1:
        return records[0].fields
    return {
        slot_code(place, code): sample
        for place, record in enumerate(records, start=1)
        for code, sample in record.fields.items()
    }


def _places_of(page: PagePicture, place: int) -> dict[str, FieldPlace]:
    return {field_code(code): found for code, found in page.places.items() if code.startswith(f"{place}/")}


def _writers(rng: Random, split: str, hands: int, strength: float) -> list[Hand]:
    ugliness = min(1.0, 0.15 + 0.17 * strength)
    writers = [draw_hand(rng, split, ugliness=ugliness * rng.uniform(0.4, 1.0))]
    for _ in range(1, hands):
        writers.append(draw_hand(rng, split, not_font=writers[-1].font.file, ugliness=ugliness * rng.uniform(0.4, 1.0)))
    return writers


def _turns(rng: Random, records: int, hands: int) -> list[int]:
    """Who writes which record: people take turns of a few records."""
    turns: list[int] = []
    while len(turns) < records:
        others = [hand for hand in range(hands) if not turns or hand != turns[-1]] or [0]
        turns += [rng.choice(others) if turns else 0] * rng.randint(1, 4)
    return turns[:records]


def _seal(rng: Random, setting: BookSetting, strength: float) -> Seal:
    kinds = {"x": "XÃ", "p": "PHƯỜNG", "tt": "THỊ TRẤN"}
    edge = f"ỦY BAN NHÂN DÂN {kinds[setting.unit.commune[0]]} ★ {setting.unit.district[1].upper()} ★ "
    edge = edge.replace("★", "-")
    font = load_fonts("print", Split.TRAIN)[0]
    return Seal(edge.strip(" -"), setting.unit.commune[1].upper(), font, 0.15 + 0.1 * strength if strength > 0 else 0.0)


def _layout_entry(name: str, page: int, form: str, item: RenderedRecord, dpi: int) -> dict[str, Any]:
    made = item.page
    to_pixels = np.diag([dpi / 25.4, dpi / 25.4, 1.0])
    height, width = made.picture.shape[:2]
    corners = [[0, 0], [made.warp.page[0], 0], list(made.warp.page), [0, made.warp.page[1]]]
    return {
        "file": name,
        "page": page,
        "record": item.place,
        "form": form,
        "size": [width, height],
        "corners": np.round(made.warp.points(np.array(corners, np.float64)), 1).tolist(),
        "mm_to_pixels": np.round(made.warp.matrix @ to_pixels, 8).tolist(),
        "bend": made.warp.bend,
        "fields": {
            code: {"regions": [list(box) for box in place.regions], "ink": [list(box) for box in place.ink]}
            for code, place in made.places.items()
        },
    }
