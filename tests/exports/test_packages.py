from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageOps

from extractor.errors import ExportError, TruncatedInputError
from extractor.exports.packages import write_package
from extractor.exports.plan import plan_book
from extractor.exports.record_pdf import PageCutter, UnusableSourceError

_open: list[pikepdf.Pdf] = []


@pytest.fixture(autouse=True)
def _keep_open():
    """Objects of a PDF live no longer than the PDF."""
    yield
    _open.clear()


def cut_bytes(source, pages=1) -> bytes:
    with PageCutter() as cutter:
        return cutter.cut(source, pages).data


def cut(source, pages=1) -> pikepdf.Pdf:
    _open.append(pikepdf.open(io.BytesIO(cut_bytes(source, pages))))
    return _open[-1]


def image_of(pdf: pikepdf.Pdf, page: int = 0) -> pikepdf.Object:
    (image,) = pdf.pages[page].get_images().values()
    return image


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    rng = np.random.default_rng(7)
    noise = Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65535, (size[1], size[0]), dtype=np.uint16))
    return noise.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def pixels(pdf: pikepdf.Pdf) -> Image.Image:
    return pikepdf.PdfImage(image_of(pdf)).as_pil_image()


def scan_pdf(jpegs: list[bytes], *, shared: bool = False, inherited: bool = False) -> bytes:
    """A PDF as scanning programs write it: one JPEG a page, if ``shared`` all of them hung on every page."""
    pdf = pikepdf.new()
    images = [
        pdf.make_indirect(
            pikepdf.Stream(
                pdf,
                jpeg,
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=60,
                Height=90,
                ColorSpace=pikepdf.Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=pikepdf.Name.DCTDecode,
            )
        )
        for jpeg in jpegs
    ]
    everything = pdf.make_indirect(
        pikepdf.Dictionary(XObject=pikepdf.Dictionary({f"/Im{at}": image for at, image in enumerate(images)}))
    )
    for at, image in enumerate(images):
        own = pikepdf.Dictionary(XObject=pikepdf.Dictionary({f"/Im{at}": image}))
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, 60, 90],
            Resources=everything if shared else own,
            Contents=pdf.make_stream(f"q 60 0 0 90 0 0 cm /Im{at} Do Q".encode()),
        )
        pdf.pages.append(pikepdf.Page(page))
    if inherited:
        for page in pdf.pages:
            del page.obj.MediaBox
        pdf.Root.Pages.MediaBox = pikepdf.Array([0, 0, 60, 90])
    written = io.BytesIO()
    pdf.save(written)
    return written.getvalue()


def test_a_jpeg_goes_in_byte_by_byte(jpeg):
    data = jpeg(dpi=(300, 300))
    pdf = cut(data)
    assert image_of(pdf).read_raw_bytes() == data
    assert [float(x) for x in pdf.pages[0].mediabox] == [0, 0, 14.4, 21.6]


def test_a_page_without_resolution_is_as_long_as_a4(jpeg):
    assert float(cut(jpeg()).pages[0].mediabox[3]) == 842


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpegs_of_all_colours(mode, progressive):
    data = saved(picture(mode), "JPEG", quality=95, progressive=progressive)
    pdf = cut(data)
    assert image_of(pdf).read_raw_bytes() == data
    page = pypdfium2.PdfDocument(cut_bytes(data))[0].render(scale=40 / pdf_width(pdf)).to_numpy()
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[..., ::-1]
    assert np.abs(page[1:29, 1:39, :3].astype(int) - expected[1:29, 1:39].astype(int)).mean() < (
        40 if mode == "CMYK" else 12
    )


def pdf_width(pdf: pikepdf.Pdf) -> float:
    return float(pdf.pages[0].mediabox[2])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation):
    upright = Image.new("RGB", (60, 90), "white")
    upright.paste("red", (0, 0, 30, 30))
    upright.paste("blue", (30, 0, 60, 30))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(upright, "JPEG", exif=exif, quality=95)
    pdf = cut(data)
    assert image_of(pdf).read_raw_bytes() == data
    shown = pypdfium2.PdfDocument(cut_bytes(data))[0].render(scale=90 / 842).to_pil().convert("RGB")
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    assert shown.size == expected.size
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(expected).astype(int)).mean() < 6


def test_the_colour_profile_comes_along():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = image_of(cut(saved(picture(), "JPEG", icc_profile=profile)))
    assert image.ColorSpace[0] == pikepdf.Name.ICCBased
    assert image.ColorSpace[1].read_bytes() == profile


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "I;16"])
def test_a_png_is_kept_without_loss(mode):
    original = picture(mode)
    shown = pixels(cut(saved(original, "PNG")))
    if mode == "I;16":
        assert image_of(cut(saved(original, "PNG"))).BitsPerComponent == 16
        raw = image_of(cut(saved(original, "PNG"))).read_bytes()
        assert (np.frombuffer(raw, ">u2").reshape(30, 40) == np.asarray(original)).all()
    else:
        assert (np.asarray(shown.convert("RGB")) == np.asarray(original.convert("RGB"))).all()


