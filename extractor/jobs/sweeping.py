"""Gives up files that never became whole."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path

from extractor.errors import NotStoredError
from extractor.jobs.errors import UploadError
from extractor.jobs.files import UploadFolder
from extractor.scans import Limits
from extractor.store import Store, Upload, Uploads, UploadState

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
"""How long a file may take to arrive."""
_EVERY = 3600.0
"""Seconds between looks."""


def forget_unfinished(uploads: Uploads, folder: UploadFolder, now: datetime) -> int:
    """Give up files that were announced a week ago and never became whole; returns how many."""
    return sum(_forget(uploads, folder, upload) for upload in uploads.unfinished_before(now - KEPT))


def _forget(uploads: Uploads, folder: UploadFolder, upload: Upload) -> bool:
    try:
        with folder.holding(upload.id):
            if uploads.get(upload.id, upload.client).state is not UploadState.RECEIVING:
                return False  # its last piece came just now
            folder.drop(upload.id)
            uploads.remove(upload.id)
    except (UploadError, NotStoredError):
        return False  # it is being sent, or another server was faster
    return True


class Sweeper:
    """Does so once an hour, for a server that runs for months."""

    def __init__(self, store: Store, out: Path) -> None:
        self._store = store
        self._uploads = Uploads(store)
        self._folder = UploadFolder(out, Limits())
        self._due = 0.0

    def sweep(self) -> None:
        """Look, if it is time; what fails is told to the log and tried again an hour later."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _EVERY
        try:
            forget_unfinished(self._uploads, self._folder, self._store.now())
        except Exception as error:  # the queue must not end with it
            log.error("uploads that never became whole: %s", type(error).__name__)
