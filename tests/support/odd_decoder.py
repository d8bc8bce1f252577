"""The process that decodes, with decoders that fail in the ways that a crafted file may bring about, by its name."""

import ctypes
import os
import time
from pathlib import Path

import numpy as np

from extractor.scans import raster
from extractor.scans.decoding import child


def _crash(_file):
    ctypes.string_at(0)


def _hang(_file):
    while True:
        time.sleep(0.01)


def _spin(_file):
    while True:
        pass


def _swell(_file):
    np.ones((1 << 33,), np.uint8)


def _stumble(_file):
    raise KeyError("Lò Văn Bí Mật")


def _once(_file):
    mark = Path(os.environ["ODD_DECODER_MARK"])
    if not mark.exists():
        mark.touch()
        os.abort()


def _fork_and_hang(_file):
    # As a renderer that does not end with the one who started it.
    if os.fork() == 0:
        Path(os.environ["ODD_DECODER_MARK"]).write_text(str(os.getpid()))
    _hang(_file)


def _litter(_file):
    (Path(os.environ["TMPDIR"]) / "copy.pdf").write_bytes(b"a register")
    _crash(_file)


ODD = {
    "crash.jpg": _crash, "hang.jpg": _hang, "spin.jpg": _spin, "swell.jpg": _swell, "stumble.jpg": _stumble,
    "once.jpg": _once, "fork.jpg": _fork_and_hang, "litter.jpg": _litter,
}  # fmt: skip


def main() -> None:
    plain = raster.decode_frame

    def decode(stream, file, *rest):
        name = file.rpartition("/")[2]
        if name in ODD:
            ODD[name](file)
        image, dpi = plain(stream, file, *rest)
        if name == "liar.jpg":
            image = np.zeros((1100, 1100, 3), np.uint8)
        return image, dpi

    raster.decode_frame = decode
    child.main()


if __name__ == "__main__":
    main()
