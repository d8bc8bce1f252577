"""Every kind of broken input is reported with file and reason, and never stops the good ones beside it."""

import io
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from extractor.errors import InputError
from extractor.scans import Limits
from extractor.scans.pdf import load_page


def fake_png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes cannot hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 64)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def encrypted_pdf(files) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(files.scan_pdf(files.jpeg()))) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def pdf_without_pages(_files) -> bytes:
    out = io.BytesIO()
    pikepdf.new().save(out)
    return out.getvalue()


def long_tiff(files) -> bytes:
    frames = [Image.new("L", (80, 80), 255) for _ in range(7)]
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def cut(data: bytes, share: float = 0.6) -> bytes:
    return data[: int(len(data) * share)]


BROKEN = {
    "wrong type": (lambda _: b"MZ\x90\x00 program", "unsupported_type"),
    "bmp.jpg": (lambda files: files.encode(files.drawing(), "BMP"), "unsupported_type"),
    "heic.jpg": (lambda _: b"\0\0\0\x18ftypheic" + b"\0" * 100, "unsupported_type"),
    "text.pdf": (lambda _: "Họ, chữ đệm, tên".encode(), "unsupported_type"),
    "empty.pdf": (lambda _: b"", "empty"),
    "cut.pdf": (lambda files: cut(files.scan_pdf(files.jpeg(), files.jpeg())), "truncated"),
    "almost whole.pdf": (lambda files: files.scan_pdf(files.jpeg())[:-30], "truncated"),
    "noise.pdf": (lambda _: b"%PDF-1.7\n" + bytes(range(256)) * 4 + b"%%EOF", "truncated"),
    "locked.pdf": (encrypted_pdf, "encrypted"),
    "no pages.pdf": (pdf_without_pages, "empty"),
    "many.pdf": (lambda files: files.scan_pdf(*[files.jpeg()] * 7), "limit"),
    "many.tif": (long_tiff, "limit"),
    "cut.png": (lambda files: cut(files.encode(files.drawing(), "PNG")), "truncated"),
    "cut.tif": (lambda files: cut(files.encode(files.drawing(), "TIFF", compression="tiff_lzw")), "truncated"),
    "cut raw.tif": (lambda files: cut(files.encode(files.drawing(), "TIFF")), "truncated"),
    "cut.jpg": (lambda files: cut(files.jpeg()), "truncated"),
    "cut with end.jpg": (lambda files: cut(files.jpeg()) + b"\xff\xd9", "truncated"),
    "cut grey.jpg": (lambda files: cut(files.encode(files.drawing(mode="L"), "JPEG")) + b"\xff\xd9", "truncated"),
    "only header.jpg": (lambda files: files.jpeg()[:12], "truncated"),
    "huge.png": (lambda _: fake_png(100_000, 100_000), "limit"),
    "large.png": (lambda _: fake_png(12_000, 11_000), "limit"),
    "tiny.png": (lambda files: files.encode(files.drawing(240, 340).resize((20, 30)), "PNG"), "limit"),
    "huge.pdf": (lambda files: files.drawn_pdf(size=(14_000, 14_000)), "limit"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("inside", ["folder", "archive"])
def test_broken_file_is_set_aside_and_the_rest_goes_on(files, tmp_path, name, inside):
    make, reason = BROKEN[name]
    data = make(files)
    limits = Limits(pages=6)
    if inside == "folder":
        (tmp_path / name).write_bytes(data)
        (tmp_path / "zz good.jpg").write_bytes(files.jpeg())
        seen, prefix = files.Collected(tmp_path, limits=limits), ""
    else:
        with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
            archive.writestr(name, data)
            archive.writestr("zz good.jpg", files.jpeg())
        seen, prefix = files.Collected(tmp_path / "in.zip", limits=limits), "in.zip/"
    assert seen.reasons == [(prefix + name, reason)]
    assert seen.names == [(prefix + "zz good.jpg", 1)]
    assert seen.reports[0].message


def test_one_bad_page_does_not_lose_the_good_ones(files, tmp_path):
    good = files.jpeg()
    (tmp_path / "a.pdf").write_bytes(files.scan_pdf(good, cut(good), good))
    seen = files.Collected(tmp_path / "a.pdf")
    assert seen.names == [("a.pdf", 1), ("a.pdf", 3)]
    assert seen.reasons == [("a.pdf", "truncated")]
    assert seen.reports[0].page == 2


def test_absurd_picture_inside_a_pdf_is_refused_before_decoding(files, tmp_path):
    with pikepdf.open(io.BytesIO(files.scan_pdf(files.jpeg()))) as pdf:
        pdf.pages[0].Resources.XObject.Im0.Width = 200_000
        pdf.pages[0].Resources.XObject.Im0.Height = 200_000
        pdf.save(tmp_path / "a.pdf")
    assert files.Collected(tmp_path / "a.pdf").reasons == [("a.pdf", "limit")]


@pytest.mark.parametrize(
    ("thing", "place"), [(b"(x)", "/Im9"), (b"<< >>", "/Im9"), (b"(x)", "/Contents"), (b"[7]", "/Resources")]
)
def test_a_pdf_with_objects_of_the_wrong_kind_ends_no_decoder(files, tmp_path, thing, place):
    with pikepdf.open(io.BytesIO(files.scan_pdf(files.jpeg()))) as pdf:
        page = pdf.pages[0].obj
        holder = page.Resources.XObject if place == "/Im9" else page
        holder[place] = pdf.make_indirect(pikepdf.Object.parse(thing))
        pdf.save(tmp_path / "odd.pdf")
    try:
        decoded, _ = load_page(tmp_path / "odd.pdf", "odd.pdf", 1, Limits(), render_dpi=72)
        assert decoded.ndim == 3
    except InputError as error:
        assert error.mend and place != "/Im9"


def test_complete_pdf_with_a_wrong_index_is_mended(files, tmp_path):
    data = files.scan_pdf(files.jpeg())
    at = data.rindex(b"startxref")
    (tmp_path / "a.pdf").write_bytes(data[:at] + b"startxref\n7\n%%EOF\n")
    seen = files.Collected(tmp_path / "a.pdf")
    assert seen.reasons == []
    assert seen.names == [("a.pdf", 1)]


def test_packed_content_that_would_unpack_without_end_is_left_to_the_renderer(files, tmp_path):
    bomb = b"0 0 0 rg 20 150 40 30 re f" + b" " * (8 * 1024 * 1024)
    (tmp_path / "a.pdf").write_bytes(files.drawn_pdf(bomb, compress_streams=True))
    seen = files.Collected(tmp_path / "a.pdf", render_dpi=72)
    assert seen.reasons == []
    assert seen.pages[0].image[40, 40].max() < 10


def test_file_larger_than_the_limit(files, tmp_path):
    (tmp_path / "a.jpg").write_bytes(files.jpeg())
    assert files.Collected(tmp_path / "a.jpg", limits=Limits(file_bytes=100)).reasons == [("a.jpg", "limit")]


def archive(path, *members, **options):
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "a/../../evil.jpg", "/etc/evil.jpg", "C:\\evil.jpg", "..\\evil.jpg", "\\evil.jpg"]
)
def test_member_that_leaves_the_archive(files, tmp_path, name):
    path = archive(tmp_path / "a.zip", (name, files.jpeg()), ("good.jpg", files.jpeg()))
    seen = files.Collected(path)
    assert [report.reason for report in seen.reports] == ["unsafe_path"]
    assert seen.names == [("a.zip/good.jpg", 1)]
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == ["a.zip"], "nothing is unpacked to disk"


