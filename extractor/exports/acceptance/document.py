"""The record of acceptance (biên bản nghiệm thu) as DOCX, with places for signatures left blank."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.acceptance import chart, parts
from extractor.exports.acceptance.record import AcceptanceRecord
from extractor.exports.acceptance.words import count, fault_text, interval, rate_text, texts

if TYPE_CHECKING:
    from docx.document import Document

_FONT = "Times New Roman"
_MADE = datetime(2000, 1, 1)  # stated in the file in place of the present
_LEFT_MM, _EDGE_MM = 30, 20
_RIGHT_MM = 210 - _LEFT_MM - parts.TEXT_MM
_OFFICE_MM = 58


def write_document(path: Path, record: AcceptanceRecord, *, now: datetime | None = None) -> bool:
    """Write the report; returns whether anything changed. The same record gives the same bytes.

    Raises:
        ExportError: the file cannot be written.
    """
    document = _new()
    _head(document)
    _parties(document)
    _handed_over(document, record)
    _sample(document, record)
    _earlier(document, record)
    _wrong(document, record)
    _conclusion(document, record)
    _signatures(document)
    _chart(document, record)
    _hashes(document, record)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="document-") as folder:
            raw = Path(folder) / "report.docx"
            document.save(str(raw))
            files.repack(raw, files.part_of(path))
        return files.put_in_place(path, now=now)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error


def _new() -> Document:
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = docx.Document()
    properties = document.core_properties
    properties.created = properties.modified = properties.last_printed = _MADE
    properties.author = properties.last_modified_by = ""
    properties.title = texts()["report"]["title"]
    properties.language = "vi-VN"
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(_LEFT_MM), Mm(_RIGHT_MM)
    section.top_margin = section.bottom_margin = Mm(_EDGE_MM)
    normal: Any = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(13)
    fonts = normal.element.rPr.rFonts
    for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), _FONT)
    normal.paragraph_format.space_after = Pt(4)
    normal.paragraph_format.line_spacing = 1.1
    _page_number(section)
    return document


def _page_number(section: Any) -> None:
    """Number the pages above the text, from the second on."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    section.different_first_page_header_footer = True
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _head(document: Any) -> None:
    """Names of the office and number on the left, the state's name and motto on the right; all to be filled in."""
    from docx.shared import Mm, Pt

    words = texts()["report"]
    made = document.add_table(rows=1, cols=2)
    made.autofit = False
    left, right = made.rows[0].cells
    for cell, width in ((left, _OFFICE_MM), (right, parts.TEXT_MM - _OFFICE_MM)):
        cell.width = Mm(width)
        parts.drop(cell.paragraphs[0])  # the empty one that every new cell begins with
    made.columns[0].width, made.columns[1].width = left.width, right.width
    for cell, name, bold, size in (
        (left, "superior", False, 12),
        (left, "office", True, 12),
        (left, "number", False, 13),
        (right, "state", True, 12),
        (right, "motto", True, 13),
    ):
        parts.line(cell, words[name], bold=bold, size=size, centre=True).paragraph_format.space_after = Pt(0)
    parts.rule_below(right.paragraphs[1], Mm(16))
    place = parts.line(right, words["place_date"], centre=True)
    place.runs[0].italic = True
    place.paragraph_format.space_before = Pt(6)
    title = parts.line(document, words["title"], bold=True, size=14, centre=True)
    title.paragraph_format.space_before = Pt(14)
    title.paragraph_format.space_after = Pt(0)
    parts.line(document, words["subtitle"], bold=True, size=14, centre=True)


def _parties(document: Any) -> None:
    words = texts()["report"]
    parts.heading(document, "I", words["parties"])
    for party in ("party_a", "party_b"):
        parts.line(document, words[party], bold=True)
        for name in words["party_lines"]:
            parts.dotted(document, name)


