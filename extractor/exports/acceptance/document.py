"""The record of acceptance (biên bản nghiệm thu) as DOCX, with places for signatures left blank."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.acceptance.record import AcceptanceRecord
from extractor.exports.acceptance.words import count, fault_text, interval, rate_text, texts

if TYPE_CHECKING:
    from docx.document import Document

_FONT = "Times New Roman"
_MADE = datetime(2000, 1, 1)  # stated in the file in place of the present
_LEFT_MM, _RIGHT_MM, _EDGE_MM = 30, 15, 20
_TEXT_MM = 210 - _LEFT_MM - _RIGHT_MM
_SHORT = 16


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
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _line(document: Any, text: str, *, bold: bool = False, size: float | None = None, centre: bool = False) -> Any:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.bold = bold
    if size is not None:
        run.font.size = Pt(size)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.JUSTIFY
    return paragraph


def _heading(document: Any, number: str, text: str) -> None:
    from docx.shared import Pt

    paragraph = _line(document, f"{number}. {text}", bold=True)
    paragraph.paragraph_format.space_before = Pt(10)
    paragraph.paragraph_format.keep_with_next = True


def _head(document: Any) -> None:
    words = texts()["report"]
    from docx.shared import Pt

    state = _line(document, words["state"], bold=True, size=13, centre=True)
    state.paragraph_format.space_after = Pt(0)
    _underlined(_line(document, words["motto"], bold=True, size=14, centre=True))
    place = _line(document, words["place_date"], centre=True)
    place.runs[0].italic = True
    place.paragraph_format.space_before = Pt(6)
    title = _line(document, words["title"], bold=True, size=16, centre=True)
    title.paragraph_format.space_before = Pt(14)
    title.paragraph_format.space_after = Pt(0)
    _line(document, words["subtitle"], bold=True, centre=True).paragraph_format.space_after = Pt(0)
    _line(document, words["number"], centre=True)


def _underlined(paragraph: Any) -> None:
    paragraph.runs[0].underline = True


def _parties(document: Any) -> None:
    words = texts()["report"]
    _heading(document, "I", words["parties"])
    for party in ("party_a", "party_b"):
        _line(document, words[party], bold=True)
        for name in words["party_lines"]:
            _dotted(document, name)


def _dotted(document: Any, name: str) -> None:
    """A line to be filled in by hand, dotted to the right margin."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
    from docx.shared import Mm

    paragraph = _line(document, f"{name}\t")
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(_TEXT_MM), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _handed_over(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    _heading(document, "II", words["handed_over"])
    _line(document, words["handed_over_intro"])
    widths = (12, 30, 38, 16, 14, 18, 18, 19)
    _table(document, words["books_columns"], record.book_rows, widths, total=True, numbers=(3, 4, 5, 6))
    _line(document, words["counts_ok" if record.counted.ok else "counts_bad"], bold=not record.counted.ok)
    for fault in record.counted.faults:
        _line(document, f"– {fault_text(fault)}")
    _line(document, words["pages"].format(pages=count(record.pages), problems=count(record.problems)))


def _sample(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    _heading(document, "III", words["sampling"])
    if record.outcome is None:
        _line(document, words["no_sample"])
        return
    _line(document, words["sampling_intro"])
    _table(document, (), record.plan_lines, (62, 103))
    _heading(document, "IV", words["result"])
    rows = [
        [name, count(rate.inspected), count(rate.errors), rate_text(rate), interval(rate)]
        for name, rate in record.rates
    ]
    _table(document, words["result_columns"], rows, (48, 26, 18, 22, 51), numbers=(1, 2, 3))
    for note in record.notes:
        _line(document, note, size=12)


def _earlier(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    if record.earlier_rows:
        _line(document, words["earlier"], bold=True).paragraph_format.keep_with_next = True
        _table(document, words["earlier_columns"], record.earlier_rows, (14, 26, 45, 26, 18, 36), numbers=(3, 4))


def _wrong(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    if record.outcome is None:
        return
    if not record.outcome.fields.inspected:
        return
    _heading(document, "V", words["wrong"])
    if record.wrong_rows:
        _table(document, words["wrong_columns"], record.wrong_rows, (12, 27, 45, 38, 43))
    else:
        _line(document, words["wrong_none"])


def _conclusion(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    _heading(document, _number_of_conclusion(record), words["conclusion"])
    for sentence in record.conclusion:
        _line(document, sentence, bold=True).paragraph_format.keep_with_next = True
    _dotted(document, words["opinion"])
    _dotted(document, "")
    _line(document, words["closing"])


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
        cell.width = Mm(_TEXT_MM / 3)
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        cell.paragraphs[0].paragraph_format.space_before = Pt(8)
        run = cell.paragraphs[0].add_run(words[who])
        run.bold, run.font.size = True, Pt(12)
        below = cell.add_paragraph()
        below.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = below.add_run(words[how])
        run.italic, run.font.size = True, Pt(11)
        below.paragraph_format.space_after = Pt(72)
    _keep_rows_whole(table)


def _hashes(document: Any, record: AcceptanceRecord) -> None:
    words = texts()["report"]
    document.add_page_break()
    _line(document, words["hashes"], bold=True)
    _table(document, words["hash_columns"], record.hashes, (65, 100), size=9)


def _table(
    document: Any,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths_mm: Sequence[float],
    *,
    total: bool = False,
    numbers: Sequence[int] = (),
    size: float = 11,
) -> None:
    """A table with borders; ``numbers`` are columns set to the right, and the last row is a sum where ``total``."""
    from docx.shared import Mm

    table = document.add_table(rows=0, cols=len(widths_mm))
    table.style = "Table Grid"
    table.autofit = False
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)
    lines = [headings, *rows] if headings else list(rows)
    for at, line in enumerate(lines):
        head = bool(headings) and at == 0
        cells = table.add_row().cells
        for column, (cell, text) in enumerate(zip(cells, line, strict=True)):
            _fill(cell, text, widths_mm[column], size)
            strong = head or (total and at == len(lines) - 1) or (not headings and column == 0)
            cell.paragraphs[0].runs[0].bold = strong
            _align(cell, "centre" if head else "right" if column in numbers else "left")
            # A short table stays on one page.
            cell.paragraphs[0].paragraph_format.keep_with_next = len(lines) <= _SHORT and at < len(lines) - 1
    if headings:
        _repeat_head(table.rows[0])
    _keep_rows_whole(table)
    document.add_paragraph().paragraph_format.line_spacing = 0.6


def _fill(cell: Any, text: str, width_mm: float, size: float) -> None:
    from docx.shared import Mm, Pt

    cell.width = Mm(width_mm)
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.paragraph_format.line_spacing = 1.0
    paragraph.add_run(text).font.size = Pt(size)


def _align(cell: Any, how: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    ways = {
        "centre": WD_ALIGN_PARAGRAPH.CENTER,
        "right": WD_ALIGN_PARAGRAPH.RIGHT,
        "left": WD_ALIGN_PARAGRAPH.LEFT,
    }
    cell.paragraphs[0].alignment = ways[how]


def _repeat_head(row: Any) -> None:
    """Show the head of the table again on each page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _keep_rows_whole(table: Any) -> None:
    """Never break a row between two pages."""
    from docx.oxml import OxmlElement

    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
