"""The readers of the project: single lines by the handwriting reader, whole pages by the whole run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from extractor.settings import get_settings

from ..cutting import Picture
from . import Engine, Options, ReadLines, ReadRecords


def _reader(name: str, *, language: bool = True) -> ReadLines:
    from extractor.readers.handwriting import HandwritingReader
    from extractor.readers.wrapped import read_wrapped

    reader = HandwritingReader(get_settings().models_dir / name, language=language)

    def read(pictures: Sequence[Picture]) -> list[str]:
        return [reading.text for reading in read_wrapped(reader, pictures)]

    return read


def _version(name: str) -> str:
    from importlib.metadata import version

    from extractor.readers.handwriting.runtime import inspect_folder

    return f"{version('extractor')}, weights {inspect_folder(get_settings().models_dir / name).digest[:8]}"


def _run(options: Options) -> ReadRecords:
    from extractor.batch.run import RunOptions, run
    from extractor.batch.storage import open_store
    from extractor.pipeline import PipelineOptions
    from extractor.records import BookKey

    settings = get_settings()

    def read(pages: Sequence[Path]) -> Mapping[tuple[str, int], Mapping[str, str]]:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            job = RunOptions(
                inputs=tuple(pages),
                out=out,
                # No form is named: which one a page is of, and where its fields lie, is for the run to find out.
                pipeline=PipelineOptions(out=out, templates=(settings.templates_dir,), form="", book=BookKey()),
                render_dpi=settings.render_dpi,
            )
            run(job, outputs=False)
            with open_store(out) as store:
                return {
                    (Path(record.file).name, record.record): {code: value.raw for code, value in record.fields.items()}
                    for record in store.records()
                }

    return read


_INSTALL = "this project"
ENGINES = {
    "extractor": Engine(
        "extractor", "Apache-2.0; weights: see models/handwriting", _INSTALL, lambda options: _version("handwriting"),
        lines=lambda options: _reader("handwriting"), records=_run,
    ),
    "extractor-no-language-model": Engine(
        "extractor, no language model", "Apache-2.0; weights: see models/handwriting", _INSTALL,
        lambda options: _version("handwriting"), lines=lambda options: _reader("handwriting", language=False),
    ),
    "extractor-open": Engine(
        "extractor, open weights", "Apache-2.0", _INSTALL, lambda options: _version("handwriting-open"),
        lines=lambda options: _reader("handwriting-open"),
    ),
}  # fmt: skip
