"""What the designer holds of a form: things with numbers of their own, laxer than a form, so that half-done work fits.

Lengths are those of the template: millimetres for labels, shares of the table's width for tables.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Words = Annotated[str, Field(max_length=300)]
Name = Annotated[str, Field(max_length=80)]
Number = Annotated[float, Field(ge=-5000, le=5000, allow_inf_nan=False)]
Ident = Annotated[str, Field(pattern=r"^[a-z]\d{1,6}$")]
Wordings = Annotated[list[Words], Field(max_length=60)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DesignHead(_Part):
    """What a form is; see :class:`extractor.templates.form.FormSchema`. ``version`` is without the files' hash."""

    form: Name
    version: Name = "1"
    role: Name = "records"
    register_code: Name = ""
    title: Words = ""
    title_en: Words = ""
    profile: Name = ""
    source: Annotated[str, Field(max_length=2000)] = ""
    unverified: Annotated[str, Field(max_length=2000)] = ""
    rows: bool = False
    language: Name = "vi"


class DesignOption(_Part):
    """One tick box of a choice."""

    label: Words = ""
    value: Name | None = None


class DesignField(_Part):
    """One field; see :class:`extractor.templates.form.FieldSpec`."""

    id: Ident
    code: Name = ""
    label: Words = ""
    kind: Name = "text"
    reader: Name = "auto"
    columns: Annotated[list[Name], Field(max_length=12)] = []
    required: bool = False
    multiline: bool = False
    parts: Annotated[list[Name], Field(max_length=6)] = []
    words_of: Name = ""
    options: Annotated[list[DesignOption], Field(max_length=40)] = []


class DesignCell(_Part):
    """One value of a row of a small table; ``field`` is a field's code."""

    field: Name
    left: Number
    right: Number


class DesignPlace(_Part):
    """One printed label, see :class:`extractor.templates.label_template.Label`; ``field`` is a field's code.

    Args:
        block: ``id`` of the block it stands in.
        y: its baseline.
    """

    id: Ident
    block: Ident
    x: Number
    y: Number
    text: Words = ""
    also: Wordings = []
    field: Name | None = None
    part: Name | None = None
    option: Words | None = None
    value: Name = "right"
    wraps: Annotated[int, Field(ge=0, le=20)] = 0
    cells: Annotated[list[DesignCell], Field(max_length=12)] = []
    optional: bool = False


class DesignTick(_Part):
    """Where tick boxes stand, see :class:`extractor.templates.label_template.TickPlace`."""

    dx: Number = -5.0
    dy: Number = -1.5
    size: Number = 4.0


class DesignBlock(_Part):
    """Lines between the same margins, see :class:`extractor.templates.label_template.Block`."""

    id: Ident
    name: Name
    left: Number
    right: Number
    bottom: Number
    tick: DesignTick = DesignTick()


class DesignRepeat(_Part):
    """Several records on a page."""

    count: Annotated[int, Field(ge=1, le=20)] = 2
    dx: Number = 0.0
    dy: Number = 0.0


class LabelSheet(_Part):
    """A form page with printed labels."""

    width: Number
    height: Number
    pitch: Number = 8.0
    tells: Wordings = []
    denies: Wordings = []
    repeat: DesignRepeat | None = None
    blocks: Annotated[list[DesignBlock], Field(max_length=40)] = []
    places: Annotated[list[DesignPlace], Field(max_length=400)] = []


class DesignEdge(_Part):
    """A ruling between columns, see :class:`extractor.templates.table_template.EdgeSpec`."""

    at: Number
    below: Number = 0.0


class DesignColumn(_Part):
    """A column; ``field`` is a field's code, or empty."""

    id: Ident
    field: Name = ""
    headings: Wordings = []


class TableSheet(_Part):
    """A ruled table. What the designer does not draw (``rest``) goes through it unchanged."""

    edges: Annotated[list[DesignEdge], Field(max_length=80)]
    columns: Annotated[list[DesignColumn], Field(max_length=80)]
    height: Number
    rest: dict[str, Any] = {}


class Design(_Part):
    """A form on the drawing board: ``sheet`` or ``table`` says where its fields lie."""

    head: DesignHead
    fields: Annotated[list[DesignField], Field(max_length=300)]
    sheet: LabelSheet | None = None
    table: TableSheet | None = None