def test_member_without_a_name_is_refused_and_the_rest_goes_on(files, tmp_path):
    data = archive(tmp_path / "in.zip", ("Qx.jpg", files.jpeg()), ("good.jpg", files.jpeg())).read_bytes()
    (tmp_path / "in.zip").write_bytes(data.replace(b"Qx.jpg", b"\0x.jpg"))
    seen = files.Collected(tmp_path / "in.zip")
    assert seen.names == [("in.zip/good.jpg", 1)]
    assert [reason for _, reason in seen.reasons] == ["unsafe_path"]


def test_member_that_is_a_link(files, tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = archive(tmp_path / "a.zip", (link, "/etc/passwd"), ("good.jpg", files.jpeg()))
    seen = files.Collected(path)
    assert seen.reasons == [("a.zip/link.jpg", "unsafe_path")]
    assert len(seen.pages) == 1


def test_two_members_of_one_name(files, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = archive(tmp_path / "a.zip", ("a.jpg", files.jpeg()), ("a.jpg", files.jpeg(shift=5)))
    seen = files.Collected(path)
    assert seen.reasons == [("a.zip/a.jpg", "unsafe_path")]


def test_member_with_a_wrong_checksum(files, tmp_path):
    path = archive(tmp_path / "a.zip", ("bad.jpg", files.jpeg()), ("good.jpg", files.jpeg(shift=3)))
    data = bytearray(path.read_bytes())
    data[data.index(b"bad.jpg") + 700] ^= 0x55
    path.write_bytes(bytes(data))
    seen = files.Collected(path)
    assert seen.reasons == [("a.zip/bad.jpg", "truncated")]
    assert seen.names == [("a.zip/good.jpg", 1)]


def test_member_packed_by_an_unknown_method(files, tmp_path):
    path = archive(tmp_path / "a.zip", ("bad.jpg", files.jpeg()))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 10] = 97
    data[8] = 97
    path.write_bytes(bytes(data))
    assert files.Collected(path).reasons == [("a.zip/bad.jpg", "truncated")]


def test_encrypted_member(files, tmp_path):
    path = archive(tmp_path / "a.zip", ("secret.jpg", files.jpeg()), ("good.jpg", files.jpeg()))
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    seen = files.Collected(path)
    assert seen.reasons == [("a.zip/secret.jpg", "encrypted")]
    assert seen.names == [("a.zip/good.jpg", 1)]


def test_bomb(files, tmp_path):
    path = archive(
        tmp_path / "a.zip",
        ("bomb.tif", b"II*\0" + b"\0" * (4 * 1024 * 1024)),
        ("good.jpg", files.jpeg()),
        compression=zipfile.ZIP_DEFLATED,
    )
    seen = files.Collected(path)
    assert seen.reasons == [("a.zip/bomb.tif", "limit")]
    assert seen.names == [("a.zip/good.jpg", 1)]
    assert files.Collected(path, limits=Limits(zip_total_bytes=1_000_000)).reasons == [("a.zip", "limit")]
    assert files.Collected(path, limits=Limits(zip_members=1)).reasons == [("a.zip", "limit")]


def test_member_larger_than_the_directory_says(files, tmp_path):
    path = archive(tmp_path / "a.zip", ("liar.jpg", files.jpeg()), compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    data[22:26] = struct.pack("<I", 100)
    path.write_bytes(bytes(data))
    assert files.Collected(path).reasons == [("a.zip/liar.jpg", "truncated")]


def test_archive_inside_an_archive(files, tmp_path):
    inner = io.BytesIO()
    archive(inner, ("a.jpg", files.jpeg()))
    path = archive(tmp_path / "a.zip", ("inner.zip", inner.getvalue()), ("good.jpg", files.jpeg()))
    seen = files.Collected(path)
    assert seen.reasons == [("a.zip/inner.zip", "unsupported_type")]
    assert len(seen.pages) == 1


@pytest.mark.parametrize(
    ("members", "reason"),
    [([], "empty"), ([("readme.txt", "notes")], "empty"), ([("[Content_Types].xml", "<a/>")], "unsupported_type")],
)
def test_archive_with_nothing_usable(files, tmp_path, members, reason):
    path = archive(tmp_path / "a.zip", *members)
    assert files.Collected(path).reasons == [("a.zip", reason)]


def test_damaged_archive(files, tmp_path):
    path = archive(tmp_path / "a.zip", ("a.jpg", files.jpeg()))
    path.write_bytes(cut(path.read_bytes()))
    assert files.Collected(path).reasons == [("a.zip", "truncated")]


def test_missing_path_and_empty_folders(files, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "README.md").write_text("notes")
    (tmp_path / "a.jpg").write_bytes(files.jpeg())
    paths = [tmp_path / "gone.pdf", tmp_path / "empty", tmp_path / "notes", tmp_path / "a.jpg"]
    seen = files.Collected(*paths)
    assert [reason for _, reason in seen.reasons] == ["missing", "empty", "empty"]
    assert seen.names == [("a.jpg", 1)]


def test_sidecars_named_by_the_user_are_reported(files, tmp_path):
    (tmp_path / "truth.jsonl").write_text("{}")
    assert files.Collected(tmp_path / "truth.jsonl").reasons == [("truth.jsonl", "unsupported_type")]


def test_links_that_lead_nowhere_or_in_a_circle(files, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(files.jpeg())
    (folder / "circle").symlink_to(folder)
    (folder / "gone.jpg").symlink_to(tmp_path / "nothing")
    (folder / "self.jpg").symlink_to(folder / "self.jpg")
    seen = files.Collected(folder)
    assert sorted(seen.reasons) == [("circle", "unsafe_path"), ("gone.jpg", "missing"), ("self.jpg", "missing")]
    assert seen.names == [("a.jpg", 1)]


def test_pipes_and_devices_are_not_opened(files, tmp_path):
    os.mkfifo(tmp_path / "pipe.pdf")
    seen = files.Collected(tmp_path)
    assert seen.reasons == [("pipe.pdf", "unsupported_type")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(files, tmp_path):
    (tmp_path / "a.jpg").write_bytes(files.jpeg())
    (tmp_path / "a.jpg").chmod(0)
    assert files.Collected(tmp_path / "a.jpg").reasons == [("a.jpg", "missing")]


def test_refused_access_is_reported(files, tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(files.jpeg())

    def refuse(*_args, **_options):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert files.Collected(tmp_path / "a.jpg").reasons == [("a.jpg", "missing")]


def test_of_the_sample_book_nothing_is_set_aside(files):
    """The demo ends with an error where something is."""
    seen = files.Collected(Path(__file__).parents[2] / "sample_book")
    assert (seen.reasons, len(seen.names)) == ([], 24)