def test_transparency_becomes_a_soft_mask():
    original = picture("RGBA")
    original.putalpha(Image.linear_gradient("L").resize(original.size))
    image = image_of(cut(saved(original, "PNG")))
    assert image.SMask.read_bytes() == original.getchannel("A").tobytes()
    assert image.read_bytes() == original.convert("RGB").tobytes()


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "jpeg"])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_tiff_page_is_kept_without_loss(mode, compression):
    data = saved(picture(mode), "TIFF", compression=compression, dpi=(300, 300))
    decoded = Image.open(io.BytesIO(data))
    pdf = cut(data)
    image = image_of(pdf)
    expected = decoded.convert("RGB") if decoded.mode == "YCbCr" else decoded
    assert image.read_bytes() == expected.tobytes()
    assert float(pdf.pages[0].mediabox[2]) == pytest.approx(9.6)


def test_a_fax_tiff_is_kept_without_loss():
    data = saved(picture("1"), "TIFF", compression="group4")
    assert (np.asarray(pixels(cut(data)).convert("L")) == np.asarray(picture("1").convert("L"))).all()


def test_pages_of_a_tiff_are_told_apart():
    pages = [Image.new("L", (20, 30), shade) for shade in (10, 100, 200)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert [set(image_of(cut(data, page)).read_bytes()) for page in (1, 2, 3)] == [{10}, {100}, {200}]
    with pytest.raises(UnusableSourceError):
        cut(data, 4)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_tiff_stands_upright(orientation):
    upright = Image.new("L", (40, 60), 255)
    upright.paste(0, (0, 0, 20, 20))
    data = saved(upright, "TIFF", tiffinfo={0x0112: orientation})
    expected = np.asarray(Image.open(io.BytesIO(data)))
    assert (np.asarray(pixels(cut(data)).convert("L")) == expected).all()


@pytest.mark.parametrize("shared", [False, True])
def test_a_page_of_a_pdf_takes_its_own_picture_and_no_other(jpeg, shared):
    jpegs = [jpeg(seed) for seed in range(4)]
    source = scan_pdf(jpegs, shared=shared)
    for page, data in enumerate(jpegs, start=1):
        pdf = cut(source, page)
        assert len(pdf.pages) == 1
        assert image_of(pdf).read_raw_bytes() == data
        others = [other for other in jpegs if other != data]
        assert not any(other in cut_bytes(source, page) for other in others)


def changed(source: bytes, change) -> bytes:
    with pikepdf.open(io.BytesIO(source)) as pdf:
        change(pdf)
        written = io.BytesIO()
        pdf.save(written)
    return written.getvalue()


def test_pictures_that_cannot_be_told_from_the_pages_own_are_not_handed_over(jpeg):
    def spoil(pdf):
        pdf.pages[0].obj.Contents = pdf.make_stream(b"q 60 0 0 90 0 0 cm /Im0 Do Q BI /W 1 /H 1 ID x EI << ( ")

    source = scan_pdf([jpeg(1), jpeg(2)], shared=True)
    with pytest.raises(UnusableSourceError) as error:
        cut(changed(source, spoil))
    assert error.value.reason == "other_pictures"
    # With one picture there is nobody else's.
    assert image_of(cut(changed(scan_pdf([jpeg(1)]), spoil))).read_raw_bytes() == jpeg(1)


def test_what_programs_keep_beside_a_page_stays_behind(jpeg):
    def keep(pdf):
        other = pdf.pages[1].obj.Resources.XObject["/Im1"]
        pdf.pages[0].obj.PieceInfo = pikepdf.Dictionary(App=pikepdf.Dictionary(Private=pdf.make_indirect(other)))

    source = changed(scan_pdf([jpeg(1), jpeg(2)]), keep)
    assert jpeg(2) not in cut_bytes(source)
    assert jpeg(1) in cut_bytes(source)


def test_inherited_attributes_come_along(jpeg):
    pdf = cut(scan_pdf([jpeg(1), jpeg(2)], inherited=True), 2)
    assert [int(x) for x in pdf.pages[0].mediabox] == [0, 0, 60, 90]


def test_several_pages_make_one_pdf(jpeg):
    jpegs = [jpeg(seed) for seed in range(3)]
    pdf = cut(scan_pdf(jpegs), (1, 3))
    assert [image_of(pdf, at).read_raw_bytes() for at in (0, 1)] == [jpegs[0], jpegs[2]]


def test_cutting_twice_gives_the_same_bytes(jpeg):
    for source in (jpeg(), scan_pdf([jpeg(1), jpeg(2)]), saved(picture(), "PNG"), saved(picture(), "TIFF")):
        assert cut_bytes(source) == cut_bytes(source)


@pytest.mark.parametrize(
    ("source", "page", "reason"),
    [
        (b"", 1, "empty"),
        (b"no picture at all", 1, "damaged"),
        (b"%PDF-1.4 and then nothing", 1, "damaged"),
        (b"\xff\xd8\xff\xe0 cut off", 1, "damaged"),
    ],
)
def test_an_unusable_source_says_why(source, page, reason):
    with pytest.raises(UnusableSourceError) as error:
        cut(source, page)
    assert error.value.reason == reason


def test_other_unusable_sources(jpeg, tmp_path):
    for source, page, reason in [
        (tmp_path / "gone.pdf", 1, "missing"),
        (jpeg(), 2, "no_such_page"),
        (scan_pdf([jpeg()]), 2, "no_such_page"),
        (scan_pdf([jpeg()]), 0, "no_such_page"),
    ]:
        with pytest.raises(UnusableSourceError) as error:
            cut(source, page)
        assert error.value.reason == reason
    locked = io.BytesIO()
    pikepdf.open(io.BytesIO(scan_pdf([jpeg()]))).save(locked, encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(UnusableSourceError) as error:
        cut(locked.getvalue())
    assert error.value.reason == "encrypted"


@pytest.fixture
def rows(form, book, ks60, splitter, record) -> Callable[..., tuple]:
    def make(count: int = 3, **options: object) -> tuple:
        records = [record(str(number), page=number, **options) for number in range(count, 0, -1)]
        return plan_book(records, form, book, ks60, split=splitter).rows

    return make


def test_a_package_holds_one_pdf_per_row_in_order(rows, jpeg, tmp_path):
    jpegs = [jpeg(seed) for seed in range(3)]
    source = tmp_path / "book.pdf"
    source.write_bytes(scan_pdf(jpegs, shared=True))
    result = write_package(tmp_path / "out" / "book.zip", rows(), lambda key: (source, key[1]))
    with zipfile.ZipFile(result.path) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert names == [f"KS.2017.01.2017-02-03.0{number}.pdf" for number in (1, 2, 3)]
        for name, data in zip(names, jpegs, strict=True):
            assert image_of(pikepdf.open(package.open(name))).read_raw_bytes() == data
    assert [pdf.name for pdf in result.pdfs] == names
    assert result.unusable == ()


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_the_standard_unzip_takes_the_package(rows, jpeg, tmp_path):
    result = write_package(tmp_path / "book.zip", rows(), lambda _: (jpeg(), 1))
    done = subprocess.run(["unzip", "-t", str(result.path)], check=True, capture_output=True, text=True)
    assert "No errors detected" in done.stdout


def test_records_of_one_page_share_it(form, book, ks60, splitter, record, jpeg, tmp_path):
    records = [record("1", page=1, record=1), record("2", page=1, record=2)]
    made = plan_book(records, form, book, ks60, split=splitter).rows
    result = write_package(tmp_path / "book.zip", made, lambda _: (jpeg(), 1))
    assert len(result.pdfs) == 2
    assert result.pdfs[0].sha256 == result.pdfs[1].sha256


def test_the_same_data_gives_the_same_package(rows, jpeg, tmp_path):
    now = datetime(2030, 1, 2, 3, 4, 5)
    path = tmp_path / "book.zip"
    first = write_package(path, rows(), lambda key: (jpeg(key[1]), 1), now=now)
    again = write_package(path, rows(), lambda key: (jpeg(key[1]), 1), now=now)
    assert (first.changed, again.changed) == (True, False)
    assert first.sha256 == again.sha256
    other = write_package(path, rows(2), lambda key: (jpeg(key[1]), 1), now=now)
    assert other.changed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book.20300102-030405.zip", "book.zip"]


def test_a_record_without_a_usable_source_is_left_out(rows, jpeg, tmp_path):
    def source(key):
        if key[1] == 2:
            raise TruncatedInputError("scans.zip/2.jpg", "ends early")
        return (jpeg(), 1) if key[1] == 1 else (tmp_path / "gone.jpg", 1)

    result = write_package(tmp_path / "book.zip", rows(), source)
    assert [pdf.key[1] for pdf in result.pdfs] == [1]
    assert result.unusable == ((("book.pdf", 2, 1), "truncated"), (("book.pdf", 3, 1), "missing"))


def test_progress_is_told(rows, jpeg, tmp_path):
    seen = []
    write_package(tmp_path / "book.zip", rows(), lambda _: (jpeg(), 1), progress=seen.append)
    assert [key[1] for key in seen] == [1, 2, 3]


def test_a_folder_that_cannot_be_written_is_named(rows, jpeg, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ExportError, match=r"book\.zip: cannot be written"):
        write_package(tmp_path / "file" / "book.zip", rows(), lambda _: (jpeg(), 1))
