"""Records that share a scan: each PDF holds its own record's part, and nothing of the rest."""

from __future__ import annotations

import io
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageOps

from extractor.errors import ExportError
from extractor.exports import cropping
from extractor.exports.areas import WHOLE, Area
from extractor.exports.books import Background, export_run
from extractor.exports.profile import load_profiles, with_own_profiles
from extractor.exports.record_pdf import PageCutter
from extractor.record_areas import record_areas
from extractor.records import BookKey
from extractor.templates.label_template import LabelTemplate

LEFT, RIGHT = Area(0.0, 0.0, 0.5, 1.0), Area(0.5, 0.0, 1.0, 1.0)


@pytest.fixture(params=["blocks", "pixels"])
def way(request, monkeypatch):
    """Both ways of cutting: blocks of the JPEG as they are, and pixels where the program for that is missing."""
    if request.param == "pixels":
        monkeypatch.setattr(cropping, "_program", lambda: None)
    elif shutil.which("jpegtran") is None:
        pytest.skip("jpegtran is not installed")
    return request.param


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def spread(mode: str = "RGB", size: tuple[int, int] = (128, 96)) -> Image.Image:
    """Two facing pages, the left one red, the right one blue, both with some writing."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 90, (size[1], size[0], 3), dtype=np.uint8)
    pixels[:, : size[0] // 2, 0] += 150
    pixels[:, size[0] // 2 :, 2] += 150
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).convert(mode)


def cut(source: bytes, area: Area):
    with PageCutter() as cutter:
        return cutter.cut(source, 1, area)


def picture_in(data: bytes) -> tuple[pikepdf.Object, Image.Image]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        return str(image.Filter), pikepdf.PdfImage(image).as_pil_image()


def shown(data: bytes, scale: float = 1.0) -> np.ndarray:
    document = pypdfium2.PdfDocument(data)
    pixels = np.asarray(document[0].render(scale=scale).to_pil().convert("RGB")).astype(int)
    document.close()
    return pixels


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_area_is_found_on_the_picture_as_it_is_stored(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.open(io.BytesIO(saved(spread("L", (60, 40)), "PNG", exif=exif)))
    upright, area = np.asarray(ImageOps.exif_transpose(stored)), Area(0.25, 0.1, 0.75, 0.5)
    left, top, right, bottom = area.pixels(upright.shape[1], upright.shape[0])
    part = stored.crop(area.stored(orientation).pixels(*stored.size))
    assert np.array_equal(np.asarray(ImageOps.exif_transpose(part)), upright[top:bottom, left:right])


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_a_jpeg_is_cut_without_changing_a_pixel(way, options):
    data = saved(spread(), quality=80, dpi=(144, 144), **options)
    made = cut(data, RIGHT)
    coding, found = picture_in(made.data)
    assert coding == {"blocks": "/DCTDecode", "pixels": "/FlateDecode"}[way]
    whole = np.asarray(Image.open(io.BytesIO(data)))
    # Colours of half resolution are smoothed over the edge of a cut: its own pixels there know no neighbour.
    assert np.array_equal(np.asarray(found)[:, 2:], whole[:, 66:])
    assert not made.hidden
    with pikepdf.open(io.BytesIO(made.data)) as pdf:
        assert [float(x) for x in pdf.pages[0].mediabox] == [0, 0, 32, 48]


@pytest.mark.parametrize(("area", "colour"), [(LEFT, 0), (RIGHT, 2)])
def test_nothing_of_the_other_page_is_left_in_the_file(way, area, colour):
    thumbnail = Image.Exif()
    thumbnail[270] = "a note about everyone"
    made = cut(saved(spread(), quality=90, exif=thumbnail), area)
    _, found = picture_in(made.data)
    assert found.size == (64, 96)
    assert b"everyone" not in made.data
    assert (np.asarray(found)[..., colour] > np.asarray(found)[..., 2 - colour]).mean() > 0.95


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_photograph_that_lies_on_its_side_is_cut_as_it_is_seen(way, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    seen = shown(cut(saved(spread().transpose(back), exif=exif, dpi=(144, 144)), LEFT).data, 2)
    assert seen.shape[:2] == (96, 64)
    assert (seen[..., 0] > seen[..., 2]).mean() > 0.95


def test_other_pictures_are_cut_losslessly():
    for mode, kind in (("RGB", "PNG"), ("L", "PNG"), ("1", "TIFF"), ("P", "PNG"), ("CMYK", "TIFF")):
        picture = spread(mode)
        _, found = picture_in(cut(saved(picture, kind), RIGHT).data)
        wanted = picture.crop((64, 0, 128, 96))
        assert np.array_equal(np.asarray(found.convert("RGB")), np.asarray(wanted.convert("RGB"))), mode


def scanned(jpeg: bytes, *, rotate: int = 0, more: bytes = b"", **entries: object) -> bytes:
    """A page as a scanner writes it: one JPEG that fills it."""
    with pikepdf.new() as pdf:
        width, height = Image.open(io.BytesIO(jpeg)).size
        kind = {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Filter": pikepdf.Name.DCTDecode}
        sizes = {"/Width": width, "/Height": height, "/BitsPerComponent": 8, "/ColorSpace": pikepdf.Name.DeviceRGB}
        image = pdf.make_indirect(pikepdf.Stream(pdf, jpeg, {**kind, **sizes, **entries}))
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, width, height],
            Rotate=rotate,
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image)),
            Contents=pdf.make_stream(f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q ".encode() + more),
        )
        pdf.pages.append(pikepdf.Page(page))
        written = io.BytesIO()
        pdf.save(written)
    return written.getvalue()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("more", [b"", b"0 0 0 rg 5 5 3 3 re f"])
def test_a_page_of_a_pdf_shows_the_part_that_was_seen(way, rotate, more):
    source = scanned(saved(spread(), quality=90), rotate=rotate, more=more)
    made = cut(source, Area(0.0, 0.5, 1.0, 1.0) if rotate % 180 else LEFT)
    whole, seen = shown(source), shown(made.data)
    height, width = whole.shape[:2]
    wanted = whole[height // 2 :] if rotate % 180 else whole[:, : width // 2]
    assert seen.shape == wanted.shape
    assert np.abs(seen - wanted)[2:-2, 2:-2].max() <= 2
    # What is drawn besides cannot be cut out of a picture: the rest is out of sight, and that is said.
    assert made.hidden == bool(more)


def test_a_picture_that_is_seen_through_in_places_is_only_hidden():
    made = cut(scanned(saved(spread()), **{"/Mask": pikepdf.Array([0, 5, 0, 5, 0, 5])}), LEFT)
    assert made.hidden
    assert shown(made.data).shape == (96, 64, 3)


def stamped(data: bytes, **entries: object) -> bytes:
    """A page of a PDF with a green stamp on its left half."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        form = {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form, "/BBox": pikepdf.Array([0, 0, 20, 20])}
        drawn = pikepdf.Stream(pdf, b"0 1 0 rg 0 0 20 20 re f", form)
        kind = {"/Type": pikepdf.Name.Annot, "/Subtype": pikepdf.Name.Stamp, "/Rect": pikepdf.Array([10, 10, 30, 30])}
        note = {**kind, "/F": 4, "/AP": pikepdf.Dictionary(N=pdf.make_indirect(drawn)), **entries}
        pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(pikepdf.Dictionary(note))])
        written = io.BytesIO()
        pdf.save(written)
    return written.getvalue()


