"""The rules along a book, applied again once somebody has to rely on them."""

from __future__ import annotations

from threading import Lock

from extractor.review.labels import Labels
from extractor.rules import along_book_again
from extractor.store import Store
from extractor.store.listing import Listing


class BookRules:
    """Applies the rules along a book again when somebody looks who approves it. Safe to share between threads.

    After an answer only the rules of its own record are: those along the book look at all of it.
    """

    def __init__(self, store: Store, labels: Labels) -> None:
        self._store, self._labels = store, labels
        self._applied: dict[int, str] = {}
        self._lock = Lock()

    def apply(self, book_id: int, digest: str) -> None:
        """Bring a book's warnings up to date, unless that was done since it last changed.

        Args:
            digest: of what the book holds now.
        """
        with self._lock:
            if self._applied.get(book_id) == digest:
                return
            key = Listing(self._store).book_keys()[book_id]
            before = list(self._store.records(book_id))
            after = along_book_again(before, self._labels.schemas, key)
            changed = {new.key: new.warnings for old, new in zip(before, after, strict=True) if new != old}
            self._store.replace_warnings(changed)
            self._applied[book_id] = digest
