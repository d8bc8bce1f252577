"""Whatever a crafted file does to the decoder, the file or page is set aside with a reason, and the rest goes on."""

import logging
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from extractor.errors import DecoderCrashError, LimitExceededError
from extractor.scans import Limits, list_pages
from extractor.scans.decoding import asking, process

SHORT = Limits(decode_seconds=1.0, megapixels=1.0)


def pixel_bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that is plain black ``side`` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer, row = zlib.compressobj(1), bytes(side + 1)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def children(monkeypatch):
    """Children of this test alone."""
    own = asking._Children()
    monkeypatch.setattr(asking, "_children", own)
    yield own
    own.end()


@pytest.fixture
def odd(children, monkeypatch, tmp_path):
    """Children whose decoders fail as the name of the file says."""
    monkeypatch.setattr(process, "_MODULE", "support.odd_decoder")
    monkeypatch.setenv("ODD_DECODER_MARK", str(tmp_path / "mark"))
    return children


def ref(files, folder: Path, name: str, limits: Limits | None = None):
    (folder / name).write_bytes(files.jpeg())
    (page,) = list_pages([folder / name], limits, on_set_aside=lambda item: pytest.fail(item.message))
    return page


def test_a_decoder_that_fails_costs_its_page_alone(odd, files, tmp_path, caplog):
    failing = {
        "crash.jpg": ("crash", "ended the decoder (SIGSEGV)."),
        "hang.jpg": ("limit", "takes more than 1 seconds to decode."),
        "liar.jpg": ("crash", "ended the decoder"),
        "spin.jpg": ("limit", "takes more than 1 seconds to decode."),
        "stumble.jpg": ("truncated", "cannot be decoded (KeyError)."),
        "swell.jpg": ("limit", "takes more than 3072 MiB to decode."),
    }
    for name in ("a.jpg", *failing, "z.jpg"):
        (tmp_path / name).write_bytes(files.jpeg())
    with caplog.at_level(logging.DEBUG):
        seen = files.Collected(tmp_path, limits=SHORT)
    assert seen.names == [("a.jpg", 1), ("z.jpg", 1)]
    assert seen.reasons == [(name, reason) for name, (reason, _) in failing.items()]
    for report, (_, said) in zip(seen.reports, failing.values(), strict=True):
        assert report.message.startswith(said)
        assert report.mend
    assert "Bí Mật" not in caplog.text + str(seen.reports)


def test_one_crash_is_tried_again(odd, files, tmp_path):
    assert ref(files, tmp_path, "once.jpg").load().image.shape == (340, 240, 3)
    assert (tmp_path / "mark").exists()


def test_what_a_decoder_started_ends_with_it(odd, files, tmp_path):
    page = ref(files, tmp_path, "fork.jpg", SHORT)
    with pytest.raises(LimitExceededError):
        page.load()
    started = int((tmp_path / "mark").read_text())
    until = time.monotonic() + 5
    while Path(f"/proc/{started}/cmdline").exists() and Path(f"/proc/{started}/cmdline").read_bytes():
        assert time.monotonic() < until, "the renderer outlived its decoder"
        time.sleep(0.01)


def test_nothing_of_a_scan_stays_in_the_temporary_folder(odd, files, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    odd.end()
    with pytest.raises(DecoderCrashError):
        ref(files, tmp_path, "litter.jpg").load()
    assert not list(folder.rglob("copy.pdf"))
    odd.end()
    assert not list(folder.iterdir())


def test_a_child_is_kept_and_one_that_died_meanwhile_is_replaced(children, files, tmp_path, monkeypatch):
    page = ref(files, tmp_path, "a.jpg")
    page.load()
    (kept,) = children._idle
    page.load()
    assert children._idle == [kept]
    os.killpg(kept._process.pid, signal.SIGKILL)
    kept._process.wait()
    assert page.load().image.shape == (340, 240, 3)
    assert children._idle != [kept]

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(process, "receive_into", stopped)
        with pytest.raises(KeyboardInterrupt):
            page.load()
    assert children._idle == [], "what it still answers belongs to no other question"
    assert page.load().image.shape == (340, 240, 3)


def test_a_bomb_of_pixels_below_the_limit_of_pixels_meets_that_of_memory(children, files, tmp_path):
    (tmp_path / "bomb.png").write_bytes(pixel_bomb(8000))
    (tmp_path / "good.jpg").write_bytes(files.jpeg())
    assert (tmp_path / "bomb.png").stat().st_size < 500_000
    seen = files.Collected(tmp_path, limits=Limits(decode_mebibytes=100))
    assert seen.reasons == [("bomb.png", "limit")]
    assert seen.names == [("good.jpg", 1)]


def test_a_page_that_takes_too_long_is_given_up(children, files, tmp_path):
    (tmp_path / "slow.pdf").write_bytes(files.drawn_pdf(b"0 0 1 rg " + b"0 0 144 204 re f " * 3_000_000))
    (tmp_path / "good.jpg").write_bytes(files.jpeg())
    seen = files.Collected(tmp_path, limits=Limits(render_seconds=0.5))
    assert seen.reasons == [("slow.pdf", "limit")]
    assert seen.names == [("good.jpg", 1)]


def test_decoders_end_with_who_started_them(files, tmp_path):
    (tmp_path / "a.jpg").write_bytes(files.jpeg())
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from extractor.scans import list_pages\nfrom extractor.scans.decoding import asking\n"
        "list_pages([Path(sys.argv[1])], on_set_aside=print)[0].load()\n"
        "child = asking._children._idle[0]\nPath(child._scratch, 'copy.pdf').touch()\n"
        "print(child._process.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(temporary)},
    )  # fmt: skip
    pid, until = int(done.stdout), time.monotonic() + 5
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < until, "the decoder outlived the run"
        time.sleep(0.01)
    assert not list(temporary.iterdir()), "a copy of a scan would lie there for ever"


def test_a_system_that_sets_lower_bounds_keeps_them():
    code = (
        "import resource\nfrom extractor.scans import Limits\nfrom extractor.scans.decoding.confining import confine\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (40, 50))\nconfine(Limits(), 1000)\n"
        "assert resource.getrlimit(resource.RLIMIT_CPU) == (50, 50)\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
