"""Output folders whose fields people decided: drawn pages, where their fields lie, and a store that knows both."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw
from sqlalchemy import select

from extractor.batch.storage import open_store
from extractor.confidence.evidence import FieldEvidence
from extractor.page_file import PageFile, save_page_file
from extractor.records import BookKey, Candidate, Decision, FieldState, FieldValue, Record, Registration
from extractor.store import PageResult, Store
from extractor.store.order import current_records
from extractor.store.tables import FileRow, PageRow, RecordRow
from extractor.templates.blank import drawing_font

READER = "reader-1"
VERSION = "pipeline-1"
PERSON = "Người Kiểm Thử"
AGENCY = "UBND xã Rất Kín"
LEFT, TOP, PITCH, HIGH, WIDE = 200, 60, 90, 70, 900


@dataclass(frozen=True)
class Written:
    """A field as it stands on a page.

    Args:
        lines: what is drawn on each of its lines; an empty text leaves a line bare.
        decided: what a person says stands there; none where nobody decided it.
        machine: what the machine read; by default what is decided, or drawn.
    """

    code: str
    kind: str
    lines: tuple[str, ...]
    decided: str | None = None
    machine: str | None = None
    state: FieldState = FieldState.READ
    decision: Decision = Decision.REVIEW
    source: str = ""

    @property
    def read(self) -> str:
        drawn = " ".join(line for line in self.lines if line)
        return self.machine if self.machine is not None else self.decided or drawn


def name(text: str, code: str = "nksHoTen") -> Written:
    return Written(code, "person_name", (text,), decided=text)


def put_page(
    store: Store, out: Path, book: BookKey, fields: list[Written], *, file: str, page: int = 1, version: str = VERSION
) -> str:
    """Draw and store a page of one record; returns the path of its picture. What people decided is decided."""
    image, regions = _drawn(fields)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    sha256 = hashlib.sha256(data.tobytes()).hexdigest()
    stem = f"{sha256[:20]}-{page:04d}"
    (out / "pages").mkdir(exist_ok=True)
    (out / "pages" / f"{stem}.jpg").write_bytes(data.tobytes())
    values = {
        field.code: FieldValue(
            raw=field.read, value=field.read or None, state=field.state, confidence=0.5, decision=field.decision,
            reader="handwriting", candidates=(Candidate(field.read, 0.5),),
        )
        for field in fields
    }  # fmt: skip
    kept = PageFile(
        sha256=sha256,
        pipeline_version=version,
        regions={(1, code): polygons for code, polygons in regions.items()},
        evidence={(1, field.code): FieldEvidence(field.kind, source=field.source) for field in fields},
        readings={(1, code): value for code, value in values.items()},
    )
    save_page_file(out, stem, kept)
    record = Record(
        file=file, page=page, form="ks-2016", form_version="1", fields=values,
        registration=Registration(ok=True, residual_px=1.0, coverage=1.0, method="labels"),
    )  # fmt: skip
    store.save_page(
        PageResult(
            file=file, page=page, sha256=sha256, width=image.shape[1], height=image.shape[0],
            image=f"pages/{stem}.jpg", pipeline_version=version, book=book, records=(record,),
            kinds={field.code: field.kind for field in fields}, reader_versions={"handwriting": READER},
        )
    )  # fmt: skip
    decide(store, (file, page, 1), {field.code: field for field in fields if field.decided is not None})
    return f"pages/{stem}.jpg"


def decide(store: Store, key: tuple[str, int, int], answers: dict[str, Written], *, person: str = PERSON) -> None:
    for number in record_numbers(store, key):
        for field in store.stored_record(number).fields:
            if field.code in answers:
                task = store.claim_field(field.id, person)
                said = answers[field.code]
                store.decide(
                    task, task.token, person=person, raw=said.decided, value=said.decided or None, state=said.state
                )


def record_numbers(store: Store, key: tuple[str, int, int]) -> list[int]:
    with store.reading() as session:
        wanted = current_records(select(RecordRow.id))
        where = (FileRow.path == key[0], PageRow.page == key[1], RecordRow.number == key[2])
        return list(session.scalars(wanted.where(*where)))


def _drawn(fields: list[Written]) -> tuple[np.ndarray, dict[str, list[np.ndarray]]]:
    """A page with a line for each of the fields' lines, ``(h, w, 3)``, and their regions."""
    number = sum(len(field.lines) for field in fields)
    sheet = Image.new("RGB", (LEFT + WIDE + 60, TOP + PITCH * number + 60), "white")
    draw, regions, row = ImageDraw.Draw(sheet), {}, 0
    for field in fields:
        regions[field.code] = []
        for text in field.lines:
            top = TOP + PITCH * row
            draw.text((LEFT + 12, top + 12), text, fill=(25, 25, 60), font=drawing_font(38))
            # What stands left of every line must never be in a crop.
            draw.rectangle((LEFT - 60, top, LEFT - 8, top + HIGH), fill=(0, 0, 0))
            corners = [(LEFT, top), (LEFT + WIDE, top), (LEFT + WIDE, top + HIGH), (LEFT, top + HIGH)]
            regions[field.code].append(np.array(corners, np.float64))
            row += 1
    return np.array(sheet)[:, :, ::-1].copy(), regions


def key_of(number: int, *, year: str = "2017") -> BookKey:
    return BookKey("KS", year, f"{number:02d}", AGENCY)


@dataclass
class Office:
    """An output folder and its store."""

    out: Path
    store: Store

    def book(self, number: int, *texts: str, key: BookKey | None = None) -> None:
        """A book with a page for each name."""
        for page, text in enumerate(texts, start=1):
            put_page(self.store, self.out, key or key_of(number), [name(text)], file=f"mat-{number}.pdf", page=page)


def changed(field: Written, **changes: object) -> Written:
    return replace(field, **changes)


def open_office(folder: Path) -> Office:
    folder.mkdir(exist_ok=True)
    return Office(folder, open_store(folder))
