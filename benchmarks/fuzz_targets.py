"""What is fuzzed: small real files of each kind, made here, and the readers they are given to."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pikepdf
from PIL import Image, ImageDraw

from extractor.errors import ExtractorError
from extractor.scans import Limits, SetAside, open_inputs

ROOT = Path(__file__).resolve().parents[1]
_WIDTH, _HEIGHT = 64, 48
"""Pixels of a page: small, so that what is spoilt is structure more often than pixels."""
LIMITS = Limits(megapixels=2.0, pages=20, min_side=8, decode_mebibytes=256, decode_seconds=30.0, render_seconds=20.0)


@dataclass(frozen=True)
class Target:
    """A kind of input.

    Args:
        seeds: files as they should be.
        name: of the file as it lies in the folder.
        run: reads the spoilt file in a folder, as the seed of that number is read; returns how many things were refused
            and raises what the reader raises.
        isolated: whether the product itself reads such files in a process of its own.
    """

    seeds: Callable[[], Sequence[bytes]]
    name: str
    run: Callable[[Path, bytes, int], int]
    isolated: bool = False


class NoMendError(Exception):
    """Something was refused without saying what to do about it."""


def _drawing(mode: str = "RGB") -> Image.Image:
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), (250, 245, 230))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((6, 6, 28, 20), fill=(20, 20, 30))
    draw.line((6, 40, 60, 40), fill=(40, 40, 160), width=2)
    noise = np.random.default_rng(0).integers(-9, 9, (_HEIGHT, _WIDTH, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)).convert(mode)


def _encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    _drawing(mode).save(out, kind, **options)
    return out.getvalue()


@cache
def _jpegs() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        _encoded("JPEG", quality=80, dpi=(200, 200)),
        _encoded("JPEG", "L", quality=60, exif=exif),
        _encoded("JPEG", progressive=True, subsampling=2),
        _encoded("JPEG", "CMYK"),
    ]


@cache
def _pngs() -> list[bytes]:
    deep = io.BytesIO()
    Image.fromarray((np.arange(_WIDTH * _HEIGHT, dtype=np.uint16) * 9).reshape(_HEIGHT, _WIDTH)).save(deep, "PNG")
    return [_encoded("PNG"), _encoded("PNG", "L"), _encoded("PNG", "P"), _encoded("PNG", "1"), _encoded("PNG", "RGBA"),
            deep.getvalue()]  # fmt: skip


@cache
def _tiffs() -> list[bytes]:
    pages = io.BytesIO()
    _drawing("L").save(pages, "TIFF", save_all=True, append_images=[_drawing("1"), _drawing("RGB")])
    packed = [("1", "group4"), ("1", "group3"), ("RGB", "tiff_lzw"), ("L", "packbits"), ("RGB", "jpeg"), ("L", None),
              ("RGB", "tiff_adobe_deflate")]  # fmt: skip
    return [pages.getvalue(), *(_encoded("TIFF", mode, compression=way) for mode, way in packed)]


@cache
def _pdfs() -> list[bytes]:
    scan = pikepdf.new()
    for data, space, way in (
        (_jpegs()[0], pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode),
        (np.asarray(_drawing("L")).tobytes(), pikepdf.Name.DeviceGray, None),
    ):
        image = pikepdf.Stream(scan, data)
        image.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=_WIDTH, Height=_HEIGHT, ColorSpace=space,
            BitsPerComponent=8, **({"Filter": way} if way else {}),
        )  # fmt: skip
        content = b"q %d 0 0 %d 0 0 cm /Im0 Do Q" % (_WIDTH, _HEIGHT)
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page, MediaBox=[0, 0, _WIDTH, _HEIGHT], Contents=pikepdf.Stream(scan, content),
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image)),
        )  # fmt: skip
        scan.pages.append(pikepdf.Page(scan.make_indirect(page)))
    made = []
    for options in (
        {"compress_streams": False, "object_stream_mode": pikepdf.ObjectStreamMode.disable},
        {"compress_streams": True, "object_stream_mode": pikepdf.ObjectStreamMode.generate},
    ):
        out = io.BytesIO()
        scan.save(out, deterministic_id=True, **options)
        made.append(out.getvalue())
    return made


@cache
def _zips() -> list[bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("KS.2017.01/a.jpg"), _jpegs()[1])
        archive.writestr(zipfile.ZipInfo("b.png"), _pngs()[1])
        archive.writestr(zipfile.ZipInfo("truth.jsonl"), b"{}")
    return [out.getvalue()]


def _open(path: Path, _content: bytes, _number: int) -> int:
    """Read all pages; whatever is wrong must be told for its file, and be none of the program's own failures."""
    refused: list[SetAside] = []
    for page in open_inputs([path], LIMITS, on_set_aside=refused.append, render_dpi=72):
        assert page.image.ndim == 3 and page.image.shape[0] * page.image.shape[1] <= LIMITS.megapixels * 1e6
    for item in refused:
        if not (item.message and item.mend):
            raise NoMendError(f"{item.reason}: {item.message}")
    return len(refused)


