"""A page whose place is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.laid import lay

from extractor.laying import LaidPicture
from extractor.scans import list_pages
from extractor.scans.types import SourcePage
from extractor.templates import Form, load_forms

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def forms() -> list[Form]:
    return load_forms()


@pytest.fixture(scope="session")
def sample() -> SourcePage:
    """The first page of the sample book."""
    return list_pages([ROOT / "sample_book" / "KS.2017.01.pdf"], on_set_aside=print)[0].load()


@pytest.fixture(scope="session")
def automatic(forms: list[Form], sample: SourcePage) -> LaidPicture:
    """That page as the machine lays it."""
    return lay(forms, sample)
