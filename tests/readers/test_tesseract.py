from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest

from extractor.errors import ExitCode, ImageError, MissingProgramError
from extractor.readers import tesseract
from extractor.readers.printed import PrintedReader
from extractor.readers.tesseract import recognise
from tests.readers.test_printed import line

needed = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")


@pytest.fixture
def by_program(monkeypatch):
    """As where the library cannot be found."""
    tesseract.installed.cache_clear()
    monkeypatch.setattr(tesseract, "_library", lambda: None)
    yield
    tesseract.installed.cache_clear()


def page(text: str) -> np.ndarray:
    grey = np.full((500, 1400), 250, np.uint8)
    for top, words in ((80, "Họ, chữ đệm, tên:"), (300, text)):
        strip = line(words)
        grey[top : top + strip.shape[0], 100 : 100 + strip.shape[1]] = strip
    return grey


@needed
def test_library_and_program_give_the_same_words_whatever_was_read_before(request):
    if tesseract._library() is None:
        pytest.skip("Tesseract's library is not installed")
    pages = [page("Nguyễn Văn An 12.05.2017"), np.full((300, 300), 255, np.uint8), page("Quê quán: xã Tân Lập")]
    asked = [(image, layout, dpi) for image in pages for layout, dpi in ((11, 200), (6, 150))]
    here = [recognise(image, layout=layout, dpi=dpi) for image, layout, dpi in asked]
    version = tesseract.installed()[0]
    again = [recognise(image, layout=layout, dpi=dpi) for image, layout, dpi in reversed(asked)]
    assert again[::-1] == here
    request.getfixturevalue("by_program")
    assert tesseract.installed()[0] == version
    assert [recognise(image, layout=layout, dpi=dpi) for image, layout, dpi in asked] == here
    assert " ".join(row.text for row in here[0]).startswith("Họ, chữ đệm, tên")


@needed
def test_words_and_confidences_are_those_of_pytesseracts_own_table():
    import pytesseract
    from PIL import Image

    grey = page("Nguyễn Văn An 12.05.2017, xã Tân Lập")
    config = "--psm 11 --oem 1 --dpi 200 -c tessedit_do_invert=0"
    theirs = pytesseract.image_to_data(
        Image.fromarray(grey), lang="vie", config=config, output_type=pytesseract.Output.DICT
    )
    wanted = [
        (text.strip(), confidence / 100, left)
        for text, confidence, left in zip(theirs["text"], theirs["conf"], theirs["left"], strict=True)
        if text.strip() and confidence >= 0
    ]
    assert [(row.text, row.confidence, row.x) for row in recognise(grey, layout=11, dpi=200)] == wanted
    assert len(wanted) > 5


@needed
def test_threads_take_turns():
    texts = ["Việt Nam", "Kinh", "Hà Nội"]
    read: dict[str, str] = {}

    def work(text: str) -> None:
        read[text] = " ".join(row.text for row in recognise(page(text), layout=11, dpi=200))

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(words.endswith(text) for text, words in read.items()) and len(read) == 3


@needed
def test_a_picture_that_tesseract_refuses_is_an_error_and_the_next_is_read():
    if tesseract._library() is None:
        pytest.skip("Tesseract's library is not installed")
    with pytest.raises(ImageError, match="40000 x 1"):
        recognise(np.full((1, 40000), 255, np.uint8), layout=11, dpi=200)
    assert recognise(page("Kinh"), layout=11, dpi=200)


def test_a_missing_tesseract_is_named(monkeypatch, by_program):
    import pytesseract

    def missing() -> str:
        raise pytesseract.TesseractNotFoundError

    monkeypatch.setattr(pytesseract, "get_tesseract_version", missing)
    with pytest.raises(MissingProgramError, match="tesseract") as caught:
        recognise(np.full((60, 60), 250, np.uint8), layout=11, dpi=200)
    assert "apt install" in caught.value.mend
    assert caught.value.exit_code is ExitCode.MISSING_PROGRAM


def test_missing_language_data_are_named(monkeypatch, by_program):
    import pytesseract

    monkeypatch.setattr(pytesseract, "get_tesseract_version", lambda: "5.3.0")
    monkeypatch.setattr(pytesseract, "get_languages", lambda config="": ["eng"])
    with pytest.raises(MissingProgramError, match="vie"):
        PrintedReader().version  # noqa: B018


@needed
def test_the_library_names_data_that_are_not_there(tmp_path, monkeypatch):
    tesseract.installed.cache_clear()
    fresh = tesseract._library.__wrapped__()
    if fresh is None:
        pytest.skip("Tesseract's library is not installed")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    monkeypatch.setattr(tesseract, "_library", lambda: fresh)
    with pytest.raises(MissingProgramError, match="vie"):
        tesseract.installed()
    tesseract.installed.cache_clear()
