"""The tracking list (danh sách theo dõi) of case 2: both values side by side, the picture, space for the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.exports.reconciliation.fields import FieldComparison
from extractor.exports.reconciliation.outcome import Result
from extractor.exports.reconciliation.pictures import FOLDER, CropMaker
from extractor.exports.reconciliation.sheets import Sheet, texts, workbook
from extractor.exports.reconciliation.verdicts import DENIES, Key, Verdict, code_of, fingerprint, plain

NAME = "tracking.xlsx"
_WHY = 12
_EMBEDDED = 3000
"""Rows with a picture in the cell; beyond, the file beside the workbook has to do."""
_PICTURE_WIDTH, _ROW_HEIGHT = 300, 64
_WIDTHS = {
    "STT": 6, "Tệp": 24, "Trang": 7, "Bản ghi": 8, "Người": 16, "Họ tên trong sổ": 22, "Số định danh trong CSDL": 16,
    "Trong sổ": 26, "Trong CSDL dân cư": 26, "Mức khác": 9, "Ảnh trong sổ": 43, "Tệp ảnh": 12,
    "Kết luận của công an xã": 20, "Giá trị đúng": 22, "Người xác minh": 16, "Ghi chú": 24,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrackingCounts:
    """Rows with a difference, those of them with a verdict, and verdicts on differences that are gone."""

    rows: int
    decided: int
    settled: int


def verdict_columns() -> dict[str, str]:
    """Headings by part of a verdict, for reading the workbook back."""
    headings = texts()["tracking"]["headings"]
    return dict(zip(("verdict", "right", "by", "on", "note", "code"), headings[-6:], strict=True))


def verdict_words() -> dict[str, str]:
    """Code by the word an officer chooses, in lower case."""
    return {word.casefold(): code for code, word in texts()["verdicts"].items()}


def field_key(result: Result, field: FieldComparison) -> Key:
    """What a row of the list is about."""
    return (*result.subject.name, field.attribute, result.known_as)


def write_tracking(
    path: Path,
    results: Iterable[Result],
    verdicts: Mapping[Key, Verdict],
    crops: CropMaker | None,
    *,
    banner: str = "",
    everyone: Iterable[Result] = (),
) -> TrackingCounts:
    """Write the list.

    Args:
        results: those of case 2, in the order of the records.
        verdicts: all that officers decided; those on differences that are gone stand in a sheet of their own.
        crops: cuts the fields out of the pages; without it there are no pictures.
        banner: what a draft says of itself.
        everyone: the results of all persons, which tell why a difference is gone.
    """
    words = texts()["tracking"]
    said = texts()["verdicts"]
    shown: set[Key] = set()
    decided = settled = 0
    with workbook(path, words["sheet"]) as book:
        sheet = book.sheet(words["sheet"], words["headings"], _WIDTHS, hidden=words["headings"][-1], banner=banner)
        for result in results:
            for field in result.differing:
                key = field_key(result, field)
                shown.add(key)
                decided += _write_row(sheet, result, field, verdicts.get(key), crops)
        sheet.choices(words["headings"].index(verdict_columns()["verdict"]), list(said.values()))
        rows = sheet.next_row - 1
        gone = [v for key, v in sorted(verdicts.items()) if v.attribute and key not in shown]
        if gone:
            linked = {(*result.subject.name, result.known_as) for result in everyone if result.known_as}
            headings = [words["why"] if index == _WHY else name for index, name in enumerate(words["headings"])]
            former = book.sheet(words["former"], headings, _WIDTHS, hidden=headings[-1])
            for number, verdict in enumerate(gone, start=1):
                agrees = (*verdict.key[:4], verdict.identity) in linked
                why = "parted" if verdict.verdict in DENIES else "settled" if agrees else "gone"
                settled += why == "settled"
                former.row(_gone_row(number, verdict, words["whys"][why]))
            former.choices(headings.index(verdict_columns()["verdict"]), list(said.values()))
        guide = book.sheet(words["guide"], [words["guide"]], {words["guide"]: 110})
        for line in words["guide_lines"]:
            guide.row([line])
    if crops is not None:
        crops.tidy()
    return TrackingCounts(rows, decided, settled)


def _write_row(
    sheet: Sheet, result: Result, field: FieldComparison, verdict: Verdict | None, crops: CropMaker | None
) -> bool:
    """Write one difference; returns whether a verdict on these values stands."""
    subject = result.subject
    file, page, record = subject.key
    values = fingerprint(field.book, field.extract)
    crop = crops.crop(subject.key, subject.sources.get(field.attribute, "")) if crops else None
    stale = verdict is not None and bool(verdict.verdict) and verdict.fingerprint != values
    note = verdict.note if verdict else ""
    changed = texts()["tracking"]["changed"]
    if stale and changed not in note:
        note = "; ".join(part for part in (changed, note) if part)
    cells = [
        str(sheet.next_row), file, str(page), str(record), subject.number, subject.role.title,
        subject.values.get("name", ""), result.identity, texts()["attributes"][field.attribute], field.book,
        field.extract,
        "" if field.distance is None else f"{field.distance:g}".replace(".", ","), "", "",
        texts()["verdicts"].get(verdict.verdict, "") if verdict else "", verdict.right if verdict else "",
        verdict.by if verdict else "", verdict.on if verdict else "", note,
        code_of(field_key(result, field), values),
    ]  # fmt: skip
    marked = {9: "differs", 10: "differs"} | dict.fromkeys(range(14, 19), "changed" if stale else "open")
    row = sheet.row(cells, marked=marked, height=_ROW_HEIGHT)
    if crop is not None:
        sheet.sheet.write_url(row, 13, f"external:{FOLDER}/{crop.name}", sheet.formats["link"], "mở ảnh")
        if row <= _EMBEDDED:
            sheet.picture(row, 12, crop, _PICTURE_WIDTH)
    return verdict is not None and bool(verdict.verdict) and not stale


def _gone_row(number: int, verdict: Verdict, why: str) -> list[str]:
    attribute = texts()["attributes"].get(verdict.attribute, verdict.attribute)
    return [
        str(number), verdict.file, str(verdict.page), str(verdict.record), "", "", "",
        plain(verdict.identity), attribute, "",
        "", "", why, "", texts()["verdicts"].get(verdict.verdict, ""), verdict.right, verdict.by,
        verdict.on, verdict.note, code_of(verdict.key, verdict.fingerprint),
    ]  # fmt: skip