def test_a_stamp_laid_over_a_page_is_not_cut_away():
    source = stamped(scanned(saved(spread(), quality=90)))
    made = cut(source, LEFT)
    assert made.hidden
    seen = shown(made.data)
    assert np.abs(seen - shown(source)[:, :64])[2:-2, 2:-2].max() <= 2
    assert list(seen[75, 20]) == [0, 255, 0]


@pytest.mark.parametrize("entries", [{"/F": 2}, {"/F": 32}, {"/Subtype": pikepdf.Name.Popup}])
def test_an_annotation_that_nobody_sees_does_not_keep_the_rest_of_the_page(way, entries):
    made = cut(stamped(scanned(saved(spread(), quality=90)), **entries), LEFT)
    assert not made.hidden
    assert picture_in(made.data)[1].size == (64, 96)


def test_areas_beside_each_other_do_not_show_each_other_and_rows_of_one_table_do():
    assert not Area(0.0, 0.0, 0.52, 1.0).shows(Area(0.48, 0.0, 1.0, 1.0))
    assert WHOLE.shows(LEFT)
    assert LEFT.shows(LEFT)


def test_the_manifest_counts_what_was_cut_and_what_still_shows_others(tmp_path, record, book, form, ks60, splitter):
    both = [record("01", record=1), record("02", record=2)]
    sides = {1: LEFT, 2: RIGHT}
    data = saved(spread(), quality=90)

    def counts(name, area_of, profile=ks60):
        (done,) = export_run(
            tmp_path / name,
            both,
            {form.form: form},
            {"ks-60": profile},
            books={one.key: book for one in both},
            split=splitter,
            page_source=lambda _: (data, 1),
            background=Background(area_of=area_of),
        ).books
        package = json.loads(done.manifest.read_text(encoding="utf-8"))["package"]
        told = [finding.other for finding in done.findings if finding.code == "pages_shared"]
        assert told == [str(package["pages_shared"])] * bool(package["pages_shared"])
        return package["pages_cut_to_record"], package["rest_hidden"], package["pages_shared"]

    assert counts("sides", lambda key: sides[key[2]]) == (2, 0, 0)
    assert counts("one side", lambda _: LEFT) == (2, 0, 2)
    assert counts("unknown", lambda _: None) == (0, 0, 2)
    whole = ks60.model_copy(update={"shared_pages": "whole"})
    assert counts("whole", lambda key: sides[key[2]], whole) == (0, 0, 2)


