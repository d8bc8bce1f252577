"""What is kept of a page beside the database: its cleaned picture, where the fields lie on it, and the evidence.

The picture serves the people who verify; regions serve the overlays; evidence lets the confidence be worked out again
when the whole book is known, without reading the page again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from extractor.confidence.evidence import FieldEvidence
from extractor.errors import StoreError
from extractor.records import FieldState, FieldValue
from extractor.scans.types import CleanPage, Image
from extractor.templates.types import Polygon, RegisteredPage
from extractor.whole_files import write_whole

_QUALITY = 82
FOLDER = "pages"
OVERLAYS = "overlays"


@dataclass(frozen=True, slots=True, eq=False)
class PageFile:
    """Regions and evidence of one page.

    Args:
        sha256: hash of the source page's pixels.
        pipeline_version: version of the pipeline that made it.
        reading_version: version of steps and readers alone; empty in files of earlier versions.
        seconds: wall-clock time the page took.
        regions: polygons ``(n, 2)`` in pixels of the picture, by record number and field code.
        evidence: evidence by record number and field code.
        readings: what the machine read there, by record number and field code; in the database a field that a person
            decided keeps neither. Empty in files of earlier versions.
        areas: left, top, right and bottom of a record's own part of the source picture, shares of it, by record number;
            empty where it is the whole. Kept in a file of its own, since few pages have any and packages need no more.
        guides: lines worth showing, points ``(n, 2)`` in pixels of the picture.
        stated: what a cover or closing page says, by field code.
        anchors: matched anchors ``(n, 4)``, see :class:`extractor.templates.types.RegisteredPage`.
        hand: digest of which of its fields a reader adapted to the book's hand read, and of that reader; mostly empty.
    """

    sha256: str
    pipeline_version: str
    reading_version: str = ""
    seconds: float = 0.0
    regions: dict[tuple[int, str], list[Polygon]] = field(default_factory=dict)
    evidence: dict[tuple[int, str], FieldEvidence] = field(default_factory=dict)
    readings: dict[tuple[int, str], FieldValue] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    anchors: list[list[float]] = field(default_factory=list)
    guides: list[Polygon] = field(default_factory=list)
    areas: dict[int, tuple[float, float, float, float]] = field(default_factory=dict)
    hand: str = ""


def page_stem(file_sha256: str, page: int) -> str:
    """Name of a page's files without ending: made of the source's content, so that a renamed file is known again."""
    return f"{file_sha256[:20]}-{page:04d}"


def overlay_name(file: str, page: int) -> str:
    """Path of a page's overlay below the output folder; readable, and different for different pages."""
    readable = re.sub(r"[^\w.-]+", "_", file)[-80:]
    return f"{OVERLAYS}/{readable}-{hashlib.sha256(file.encode()).hexdigest()[:6]}-p{page:04d}.png"


def regions_of(registered: RegisteredPage) -> dict[tuple[int, str], list[Polygon]]:
    """All regions of a registered page by record number and field code."""
    return {
        (record.record, located.code): [*located.lines, *(option.polygon for option in located.options)]
        for record in registered.records
        for located in record.fields
    }


