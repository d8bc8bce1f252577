import os
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from PIL import Image

from extractor.errors import InputError
from extractor.records import BookKey
from extractor.scans import Limits, count_pages, list_pages
from extractor.scans.inputs import natural_key


def corner_levels(image):
    """Mean grey of the four corner blocks: top left, top right, bottom left, bottom right."""
    grey = image.mean(axis=2)
    return [grey[15:45, 15:45].mean(), grey[15:45, -45:-25].mean(), grey[-48:-38, 15:45].mean()]


def looks_upright(image):
    dark, middle, paper = corner_levels(image)
    return dark < 80 and 100 < middle < 170 and paper > 215 and image.shape == (340, 240, 3)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jpg", lambda files: files.jpeg()),
        ("a.png", lambda files: files.encode(files.drawing(), "PNG", dpi=(200, 200))),
        ("scan.jpg", lambda files: files.encode(files.drawing(), "PNG", dpi=(200, 200))),
        ("grey.jpg", lambda files: files.encode(files.drawing(mode="L"), "JPEG", dpi=(200, 200))),
        ("cmyk.jpg", lambda files: files.encode(files.drawing(mode="CMYK"), "JPEG", dpi=(200, 200))),
        ("one.tif", lambda files: files.encode(files.drawing(), "TIFF", compression="tiff_lzw", dpi=(200, 200))),
        ("alpha.png", lambda files: files.encode(files.drawing(mode="RGBA"), "PNG", dpi=(200, 200))),
        ("palette.png", lambda files: files.encode(files.drawing().quantize(64), "PNG", dpi=(200, 200))),
        ("a.pdf", lambda files: files.scan_pdf(files.jpeg(), media=(86.4, 122.4))),
        (
            "cmyk.pdf",
            lambda files: files.scan_pdf(files.encode(files.drawing(mode="CMYK"), "JPEG"), media=(86.4, 122.4)),
        ),
    ],
)
def test_one_page_of_each_kind(files, tmp_path, name, data):
    (tmp_path / name).write_bytes(data(files))
    seen = files.Collected(tmp_path / name)
    assert seen.reasons == []
    assert seen.names == [(name, 1)]
    page = seen.pages[0]
    assert page.image.dtype == np.uint8
    assert page.image.flags.c_contiguous
    assert looks_upright(page.image)
    assert page.dpi == pytest.approx(200, abs=0.5)
    assert len(page.sha256) == 64


def test_deep_one_bit_and_inverted_pictures(files, tmp_path):
    grey = np.asarray(files.drawing(mode="L")).astype(np.uint16)
    Image.fromarray(grey * 257).save(tmp_path / "16.png")
    Image.fromarray(grey * 16).save(tmp_path / "12.tif")
    files.drawing(mode="L").point(lambda level: 255 * (level > 160)).convert("1").save(
        tmp_path / "fax.tif", compression="group4"
    )
    stored = Image.fromarray(255 - grey.astype(np.uint8))
    stored.save(tmp_path / "negative.tif", tiffinfo={262: 0})
    seen = files.Collected(tmp_path)
    assert seen.reasons == []
    levels = {page.file: corner_levels(page.image) for page in seen.pages}
    assert levels["16.png"] == pytest.approx(levels["12.tif"], abs=8)
    assert levels["16.png"][0] < 60 < 215 < levels["16.png"][2]
    assert levels["fax.tif"][0] == 0
    assert levels["fax.tif"][2] == 255


def test_transparent_is_paper(files, tmp_path):
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    assert files.Collected(tmp_path).pages[0].image.min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_orientation_tag_turns_the_page_upright(files, tmp_path, orientation, kind):
    undo = {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}.get(orientation, [])
    picture = files.drawing()
    for method in undo:
        picture = picture.transpose(Image.Transpose(method))
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "photo"
    path.write_bytes(files.encode(picture, kind, exif=exif))
    assert looks_upright(files.Collected(path).pages[0].image)


def test_multipage_tiff_is_read_frame_by_frame(files, tmp_path):
    frames = [files.drawing(shift=shift) for shift in (0, 40, 80)]
    frames[0].save(tmp_path / "book.tif", save_all=True, append_images=frames[1:], compression="tiff_deflate")
    seen = files.Collected(tmp_path / "book.tif")
    assert seen.names == [("book.tif", 1), ("book.tif", 2), ("book.tif", 3)]
    for page, frame in zip(seen.pages, frames, strict=True):
        assert np.array_equal(page.image[:, :, ::-1], np.asarray(frame))
    assert len({page.sha256 for page in seen.pages}) == 3


