import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    ["run"],
    ["read-lines"],
    ["export"],
    ["evaluate"],
    ["calibrate"],
    ["certify"],
    ["synth"],
    ["template", "list"],
    ["template", "check"],
    ["template", "preview"],
    ["template", "new"],
    ["template", "schema"],
    ["queue", "status"],
    ["review", "serve"],
    ["audit", "verify"],
    ["place"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command, extractor):
    done = extractor(*command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_version(extractor):
    done = extractor("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("extractor ")


def test_start_up_needs_no_heavy_package():
    code = (
        "import sys, extractor.cli; print([m for m in ('torch', 'transformers', 'cv2', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_command_and_option_are_usage_errors(extractor):
    assert extractor("no-such-command").returncode == 2
    assert extractor("run", "--no-such-option").returncode == 2


def test_unknown_book_key_names_the_keys(tmp_path, extractor):
    done = extractor("run", tmp_path, "--book", "colour=red", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "agency" in done.stderr


def test_unknown_form_is_a_template_error(tmp_path, extractor):
    done = extractor("run", tmp_path, "--form", "no-such-form", "--out", tmp_path / "out", "--certificate", "none")
    assert done.returncode == 4
    assert "ks-2016" in done.stderr


def test_missing_input_is_set_aside_with_its_name(tmp_path, extractor):
    done = extractor("run", tmp_path / "nothing.pdf", "--out", tmp_path / "out", "--certificate", "none", "-q")
    assert done.returncode == 3
    assert "nothing.pdf" in done.stderr
    assert (tmp_path / "out" / "report.html").exists()


def test_brackets_in_a_message_are_no_markup(tmp_path, extractor):
    done = extractor("run", tmp_path, "--book", "[/x]", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "[/x]" in done.stderr


def test_a_mistyped_database_is_not_made(tmp_path, extractor):
    done = extractor("queue", "status", tmp_path, "--db", f"sqlite:///{tmp_path}/typo.sqlite")
    assert done.returncode == 6
    assert not (tmp_path / "typo.sqlite").exists()


def test_a_database_address_that_is_none(tmp_path, extractor):
    done = extractor("queue", "status", tmp_path, "--db", "postgresql://u:p@127.0.0.1:abc/x")
    assert done.returncode == 6


def test_an_output_that_cannot_be_written_is_no_traceback(tmp_path, extractor):
    (tmp_path / "file").touch()
    done = extractor("template", "preview", "ks-2016", "--out", tmp_path / "file" / "p.png")
    assert done.returncode == 1
    assert "Error" in done.stderr


def test_nothing_in_common_is_an_error(tmp_path, extractor):
    truth = tmp_path / "truth.jsonl"
    truth.touch()
    (tmp_path / "records.jsonl").touch()
    assert extractor("evaluate", tmp_path / "records.jsonl", truth).returncode == 2


def test_queue_of_a_folder_without_a_run(tmp_path, extractor):
    done = extractor("queue", "status", tmp_path)
    assert done.returncode == 6
    assert "extractor run" in done.stderr


def test_evaluate_names_the_bad_line(tmp_path, extractor):
    records, truth = tmp_path / "records.jsonl", tmp_path / "truth.jsonl"
    records.write_text("{}\n", encoding="utf-8")
    truth.write_text(json.dumps({"file": "a", "page": 1, "record": 1, "form": "f", "fields": {}}) + "\n")
    done = extractor("evaluate", records, truth)
    assert done.returncode == 2
    assert "line 1" in done.stderr


def test_unknown_reader_lists_the_readers(tmp_path, extractor):
    done = extractor("read-lines", tmp_path / "x.png", "--reader", "nobody")
    assert done.returncode == 5
    assert "handwriting" in done.stderr


def test_odd_pictures_give_a_reading_or_a_reason_and_never_stop_the_rest(tmp_path, extractor):
    grey = np.full((48, 300), 240, np.uint8)
    cv2.putText(grey, "1985", (20, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 20, 2)
    ink = Image.fromarray(grey)
    pictures = {
        "colour.png": ink.convert("RGB"),
        "inverted.png": Image.fromarray(255 - grey),
        "deep.png": Image.fromarray(grey.astype(np.uint16) * 257),
        "dot.png": Image.new("L", (1, 1), 255),
        "empty.png": Image.new("L", (200, 40), 255),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
    ink.save(tmp_path / "pages.tif", save_all=True, append_images=[ink, ink])
    (tmp_path / "text.png").write_text("no picture", "utf-8")
    names = [*pictures, "pages.tif", "text.png", "missing.png"]
    done = extractor("read-lines", *(tmp_path / name for name in names), "--json")
    found = {Path(item["path"]).name: item for item in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 3
    assert list(found) == names
    assert all(found[name]["text"] == "1985" for name in ("colour.png", "inverted.png", "deep.png"))
    assert found["empty.png"]["text"] == ""
    assert "3 pages" in found["pages.tif"]["error"]
    assert all("error" in found[name] for name in ("text.png", "missing.png"))
    assert found["dot.png"]["text"] == ""


def test_a_place_is_understood_and_led_to_its_commune_of_today(extractor):
    done = extractor("place", "xã Hòa Ăn, huyện Cầu Kè, tỉnh Trà Vinh", "đâu đó", "--year", "2009", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0
    assert first["ways"][0]["spelt"] == "xã Hòa Ân, huyện Cầu Kè, tỉnh Trà Vinh"
    assert first["ways"][0]["today"] == ["Xã Cầu Kè, Tỉnh Vĩnh Long"]
    assert second == {"text": "đâu đó", "ways": []}
    shown = extractor("place", "Phường Bùi Hữu Nghĩa, Q. Bình Thuỷ, Cần Thơ").stdout
    assert "now: Phường Bình Thủy, Thành phố Cần Thơ | Phường Cái Khế, Thành phố Cần Thơ" in " ".join(shown.split())


def test_template_check_of_the_shipped_forms(extractor):
    done = extractor("template", "check")
    assert done.returncode == 0, done.stderr


def test_template_list_shows_every_form(extractor):
    done = extractor("template", "list")
    assert all(name in done.stdout for name in ("ks-2016", "ks-2006", "notary-repertoire"))


def test_export_list(extractor):
    done = extractor("export", "--list")
    assert done.returncode == 0
    assert "ks-60" in done.stdout


@pytest.fixture
def one_page(scans) -> Path:
    return next(path for path in sorted(scans.glob("KS.*.pdf")) if path.name.startswith("KS.2009"))


def test_template_new_drafts_a_form_that_passes_its_check(tmp_path, extractor, one_page):
    broken = tmp_path / "hong.png"
    broken.write_bytes(b"no picture")
    places = ("--out", tmp_path / "mau", "--previews", tmp_path)
    done = extractor("template", "new", one_page, broken, "--form", "thu", *places)
    assert done.returncode == 3, done.stderr
    assert "hong.png" in done.stderr
    assert "thu-preview-1.png" in done.stdout
    assert (tmp_path / "thu-preview-1.png").stat().st_size > 10_000
    assert extractor("template", "check", "--templates", tmp_path / "mau").returncode == 0
    again = extractor("template", "new", one_page, "--form", "thu", "--out", tmp_path / "mau")
    assert again.returncode == 4
    assert "already" in again.stderr


def test_template_new_refuses_a_bad_name_and_a_file_that_is_no_scan(tmp_path, extractor, one_page):
    named = extractor("template", "new", one_page, "--form", "../x", "--out", tmp_path)
    assert named.returncode == 2
    assert "small letters" in named.stderr
    taken = extractor("template", "new", one_page, "--form", "ks-2016", "--out", tmp_path / "mau")
    assert taken.returncode == 2
    assert "already" in taken.stderr
    unknown = extractor("template", "new", one_page, "--form", "x", "--register", "XX", "--out", tmp_path / "mau")
    assert "register" in unknown.stderr
    (tmp_path / "x.png").write_bytes(b"no picture")
    wrong = extractor("template", "new", tmp_path / "x.png", "--form", "x", "--out", tmp_path / "mau")
    assert wrong.returncode != 0
    assert "x.png" in wrong.stderr
    assert not (tmp_path / "mau").exists()


def test_a_run_over_pages_of_no_known_form_says_how_to_draft_one(tmp_path, extractor):
    sheet = np.full((1200, 850, 3), 235, np.uint8)
    lines = ("List of things bought for the", "school garden in the month of", "May: spades, seeds and pots")
    for n, line in enumerate(lines):
        cv2.putText(sheet, line, (60, 300 + 90 * n), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (30, 30, 30), 3)
    cv2.imwrite(str(tmp_path / "thu.png"), sheet)
    done = extractor("run", tmp_path / "thu.png", "--out", tmp_path / "out", "--workers", "1")
    assert "template new" in done.stdout
    assert "Pages of no known form" in done.stdout


def test_a_page_that_is_surely_another_form_is_not_read_as_the_one_named(tmp_path, extractor, one_page):
    done = extractor("run", one_page, "--form", "kt-2006", "--out", tmp_path, "--workers", "1", "--quiet")
    assert done.returncode == 0
    assert not (tmp_path / "records.jsonl").read_text(encoding="utf-8")
    problems = [json.loads(line) for line in (tmp_path / "problems.jsonl").read_text(encoding="utf-8").splitlines()]
    assert "ks-2006" in problems[0]["message"]


def test_a_picture_that_is_none_is_refused_plainly(tmp_path, extractor):
    done = extractor("template", "preview", "ks-2016", "--out", tmp_path / "xem.txt")
    assert done.returncode == 2
    assert "xem.txt" in done.stderr


def test_accounts_from_the_command_line(extractor, tmp_path):
    from extractor.batch.storage import open_store

    open_store(tmp_path).close()
    added = extractor("account", "add", tmp_path, "thu.mot", "--person", "Thử Một", "--role", "administrator")
    assert added.returncode == 0, added.stderr
    login, password = added.stdout.split()
    assert login == "thu.mot"
    assert len(password) == 19
    wrong = extractor("account", "add", tmp_path, "thu.hai", "--person", "Thử Hai", "--role", "chief")
    assert (wrong.returncode, "not known" in wrong.stderr) == (2, True)
    taken = extractor("account", "add", tmp_path, "thu.hai", "--person", "thử một", "--role", "reviewer")
    assert (taken.returncode, "has that name" in taken.stderr) == (2, True)
    last = extractor("account", "change", tmp_path, "thu.mot", "--disable")
    assert (last.returncode, "No administrator" in last.stderr) == (2, True)
    again = extractor("account", "password", tmp_path, "thu.mot")
    assert len(again.stdout.strip()) == 19 != password
    assert "password not chosen yet" in extractor("account", "list", tmp_path).stdout
    assert extractor("account", "password", tmp_path, "thu.ba").returncode != 0
