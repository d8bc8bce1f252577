"""Encoder-decoder checkpoints of the TrOCR kind, through transformers, from a local folder."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from extractor.errors import SettingsError

from ..cutting import Picture
from . import Engine, Options, ReadLines


def _lines(options: Options) -> ReadLines:
    from extractor.readers.handwriting.trocr import TrocrReader

    if options.model is None:
        raise SettingsError("TrOCR needs a checkpoint.", mend="Name its folder: --model FOLDER.")
    reader = TrocrReader(options.model, candidates=1)

    def read(pictures: Sequence[Picture]) -> list[str]:
        return [reading.text for reading in reader.read(pictures)]

    return read


def _version(options: Options) -> str:
    weights = f", {options.model.name}" if options.model else ""
    return f"transformers {version('transformers')}{weights}"


ENGINES = {
    "trocr": Engine(
        "TrOCR", "that of the checkpoint", "--model FOLDER with a checkpoint of save_pretrained", _version, lines=_lines
    ),
}