def test_scan_in_pdf_is_taken_out_as_it_is(files, tmp_path):
    data = files.jpeg()
    (tmp_path / "a.pdf").write_bytes(files.scan_pdf(data, files.jpeg(shift=30)))
    seen = files.Collected(tmp_path / "a.pdf")
    assert seen.names == [("a.pdf", 1), ("a.pdf", 2)]
    assert np.array_equal(seen.pages[0].image, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))


@pytest.mark.parametrize(
    ("rotate", "matrix"),
    [
        (90, (144, 0, 0, 204, 0, 0)),
        (180, (144, 0, 0, 204, 0, 0)),
        (270, (144, 0, 0, 204, 0, 0)),
        (0, (-144, 0, 0, 204, 144, 0)),
        (0, (144, 0, 0, -204, 0, 204)),
        (0, (0, 204, -144, 0, 144, 0)),
        (90, (0, 204, -144, 0, 144, 0)),
    ],
)
def test_turned_and_mirrored_placement_agrees_with_the_renderer(files, tmp_path, rotate, matrix):
    from pdf2image import convert_from_bytes

    data = files.scan_pdf(files.jpeg(), rotate=rotate, matrix=matrix)
    (tmp_path / "a.pdf").write_bytes(data)
    taken = files.Collected(tmp_path / "a.pdf").pages[0].image
    rendered = np.asarray(convert_from_bytes(data, dpi=120)[0].resize(taken.shape[1::-1]))[:, :, ::-1]
    # The renderer resamples, so grain differs; a wrong turn would put the dark blocks elsewhere.
    difference = np.abs(cv2.blur(taken, (5, 5)).astype(int) - cv2.blur(np.ascontiguousarray(rendered), (5, 5)))
    assert np.percentile(difference, 97) < 30


def test_drawn_page_is_rendered_at_the_dpi_asked_for(files, tmp_path):
    (tmp_path / "a.pdf").write_bytes(files.drawn_pdf())
    for dpi in (150, 300):
        page = files.Collected(tmp_path / "a.pdf", render_dpi=dpi).pages[0]
        assert page.image.shape == (round(204 * dpi / 72), round(144 * dpi / 72), 3)
        assert page.dpi == dpi
        dark = page.image[round(40 * dpi / 72), round(40 * dpi / 72)]
        assert dark.max() < 10
        assert page.image[-5, -5].min() > 250


def test_scan_with_writing_over_it_is_rendered_and_with_invisible_text_not(files, tmp_path):
    for name, text, difference in (("over", b"0 0 0 rg 20 60 90 60 re f", True), ("ocr", b"BT 3 Tr ET", False)):
        pdf = pikepdf.open(BytesIO(files.scan_pdf(files.jpeg())))
        page = pdf.pages[0]
        page.obj.Contents = pikepdf.Stream(pdf, page.Contents.read_bytes() + b"\n" + text)
        pdf.save(tmp_path / f"{name}.pdf")
        image = files.Collected(tmp_path / f"{name}.pdf").pages[0].image
        block = image[int(image.shape[0] * 0.55), int(image.shape[1] * 0.5)]
        assert (block.max() < 30) == difference


