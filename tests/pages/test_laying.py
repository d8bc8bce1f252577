"""What a person says of a page decides how it is laid: anchors, turns, corners, rows."""

import cv2
import numpy as np
import pytest
from support.laid import anchors_of, lay, places

from extractor.field_reading import source_polygon
from extractor.scans import list_pages
from extractor.scans.types import SourcePage
from extractor.templates.types import RegisteredPage
from extractor.training.synth import render_book


def distances(one, other):
    """Greatest distance of a corner, by field; infinite where a line is missing or has other corners."""
    assert set(one) == set(other)
    return np.array(
        [float(np.abs(one[key] - other[key]).max()) if one[key].shape == other[key].shape else np.inf for key in one]
    )


def registered_of(laid) -> RegisteredPage:
    assert laid.pages[0].registered is not None
    return laid.pages[0].registered


def test_four_anchors_lay_the_form_where_the_machine_does(forms, sample, automatic):
    laid = lay(forms, sample, form="ks-2016", anchors=anchors_of(automatic, forms))
    away = distances(places(automatic), places(laid))
    assert np.quantile(away, 0.9) <= 2.01
    assert away.max() < 4.0
    assert registered_of(laid).registration.method.startswith("by hand")
    assert registered_of(laid).registration.ok


def test_anchors_lay_a_form_over_a_page_without_a_word_read(forms, sample, automatic):
    assert not lay(forms, sample, read=False, form="ks-2016").registers
    laid = lay(forms, sample, read=False, form="ks-2016", anchors=anchors_of(automatic, forms))
    registration = registered_of(laid).registration
    assert registration.ok
    assert registration.coverage < 0.3
    # By the four points alone, values lie as far from their places as print runs differ.
    own, given = places(automatic), places(laid)
    key = (1, "nksHoTen", 0)
    assert np.abs(own[key].mean(axis=0) - given[key].mean(axis=0)).max() < 80


def test_a_page_on_its_side_is_turned_as_told(forms, sample, automatic):
    # Turned a quarter clockwise, it needs three more.
    picture = np.ascontiguousarray(np.rot90(sample.image, -1))
    turned = SourcePage("turned.png", 1, picture, "")
    laid = lay(forms, turned, turn=3)
    assert any("turned by 90" in note for note in laid.page.notes)
    height = sample.image.shape[0]
    # Pixel x, y of the upright page lies at height - 1 - y, x of the turned one.
    back = {key: np.column_stack([line[:, 1], height - 1 - line[:, 0]]) for key, line in places(laid).items()}
    assert np.quantile(distances(places(automatic), back), 0.9) < 4.0
    wrong = lay(forms, turned, turn=1)
    assert any("turned by 270" in note for note in wrong.page.notes)
    assert not wrong.registers


@pytest.fixture(scope="module")
def photograph(sample):
    """The sample page seen askew on a table of its own colour, and where its corners are."""
    height, width = sample.image.shape[:2]
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[180, 150], [width + 60, 40], [width + 210, height + 120], [60, height - 40]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, seen)
    size = (width + 300, height + 260)
    picture = cv2.warpPerspective(sample.image, matrix, size, borderValue=(238, 240, 240))
    return SourcePage("photo.png", 1, np.asarray(picture, np.uint8), ""), seen, matrix


def test_corners_take_the_perspective_out(forms, automatic, photograph):
    source, corners, matrix = photograph
    laid = lay(forms, source, corners=corners.tolist())
    assert laid.registers
    assert np.allclose(
        laid.page.to_source @ [0, 0, 1] / (laid.page.to_source @ [0, 0, 1])[2], [*corners[0], 1], atol=30
    )
    seen = {
        key: cv2.perspectiveTransform(line[None].astype(np.float64), matrix.astype(np.float64))[0]
        for key, line in places(automatic).items()
    }
    assert np.quantile(distances_of_middles(seen, places(laid)), 0.9) < 6.0


def test_anchors_take_the_perspective_out_too(forms, automatic, photograph):
    source, _, matrix = photograph
    anchors = anchors_of(automatic, forms)
    points = np.array([anchor["source"] for anchor in anchors], np.float64)
    moved = cv2.perspectiveTransform(points[None], matrix.astype(np.float64))[0]
    given = [
        {"source": tuple(point), "home": anchor["home"]} for point, anchor in zip(moved.tolist(), anchors, strict=True)
    ]
    laid = lay(forms, source, form="ks-2016", anchors=given)
    assert "flattened by anchors" in laid.pages[0].page.notes
    assert registered_of(laid).registration.coverage > 0.8


def distances_of_middles(one, other):
    shared = sorted(set(one) & set(other))
    assert len(shared) > 0.9 * len(one)
    return np.array([np.abs(one[key].mean(axis=0) - other[key].mean(axis=0)).max() for key in shared])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A page of a register in the form of a table."""
    folder = tmp_path_factory.mktemp("table")
    render_book(folder, "ks-1976", seed=5, records=5, strength=0.5, hand_split="calibration", printed=(), camera=False)
    return list_pages([folder], on_set_aside=print)[0].load()


def test_rows_of_a_table_are_split_and_joined(forms, table):
    found = lay(forms, table, form="ks-1976", pages=1, read=False)
    registered = registered_of(found)
    assert registered.rows is not None
    count = len(registered.records)
    assert count >= 3
    rows = [source_polygon(found.pages[0].page, line) for line in registered.rows]
    same = registered_of(lay(forms, table, form="ks-1976", pages=1, read=False, rows=[row.tolist() for row in rows]))
    assert len(same.records) == count
    assert same.registration.method == "by hand: rows"
    assert [len(field.lines) for field in same.records[1].fields] == [
        len(field.lines) for field in registered.records[1].fields
    ]
    joined = registered_of(
        lay(
            forms,
            table,
            form="ks-1976",
            pages=1,
            read=False,
            rows=[row.tolist() for n, row in enumerate(rows) if n != 2],
        )
    )
    assert len(joined.records) == count - 1
    # What stood in the second and third record stands in the second now.
    for field, second, third in zip(
        joined.records[1].fields, registered.records[1].fields, registered.records[2].fields, strict=True
    ):
        assert len(field.lines) == len(second.lines) + len(third.lines)
    middle = (rows[1] + rows[2]) / 2
    split = registered_of(
        lay(
            forms,
            table,
            form="ks-1976",
            pages=1,
            read=False,
            rows=[row.tolist() for row in (*rows[:2], middle, *rows[2:])],
        )
    )
    assert len(split.records) == count + 1


def test_a_table_is_laid_by_the_corners_of_its_frame(forms, table):
    found = lay(forms, table, form="ks-1976", pages=1, read=False)
    laid = lay(forms, table, read=False, form="ks-1976", anchors=anchors_of(found, forms))
    one, other = registered_of(found), registered_of(laid)
    assert other.registration.method == "by hand: rulings"
    assert len(one.records) == len(other.records)
    assert np.quantile(distances_of_middles(places(found), places(laid)), 0.9) < 4.0


def test_two_pages_are_cut_where_told(forms, sample):
    picture = np.hstack([sample.image, sample.image])
    source = SourcePage("spread.png", 1, np.ascontiguousarray(picture), "")
    height, width = sample.image.shape[:2]
    laid = lay(forms, source, form="ks-2016", pages=2, gutter=[[width, 0], [width, height]])
    assert [page.registers for page in laid.pages] == [True, True]
    assert laid.pages[0].fold is not None
    assert abs(laid.pages[0].fold[:, 0] - width).max() < 12
    assert len(lay(forms, source, read=False, pages=1, form="ks-2016").pages) == 1
