"""Work that ends at a chosen durable step, and what has to be true of its folder then and after it was taken up again.

Each scene runs in a branch of this process on a copy of one folder, so that nothing is loaded twice. Pages are not read
by the models, which write nothing: what they would have read is given.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import tempfile
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from support.fault_points import FaultPoints
from support.output_folder import BOOK, record_of

from extractor.batch.storage import open_store
from extractor.errors import ExtractorError
from extractor.page_file import PageFile, page_stem, save_page_file, save_picture
from extractor.records import Decision
from extractor.scans import CleanPage
from extractor.store import PageResult, QueueEmpty

PAGES = 2
LATER = "later"
"""Marks a place at which the work is taken up again some minutes later."""
ACKNOWLEDGED = "acknowledged.txt"
PERSON = "Người Kiểm Thử"
_DATED = re.compile(r"\.\d{8}-\d{6}(-\d+)?\.")
_PASSING = (".lock", ".part", ".writable", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Scene:
    """Work upon a folder.

    Args:
        before: scenes that the folder went through before.
        work: gets the place: ``out`` and ``scans`` in it; and tells what it was given to acknowledge.
    """

    before: tuple[str, ...]
    work: Callable[[Path, Callable[[str], None]], None]


def prepare(place: Path, templates: Path) -> None:
    """Scans, and the one form that is needed."""
    (place / "scans").mkdir(parents=True)
    shutil.copytree(templates / "ks-2006", place / "templates" / "ks-2006")
    for page in range(1, PAGES + 1):
        small = Image.fromarray(np.random.default_rng(page).integers(90, 255, (9, 6, 3), dtype=np.uint8))
        small.resize((120, 180), Image.Resampling.BICUBIC).save(place / "scans" / record_of(page).file, "JPEG")


def _process(pipeline: Any, ref: Any) -> PageResult:
    """A page as it is processed, but for what the models would read."""
    source = ref.load()
    number = 1 if ref.source.file == "so.jpg" else int(re.sub(r"\D", "", ref.source.file))
    record = record_of(number)
    fields = {
        code: value.model_copy(update={"decision": Decision.REVIEW if code == "nksHoTen" else value.decision})
        for code, value in record.fields.items()
    }
    stem = page_stem(ref.source.sha256, ref.page)
    grey = source.image[:, :, 0]
    image = save_picture(pipeline.options.out, stem, CleanPage(source, source.image, grey, np.eye(3), 300.0))
    version = pipeline.version_of(None)
    kept = PageFile(sha256=source.sha256, pipeline_version=version, reading_version=pipeline.reading_version)
    save_page_file(pipeline.options.out, stem, kept)
    return PageResult(
        file=source.file, page=1, sha256=source.sha256, width=120, height=180, image=image, pipeline_version=version,
        book=BOOK, file_sha256=ref.source.sha256, records=(record.model_copy(update={"fields": fields}),),
        kinds={"nksHoTen": "person_name"}, image_to_source=tuple(np.eye(3).ravel()),
    )  # fmt: skip


def _run(place: Path, _acknowledge: Callable[[str], None]) -> None:
    from extractor.batch.run import RunOptions, run
    from extractor.pipeline import PipelineOptions

    options = PipelineOptions(out=place / "out", templates=(place / "templates",), form="ks-2006")
    run(RunOptions(inputs=(place / "scans",), out=place / "out", pipeline=options), outputs=False)


def _answer(place: Path, acknowledge: Callable[[str], None]) -> None:
    with open_store(place / "out") as store:
        if (place / LATER).exists():
            # What was in the hand of the one who was killed is given out again when its time is over.
            plain = store._clock
            store._clock = lambda: plain() + timedelta(minutes=10)
        while not isinstance(task := store.claim(PERSON), QueueEmpty):
            value = f"HỌ TÊN {task.record[0]}"
            store.decide(task, task.token, person=PERSON, raw=value, value=value)
            acknowledge(f"{task.record[0]}\t{task.code}\t{value}")


def _export(place: Path, _acknowledge: Callable[[str], None]) -> None:
    from extractor.batch.exporting import ExportJob, export_now

    with open_store(place / "out") as store:
        export_now(store, place / "out", ExportJob(wanted="all", templates=(place / "templates",)))


def _backup(place: Path, _acknowledge: Callable[[str], None]) -> None:
    from extractor.backup.making import make_backup

    with open_store(place / "out") as store:
        make_backup(store, place / "out", place / "backups")


def _certificate(place: Path, _acknowledge: Callable[[str], None]) -> None:
    from extractor.confidence.certificate import load_certificate, save_certificate
    from extractor.settings import get_settings

    shipped = load_certificate(get_settings().certificate)
    save_certificate(place / "out" / "certificate.json", shipped)


SCENES = {
    "run": Scene((), _run),
    "answer": Scene(("run",), _answer),
    "export": Scene(("run", "answer"), _export),
    "backup": Scene(("run", "answer", "export"), _backup),
    "certify": Scene(("run",), _certificate),
}


def warm() -> None:
    """Load what the scenes need, so that each branch has it; none of it may start threads."""
    import extractor.backup.making
    import extractor.batch.run
    import extractor.scans.decoding.child  # noqa: F401
    from extractor.batch.exporting import export_formats
    from extractor.exports.findings import texts
    from extractor.templates import load_forms
    from extractor.vietnamese.understood import understand

    # The first database that is opened has its migrations loaded.
    with tempfile.TemporaryDirectory() as place, open_store(Path(place)):
        pass
    load_forms()
    export_formats()
    texts()
    understand("xã Đồng Thử, huyện Bù Đăng, tỉnh Bình Phước", 2015)


@dataclass(frozen=True)
class Ended:
    """How the work of a scene ended.

    Args:
        how: ``done``, ``killed``, ``refused`` or what it ended with that it may not end with.
        steps: kinds of the durable steps, where it was not killed.
    """

    how: str
    steps: tuple[str, ...] = ()


def play(name: str, place: Path, mode: str = "kill", at: int = 0) -> Ended:
    """Do a scene's work in a branch of this process that ends with it.

    Args:
        at: the durable step that fails; 0 for none.
    """
    told = place.parent / f"{place.name}.ended"
    told.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        try:
            _branch(name, place, mode, at, told)
        finally:
            os._exit(70)  # never back into whoever asked
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ended("killed" if os.WTERMSIG(status) == signal.SIGKILL else f"signal {os.WTERMSIG(status)}")
    if not told.exists():
        return Ended(f"code {os.waitstatus_to_exitcode(status)}")
    content = json.loads(told.read_text(encoding="utf-8"))
    return Ended(content["how"], tuple(content["steps"]))


def _branch(name: str, place: Path, mode: str, at: int, told: Path) -> None:
    from extractor import pipeline
    from extractor.batch import run
    from extractor.scans import decoding
    from extractor.scans.decoding import child

    # Decoding writes nothing, and a process of its own for each case would take most of the time.
    decoding.inspect = lambda content, kind, limits: _asked(child, content, {"kind": kind}, limits)
    decoding.decode = lambda content, kind, page, limits, render_dpi: _asked(
        child, content, {"task": "decode", "kind": kind, "page": page, "render_dpi": render_dpi}, limits
    )
    run.warm_up = lambda: None
    pipeline.Pipeline.process = _process
    pipeline.Pipeline.reader_versions = {"handwriting": "1", "printed": "1"}
    acknowledged = os.open(place / ACKNOWLEDGED, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    points = FaultPoints(place, mode, at)
    points.arm()
    try:
        SCENES[name].work(place, lambda line: os.write(acknowledged, f"{line}\n".encode()))
        how = "done"
    except (ExtractorError, OSError):
        how = "refused"
    except BaseException as error:
        frames = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        # The command line tells these as a failure of the database.
        how = "refused" if type(error).__module__.startswith("sqlalchemy.") else ""
        how = how or f"{type(error).__name__} at {' > '.join(frames[-5:])}"
    handle = os.open(told, os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(handle, json.dumps({"how": how, "steps": points.kinds}).encode())
    os._exit(0)


def _asked(child: Any, content: Any, question: dict[str, Any], limits: Any) -> Any:
    question = {"task": "inspect", "path": content.path, "member": content.member, "file": content.file, **question}
    answer, image = child._answer(question, limits)
    if image is not None:
        return image, answer["dpi"]
    from extractor.scans.decoding import Inspected

    return Inspected(question["kind"], answer["pages"], answer["sha256"])


def halves(place: Path) -> list[str]:
    """Files that stand under their own name and are not whole."""
    return [
        path.relative_to(place).as_posix()
        for path in sorted(place.rglob("*"))
        if path.is_file() and not _passing(path) and not _is_whole(path)
    ]


def _passing(path: Path) -> bool:
    """What is being written, as its name says: no one takes it for the file."""
    return path.name.startswith(".") or path.name.endswith(_PASSING) or any(".part" in part for part in path.parts)


def _is_whole(path: Path) -> bool:
    data = path.read_bytes()
    kind = path.suffix
    try:
        if kind in (".jpg", ".png"):
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
        elif kind == ".json":
            json.loads(data)
        elif kind == ".jsonl":
            assert not data or data.endswith(b"\n")
            [json.loads(line) for line in data.splitlines()]
        elif kind in (".zip", ".xlsx"):
            with zipfile.ZipFile(io.BytesIO(data)) as package:
                assert package.testzip() is None
        elif kind == ".csv":
            rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
            assert rows and data.endswith(b"\n")
        elif kind == ".html":
            assert data.rstrip().endswith(b"</html>")
        elif kind == ".key":
            assert len(data.split()[0]) == 64
    except Exception:
        return False
    return True


def lost(place: Path) -> list[str]:
    """Decisions that were acknowledged and are not in the store, and whatever speaks against its log."""
    if not (place / "out" / "extractor.sqlite").exists():
        return []
    wanted = Counter((place / ACKNOWLEDGED).read_text(encoding="utf-8").splitlines())
    with open_store(place / "out") as store:
        found = Counter(
            f"{record.file}\t{code}\t{value.value}"
            for record in store.records()
            for code, value in record.fields.items()
            if value.decision in (Decision.CORRECTED, Decision.CONFIRMED)
        )
        missing = [line.split("\t")[0] for line in (wanted - found)]
        return missing if store.verify_audit().ok else [*missing, "the log does not hold"]


def state(place: Path) -> dict[str, str]:
    """Hashes of all files that are handed over or kept, and what the store holds; the same after the same work."""
    found: dict[str, str] = {}
    for path in sorted((place / "out").rglob("*")):
        name = path.relative_to(place).as_posix()
        if (
            path.is_file()
            and not _passing(path)
            and not _DATED.search(path.name)
            and not name.endswith((".sqlite", ".key"))
        ):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    if (place / "out" / "extractor.sqlite").exists():
        with open_store(place / "out") as store:
            lines = [record.model_dump_json() for record in store.records()]
            found["records"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
            found["status"] = str(store.status())
    if (place / "backups").is_dir():
        from extractor.backup.place import Place

        backups = Place.existing(place / "backups")
        found["backup"] = str(bool(backups.names()))
    return found