def test_scan_under_a_narrower_clip_is_rendered(files, tmp_path):
    pdf = pikepdf.open(BytesIO(files.scan_pdf(files.jpeg())))
    content = pdf.pages[0].Contents.read_bytes()
    pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, b"0 102 144 102 re W n " + content)
    pdf.save(tmp_path / "a.pdf")
    image = files.Collected(tmp_path / "a.pdf").pages[0].image
    assert image[-image.shape[0] // 3 :].min() == 255


def test_folder_is_read_in_natural_order_with_book_and_official_names(files, tmp_path):
    book = tmp_path / "in" / "KS.2017.01"
    (book / "more").mkdir(parents=True)
    (book / "page 10.jpg").write_bytes(files.jpeg(shift=1))
    (book / "page 2.jpg").write_bytes(files.jpeg(shift=2))
    (book / "more" / "KT.2018.3.2018-02-03.05.pdf").write_bytes(files.scan_pdf(files.jpeg()))
    for name in ("truth.jsonl", "README", "README.md", ".DS_Store", "Thumbs.db", "page 2.xml"):
        (book / name).write_text("beside")
    seen = files.Collected(tmp_path / "in")
    assert seen.reasons == []
    assert seen.names == [
        ("KS.2017.01/more/KT.2018.3.2018-02-03.05.pdf", 1),
        ("KS.2017.01/page 2.jpg", 1),
        ("KS.2017.01/page 10.jpg", 1),
    ]
    assert seen.pages[0].book == BookKey(register="KT", year="2018", number="3")
    assert seen.pages[0].name is not None and seen.pages[0].name.date == "2018-02-03"
    assert seen.pages[1].book == BookKey(register="KS", year="2017", number="01")
    assert files.Collected(book).pages[1].book.number == "01", "the folder the user names counts too"


def test_one_file_named_after_its_book(files, tmp_path):
    (tmp_path / "KH.2001.07.pdf").write_bytes(files.scan_pdf(files.jpeg()))
    assert files.Collected(tmp_path / "KH.2001.07.pdf").pages[0].book == BookKey(
        register="KH", year="2001", number="07"
    )


def test_archive_members_are_named_below_the_archive(files, tmp_path):
    with zipfile.ZipFile(tmp_path / "KS.2017.01.zip", "w") as archive:
        archive.writestr("b/page 10.jpg", files.jpeg())
        archive.writestr("b/page 9.jpg", files.jpeg(shift=9))
        archive.writestr("__MACOSX/._page 9.jpg", b"fork")
        archive.writestr("readme.txt", b"notes")
        archive.writestr("two.pdf", files.scan_pdf(files.jpeg(), files.jpeg()))
    seen = files.Collected(tmp_path / "KS.2017.01.zip")
    assert seen.reasons == []
    assert seen.names == [
        ("KS.2017.01.zip/b/page 9.jpg", 1),
        ("KS.2017.01.zip/b/page 10.jpg", 1),
        ("KS.2017.01.zip/two.pdf", 1),
        ("KS.2017.01.zip/two.pdf", 2),
    ]
    assert {page.book.number for page in seen.pages} == {"01"}


def test_equal_names_do_not_collide(files, tmp_path):
    for folder in ("x/2017", "x/2018", "y/2018"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "scan.jpg").write_bytes(files.jpeg())
    paths = [tmp_path / "x/2017/scan.jpg", tmp_path / "x/2018", tmp_path / "y/2018/scan.jpg"]
    expected = {"x/2018/scan.jpg", "y/2018/scan.jpg", "2017/scan.jpg"}
    assert {name for name, _ in files.Collected(*paths).names} == expected
    assert {name for name, _ in files.Collected(*reversed(paths)).names} == expected
    assert len(files.Collected(paths[0], paths[0], tmp_path / "x/2017").names) == 1, "the same file is read once"


def test_page_refs_are_counted_without_decoding_and_load_elsewhere(files, tmp_path, monkeypatch):
    (tmp_path / "a.pdf").write_bytes(files.scan_pdf(files.jpeg(), files.jpeg(shift=5)))
    (tmp_path / "b.jpg").write_bytes(files.jpeg())
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    reports = []
    with monkeypatch.context() as patch:
        patch.setattr("extractor.scans.raster.decode_jpeg", lambda *_: pytest.fail("decoded"))
        refs = list_pages([tmp_path], on_set_aside=reports.append)
        assert count_pages([tmp_path]) == 3
    assert [report.file for report in reports] == ["broken.pdf"]
    again = pickle.loads(pickle.dumps(refs))
    assert [ref.load().page for ref in again] == [1, 2, 1]
    assert len(pickle.dumps(refs[0])) < 2000


def test_content_hash_ignores_the_name_and_sees_the_content(files, tmp_path):
    (tmp_path / "a.jpg").write_bytes(files.jpeg())
    (tmp_path / "b.jpg").write_bytes(files.jpeg())
    (tmp_path / "c.jpg").write_bytes(files.jpeg(shift=3))
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("e.jpg", files.jpeg())
    keys = {ref.source.file: ref.key for ref in list_pages([tmp_path], on_set_aside=lambda _: None)}
    assert keys["a.jpg"] == keys["b.jpg"] == keys["d.zip/e.jpg"] != keys["c.jpg"]


def test_a_file_changed_after_listing_is_refused(files, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(files.jpeg())
    (ref,) = list_pages([path], on_set_aside=lambda _: None)
    path.write_bytes(files.jpeg(shift=7) + b"tail")
    with pytest.raises(InputError, match="changed"):
        ref.load()
    path.unlink()
    with pytest.raises(InputError, match="no longer"):
        ref.load()


def test_names_are_normalised(files, tmp_path):
    (tmp_path / "Hô\u0323 ti\u0323ch.jpg").write_bytes(files.jpeg())
    assert files.Collected(tmp_path).names == [("Hộ tịch.jpg", 1)]


def test_natural_order():
    assert sorted(["10", "9", "a10b", "a9b", "a"], key=natural_key) == ["9", "10", "a", "a9b", "a10b"]


def test_limits_are_validated():
    with pytest.raises(ValueError, match="pages"):
        Limits(pages=0)
    with pytest.raises(ValueError, match="megapixels"):
        Limits(megapixels=5000)


def test_links_to_files_and_folders_are_followed_once(files, tmp_path):
    real = tmp_path / "in" / "real"
    real.mkdir(parents=True)
    (real / "a.jpg").write_bytes(files.jpeg())
    (tmp_path / "in" / "zlink").symlink_to(real)
    assert files.Collected(tmp_path / "in").names == [("real/a.jpg", 1)]


@pytest.mark.parametrize("sign", ["\x1b[2J", "\r", "\n", "\t", "\x9b1m", "\u202e", "\u061c"])
def test_names_that_command_a_screen_are_set_aside_by_a_plain_name(files, tmp_path, sign):
    (tmp_path / f"a{sign}.jpg").write_bytes(files.jpeg())
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(f"c{sign}.jpg", files.jpeg())
        archive.writestr("d.jpg", files.jpeg())
    seen = files.Collected(tmp_path)
    assert seen.names == [("b.zip/d.jpg", 1)]
    plain = f"\\u{ord(sign[0]):04x}{sign[1:]}"
    assert seen.reasons == [(f"a{plain}.jpg", "unsafe_path"), (f"b.zip/c{plain}.jpg", "unsafe_path")]
    assert all("Rename" in report.mend for report in seen.reports)


def test_refusals_of_other_kinds_name_files_plainly_too(files, tmp_path):
    (tmp_path / "loop\x1b").symlink_to(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../up\x1b.jpg", files.jpeg())
    seen = files.Collected(tmp_path, tmp_path / "gone\n.jpg")
    assert set(seen.reasons) == {
        ("a.zip/../up\\u001b.jpg", "unsafe_path"),
        (f"{tmp_path.as_posix()}/gone\\u000a.jpg", "missing"),
        ("loop\\u001b", "unsafe_path"),
    }


def test_a_folder_whose_name_is_no_text_is_told(files, tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/insur\xff"))
    odd.mkdir()
    (odd / "a.jpg").write_bytes(files.jpeg())
    seen = files.Collected(odd, odd / "a.jpg", odd / "b.jpg")
    assert seen.names == []
    assert seen.reasons == [(f"{tmp_path.as_posix()}/insur\\udcff/b.jpg", "missing"), ("a.jpg", "unsafe_path")]


def test_what_a_run_wrote_is_no_scan_and_what_lies_beside_it_is(files, tmp_path):
    out = tmp_path / "in" / "results"
    for name in ("scans/a.jpg", "2017/b.jpg", "pages/c.jpg", "overlays/d.jpg"):
        (out / name).parent.mkdir(parents=True)
        (out / name).write_bytes(files.jpeg())
    everything = {name for name, _ in files.Collected(tmp_path / "in").names}
    assert everything == {f"results/{name}" for name in ("scans/a.jpg", "2017/b.jpg", "pages/c.jpg", "overlays/d.jpg")}
    for name in ("audit.key", "sources.json", "extractor.sqlite", "extractor.sqlite-wal"):
        (out / name).write_text("x")
    (tmp_path / "in" / "link").symlink_to(out / "pages")
    for asked in (tmp_path / "in", out):
        seen = files.Collected(asked)
        assert [Path(name).name for name, _ in seen.names] == ["b.jpg", "a.jpg"]
        assert seen.reasons == []
    seen = files.Collected(out / "pages", out / "overlays" / "d.jpg", out / "scans")
    assert [name for name, _ in seen.names] == ["a.jpg"]
    assert {reason for _, reason in seen.reasons} == {"unsafe_path"}
    assert all("Name the scans" in report.mend for report in seen.reports)
