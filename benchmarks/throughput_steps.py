"""Where the processor seconds of a page go, step by step.

    python benchmarks/throughput_steps.py SCAN...

One process, one thread. The first page is read once beforehand, so that loading is left out. Each step counts without
the steps within it; processes that it starts count with it.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import times
from pathlib import Path
from typing import Any

_STEPS = {
    "decode the scan": "extractor.scans.sources:PageRef.load",
    "hash its pixels": "extractor.scans.sources:pixel_hash",
    "look for a photographed page": "extractor.scans.photo:find_page",
    "judge turn and skew": "extractor.scans.clean:judge_turn",
    "even the light": "extractor.scans.light:even_light",
    "resample": "extractor.scans.warping:warp",
    "cleaning, rest": "extractor.scans.clean:clean_page",
    "leaders and rulings": "extractor.readers.furniture:find_furniture",
    "words of the page": "extractor.readers.printed:read_page",
    "which form": "extractor.templates.identify:identify",
    "lay the form": "extractor.templates.identify:register",
    "print, hand or blank": "extractor.readers.script:judge_script",
    "read print": "extractor.readers.printed:PrintedReader.read",
    "prepare lines": "extractor.readers.handwriting.images:prepare",
    "network": "extractor.readers.handwriting.reader:HandwritingReader._run",
    "search for texts": "extractor.readers.handwriting.line_decoder:LineDecoder.texts",
    "places of characters": "extractor.readers.handwriting.decoding:place",
    "decode by kind of field": "extractor.field_reading:_decode",
    "keep the picture": "extractor.page_file:save_picture",
    "all else": "extractor.pipeline:Pipeline.process",
}


@dataclass
class Clock:
    """Processor seconds by step, own and of started processes."""

    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _within: list[float] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what happens within, but for other steps."""
        before = _now()
        self._within.append(0.0)
        try:
            yield
        finally:
            whole = _now() - before
            self.spent[name] += whole - self._within.pop()
            if self._within:
                self._within[-1] += whole

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted as a step."""

        @functools.wraps(function)
        def counted(*args: Any, **more: Any) -> Any:
            with self.step(name):
                return function(*args, **more)

        return counted


def _now() -> float:
    spent = times()
    return time.process_time() + spent.children_user + spent.children_system


def main() -> None:
    """Read the pages and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scans", type=Path, nargs="+")
    asked = parser.parse_args()
    from extractor.pipeline import Pipeline, PipelineOptions
    from extractor.scans import Limits, list_sources, page_refs
    from extractor.settings import get_settings

    with tempfile.TemporaryDirectory(prefix="extractor-steps-") as name:
        pipeline = Pipeline(PipelineOptions(out=Path(name), templates=(get_settings().templates_dir,)))
        sources = list_sources(asked.scans, Limits(), on_set_aside=lambda item: print(item.file, item.message))
        refs = [ref for source in sources for ref in page_refs(source, Limits())]
        if not refs:
            parser.error("there is no page to read")
        pipeline.process(refs[0])
        clock = Clock()
        _count(clock, pipeline)
        for ref in refs:
            pipeline.process(ref)
    total = sum(clock.spent.values())
    print(f"{'CPU seconds a page':34}{'':8}")
    for step, seconds in sorted(clock.spent.items(), key=lambda item: -item[1]):
        print(f"{step:34}{seconds / len(refs):8.3f}{seconds / total:8.1%}")
    print(f"{'all':34}{total / len(refs):8.3f}")


def _count(clock: Clock, pipeline: Any) -> None:
    """Put the clock around every step, wherever it was imported to."""
    reader = pipeline.readers["handwriting"]
    for name, place in _STEPS.items():
        module, _, path = place.partition(":")
        owner: Any = importlib.import_module(module)
        if path.endswith("._run"):
            reader._run = clock.wrapped(name, reader._run)
            continue
        *above, last = path.split(".")
        for part in above:
            owner = getattr(owner, part)
        plain = getattr(owner, last)
        counted = clock.wrapped(name, plain)
        setattr(owner, last, counted)
        if above:
            continue
        for loaded in list(sys.modules.values()):
            if getattr(loaded, "__name__", "").startswith("extractor") and getattr(loaded, last, None) is plain:
                setattr(loaded, last, counted)
    from extractor.laying import Layer
    from extractor.readers import printed

    # It is the default of an argument, kept since the class was made.
    if Layer.__init__.__defaults__:
        kept = Layer.__init__.__defaults__
        Layer.__init__.__defaults__ = (*kept[:-1], printed.read_page)  # type: ignore[misc]


if __name__ == "__main__":
    main()
