"""Short ways to run the main job in tests."""

from pathlib import Path

from extractor.batch.run import RunOptions
from extractor.pipeline import PipelineOptions
from extractor.records import BookKey
from extractor.settings import get_settings

RECORDS = 2
AGENCY = "UBND xã Minh Tân"


def options(inputs, out, **changes) -> RunOptions:
    pipeline = PipelineOptions(
        out=out,
        templates=(get_settings().templates_dir,),
        form=changes.pop("form", ""),
        book=BookKey(agency=AGENCY),
    )
    return RunOptions(inputs=tuple(inputs), out=out, pipeline=pipeline, **changes)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("extractor.sqlite")
    }