def _handed_over(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    parts.heading(document, "II", words["handed_over"])
    parts.line(document, words["handed_over_intro"])
    widths = (14, 28, 38, 17, 14, 18, 18, 18)
    parts.table(document, words["books_columns"], record.book_rows, widths, total=True, numbers=(3, 4, 5, 6))
    parts.line(document, words["counts_ok" if record.counted.ok else "counts_bad"], bold=not record.counted.ok)
    for fault in record.counted.faults:
        parts.line(document, f"– {fault_text(fault)}")
    parts.line(document, words["pages"].format(pages=count(record.pages), problems=count(record.problems)))


def _sample(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    parts.heading(document, "III", words["sampling"])
    if record.outcome is None:
        parts.line(document, words["no_sample"])
        return
    parts.line(document, words["sampling_intro"])
    parts.table(document, (), record.plan_lines, (62, 103))
    parts.heading(document, "IV", words["result"])
    rows = [
        [name, count(rate.inspected), count(rate.errors), rate_text(rate), interval(rate)]
        for name, rate in record.rates
    ]
    parts.table(document, words["result_columns"], rows, (48, 26, 18, 22, 51), numbers=(1, 2, 3))
    for note in record.notes:
        parts.line(document, note, size=12)


def _earlier(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    if record.earlier_rows:
        parts.line(document, words["earlier"], bold=True).paragraph_format.keep_with_next = True
        parts.table(document, words["earlier_columns"], record.earlier_rows, (14, 26, 45, 26, 18, 36), numbers=(3, 4))


def _wrong(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    if record.outcome is None:
        return
    if not record.outcome.fields.inspected:
        return
    parts.heading(document, "V", words["wrong"])
    if record.wrong_rows:
        parts.table(document, words["wrong_columns"], record.wrong_rows, (14, 26, 45, 38, 42))
    else:
        parts.line(document, words["wrong_none"])


def _conclusion(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    parts.heading(document, _number_of_conclusion(record), words["conclusion"])
    for sentence in record.conclusion:
        parts.line(document, sentence, bold=True).paragraph_format.keep_with_next = True
    # Nobody signs a page on which nothing was concluded.
    for line in (
        parts.dotted(document, words["opinion"]),
        parts.dotted(document, ""),
        parts.line(document, words["closing"]),
    ):
        line.paragraph_format.keep_with_next = True


def _number_of_conclusion(record: AcceptanceRecord) -> str:
    if record.outcome is None:
        return "IV"
    return "VI" if record.outcome.fields.inspected else "V"


def _signatures(document: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    words = texts()["report"]
    table = document.add_table(rows=1, cols=3)
    table.autofit = False
    signing = (("sign_c", "sign_how_person"), ("sign_a", "sign_how"), ("sign_b", "sign_how"))
    for cell, (who, how) in zip(table.rows[0].cells, signing, strict=True):
        cell.width = Mm(parts.TEXT_MM / 3)
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        cell.paragraphs[0].paragraph_format.space_before = Pt(8)
        run = cell.paragraphs[0].add_run(words[who])
        run.bold, run.font.size = True, Pt(12)
        below = cell.add_paragraph()
        below.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = below.add_run(words[how])
        run.italic, run.font.size = True, Pt(11)
        below.paragraph_format.space_after = Pt(72)
    parts.keep_rows_whole(table)


def _chart(document: Any, record: AcceptanceRecord) -> None:
    """A page with the error rates drawn, where anything was inspected."""
    from docx.shared import Mm

    if record.outcome is None or record.inspection is None or not record.outcome.fields.inspected:
        return
    words = texts()["report"]
    document.add_page_break()
    parts.line(document, words["chart"], bold=True)
    picture = chart.draw_rates(record.rates, float(record.inspection.aql), words)
    document.add_picture(picture, width=Mm(parts.TEXT_MM))
    parts.line(document, words["chart_note"].format(aql=record.inspection.aql.replace(".", ",")), size=12)


def _hashes(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    document.add_page_break()
    parts.line(document, words["hashes"], bold=True)
    parts.table(document, words["hash_columns"], record.hashes, (50, 115), size=8.5)
