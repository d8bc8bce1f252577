"""Choosing waiting fields of a folder for learning, from the pictures on disk to the marks in the queue."""

import re

import cv2
import numpy as np
import pytest

from extractor.batch.sources import FILE as SOURCES
from extractor.batch.storage import open_store
from extractor.cli import main
from extractor.errors import ExitCode, SettingsError
from extractor.learning import sharing
from extractor.learning.crops import field_lines
from extractor.page_file import FOLDER, PageFile, page_stem, save_page_file
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, Registration
from extractor.settings import Settings
from extractor.store import Learning, PageResult

SHA, FILE, PAGES = "ab" * 32, "so-01.pdf", 3
KINDS = {"nksHoTen": "person_name", "nksNoiSinh": "place", "so": "record_number", "nksGioiTinh": "sex"}


def _field(raw, confidence, reader="handwriting", state=FieldState.READ):
    return FieldValue(
        raw=raw, value=raw or None, confidence=confidence, decision=Decision.REVIEW, reader=reader, state=state
    )


def _save_page(out, store, page):
    """A page with two written lines, one printed one and an empty one."""
    fields = {
        "so": _field(f"{page:02d}", 0.9, "printed"),
        "nksHoTen": _field("Lò Văn Thử", 0.5),
        "nksNoiSinh": _field("Bản Mẫu", 0.2),
        "nksGioiTinh": _field("", 0.5, state=FieldState.BLANK),
    }
    picture = np.full((300, 700, 3), 255, np.uint8)
    for place in range(4):
        cv2.putText(
            picture, "Thu nghiem " + "abc"[page - 1] * (place + 2), (40, 60 + 60 * place), 1, 2, (20, 20, 20), 2
        )
    boxes = {code: (20, 25 + 60 * place, 680, 70 + 60 * place) for place, code in enumerate(fields)}
    regions = {
        (1, code): [np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)]
        for code, (x0, y0, x1, y1) in boxes.items()
    }
    stem = page_stem(SHA, page)
    (out / FOLDER).mkdir(exist_ok=True)
    cv2.imwrite(str(out / FOLDER / f"{stem}.jpg"), picture)
    save_page_file(out, stem, PageFile(SHA, "v1", regions=regions))
    record = Record(
        file=FILE, page=page, record=1, form="ks-2016", form_version="1", fields=fields,
        registration=Registration(ok=True, residual_px=1.0, coverage=0.9, method="test"),
    )  # fmt: skip
    store.save_page(
        PageResult(
            file=FILE, page=page, sha256=f"{page:064x}", width=700, height=300, image=f"{FOLDER}/{stem}.jpg",
            pipeline_version="v1", book=BookKey("KS", "2017"), kinds=KINDS, reader_versions={}, records=(record,),
            problem=None,
        )
    )  # fmt: skip


@pytest.fixture
def out(tmp_path):
    """An output folder of three pages that wait."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / SOURCES).write_text(
        f'[{{"file": "{FILE}", "path": "/nowhere/{FILE}", "member": "", "sha256": "{SHA}", "name": null}}]\n', "utf-8"
    )
    with open_store(folder) as store:
        for page in range(1, PAGES + 1):
            _save_page(folder, store, page)
    return folder


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A small reader that has learnt nothing, but reads something everywhere."""
    import torch

    from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig

    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("reader")
    model = LineRecogniser(LineRecogniserConfig(hidden=8, layers=1))
    with torch.no_grad():
        model.head.out.bias[0] = -3.0
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def by(tmp_path, reader):
    """The reader, and a rule that goes by doubt alone: what this reader reads is the same everywhere."""
    rule = tmp_path / "rule.yaml"
    rule.write_text("sides: [{weights: {expected_errors: 1}}]\nsame_reading: 99\n", encoding="utf-8")
    return "--reader", reader, "--rule", rule


@pytest.fixture
def command(monkeypatch, capsys):
    """Calls the command line; gives its exit code and what it said."""

    def call(*words):
        monkeypatch.setattr("sys.argv", ["extractor", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_waiting_handwriting_is_marked_and_mixed_in_from_the_command_line(out, by, command):
    code, said, _ = command("queue", "learning", out, "--count", 4, "--share", "20%", *by)
    assert code == 0
    assert re.search(r"^4 of 6 waiting fields marked, 6 looked at\. ", said)
    assert "4 wait, 0 are settled. Share of the queue: 20%." in said
    with open_store(out) as store:
        task = store.claim("Thử Một", learning_share=1.0)
        assert task.code in {"nksHoTen", "nksNoiSinh"}
        store.decide(task, task.token, person="Thử Một", raw="Lò Văn Mẫu", value="Lò Văn Mẫu")
    assert "3 wait, 1 are settled" in command("queue", "learning", out)[1]
    code, said, _ = command("queue", "learning", out, "--count", 0, "--share", 0, *by)
    assert "0 wait, 1 are settled. Share of the queue: 0%." in said


def test_fields_of_pages_whose_picture_is_missing_are_left_out_and_told(out, by, command):
    (out / FOLDER / f"{page_stem(SHA, 2)}.jpg").unlink()
    code, said, told = command("queue", "learning", out, "--count", 100, *by)
    assert code == 0
    assert "4 of 6 waiting fields marked, 4 looked at." in said
    assert "1 pages were left out" in told
    (out / SOURCES).write_text("[]\n", "utf-8")
    said = command("queue", "learning", out, "--count", 9, *by)[1]
    assert "0 of 6 waiting fields marked, 0 looked at." in said


def test_lines_are_cut_where_the_fields_lie(out):
    with open_store(out) as store:
        found = {
            (field.record[1], field.code): lines for field, lines in field_lines(out, Learning(store).open_fields())
        }
    assert len(found) == 4 * PAGES
    (line,) = found[1, "nksNoiSinh"]
    assert line.shape == (45, 660)
    assert (line < 128).any()
    assert line[0, 0] > 200


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--share", "0.9"], "--share 0.9"),
        (["--share", "much"], "--share much"),
        (["--count", "5", "--reader", "nowhere"], "nowhere"),
        (["--count", "5", "--rule", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_changed(out, command, words, told):
    code, _, said = command("queue", "learning", out, *words)
    assert code in (ExitCode.USAGE, ExitCode.MODEL)
    assert told in said
    assert not (out / sharing.FILE).exists()


def test_the_share_is_the_office_s_own_or_that_of_the_settings(tmp_path, monkeypatch):
    assert sharing.load_share(tmp_path) == sharing.share_or_zero(tmp_path) == 0.0
    monkeypatch.setattr(sharing, "get_settings", lambda: Settings(learning_share=0.25))
    assert sharing.load_share(tmp_path) == sharing.share_or_zero(tmp_path) == 0.25
    sharing.save_share(tmp_path, 0.1)
    assert sharing.load_share(tmp_path) == sharing.share_or_zero(tmp_path) == 0.1
    with pytest.raises(SettingsError, match=r"--share 0\.7"):
        sharing.save_share(tmp_path, 0.7)


@pytest.mark.parametrize("content", ["share: 2", "part: 0.1", "share: [", "", "share: nan"])
def test_an_unusable_file_is_named_and_switches_the_share_off(tmp_path, content):
    (tmp_path / sharing.FILE).write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"learning\.yaml"):
        sharing.load_share(tmp_path)
    assert sharing.share_or_zero(tmp_path) == 0.0