def save_picture(out: Path, stem: str, page: CleanPage) -> str:
    """Write the cleaned picture as JPEG; returns its path relative to ``out``.

    Raises:
        StoreError: the picture cannot be written.
    """
    relative = f"{FOLDER}/{stem}.jpg"
    target = out / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(".jpg", page.image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise StoreError(f"The picture {target} could not be encoded.")
    write_whole(target, data.tobytes())
    return relative


def load_picture(out: Path, relative: str) -> Image:
    """Read a picture written by :func:`save_picture`, BGR ``(h, w, 3)``.

    Raises:
        StoreError: it is missing or damaged.
    """
    path = out / relative
    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise StoreError(f"The page picture {path} is missing.", mend="Run the same input again.") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if image is None:
        raise StoreError(f"The page picture {path} is damaged.", mend="Delete it and run the same input again.")
    return np.asarray(image, dtype=np.uint8)


def save_page_file(out: Path, stem: str, page: PageFile) -> None:
    """Write regions and evidence beside the picture, replacing the file only once it is whole."""
    target = out / FOLDER / f"{stem}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    data: dict[str, Any] = {
        "sha256": page.sha256,
        "pipeline_version": page.pipeline_version,
        "reading_version": page.reading_version,
        "seconds": round(page.seconds, 2),
        "regions": [
            {"record": record, "field": code, "polygons": [np.round(p, 1).tolist() for p in polygons]}
            for (record, code), polygons in page.regions.items()
        ],
        "evidence": [
            {"record": record, "field": code, **evidence.to_dict()}
            for (record, code), evidence in page.evidence.items()
        ],
        "readings": [
            {"record": record, "field": code, "raw": value.raw, "value": value.value, "state": value.state.value}
            for (record, code), value in page.readings.items()
        ],
        "stated": page.stated,
        "anchors": page.anchors,
        "guides": [np.round(guide, 1).tolist() for guide in page.guides],
    }
    if page.hand:
        data["hand"] = page.hand
    _save_areas(_areas_file(out, stem), page.areas)
    write_whole(target, json.dumps(data).encode())


def take_page_files(out: Path, stem: str) -> dict[str, bytes]:
    """Take a page's files out of a folder: content by path relative to it, in the order they must be kept."""
    # The one that says that the page is done comes last.
    paths = [path for path in (out / FOLDER / f"{stem}.jpg", _areas_file(out, stem), out / FOLDER / f"{stem}.json")
             if path.is_file()]  # fmt: skip
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    return files


def keep_page_files(out: Path, files: Mapping[str, bytes]) -> None:
    """Write what :func:`take_page_files` took, each file whole or not at all.

    Raises:
        StoreError: a file cannot be written.
    """
    for name, content in files.items():
        target = out / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)
        except OSError as error:
            raise StoreError(
                f"{out}: cannot be written ({error.strerror}).", mend="Check rights and free space."
            ) from error


def _areas_file(out: Path, stem: str) -> Path:
    return out / FOLDER / f"{stem}.areas"


def _save_areas(target: Path, areas: dict[int, tuple[float, float, float, float]]) -> None:
    if not areas:
        target.unlink(missing_ok=True)
        return
    write_whole(target, json.dumps({str(number): area for number, area in areas.items()}).encode())


def load_areas(out: Path, stem: str) -> dict[int, tuple[float, float, float, float]]:
    """Which part of a page's source picture is a record's own, see :class:`PageFile`; empty where it is the whole.

    Raises:
        StoreError: the file is damaged.
    """
    path = _areas_file(out, stem)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {int(number): (float(a), float(b), float(c), float(d)) for number, (a, b, c, d) in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"The page file {path} is damaged.", mend="Run with --redo to read the page again.") from error


def load_page_file(out: Path, stem: str) -> PageFile:
    """Read what :func:`save_page_file` wrote.

    Raises:
        StoreError: it is missing or damaged.
    """
    path = out / FOLDER / f"{stem}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return PageFile(
            sha256=data["sha256"],
            pipeline_version=data["pipeline_version"],
            reading_version=data.get("reading_version", ""),
            seconds=data["seconds"],
            regions={
                (item["record"], item["field"]): [np.array(p, dtype=np.float64) for p in item["polygons"]]
                for item in data["regions"]
            },
            evidence={(item["record"], item["field"]): FieldEvidence.from_dict(item) for item in data["evidence"]},
            readings={
                (item["record"], item["field"]): FieldValue(
                    raw=item["raw"], value=item["value"], state=FieldState(item["state"])
                )
                for item in data.get("readings", ())
            },
            stated=data.get("stated", {}),
            anchors=data["anchors"],
            guides=[np.array(guide, dtype=np.float64) for guide in data["guides"]],
            areas=load_areas(out, stem),
            hand=data.get("hand", ""),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"The page file {path} is missing or damaged.", mend="Run with --redo to read the page again."
        ) from error
