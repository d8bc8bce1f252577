"""Lines and tables of a DOCX for officers: A4, one serif, tables with borders, lines to be filled in by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

TEXT_MM = 165
"""Width of the text: 210 less margins of 30 and 15."""

_SHORT = 16


def line(document: Any, text: str, *, bold: bool = False, size: float | None = None, centre: bool = False) -> Any:
    """Add a paragraph to a document or a cell, and return it."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.bold = bold
    if size is not None:
        run.font.size = Pt(size)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.JUSTIFY
    return paragraph


def heading(document: Any, number: str, text: str) -> None:
    """A heading, never the last line of a page."""
    from docx.shared import Pt

    paragraph = line(document, f"{number}. {text}", bold=True)
    paragraph.paragraph_format.space_before = Pt(10)
    paragraph.paragraph_format.keep_with_next = True


def dotted(document: Any, name: str) -> Any:
    """A line to be filled in by hand, dotted to the right margin."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
    from docx.shared import Mm

    paragraph = line(document, f"{name}\t")
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_MM), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    return paragraph


def drop(paragraph: Any) -> None:
    """Take a paragraph out."""
    paragraph._p.getparent().remove(paragraph._p)


def rule_below(paragraph: Any, indent: Any) -> None:
    """Draw a line below a paragraph, shorter by ``indent`` at both ends."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = indent
    border, below = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        below.set(qn(f"w:{name}"), value)
    border.append(below)
    paragraph._p.get_or_add_pPr().insert_element_before(
        border, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def table(
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

    made = document.add_table(rows=0, cols=len(widths_mm))
    made.style = "Table Grid"
    made.autofit = False
    for column, width in zip(made.columns, widths_mm, strict=True):
        column.width = Mm(width)
    lines = [headings, *rows] if headings else list(rows)
    for at, texts in enumerate(lines):
        head = bool(headings) and at == 0
        cells = made.add_row().cells
        for column, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            _fill(cell, text, widths_mm[column], size)
            strong = head or (total and at == len(lines) - 1) or (not headings and column == 0)
            cell.paragraphs[0].runs[0].bold = strong
            _align(cell, "centre" if head else "right" if column in numbers else "left")
            # A short table stays on one page.
            cell.paragraphs[0].paragraph_format.keep_with_next = len(lines) <= _SHORT and at < len(lines) - 1
    if headings:
        _repeat_head(made.rows[0])
    keep_rows_whole(made)
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


def keep_rows_whole(table: Any) -> None:
    """Never break a row between two pages."""
    from docx.oxml import OxmlElement

    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
