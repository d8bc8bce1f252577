"""Which page was under way when a process ended: the next time it is read in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from extractor.errors import StoreError
from extractor.scans import PageRef

MARKS = ".under-way"
"""Name of the file in the output folder: a line a page, with the hash of its scan and its number."""
_MARK = re.compile(rb"[0-9a-f]{64} [0-9]{1,9}")
_MOST = 1024 * 1024
"""Bytes of the file that are read; a page takes some seventy."""


class CrashMarks:
    """Pages that are under way in this process, or were when one ended; for one run at a time.

    A kill or a power cut leaves a mark, too; such a page is then read apart once and forgotten.

    Args:
        out: output folder of the run.
    """

    def __init__(self, out: Path) -> None:
        self._file = out / MARKS
        self._left: set[str] = set()
        with suppress(OSError):
            if self._file.is_file():  # a pipe would be waited for
                with self._file.open("rb") as file:
                    # What else somebody left in the file is not kept: it could neither be meant nor written again.
                    self._left = {line.decode() for line in file.read(_MOST).splitlines() if _MARK.fullmatch(line)}

    def was_left(self, ref: PageRef) -> bool:
        """Whether a process ended while it read this page."""
        return _line(ref) in self._left

    def forget(self, ref: PageRef) -> None:
        """The page was read and nothing ended."""
        self._left.discard(_line(ref))
        self._write(self._left)

    @contextmanager
    def under_way(self, ref: PageRef) -> Iterator[None]:
        """Leave a mark for as long as the page is read.

        Raises:
            StoreError: the output folder cannot be written.
        """
        self._write({*self._left, _line(ref)})
        try:
            yield
        finally:
            self._write(self._left)

    def _write(self, lines: set[str]) -> None:
        try:
            if lines:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="ascii")
            else:
                self._file.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self._file.parent}: cannot be written ({error.strerror}).", mend="Check rights and free space."
            ) from None


def _line(ref: PageRef) -> str:
    return f"{ref.source.sha256} {ref.page}"
