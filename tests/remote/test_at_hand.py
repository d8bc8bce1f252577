import os
import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from extractor.backup.files import files_of
from extractor.batch.at_hand import at_hand
from extractor.batch.erasing import _scans
from extractor.batch.rereading import source_page
from extractor.batch.sources import load_sources, remember_sources
from extractor.errors import InputError
from extractor.records import BookKey
from extractor.remote import RemoteObject, RemoteStore, ScanCache, parse_address
from extractor.remote.cache import FOLDER
from extractor.scans import SourceFile
from extractor.scans.kinds import FileKind

CONTENT = cv2.imencode(".png", np.full((200, 150), 230, np.uint8))[1].tobytes()


@pytest.fixture
def known(s3, tmp_path, request):
    """A folder that knows a scan elsewhere, and was moved since."""
    s3.put("kho")
    s3.put("kho/so/a.png", CONTENT)
    (single, [found]) = RemoteStore("s3").find(parse_address("s3://kho/so/a.png"))
    assert single
    folder = tmp_path / "before"
    folder.mkdir()
    copy = folder / FOLDER / "run" / "abc"
    remember_sources(
        folder, [SourceFile(copy, "", "so/a.png", FileKind.PNG, 1, "0" * 64, (0, 0), BookKey(), origin=found)]
    )
    shutil.move(folder, tmp_path / "out")
    return tmp_path / "out"


def test_a_scan_elsewhere_is_brought_again_where_the_folder_lies_now(s3, known):
    source = load_sources(known)["so/a.png"]
    assert source.origin == RemoteObject(parse_address("s3://kho/so/a.png"), len(CONTENT), source.origin.version)
    path = at_hand(source)
    assert path.read_bytes() == CONTENT and path.is_relative_to(known)
    assert path.stat().st_mode & 0o077 == 0
    before = len(s3.asked("GET", "kho"))
    assert at_hand(source) == path and len(s3.asked("GET", "kho")) == before
    # The content is the truth: the note says another hash.
    with pytest.raises(InputError, match="not the file that was read"):
        source_page(known, "so/a.png", 1)


def test_another_object_under_the_key_is_not_taken_for_it(s3, known):
    s3.put("kho/so/a.png", CONTENT + b"!")
    with pytest.raises(InputError, match="not the object that was read"):
        at_hand(load_sources(known)["so/a.png"])


def test_two_that_bring_the_same_object_do_not_write_to_one_file(tmp_path):
    """What the one has begun is no part of what the other brings, and what a killed one left goes."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "a.png").write_bytes(CONTENT)
    store = RemoteStore("file")
    (_, [item]) = store.find(parse_address(f"file://{place}/a.png"))
    cache = ScanCache(tmp_path / "cache", 1024)
    read, together = RemoteStore._fetch, threading.Barrier(2, timeout=30)

    def slowly(self, item, part):
        read(self, item, part)
        together.wait()

    (tmp_path / "cache").mkdir()
    killed = tmp_path / "cache" / "b.part"
    killed.touch()
    os.utime(killed, (0, 0))
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as both:
        patch.setattr(RemoteStore, "_fetch", slowly)
        brought = list(both.map(lambda _: cache.fetch(item), range(2)))
    assert {path.read_bytes() for path in brought} == {CONTENT}
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [cache.place_of(item).name]


def test_copies_are_in_no_backup_and_an_erasure_names_the_object(s3, known):
    at_hand(load_sources(known)["so/a.png"])
    assert {found.path for found in files_of(known, apart=frozenset(), left=Counter())} == {"sources.json"}
    page = SimpleNamespace(file="so/a.png", page=1)
    assert _scans([page], load_sources(known)) == ("s3://kho/so/a.png, page 1",)