@cache
def _templates() -> list[bytes]:
    forms = [ROOT / "page_templates" / name for name in ("ks-2016", "kt-1976")]
    return [(folder / name).read_bytes() for folder in forms for name in ("form.yaml", "template.yaml")]


def _load_form(path: Path, content: bytes, number: int) -> int:
    from extractor.templates.load import load_form

    folder = path.parent / "form"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    others = _templates()
    pair = number - number % 2
    (folder / "form.yaml").write_bytes(others[pair])
    (folder / "template.yaml").write_bytes(others[pair + 1])
    (folder / ("form.yaml", "template.yaml")[number % 2]).write_bytes(content)
    load_form(folder)
    return 0


@cache
def _rules() -> list[tuple[str, bytes, Callable[[Path], object]]]:
    """Name in its folder, content and reader of each file of rules or settings that an office writes."""
    from extractor.batch.policy import _read as policy
    from extractor.exports.prefill.mapping import load_mapping
    from extractor.exports.profile import load_profile
    from extractor.exports.reconciliation.profile import load_population_profile
    from extractor.exports.reconciliation.weights import read_weights
    from extractor.learning import promotion, selecting, sharing
    from extractor.review import board_settings

    package = ROOT / "extractor"
    weights = package / "exports" / "reconciliation" / "weights.yaml"
    found: list[tuple[str, bytes, Callable[[Path], object]]] = [
        ("policy.yaml", b"policy: approved\n", policy),
        ("promotion.yaml", promotion.shipped_rule().read_bytes(), promotion.load_rule),
        ("selecting.yaml", (package / "learning" / "data" / "selecting.yaml").read_bytes(), selecting.load_rule),
        (sharing.FILE, b"share: 0.1\n", lambda path: sharing.load_share(path.parent)),
        (board_settings.FILE, (package / "review" / "data" / board_settings.FILE).read_bytes(),
         lambda path: board_settings.load_settings(path.parent)),
        ("ks-60.yaml", (package / "exports" / "profiles" / "ks-60.yaml").read_bytes(), load_profile),
        ("c06.yaml", (package / "exports/reconciliation/profiles/c06.yaml").read_bytes(), load_population_profile),
        ("mapping.yaml", (package / "exports/prefill/profiles/trang-mau-khai-sinh.yaml").read_bytes(), load_mapping),
    ]  # fmt: skip
    return [*found, *([("weights.yaml", weights.read_bytes(), read_weights)] if weights.is_file() else [])]


def _load_rule(path: Path, content: bytes, number: int) -> int:
    name, _, reader = _rules()[number]
    (path.parent / name).write_bytes(content)
    try:
        reader(path.parent / name)
    finally:
        (path.parent / name).unlink()
    return 0


@cache
def _sheets() -> list[tuple[bytes, Callable[[Path], object]]]:
    """Workbooks that people hand in, and what reads them: the C06 sheet, an extract, the lists with verdicts."""
    import openpyxl

    from extractor.exports.profile import load_profiles
    from extractor.exports.reading_back import read_sheet
    from extractor.exports.reconciliation import tracking
    from extractor.exports.reconciliation.extract_sheet import write_sheet
    from extractor.exports.reconciliation.profile import population_profiles
    from extractor.exports.reconciliation.verdicts import with_workbook

    def made(header: Sequence[str]) -> bytes:
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.append(list(header))
        sheet.append([f"{number:012d}" for number in range(len(header))])
        sheet.append(["LÒ THỊ MÂY", "12/03/2017", 2017, 3.5, *[""] * (len(header) - 4)][: len(header)])
        out, fixed = io.BytesIO(), io.BytesIO()
        workbook.properties.created = workbook.properties.modified = datetime(2026, 1, 1)
        workbook.save(out)
        with zipfile.ZipFile(out) as package, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as again:
            for name in package.namelist():
                again.writestr(zipfile.ZipInfo(name), package.read(name), zipfile.ZIP_DEFLATED)
        return fixed.getvalue()

    back, extract = load_profiles()["ks-c06"], population_profiles()["c06"]
    headers = [titles[0] for titles in extract.columns.values()]
    columns, words = tracking.verdict_columns(), tracking.verdict_words()
    return [
        (made(back.headings), lambda path: read_sheet(path, back)),
        (made(headers), lambda path: write_sheet(path, path.with_suffix(".csv"), extract)),
        (made(list(columns.values())), lambda path: with_workbook({}, path, columns, words)),
    ]


