"""Why a file, or a job, is not taken."""

from __future__ import annotations

from extractor.errors import ExtractorError


class UploadError(ExtractorError):
    """A file that is not taken, or not as it was sent.

    Args:
        kind: short code of the cause: ``bad-name``, ``limit``, ``no-space``, ``busy``, ``wrong-offset``, ``too-long``,
            ``wrong-hash``, ``complete``, ``gone``, or an :class:`~extractor.errors.InputError`'s reason with hyphens.
        offset: bytes that have arrived, where the next piece has to begin; none where that does not matter.
    """

    def __init__(self, kind: str, message: str, *, mend: str = "", offset: int | None = None) -> None:
        super().__init__(message, mend=mend)
        self.kind = kind
        self.offset = offset


class QueueFullError(ExtractorError):
    """So many jobs wait for an output folder that no more are taken."""
