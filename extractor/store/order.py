"""The order of records in the store, and which of them stand."""

from __future__ import annotations

from typing import TypeVarTuple

from sqlalchemy import Select

from extractor.store.tables import FileRow, PageRow, RecordRow

PLACE = (FileRow.sort_key, FileRow.path, PageRow.page, RecordRow.number)
"""The order of records: file as people count, page, record."""

_Columns = TypeVarTuple("_Columns")


def current_records(wanted: Select[*_Columns]) -> Select[*_Columns]:
    """Records that stand, with their page and file joined."""
    return (
        wanted.select_from(RecordRow)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(RecordRow.retired_at.is_(None), PageRow.superseded_at.is_(None))
    )
