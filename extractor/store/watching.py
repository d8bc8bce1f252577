"""Tell somebody of what is written into the history and of errors of the database, without their contents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from extractor.store.tables import DecisionRow

_WRITTEN = "extractor_written"


def watch(engine: Engine, wrote: Callable[[str], None], failed: Callable[[str], None]) -> None:
    """Call back for every row of the history that this process commits, and for every error of its database.

    Args:
        engine: its options are of no account: all engines with its pool are watched.
        wrote: gets the row's action, once its transaction is through.
        failed: gets the name of the error's class.
    """

    def inserted(_mapper: Any, connection: Connection, row: DecisionRow) -> None:
        if connection.engine.pool is engine.pool:
            connection.info.setdefault(_WRITTEN, []).append(row.action)

    def committed(connection: Connection) -> None:
        for action in connection.info.pop(_WRITTEN, ()):
            wrote(action)

    def rolled_back(connection: Connection) -> None:
        connection.info.pop(_WRITTEN, None)

    def erred(context: ExceptionContext) -> None:
        failed(type(context.original_exception).__name__)

    event.listen(DecisionRow, "after_insert", inserted)
    event.listen(engine, "commit", committed)
    event.listen(engine, "rollback", rolled_back)
    event.listen(engine, "handle_error", erred)
