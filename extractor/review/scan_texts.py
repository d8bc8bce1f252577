"""Why files, pages and jobs were refused, in the words of an office."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.errors import InputError
from extractor.jobs import UploadError
from extractor.review.texts import text, texts
from extractor.scans import Limits

_GIBI = 1024**3


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong, and what can be done about it; the mend may be empty."""

    why: str
    mend: str


def explain(language: str, kind: str) -> Reason:
    """The reason of that code, ``wrong-kind`` or ``wrong_kind``; a general one where the code is not known."""
    code = kind.replace("-", "_")
    code = code if f"scan_why_{code}" in texts(language) else "other"
    limits = Limits()
    filled = {"file": limits.file_bytes // _GIBI, "archive": limits.zip_total_bytes // _GIBI, "pages": limits.pages}
    return Reason(*(text(language, f"scan_{part}_{code}", **filled) for part in ("why", "mend")))


def kind_of(error: UploadError | InputError) -> str:
    """The code of an error."""
    return error.kind if isinstance(error, UploadError) else error.reason
