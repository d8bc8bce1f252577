"""Opened books through the main job: both pages of a picture are read, and what is not read is named."""

import json
from collections import defaultdict
from functools import cache
from random import Random

import cv2
import numpy as np
import pytest
from support.runs import options

from extractor.batch.run import run
from extractor.batch.sources import load_sources
from extractor.laying import Layer
from extractor.page_file import load_areas, load_page_file, page_stem
from extractor.records import read_records
from extractor.scans import PHOTOGRAPH, Side, clean_page
from extractor.scans.types import SourcePage
from extractor.templates import load_forms
from extractor.training.synth import render_book
from extractor.training.synth.book import render_records
from extractor.training.synth.capture import draw_device
from extractor.training.synth.distractors import make_distractor
from extractor.training.synth.paper import draw_paper
from extractor.training.synth.spread import FLAT, open_sheet
from extractor.training.texts import make_book, years_of

DPI = 150


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def page_of(form: str, seed: int, records: int = 1) -> np.ndarray:
    """A flat, filled page; several tests open a book at the same one."""
    rng = Random(f"{form}/{seed}")
    setting = make_book(rng, form, records, years=years_of(form))
    rendered = render_records(setting, form, rng=rng, strength=1.0, split="test", dpi=DPI, device=FLAT)
    picture = next(iter(rendered)).page.picture
    picture.setflags(write=False)
    return picture


def opened(*pages: np.ndarray, seed: int = 1, strength: float = 1.5) -> np.ndarray:
    """The picture of an opened book; one page alone is folded in its middle."""
    rng = Random(seed)
    flat = np.hstack(pages)
    device = draw_device(rng, strength, camera=False)
    return open_sheet(flat, flat.shape[1] / 2, device, dpi=DPI, rng=rng).picture


def cover() -> np.ndarray:
    rng = Random(3)
    setting = make_book(rng, "ks-2006", 1)
    return make_distractor("cover", setting, paper=draw_paper(rng, 1.0), device=FLAT, dpi=DPI, rng=rng)


def source(picture: np.ndarray) -> SourcePage:
    return SourcePage("page.png", 1, np.ascontiguousarray(picture), "")