def _read_sheet(path: Path, _content: bytes, number: int) -> int:
    _sheets()[number][1](path)
    return 0


@cache
def _records() -> list[bytes]:
    from extractor.records import Box, Decision, FieldState, FieldValue, Record, Registration
    from extractor.records.jsonl import record_line

    value = FieldValue(
        raw="LÒ THỊ MÂY", value="Lò Thị Mây", state=FieldState.READ, confidence=0.5, decision=Decision.REVIEW,
        box=Box(x=1, y=2, w=3, h=4),
    )  # fmt: skip
    record = Record(
        file="a.pdf", page=1, form="ks-2016", form_version="1",
        registration=Registration(ok=True, residual_px=1.0, coverage=1.0, method="test"),
        fields={"nksHoTen": value, "so": FieldValue(raw="", value=None, state=FieldState.BLANK)},
    )  # fmt: skip
    line = record_line(record)
    return [f"{line}\n{line.replace('a.pdf', 'b.pdf')}\n".encode()]


def _read_records(path: Path, _content: bytes, _number: int) -> int:
    from extractor.records.jsonl import read_records, record_line

    for record in read_records(path):
        record_line(record).encode("utf-8")
    return 0


@cache
def _line_set() -> tuple[bytes, bytes, dict[str, bytes]]:
    """Content of ``set.json`` and of the rows of a small set, and its pictures."""
    from extractor.learning.line_set import LINES_FILE, MANIFEST_FILE, LearningLine, Manifest, write_line_set

    pictures = {f"pictures/{number}.png": _encoded("PNG", "L") for number in range(2)}
    lines = [
        LearningLine(
            picture=name, sha256=hashlib.sha256(data).hexdigest(), text="Lò Thị Mây", kind="place",
            form="ks-2016", book=f"book-{number}", hand=f"hand-{number}", part=("train", "held_out")[number],
        )
        for number, (name, data) in enumerate(pictures.items())
    ]  # fmt: skip
    manifest = Manifest(made="2026-01-01T00:00:00+00:00", purpose="trials", consent="invented", by="fuzzing")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "set"
        write_line_set(folder, manifest, lines, pictures)
        return (folder / MANIFEST_FILE).read_bytes(), (folder / LINES_FILE).read_bytes(), pictures


def _read_line_set(path: Path, content: bytes, number: int) -> int:
    from extractor.learning.line_set import LINES_FILE, MANIFEST_FILE, read_line_set

    folder = path.parent / "set"
    manifest, rows, pictures = _line_set()
    for name, picture in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture)
    if number:
        # Rows under another hash are refused unread: it is the reader of rows that is asked here.
        rows, told = content, json.loads(manifest)
        manifest = json.dumps({**told, "version": hashlib.sha256(rows).hexdigest()}).encode()
    else:
        manifest = content
    (folder / MANIFEST_FILE).write_bytes(manifest)
    (folder / LINES_FILE).write_bytes(rows)
    read_line_set(folder)
    return 0


TARGETS: dict[str, Target] = {
    "jpeg": Target(_jpegs, "a.jpg", _open, isolated=True),
    "png": Target(_pngs, "a.png", _open, isolated=True),
    "tiff": Target(_tiffs, "a.tif", _open, isolated=True),
    "pdf": Target(_pdfs, "a.pdf", _open, isolated=True),
    "zip": Target(_zips, "a.zip", _open, isolated=True),
    "yaml-template": Target(_templates, "a.yaml", _load_form),
    "yaml-rules": Target(lambda: [content for _, content, _ in _rules()], "a.yaml", _load_rule),
    "workbook": Target(lambda: [content for content, _ in _sheets()], "a.xlsx", _read_sheet),
    "records": Target(_records, "records.jsonl", _read_records),
    "line-set": Target(lambda: [*_line_set()[:2]], "set.json", _read_line_set),
}


def outcome(target: Target, folder: Path, content: bytes, number: int) -> str:
    """Give a spoilt file to its reader; says what came of it.

    Returns:
        ``read`` or ``refused``.

    Raises:
        Exception: whatever is no refusal with a mend; that is a finding.
    """
    path = folder / target.name
    path.write_bytes(content)
    try:
        refused = target.run(path, content, number)
    except ExtractorError as error:
        if not (error.message and error.mend):
            raise NoMendError(str(error)) from error
        return "refused"
    return "refused" if refused else "read"
