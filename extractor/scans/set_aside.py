"""What was set aside, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from extractor.errors import InputError


@dataclass(frozen=True, slots=True)
class SetAside:
    """An input, or one page of it, that cannot be used.

    Args:
        file: the input as named in records; an archive member is ``archive.zip/member.pdf``.
        reason: code of the cause, such as ``truncated`` (see :class:`extractor.errors.InputError`).
        message: what is wrong, for people, without the file's name.
        mend: what can be done about it, or empty.
        page: page number from 1, or none where the whole file is set aside.
    """

    file: str
    reason: str
    message: str
    mend: str = ""
    page: int | None = None

    @classmethod
    def of(cls, error: InputError, page: int | None = None) -> SetAside:
        """Turn an error into a report."""
        return cls(error.file, error.reason, error.detail, error.mend, page)


OnSetAside = Callable[[SetAside], None]
"""Is told of everything set aside."""
