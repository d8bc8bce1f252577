"""Scans that lie elsewhere, on their way into a run: a few are brought ahead, and go when their pages are done."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import monotonic

from extractor.batch.sources import KnownSource, Names, load_sources
from extractor.errors import InputError
from extractor.remote import ScanCache
from extractor.scans import Limits, PageRef, SetAside, SourceFile, page_refs
from extractor.scans.distant import fetch
from extractor.scans.inputs import Found, open_input, set_aside_of
from extractor.scans.kinds import FileKind

AHEAD = 4
"""Objects that are on their way or wait here while the pages of another are given out."""
_THREADS = 2
_NOTED_EVERY = 5.0
"""Seconds after which the list of sources, which grows with the bucket, is written again."""

_Coming = Future[Found | None] | list[SourceFile]
"""An object on its way here; or, without it, what is known of one whose pages are all read."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a run says of its pages: how they are read, and which are done already.

    Args:
        prepared: pages with all that is known of them.
        is_done: whether a page was read as it would be read now.
    """

    prepared: Callable[[Iterable[PageRef]], list[PageRef]]
    is_done: Callable[[PageRef], bool]
    limits: Limits
    render_dpi: int


class Arriving:
    """Objects that wait, are on their way, and whose pages are being read.

    Args:
        items: the objects with their names in the records.
        out: output folder.
        names: which names are taken.
        on_set_aside: is told of what cannot be used.
        note: writes sources down, with the URLs of those of which something was set aside.
    """

    def __init__(
        self,
        items: Sequence[tuple[Found, str]],
        cache: ScanCache,
        course: Course,
        *,
        names: Names,
        out: Path,
        on_set_aside: Callable[[SetAside], None],
        note: Callable[[Sequence[SourceFile], set[str]], object],
    ) -> None:
        self._items, self._cache, self._course, self._names = items, cache, course, names
        self._on_set_aside, self._note = on_set_aside, note
        self._known = _by_url(load_sources(out).values())
        self._unnoted: list[SourceFile] = []
        self._partly: set[str] = set()
        self._noted = monotonic()
        self.pages = 0
        """Pages of the objects looked at so far."""
        self.done = 0
        """Those of them that an earlier run has read."""
        self.waiting = len(items)
        """Objects not looked at yet."""

    def todo(self) -> Iterator[PageRef]:
        """The pages that are to be read, object by object; what is not asked for does not come."""
        waiting = iter(self._items)
        coming: deque[tuple[Found, str, _Coming]] = deque()
        carriers = _Carriers()
        try:
            while True:
                while len(coming) < AHEAD and (following := next(waiting, None)):
                    coming.append((*following, self._begun(*following, carriers)))
                if not coming:
                    break
                yield from self._looked_at(*coming.popleft())
        finally:
            carriers.leave()
            self.write_down()

    def settled(self, ref: PageRef) -> None:
        """A page is done with; when all of a file are, it may go."""
        if ref.source.origin:
            self._cache.let_go(ref.source.path)

    def write_down(self) -> None:
        """Note the sources that are not noted yet."""
        if self._unnoted:
            self._note(self._unnoted, self._partly)
            self._unnoted = []
        self._noted = monotonic()

    def _begun(self, item: Found, file: str, carriers: _Carriers) -> _Coming:
        """Have an object brought here; its sources where all their pages are known to be read."""
        if known := self._all_read(item, file):
            return known
        self._cache.hold(item.path)
        return carriers.submit(partial(fetch, item, file, self._cache, self._course.limits))

    def _looked_at(self, item: Found, file: str, coming: _Coming) -> Iterator[PageRef]:
        self.waiting -= 1
        url = str(item.origin.address) if item.origin else ""

        def report(error: InputError) -> None:
            self._partly.add(url)
            set_aside_of(error, self._on_set_aside)

        sources: list[SourceFile] = []
        if isinstance(coming, list):
            sources = coming
        else:
            try:
                here = coming.result()
                sources = list(open_input(here, file, self._course.limits, report)) if here else []
            except InputError as error:
                report(error)
        usable = self._names.usable(sources)
        refs = self._refs(usable)
        todo = [ref for ref in refs if not self._course.is_done(ref)]
        self.pages += len(refs)
        self.done += len(refs) - len(todo)
        self._unnoted += usable
        if monotonic() - self._noted > _NOTED_EVERY:
            self.write_down()
        for ref in todo:
            self._cache.hold(ref.source.path)
        if not isinstance(coming, list):
            self._cache.let_go(item.path)
        yield from todo

    def _refs(self, sources: Iterable[SourceFile]) -> list[PageRef]:
        course = self._course
        return course.prepared(
            ref for source in sources for ref in page_refs(source, course.limits, render_dpi=course.render_dpi)
        )

    def _all_read(self, item: Found, file: str) -> list[SourceFile]:
        """The sources of an object that has not changed and of which all is read; nothing where it has to be opened."""
        known = self._known.get(str(item.origin.address) if item.origin else "", [])
        if not known or any(
            one.origin != item.origin or not one.whole or not (one.file == file or one.file.startswith(f"{file}/"))
            for one in known
        ):
            return []
        sources = [
            SourceFile(
                item.path, one.member, one.file, FileKind(one.kind), one.pages, one.sha256, (0, 0), one.named, one.name,
                item.origin,
            )
            for one in known
        ]  # fmt: skip
        return sources if all(self._course.is_done(ref) for ref in self._refs(sources)) else []


class _Carriers:
    """Threads that bring objects. Nobody waits for them: a server that does not answer would hold up a stopped run."""

    def __init__(self) -> None:
        self._orders: SimpleQueue[tuple[Future[Found | None], Callable[[], Found | None]] | None] = SimpleQueue()
        self._left = False
        for number in range(_THREADS):
            Thread(target=self._carry, name=f"arriving-{number}", daemon=True).start()

    def submit(self, bring: Callable[[], Found | None]) -> Future[Found | None]:
        """Have something brought when a thread is free."""
        future: Future[Found | None] = Future()
        self._orders.put((future, bring))
        return future

    def leave(self) -> None:
        """Begin nothing more."""
        self._left = True
        for _ in range(_THREADS):
            self._orders.put(None)

    def _carry(self) -> None:
        while (order := self._orders.get()) and not self._left:
            future, bring = order
            try:
                future.set_result(bring())
            except BaseException as error:
                future.set_exception(error)


def _by_url(known: Iterable[KnownSource]) -> dict[str, list[KnownSource]]:
    found: defaultdict[str, list[KnownSource]] = defaultdict(list)
    for one in known:
        if one.origin and one.origin.version:
            found[str(one.origin.address)].append(one)
    return dict(found)
