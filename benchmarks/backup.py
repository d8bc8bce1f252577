"""How long backups take, what they need on the disk, and what people notice while one is taken.

    python benchmarks/backup.py --pages 1000

An invented book of so many pages with 25 fields each; a tenth of the fields decided by a person, each page with a
picture of random bytes. The peer is the usual way: SQLite's own online copy and all files copied again every time.
Seconds are of the clock, and of the processor in brackets; the clock depends on what else the machine does. Answers are
given in one process while another takes a backup.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from extractor.backup.checking import check_backup
from extractor.backup.making import make_backup
from extractor.backup.place import Place
from extractor.backup.restoring import restore_backup
from extractor.batch.storage import DATABASE, open_store
from extractor.records import BookKey, Box, Candidate, Decision, FieldValue, Record, Registration
from extractor.store import PageResult, QueueEmpty, Store

FIELDS = 25
_COMMAND = (sys.executable, "-c", "from extractor.cli import main; main()")
BOOK = BookKey(register="KS", year="2017", number="01", agency="UBND xã Đồng Thử")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--picture-kb", type=int, default=200)
    parser.add_argument("--alone", type=float, default=3.0, help="seconds of answering with nothing else going on")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="extractor-backup-") as name:
        work = Path(name)
        out = work / "out"
        with open_store(_folder(out)) as store:
            fill(store, out, asked.pages, asked.picture_kb, Random(asked.seed))
            measure(store, out, work, asked.alone)


def fill(store: Store, out: Path, pages: int, picture_kb: int, random: Random) -> None:
    """An invented book, a tenth of its fields decided."""
    for page in range(1, pages + 1):
        (out / "pages" / f"{page:05d}.jpg").write_bytes(random.randbytes(picture_kb * 1024))
        store.save_page(_page(page, random))
    for _ in range(pages * FIELDS // 10):
        answer(store)


def measure(store: Store, out: Path, work: Path, alone_seconds: float) -> None:
    """Print what each step takes."""
    backups, picture = work / "backups", out / "pages" / "00001.jpg"
    rows = [timed("first backup", lambda: make_backup(store, out, backups, with_key=True), backups)]
    picture.write_bytes(os.urandom(200 * 1024))
    rows.append(
        timed("the next one, one picture changed", lambda: make_backup(store, out, backups, with_key=True), backups)
    )
    rows.append(timed("usual way: online copy, all files", lambda: usual(out, work / "usual-1"), work / "usual-1"))
    rows.append(timed("usual way, the next one", lambda: usual(out, work / "usual-2"), work / "usual-2"))
    place = Place.existing(backups)
    rows.append(timed("verify", lambda: check_backup(place), None))
    rows.append(timed("restore", lambda: restore_backup(place, work / "new"), None))
    print(f"{'':36}{'seconds (processor)':>22}{'MB more':>10}")
    for label, clock, processor, more in rows:
        print(f"{label:36}{clock:14.1f} ({processor:.1f}){'' if more is None else f'{more:10.1f}'}")
    alone = answers(store, lambda: time.sleep(alone_seconds))
    during = answers(
        store,
        lambda: subprocess.run(
            [*_COMMAND, "backup", out, "--to", backups],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ),
    )
    for label, found in (("answers, nothing else going on", alone), ("answers while a backup is taken", during)):
        middle, slow = statistics.median(found), quantile(found)
        print(f"{label:36}{middle:6.1f} ms median, {slow:6.1f} ms 95 in 100, {len(found)} answers")


def timed(label: str, work: Callable[[], object], grows: Path | None) -> tuple[str, float, float, float | None]:
    """Seconds of the clock and of the processor, and megabytes a folder grew by."""
    before = _size(grows) if grows else 0
    clock, processor = time.perf_counter(), time.process_time()
    work()
    took = time.perf_counter() - clock, time.process_time() - processor
    return label, *took, (_size(grows) - before) / 1e6 if grows else None


def usual(out: Path, to: Path) -> None:
    """SQLite's online copy, then every file."""
    shutil.copytree(out, to, ignore=shutil.ignore_patterns(f"{DATABASE}*"))
    with sqlite3.connect(out / DATABASE) as source, sqlite3.connect(to / DATABASE) as target:
        source.backup(target)


def answers(store: Store, meanwhile: Callable[[], object]) -> list[float]:
    """Milliseconds of each answer that is given while something goes on."""
    found: list[float] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            begun = time.perf_counter()
            answer(store)
            found.append((time.perf_counter() - begun) * 1000)

    thread = threading.Thread(target=work)
    thread.start()
    meanwhile()
    stop.set()
    thread.join()
    return found


def answer(store: Store) -> None:
    """Take the next field and confirm it."""
    task = store.claim("Thử Một")
    if not isinstance(task, QueueEmpty):
        store.decide(task, task.token, person="Thử Một", raw=task.field.raw, value=task.field.value)


def quantile(found: list[float]) -> float:
    """Below which 95 in 100 lie."""
    return sorted(found)[min(len(found) - 1, int(len(found) * 0.95))]


def _folder(out: Path) -> Path:
    (out / "pages").mkdir(parents=True)
    return out


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _page(page: int, random: Random) -> PageResult:
    fields = {}
    for number in range(FIELDS):
        raw = "".join(random.choice("abcdefghiklmnopqrstuvxyăâđêôơư ") for _ in range(random.randint(2, 40)))
        doubt = random.random()
        fields[f"f{number:02d}"] = FieldValue(
            raw=raw,
            value=raw,
            confidence=doubt,
            decision=Decision.REVIEW,
            reader="handwriting",
            box=Box(10, 20 * number, 300, 20),
            candidates=tuple(Candidate(raw + letter, doubt / (2 + place)) for place, letter in enumerate("abcde")),
        )
    shown = Registration(ok=True, residual_px=1.0, coverage=1.0, method="test")
    record = Record(
        file="so.pdf", page=page, record=1, form="ks-2016", form_version="1", registration=shown, fields=fields
    )
    return PageResult(
        file="so.pdf",
        page=page,
        sha256=f"{random.getrandbits(256):064x}",
        width=1000,
        height=1400,
        image=f"pages/{page:05d}.jpg",
        pipeline_version="1",
        book=BOOK,
        records=(record,),
    )


if __name__ == "__main__":
    main()
