from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pikepdf
import pytest
import yaml

from extractor.errors import SettingsError
from extractor.records import BookKey
from extractor.training.fonts import load_fonts
from extractor.training.synth import render_book
from extractor.training.synth.edition import draw_edition, plain_edition
from extractor.training.synth.hand import draw_hand, draw_printer, word_width, write_word
from extractor.training.synth.layout import load_layout
from extractor.training.synth.typeset import typeset
from extractor.training.synth.writing import break_lines

FORMS = ("ks-2016", "ks-2006")
ROOT = Path(__file__).parents[3]
DPI = 100


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def digest(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*"))}


@pytest.fixture(scope="module", params=FORMS)
def book(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    made = render_book(folder, request.param, seed=5, records=3, strength=2.0, output="images", dpi=DPI, printed=(3,))
    return request.param, folder, made


@pytest.mark.parametrize("form", FORMS)
def test_layouts_have_room_for_every_field_of_the_form(form):
    schema = yaml.safe_load((ROOT / "page_templates" / form / "form.yaml").read_text(encoding="utf-8"))
    assert load_layout(form).codes() == {field["code"] for field in schema["fields"]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("strength", [0.0, 2.5, 5.0])
def test_labels_and_blanks_keep_apart(form, strength):
    layout = load_layout(form)
    for seed in range(6):
        laid = typeset(layout, draw_edition(Random(seed), strength, len(layout.groups)))
        boxes = [(line.x0, line.x1, line.y) for slot in laid.slots for line in slot.lines]
        assert all(x1 - x0 > 6 for x0, x1, _ in boxes)
        assert all(0 < x0 < x1 < laid.page[0] and 0 < y < laid.page[1] for x0, x1, y in boxes)
        for text in laid.texts:
            for x0, x1, y in boxes:
                if abs(y - text.y) < 2.0:
                    assert text.x >= x1 - 0.1 or text.x < x0, (text.text, seed)


def test_editions_differ_more_at_greater_strength():
    layout = load_layout("ks-2016")

    def spread(strength):
        first = typeset(layout, plain_edition())
        moved = []
        for seed in range(15):
            laid = typeset(layout, draw_edition(Random(seed), strength, len(layout.groups)))
            moved += [abs(a.lines[0].y - b.lines[0].y) for a, b in zip(first.slots, laid.slots, strict=True)]
        return np.mean(moved), np.max(moved)

    little, much = spread(0.0), spread(5.0)
    assert little[0] < 3.0 < much[0]
    assert 8.0 < much[1] < 25.0


def test_same_seed_gives_the_same_bytes(tmp_path):
    for output in ("pdf", "images"):
        for folder in ("a", "b"):
            render_book(tmp_path / output / folder, "ks-2016", seed=3, records=1, strength=3.0, output=output, dpi=72)
        assert digest(tmp_path / output / "a") == digest(tmp_path / output / "b")
    render_book(tmp_path / "c", "ks-2016", seed=4, records=1, strength=3.0, output="pdf", dpi=72)
    first, other = (next((tmp_path / name).glob("*.pdf")).read_bytes() for name in ("pdf/a", "c"))
    assert first != other


def test_every_field_has_truth_and_a_place(book):
    form, _, made = book
    schema = yaml.safe_load((ROOT / "page_templates" / form / "form.yaml").read_text(encoding="utf-8"))
    codes = {field["code"] for field in schema["fields"]}
    truth, layout = lines(made.truth), lines(made.layout)
    assert len(truth) == len(layout) == 3
    for entry, places in zip(truth, layout, strict=True):
        assert entry.keys() == {"file", "page", "record", "form", "fields"}
        assert set(entry["fields"]) == set(places["fields"]) == codes
        for code, field in entry["fields"].items():
            assert field.keys() == {"raw", "value", "state"}
            assert (field["state"] == "blank") == (not field["raw"])
            assert bool(places["fields"][code]["ink"]) == bool(field["raw"]), code


def test_ink_lies_in_the_regions_and_is_really_there(book):
    _, folder, made = book
    for places in lines(made.layout):
        picture = cv2.imread(str(folder / places["file"])).min(2)
        assert picture.shape[::-1] == tuple(places["size"])
        paper = np.median(picture)
        for code, field in places["fields"].items():
            for x, y, w, h in field["ink"]:
                assert w > 1
                assert picture[y : y + h, x : x + w].min() < paper - 60, code
                centre = (x + w / 2, y + h / 2)
                near = 0.45 * h + 6
                assert any(
                    rx - near <= centre[0] <= rx + rw + near and ry - near <= centre[1] <= ry + rh + near
                    for rx, ry, rw, rh in field["regions"]
                ), code


def test_numbers_rise_and_dates_do_not_fall(tmp_path):
    made = render_book(tmp_path, "ks-2006", seed=8, records=4, strength=0.0, output="pdf-per-record", dpi=72)
    numbers, dates = [], []
    for entry in lines(made.truth):
        name = re.fullmatch(r"KS\.(\d{4})\.(\d{2})\.(\d{4})-(\d{2})-(\d{2})\.(\d+)\.pdf", entry["file"])
        assert name, entry["file"]
        fields = entry["fields"]
        assert fields["ngayDangKy"]["value"] == f"{name[5]}.{name[4]}.{name[3]}"
        number, year = fields["so"]["value"].split("/")
        assert (int(number), year) == (int(name[6]), name[1])
        numbers.append(int(number))
        dates.append("".join(reversed(fields["ngayDangKy"]["value"].split("."))))
    assert numbers == [1, 2, 3, 4]
    assert dates == sorted(dates)
    assert sorted(path.name for path in made.files) == sorted(entry["file"] for entry in lines(made.truth))


def test_pdf_pages_are_single_pictures(tmp_path):
    made = render_book(
        tmp_path,
        "ks-2016",
        seed=2,
        records=2,
        dpi=72,
        book=BookKey(year="2017", number="01"),
        distractors=("cover", "blank", "letter"),
    )
    assert made.files[0].name == "KS.2017.01.pdf"
    with pikepdf.open(made.files[0]) as pdf:
        assert len(pdf.pages) == 5
        for page in pdf.pages:
            pictures = page.Resources.XObject
            assert list(pictures.keys()) == ["/Im0"]
            assert pictures["/Im0"].Filter == "/DCTDecode"
            assert abs(float(page.MediaBox[2]) - 595) < 60
    assert [entry["page"] for entry in lines(made.truth)] == [2, 3]
    no_form = lines(tmp_path / "no_form.jsonl")
    assert [(entry["page"], entry["kind"]) for entry in no_form] == [(1, "cover"), (4, "blank"), (5, "letter")]
    assert all(entry["fields"]["so"]["value"].endswith("/2017") for entry in lines(made.truth))


def test_words_are_bent_but_keep_their_marks():
    rng = Random(1)
    for split in ("train", "calibration", "test"):
        hand = draw_hand(rng, split, ugliness=1.0)
        assert hand.font in load_fonts("hand", split)
        plain, _, _ = write_word("mo", hand, 8.0, Random(2))
        marked, _, _ = write_word("mộ", hand, 8.0, Random(2))
        rows = np.flatnonzero((plain > 60).any(1)), np.flatnonzero((marked > 60).any(1))
        assert rows[1][0] < rows[0][0]
        assert rows[1][-1] > rows[0][-1]
        assert word_width("Nguyễn", hand, 8.0) > word_width("Ng", hand, 8.0) > 0


@pytest.mark.parametrize("split", ["train", "calibration", "test"])
def test_pens_and_printers_write_names_of_all_peoples(split):
    rng = Random(3)
    for _ in range(60):
        assert set("ŏĕčñŭ") <= set(draw_hand(rng, split).font.highland)
        assert set("ŏĕčñŭ") <= set(draw_printer(rng, split).font.highland)


def test_lines_break_at_words_and_say_when_they_do_not_fit():
    assert break_lines([30, 30, 30], 5, [70, 100]) == [[0, 1], [2]]
    assert break_lines([80, 30], 5, [70, 120]) == [[], [0, 1]]
    assert break_lines([30, 30, 30], 5, [70]) is None


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"form": "xx-2016"}, "kt-2016"),
        ({"strength": 6.0}, "strength"),
        ({"records": 0}, "records"),
        ({"output": "docx"}, "docx"),
        ({"dpi": 20}, "dpi"),
        ({"hand_split": "all"}, "hand_split"),
        ({"distractors": ("poster",)}, "poster"),
        ({"book": BookKey(year="17")}, "year"),
        ({"book": BookKey(number="1a")}, "number"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, wrong, named):
    good = {"form": "ks-2016", "seed": 1, "records": 1, "dpi": 72}
    with pytest.raises(SettingsError, match=named):
        render_book(tmp_path, **(good | wrong))


def test_spreads_have_the_ink_of_both_pages_where_the_truth_says(tmp_path):
    made = render_book(
        tmp_path, "ks-2006", seed=5, records=3, strength=2.0, output="images", dpi=DPI, camera=False, spreads=True
    )
    entries = lines(made.layout)
    assert len(made.files) == 2
    assert [(entry["file"], entry["record"]) for entry in entries] == [
        (made.files[0].name, 1),
        (made.files[0].name, 2),
        (made.files[1].name, 1),
    ]
    for entry in entries:
        picture = cv2.imread(str(tmp_path / entry["file"])).min(2)
        height, width = picture.shape
        assert width == pytest.approx(height * 2 / 297 * 210, rel=0.02)
        paper = np.median(picture)
        for code, field in entry["fields"].items():
            for x, y, w, h in field["ink"]:
                assert picture[y : y + h, x : x + w].min() < paper - 60, code
                assert (x + w / 2 > width / 2) == (entry["record"] == 2)


def test_spreads_are_no_pdf_a_record(tmp_path):
    with pytest.raises(SettingsError, match="facing"):
        render_book(tmp_path, "ks-2006", seed=5, records=2, output="pdf-per-record", spreads=True)
