"""What tests of several rooms share."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.sharing_out import SharingOut, dearness

# Tests are of the shipped reader, whatever was promoted in the clone they run in.
os.environ["EXTRACTOR_REGISTRY_DIR"] = str(Path(__file__).parent / "no-registry")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dear tests come first."""
    items.sort(key=lambda item: dearness(item.nodeid))


def pytest_collection_finish() -> None:
    """What was imported stays: Python need not look through all of it for garbage again and again during tests."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadfile``, files that share dear fixtures go to one worker."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return SharingOut(config, log)


@pytest.fixture(scope="session", autouse=True)
def set_up_as_shipped() -> Iterator[Any]:
    """How the product sets up SQLite. Tests do not wait for the disk at every commit, which only a power cut tells.

    Nor do they compile each statement anew for every store they open.
    """
    from support.compiled_once import compile_once

    from extractor.store import engine

    shipped = engine._set_up_sqlite

    def set_up(connection: Any, record: Any) -> None:
        shipped(connection, record)
        connection.execute("PRAGMA synchronous=OFF").close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_set_up_sqlite", set_up)
        compile_once(patch)
        yield shipped


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real headless Chromium of the system: one for all tests of a process, which can drive no second one."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed, and CI must drive it.")
        pytest.skip("Chromium is not installed; install it to run the browser tests")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def one_thread():
    """PyTorch on one thread: more only get in each other's way beside other tests."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
