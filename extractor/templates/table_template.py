"""The layout of a tabular page, as ``template.yaml`` describes it (``layout: table``)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EdgeSpec(_Part):
    """A vertical ruling between columns, or the table's outer frame.

    Args:
        at: place as a share of the table's width, 0 for the first edge and 1 for the last.
        below: how far below the table's top it begins, in table widths; 0 for a ruling as long as the table.
    """

    at: float = Field(ge=0.0, le=1.0)
    below: float = Field(default=0.0, ge=0.0, le=1.0)


class ColumnSpec(_Part):
    """What stands between two neighbouring edges.

    Args:
        field: field code of the form's schema, or empty for a column that is not read.
        headings: words printed in the column's heading.
    """

    field: str = ""
    headings: tuple[str, ...] = ()


class HeaderSpec(_Part):
    """The printed head of the table; lengths in table widths, measured down from the table's top line.

    Args:
        height: from the top line to the line below the headings.
        tolerance: how much the height may differ between print runs.
        heading_band: band below the head in which a printed line belongs to no record (a month's or year's heading).
    """

    height: float = Field(gt=0.0, le=1.0)
    tolerance: float = Field(default=0.03, gt=0.0, le=0.2)
    heading_band: float = Field(default=0.0, ge=0.0, le=0.5)


class RowsSpec(_Part):
    """How one entry of the table is told from the next where nothing is ruled between them.

    Args:
        starts: field code -> how surely writing in that column begins an entry, 0 to 1; the scores of the columns that
            begin on one line add up.
        threshold: sum from which an entry begins.
        body: field code of the column that holds the entry's running text.
        line_height: usual distance of text lines, in table widths.
    """

    starts: dict[str, float]
    threshold: float = Field(default=1.0, gt=0.0)
    body: str
    line_height: float = Field(default=0.03, gt=0.0, le=0.2)


class GateSpec(_Part):
    """When a registration is good enough to cut fields from the page.

    Args:
        tolerance: greatest distance of a ruling from its place, in table widths.
        residual: greatest median distance, in table widths.
        coverage: least share of the template's anchors that must be found.
        strangers: greatest sum of long rulings inside the table that the template does not know.
    """

    tolerance: float = Field(default=0.03, gt=0.0, le=0.1)
    residual: float = Field(default=0.015, gt=0.0, le=0.1)
    coverage: float = Field(default=0.7, gt=0.0, le=1.0)
    strangers: float = Field(default=1.5, ge=0.0)


class TableTemplate(_Part):
    """A tabular page: vertical edges, columns between them, a printed head, entries one below the other.

    Args:
        version: changes whenever the same page could be cut differently.
        drawn_on: the page the measures were taken from.
        edges: the rulings between columns, left to right, one more than there are columns.
        ignored: rulings inside columns that may or may not be printed, as shares of the width.
    """

    layout: Literal["table"]
    version: str
    drawn_on: str
    edges: tuple[EdgeSpec, ...] = Field(min_length=3)
    ignored: tuple[float, ...] = ()
    columns: tuple[ColumnSpec, ...] = Field(min_length=2)
    header: HeaderSpec
    rows: RowsSpec
    gate: GateSpec = GateSpec()

    @model_validator(mode="after")
    def _fits_together(self) -> TableTemplate:
        places = [edge.at for edge in self.edges]
        if places[0] != 0.0 or places[-1] != 1.0 or any(b <= a for a, b in pairwise(places)):
            raise ValueError("'edges' must rise from 0 to 1")
        if len(self.columns) != len(self.edges) - 1:
            raise ValueError(f"{len(self.edges)} edges enclose {len(self.edges) - 1} columns, not {len(self.columns)}")
        fields = [column.field for column in self.columns if column.field]
        if len(set(fields)) != len(fields):
            raise ValueError("a field may stand in one column only")
        unknown = sorted({self.rows.body, *self.rows.starts} - set(fields))
        if unknown:
            raise ValueError(f"'rows' names fields without a column: {', '.join(unknown)}")
        return self