@pytest.fixture(scope="module")
def layer() -> Layer:
    return Layer(load_forms())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A book of three records in two spreads, the last page blank."""
    folder = tmp_path_factory.mktemp("spreads")
    return folder, render_book(
        folder, "ks-2006", seed=101, records=3, strength=2.0, camera=False, spreads=True, printed=()
    )


@pytest.fixture(scope="module")
def finished(made, tmp_path_factory):
    """One run over that book, over a cover facing a record, and over pages of two registers facing each other."""
    folder, book = made
    for name, picture in {
        "cover.jpg": opened(cover(), page_of("ks-2006", 5)),
        "two-registers.jpg": opened(page_of("ks-2006", 6), page_of("kt-2006", 7)),
    }.items():
        assert cv2.imwrite(str(folder / name), picture)
    out = tmp_path_factory.mktemp("out")
    return out, run(options([book.files[0], folder / "cover.jpg", folder / "two-registers.jpg"], out))


def test_all_records_of_both_pages_are_read_in_order(finished, made):
    out, summary = finished
    name = made[1].files[0].name
    assert [r.key for r in read_records(out / "records.jsonl") if r.file == name] == [
        (name, 1, 1),
        (name, 1, 2),
        (name, 2, 1),
    ]
    assert summary.set_aside == ()
    assert summary.outputs.status.pages == 4


def test_boxes_lie_on_the_writing_in_source_pixels(finished, made):
    out, _ = finished
    found = {record.key: record for record in read_records(out / "records.jsonl")}
    inside = defaultdict(list)
    for entry in lines(made[1].layout):
        record = found[entry["file"], entry["page"], entry["record"]]
        middle = entry["size"][0] / 2
        for code, places in entry["fields"].items():
            box = record.fields[code].box
            if code not in ("ghiChu",) and box:
                assert (box.x + box.w / 2 < middle) == (entry["record"] == 1), code
            for x, y, w, h in places["ink"] if box else ():
                shared = max(0, min(x + w, box.right) - max(x, box.x)) * max(0, min(y + h, box.bottom) - max(y, box.y))
                inside[entry["record"]].append(shared / (w * h))
    assert np.mean(inside[1]) > 0.85
    assert np.mean(inside[2]) > 0.85


def test_records_of_the_right_page_are_read_as_well_as_those_of_the_left(finished, made):
    out, _ = finished
    found = {record.key: record for record in read_records(out / "records.jsonl")}
    right = defaultdict(list)
    for entry in lines(made[1].truth):
        fields = found[entry["file"], entry["page"], entry["record"]].fields
        right[entry["record"]] += [fields[code].value == truth["value"] for code, truth in entry["fields"].items()]
    assert np.mean(right[1]) > 0.6
    assert np.mean(right[2]) > 0.6


def test_regions_of_both_pages_lie_on_the_whole_picture(finished, made):
    out, _ = finished
    files = [load_page_file(out, path.stem) for path in (out / "pages").glob("*-0001.json")]
    (kept,) = [page for page in files if len({number for number, _ in page.readings}) == 2]
    middle = 0.5 * 297 * np.sqrt(2) * 200 / 25.4
    for number, beyond in ((1, False), (2, True)):
        points = np.concatenate([p for (n, _), polygons in kept.regions.items() if n == number for p in polygons])
        assert (points[:, 0].mean() > middle) == beyond


def test_each_record_has_its_own_side_of_the_picture(finished, made):
    out, _ = finished
    (known,) = [source for name, source in load_sources(out).items() if name == made[1].files[0].name]
    for page, sides in ((1, {1: "left", 2: "right"}), (2, {1: "left"})):
        areas = load_areas(out, page_stem(known.sha256, page))
        assert areas.keys() == sides.keys()
        for number, (left, top, right, bottom) in areas.items():
            inner, outer = (right, left) if sides[number] == "left" else (left, right)
            assert abs(inner - 0.5) < 0.02
            assert (outer, top, bottom) == (0.0 if sides[number] == "left" else 1.0, 0.0, 1.0)


def test_a_blank_page_beside_a_record_is_named(finished, made):
    out, summary = finished
    name = made[1].files[0].name
    (problem,) = [p for p in lines(out / "problems.jsonl") if p["file"] == name]
    assert problem["kind"] == "blank_page"
    assert problem["message"].startswith("Trang phải:")
    assert (out / problem["overlay"]).exists()
    assert summary.outputs.status.page_problems == 3
    assert (out / "report.html").read_text(encoding="utf-8").count("Trang phải:") == 2


def test_a_cover_facing_a_record_is_named_and_read(finished):
    out, _ = finished
    (record,) = [r for r in read_records(out / "records.jsonl") if r.file == "cover.jpg"]
    assert record.record == 1
    (problem,) = [p for p in lines(out / "problems.jsonl") if p["file"] == "cover.jpg"]
    assert problem["kind"] == "cover"
    assert problem["message"].startswith("Trang trái:")


def test_a_page_of_another_register_is_named_not_mixed_in(finished):
    out, _ = finished
    (record,) = [r for r in read_records(out / "records.jsonl") if r.file == "two-registers.jpg"]
    assert record.form == "ks-2006"
    (problem,) = [p for p in lines(out / "problems.jsonl") if p["file"] == "two-registers.jpg"]
    assert problem["form"] == "kt-2006"
    assert problem["message"].startswith("Trang phải:")


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_spreads_are_turned_upright_before_they_are_cut(layer, quarters):
    picture = np.rot90(opened(page_of("ks-2006", 8), page_of("ks-2006", 9), seed=quarters), quarters)
    laid = layer.lay(source(picture))
    assert [page.side for page in laid.pages] == [Side.LEFT, Side.RIGHT]
    assert laid.registers == 2
    # The direction from the left page to the right one in the picture tells that left is left.
    middles = [page.page.to_source @ [*(np.array(page.page.grey.shape[::-1]) / 2), 1] for page in laid.pages]
    across = middles[1][:2] / middles[1][2] - middles[0][:2] / middles[0][2]
    assert across / np.hypot(*across) == pytest.approx({1: (0, -1), 2: (-1, 0), 3: (0, 1)}[quarters], abs=0.1)


@pytest.mark.parametrize("folded", [False, True])
def test_a_table_across_both_pages_is_not_cut(layer, folded):
    page = page_of("ks-1976", 11, records=6)
    laid = layer.lay(source(opened(page) if folded else page))
    assert [(page.side, page.match.form) for page in laid.pages] == [(None, "ks-1976")]
    assert laid.registers == 1


def test_two_unknown_pages_are_one_unknown_page(layer):
    laid = layer.lay(source(opened(np.full((1754, 1240, 3), 240, np.uint8), np.full((1754, 1240, 3), 235, np.uint8))))
    assert [page.side for page in laid.pages] == [None]
    assert laid.pages[0].match.blank


def test_both_pages_of_a_photograph_are_read_where_one_looks_like_the_only_one(layer):
    pages = [page_of("ks-2006", seed) for seed in (12, 13)]
    rng = Random(1)
    device = draw_device(rng, 3.0, camera=True)
    picture = open_sheet(np.hstack(pages), pages[0].shape[1], device, dpi=DPI, rng=rng).picture
    alone = clean_page(source(picture))
    assert PHOTOGRAPH in alone.notes
    assert alone.grey.shape[0] > alone.grey.shape[1]
    laid = layer.lay(source(picture))
    assert [page.side for page in laid.pages] == [Side.LEFT, Side.RIGHT]
    assert laid.registers == 2


def test_a_table_that_was_turned_wrongly_is_looked_at_as_it_is(layer):
    rng = Random("kt-1976/2.5/20/False")
    setting = make_book(rng, "kt-1976", 8, years=years_of("kt-1976"))
    pages = render_records(setting, "kt-1976", rng=rng, strength=2.5, split="test", dpi=200, camera=False)
    source = SourcePage("bang.png", 1, next(iter(pages)).page.picture, "0" * 64)
    laid = layer.lay(source)
    assert [page.form.name for page in laid.pages if page.form] == ["kt-1976"]
    assert laid.sure
