"""Opaque marks for going on with a list; they hold numbers only, because they stand in addresses."""

from __future__ import annotations

import base64
import re

from extractor.api.problems import ApiError

MOST = 200
USUAL = 50
_MARK = re.compile(r"([a-z]):([0-9]{1,19}|[0-9a-f]{32})")


def make_cursor(kind: str, last: int | str) -> str:
    """The mark for going on after ``last`` in a list of that kind (one small letter)."""
    return base64.urlsafe_b64encode(f"{kind}:{last}".encode()).decode().rstrip("=")


def read_number(kind: str, cursor: str | None) -> int:
    """The number a list goes on after; 0 at its beginning."""
    last = _read(kind, cursor)
    if not last:
        return 0
    if not last.isdigit() or int(last) >= 2**63:
        raise _wrong()
    return int(last)


def read_id(kind: str, cursor: str | None) -> str:
    """The identity a list goes on after; empty at its beginning."""
    last = _read(kind, cursor)
    if last and len(last) != 32:
        raise _wrong()
    return last


def _read(kind: str, cursor: str | None) -> str:
    if not cursor:
        return ""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        raise _wrong() from None
    match = _MARK.fullmatch(text)
    if match is None or match.group(1) != kind:
        raise _wrong()
    return match.group(2)


def _wrong() -> ApiError:
    return ApiError(
        404, "no-cursor", "The list cannot go on from there.", mend="Give what 'next' of the page before said."
    )