def test_a_page_shared_with_a_record_of_no_book_or_of_another_register_counts(tmp_path, record, book, form, splitter):
    other = form.model_copy(update={"form": "other", "register_code": "XX"})
    records = [record("01"), record("02", page=2), record("03", page=3)]
    records += [record("04", record=2), record("05", page=2, record=2).model_copy(update={"form": "other"})]
    known = {one.key: book for one in records}
    known[records[3].key] = BookKey(register="KS")
    records[3] = records[3].model_copy(
        update={"fields": {**records[3].fields, "quyenSo": records[3].fields["trangSo"]}}
    )
    done = export_run(
        tmp_path,
        records,
        {form.form: form, other.form: other},
        load_profiles(),
        books=known,
        split=splitter,
        page_source=lambda _: (saved(spread()), 1),
    )
    assert done.without_profile == 1
    (manifest,) = (one.manifest for one in done.books if one.manifest)
    assert json.loads(manifest.read_text(encoding="utf-8"))["package"]["pages_shared"] == 2
    assert [one.finding.other for one in done.warnings if one.finding.code == "pages_shared"] == ["2"]


def test_sheets_that_share_a_package_say_alike_what_its_pdfs_show(tmp_path, ks70):
    own = {**json.loads(ks70.model_dump_json(by_alias=True)), "shared_pages": "whole"}
    (tmp_path / "ks-70.yaml").write_text(json.dumps(own), encoding="utf-8")
    with pytest.raises(ExportError, match="shared_pages"):
        with_own_profiles(tmp_path)


def laid(places, *, fold=None, template=None, size=(200, 100), to_source=None):
    """What a picture was found to be: records with one region each, ``(left, top, right, bottom)`` in clean pixels."""
    corners = [np.array([[a, b], [c, b], [c, d], [a, d]], float) for a, b, c, d in places]
    records = [
        SimpleNamespace(record=number, fields=[SimpleNamespace(lines=(corner,))])
        for number, corner in enumerate(corners, 1)
    ]
    width, height = size
    page = SimpleNamespace(
        grey=np.zeros((height, width), np.uint8),
        dpi=25.4,
        to_source=np.eye(3) if to_source is None else to_source,
        source=SimpleNamespace(image=np.zeros((height, width, 3), np.uint8)),
    )
    form = SimpleNamespace(template=template or LabelTemplate.model_construct())
    return SimpleNamespace(page=page, form=form, registered=SimpleNamespace(records=records), fold=fold)


def test_facing_pages_are_cut_at_the_gutter_with_all_of_their_own_side():
    fold = np.array([[98.0, 0.0], [102.0, 99.0]])
    assert record_areas(laid([(5, 5, 90, 90)], fold=fold)) == {1: (0.0, 0.0, 0.51, 1.0)}
    assert record_areas(laid([(110, 5, 190, 90)], fold=fold)) == {1: (0.49, 0.0, 1.0, 1.0)}


def test_a_spread_that_lies_on_its_side_is_cut_across():
    fold = np.array([[0.0, 120.0], [100.0, 124.0]])
    area = record_areas(laid([(5, 5, 90, 90)], fold=fold, size=(100, 200)))
    assert area == {1: (0.0, 0.0, 1.0, 0.62)}


def test_records_one_above_the_other_are_cut_just_above_the_second():
    areas = record_areas(laid([(10, 10, 190, 40), (10, 60, 190, 90)]))
    assert areas == {1: (0.0, 0.0, 1.0, 0.56), 2: (0.0, 0.56, 1.0, 1.0)}
    assert record_areas(laid([(10, 10, 190, 40), (10, 38, 190, 90)])) == {}


def test_rows_of_a_table_and_a_record_with_a_page_for_itself_are_not_cut():
    assert record_areas(laid([(10, 10, 190, 20), (10, 30, 190, 40)], template=SimpleNamespace())) == {}
    assert record_areas(laid([(10, 10, 190, 20)])) == {}
