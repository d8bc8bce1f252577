"""The database in which records and persons are compared: DuckDB in a file of its own, with bounded memory."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb

from extractor.errors import ExportError
from extractor.exports.reconciliation.names import common_share, name_forms
from extractor.exports.reconciliation.places import place_forms
from extractor.file_locks import lock as lock_file
from extractor.vietnamese.lists import ethnic_groups, sexes
from extractor.vietnamese.text import single_spaces


@dataclass(frozen=True, slots=True)
class Limits:
    """What DuckDB may use: memory as DuckDB writes it, and threads."""

    memory: str = "2GB"
    threads: int = 2


@lru_cache(maxsize=4096)
def sex_code(text: str) -> str:
    """``1``, ``2`` or ``3``; empty where the text names no sex."""
    text = single_spaces(text)
    return text if text in ("1", "2", "3") else (sexes().find(text) or "")


@lru_cache(maxsize=4096)
def ethnic_key(text: str) -> str:
    """Official name of the ethnic group, or the text in lower case where it is none."""
    text = single_spaces(text)
    return ethnic_groups().find(text) or text.casefold()


def literal(path: Path) -> str:
    """A path for DuckDB's readers, which take some signs for patterns."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second reconciliation out of a folder while one is at work.

    Raises:
        ExportError: one is at work there.
    """
    with (folder / ".lock").open("w") as file:
        try:
            lock_file(file, wait=False)
        except OSError:
            raise ExportError(
                f"{folder}: another reconciliation is at work here.", mend="Wait until it has ended and start again."
            ) from None
        yield


@contextmanager
def working_database(folder: Path, limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A fresh database in ``folder``, which is emptied before and after: it holds personal data.

    Raises:
        ExportError: it cannot be made, or needs more memory or space than there is.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        connection = duckdb.connect(str(folder / "work.duckdb"))
        try:
            connection.execute(f"SET memory_limit = '{limits.memory}'")
            connection.execute(f"SET threads = {int(limits.threads)}")
            connection.execute(f"SET temp_directory = '{(folder / 'spill').as_posix().replace(chr(39), chr(39) * 2)}'")
            for function in (name_forms, place_forms, sex_code, ethnic_key):
                connection.create_function(function.__name__, function, ["VARCHAR"], "VARCHAR")
            connection.create_function("common_share", common_share, ["VARCHAR"], "DOUBLE")
            yield connection
        finally:
            connection.close()
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise ExportError(
            f"The comparison needs more memory or disk space than it may use ({type(error).__name__}).",
            mend="Free space on the disk of the output folder, or allow more with --memory.",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
