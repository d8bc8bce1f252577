"""Sets of lines out of what people decided: which fields, which crops, which names, which parts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import shutil
import stat
import sys
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.decided import (
    AGENCY,
    HIGH,
    PERSON,
    READER,
    WIDE,
    Written,
    changed,
    decide,
    key_of,
    name,
    open_office,
    put_page,
)

from extractor.batch.storage import open_store
from extractor.cli import main
from extractor.errors import LineSetError, SettingsError
from extractor.learning import cutting
from extractor.learning.exporting import AUDITED, ExportTerms, export_line_set, subject_of, vouched
from extractor.learning.hand_list import read_hands
from extractor.learning.line_set import read_line_set
from extractor.learning.line_texts import may_be, words_of_lines
from extractor.learning.parts import SHARES, assign, known_parts, read_parts
from extractor.learning.pseudonyms import KEY_FILE, Pseudonyms, load_or_make_key
from extractor.learning.withholding import always_withheld, withheld_kinds
from extractor.readers import Reading
from extractor.records import Decision, FieldState
from extractor.store import DrawnRecord, ExportedField, MachineChange, SampleDraft

TERMS = ExportTerms(
    purpose="huấn luyện", consent="quyết định thử", by="Người Lập", made="2026-01-01T00:00:00+00:00",
    withheld=always_withheld(),
)  # fmt: skip
NAMES = ("Lò Văn Thử", "Giàng A Mẫu", "Trần Thị Nháp", "Nguyễn Bản In", "Bùi Quang Vở", "Hoàng Thị Giấy")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An output folder with an empty store, for copying: making one takes long."""
    folder = tmp_path_factory.mktemp("bare")
    open_store(folder).close()
    return folder


@pytest.fixture
def office(tmp_path, bare):
    shutil.copytree(bare, tmp_path / "out")
    found = open_office(tmp_path / "out")
    yield found
    found.store.close()


@pytest.fixture
def make(tmp_path, office):
    """Exports into a new folder."""

    def export(to, *, reads=(), **changes):
        reader = _Reader(reads)
        notes = []
        terms = ExportTerms(**{**{n: getattr(TERMS, n) for n in TERMS.__dataclass_fields__}, **changes})
        made = export_line_set(
            office.store, office.out, tmp_path / to, terms, reader=lambda: reader, on_note=notes.append
        )
        return made, notes

    return export


class _Reader:
    """Reads lines as it was told, one after the other."""

    name, version = "handwriting", "reader-2"

    def __init__(self, texts):
        self._texts = iter(texts)

    def read(self, lines):
        return [Reading(next(self._texts), 0.9) for _ in lines]


def texts(made):
    return sorted(line.text for line in made.lines)


# Which fields


def test_only_what_people_decided_and_can_be_read_is_learnt_from(office, make):
    fields = [
        name("Lò Văn Thử"),
        changed(name("Giàng A Mẫu", "meHoTen"), machine="Giàng A Mầu"),
        Written("so", "record_number", ("05/2017",), decided="05/2017"),
        Written("meDanToc", "ethnic_group", ("Kinh",), decision=Decision.ACCEPTED),
        Written("chaHoTen", "person_name", ("Chưa Ai Xem",)),
        Written("ghiChu", "text", ("",), decided="", state=FieldState.BLANK),
        Written("nksQueQuan", "place", ("như trên",), decided="nt", state=FieldState.DITTO),
        Written("loaiDangKy", "choice", ("x",), decided="Đúng hạn"),
        Written("nksNoiSinh", "place", ("",), decided="Bản Không Có Trên Ảnh"),
        Written("meNoiCuTru", "place", ("hoàn toàn khác hẳn",), decided="Quảng Bình", machine="hoàn toàn khác hẳn"),
    ]
    put_page(office.store, office.out, key_of(1), fields, file="a.pdf")
    made, notes = make("set")
    assert texts(made) == ["Giàng A Mẫu", "Lò Văn Thử"]
    assert {line.text: line.proposal for line in made.lines} == {
        "Giàng A Mẫu": "Giàng A Mầu", "Lò Văn Thử": "Lò Văn Thử",
    }  # fmt: skip
    assert made.manifest.left_out == {
        "names_the_record": 1, "machine_alone": 1, "waiting": 1, "blank": 1, "ditto": 1, "tick_box": 1, "no_ink": 1,
        "elsewhere": 1,
    }  # fmt: skip
    assert made.manifest.readers == (READER,)
    assert not notes
    assert read_line_set(made.folder) == made
    kept = make("inside", withheld=frozenset())[0]
    assert "05/2017" in texts(kept)
    # The page is scanned anew: what was decided on the former picture does not count any more.
    photo = changed(name("Bùi Quang Vở"), source="photo")
    put_page(office.store, office.out, key_of(1), [photo], file="a.pdf", version="2")
    anew = make("anew")[0]
    assert [(line.text, line.stratum) for line in anew.lines] == [("Bùi Quang Vở", "photo")]
    assert anew.manifest.left_out == {"retired": 8}


def test_what_is_inspected_or_typed_blind_is_left_out_until_it_is_settled(office, make):
    fields = [
        name("Lò Văn Thử"),
        Written("meHoTen", "person_name", ("Giàng A Mẫu",), decision=Decision.ACCEPTED),
        Written("chaHoTen", "person_name", ("Trần Văn Nháp",), decision=Decision.ACCEPTED),
    ]
    put_page(office.store, office.out, key_of(1), fields, file="a.pdf")
    put_page(office.store, office.out, key_of(2), [name("Hoàng Thị Giấy")], file="b.pdf")
    store, key = office.store, ("a.pdf", 1, 1)
    values = next(store.records()).fields
    store.update_machine_values(
        [MachineChange(key, code, values[code], recheck=True) for code in ("meHoTen", "chaHoTen")]
    )
    decide(store, key, {"chaHoTen": changed(fields[2], decided="Trần Văn Khác")})
    assert make("blind")[0].manifest.left_out == {"rekeyed_blind": 1, "disputed": 1}
    other = next(record for record in store.records() if record.file == "b.pdf")
    drawn = DrawnRecord(
        other.key, "b", "b.pdf", tuple(ExportedField(c, f.raw, f.value, "read") for c, f in other.fields.items())
    )
    number = store.inspections.add(SampleDraft("II", "1.0", "normal", "A", 5, 0, 1, "7", (), (drawn,)), person="Cán Bộ")
    made = make("inspected")[0]
    assert texts(made) == ["Lò Văn Thử"]
    assert made.manifest.left_out["inspected"] == 1
    store.inspections.withdraw(number, person="Cán Bộ")
    decide(store, key, {"chaHoTen": changed(fields[2], decided="Trần Văn Khác")}, person="Người Thứ Ba")
    assert texts(make("settled")[0]) == ["Hoàng Thị Giấy", "Lò Văn Thử", "Trần Văn Khác"]


def test_kinds_that_name_persons_can_be_withheld(office, make):
    fields = [
        name("Lò Văn Thử"),
        Written("nguoiKy", "signer", ("Bùi Vở, Chủ tịch",), decided="Bùi Vở, Chủ tịch"),
        Written("nksNoiSinh", "place", ("Bản Mẫu",), decided="Bản Mẫu"),
        Written("nksSoDinhDanh", "identity_number", ("070216001875",), decided="070216001875"),
        Written("ghiChu", "text", ("đã cải chính tên mẹ",), decided="đã cải chính tên mẹ"),
        Written("nksGioiTinh", "sex", ("Nữ",), decided="Nữ"),
    ]
    put_page(office.store, office.out, key_of(1), fields, file="a.pdf")
    made = make("set", withheld=withheld_kinds(["names"]))[0]
    assert sorted(line.kind for line in made.lines) == ["identity_number", "place", "sex"]
    assert made.manifest.left_out == {"withheld": 3}
    assert made.manifest.withheld == ("person_name", "signer", "text")
    rest = make("rest", withheld=withheld_kinds(["names", "numbers", "addresses"]))[0]
    assert [line.kind for line in rest.lines] == ["sex"]
    with pytest.raises(SettingsError, match="--withhold tên"):
        withheld_kinds(["tên"])
    with pytest.raises(LineSetError, match="nothing to learn from") as error:
        make("none", withheld=withheld_kinds(["names", "numbers", "addresses", "sex"]))
    assert "Lò" not in str(error.value)
    assert not (made.folder.parent / "none").exists()


def test_pages_that_cannot_be_used_are_counted_and_named(office, make):
    out = office.out
    for number, text in enumerate(NAMES[:5], start=1):
        put_page(office.store, out, key_of(number), [name(text)], file=f"{number}.pdf", version=f"v{number}")
    pictures = [out / page.image for page in (office.store.stored_record(n).picture for n in range(1, 6))]
    pictures[0].unlink()
    pictures[1].write_bytes(pictures[1].read_bytes()[:2000])
    pictures[2].with_suffix(".json").write_text("{")
    kept = json.loads(pictures[3].with_suffix(".json").read_text())
    pictures[3].with_suffix(".json").write_text(json.dumps({**kept, "pipeline_version": "newer"}))
    made, notes = make("set")
    assert texts(made) == [NAMES[4]]
    assert made.manifest.left_out == {"no_picture": 1, "damaged_picture": 1, "no_places": 2}
    assert len(notes) == 4
    assert pictures[1].name in notes[1]


# Crops


def test_a_crop_is_the_readers_own_region_and_nothing_but_grey_pixels(office, make):
    put_page(office.store, office.out, key_of(1), [name("Lò Văn Thử"), name("Giàng A Mẫu", "meHoTen")], file="a.pdf")
    made = make("set")[0]
    for line in made.lines:
        content = made.picture(line).read_bytes()
        assert line.picture.endswith(f"{hashlib.sha256(content).hexdigest()}.png")
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (WIDE, HIGH))
            pixels = np.array(picture)
        assert (pixels < 128).sum() > 200
        # Left of the region the page is black: not a column of it shows.
        assert (pixels[:, :4] > 200).all()
        chunks, at = [], 8
        while at < len(content):
            size = int.from_bytes(content[at : at + 4])
            chunks.append(content[at + 4 : at + 8])
            at += 12 + size
        assert set(chunks) == {b"IHDR", b"IDAT", b"IEND"}


def test_lines_of_a_value_get_the_words_that_stand_on_them(office, make):
    two = Written("nksNoiSinh", "place", ("Bản Mẫu, xã Nháp,", "huyện Vở"), decided="Bản Mẫu, xã Nháp, huyện Vở")
    bare_below = Written("nksQueQuan", "place", ("thị trấn Giấy", ""), decided="thị trấn Giấy")
    unclear = Written("meNoiCuTru", "place", ("xã Thử", "huyện In"), decided="xã Thử huyện In")
    put_page(office.store, office.out, key_of(1), [two, bare_below, unclear], file="a.pdf")
    made = make("set", reads=["Ban Mâu, xã Nhap", "huyên Vo", "kkk", "zzz"])[0]
    assert {line.text: line.proposal for line in made.lines} == {
        "Bản Mẫu, xã Nháp,": "Ban Mâu, xã Nhap", "huyện Vở": "huyên Vo", "thị trấn Giấy": "thị trấn Giấy",
    }  # fmt: skip
    assert made.manifest.left_out == {"lines_unclear": 1}
    assert made.manifest.readers == (READER, "reader-2")


@pytest.mark.parametrize(
    ("text", "read", "parts"),
    [
        ("xã Hòa Ân, huyện Cầu Kè", ["xã Hoà Ẩn, huyên", "Câu Ke"], ("xã Hòa Ân, huyện", "Cầu Kè")),
        ("02 03 2017", ["02", "03", "2017"], ("02", "03", "2017")),
        ("02/03/2017", ["02", "03", "2017"], ()),
        ("một hai ba", ["xyz", "uvw"], ()),
        ("Lý Lý Lý", ["Lý Lý", ""], ()),
        ("a b", ["a", "b", "c"], ()),
        ("xã Thử", [], ()),
    ],
)
def test_words_are_given_to_lines_only_where_it_can_be_told(text, read, parts):
    assert words_of_lines(text, read) == parts


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_words_never_come_to_the_wrong_line(data):
    words = data.draw(
        st.lists(st.sampled_from(["xã", "thôn", "Bản", "Hòa", "Bình", "Lý", "Mẫu", "12"]), min_size=1, max_size=9)
    )
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(words) - 1)), max_size=3)))
    ends = [0, *(cut for cut in cuts if cut < len(words)), len(words)]
    lines = [" ".join(words[a:b]) for a, b in pairwise(ends)]
    assert words_of_lines(" ".join(words), lines) in ((), tuple(lines))
    assert "" not in words_of_lines(" ".join(words), lines)


def test_a_text_that_is_nothing_like_the_reading_stands_elsewhere():
    assert may_be("Nữ", "Nam")
    assert may_be("Giàng A Mẫu", "Giang A Nau")
    assert not may_be("Quảng Bình", "hộ khẩu 1978")


def test_a_line_of_which_it_is_doubtful_whether_it_is_bare_may_hold_no_word_of_the_value(office, make, monkeypatch):
    read_whole = Written(
        "nksNoiSinh", "place", ("Bản Mẫu, xã Nháp", ""), decided="Bản Mẫu, xã Nháp", machine="Ban Mâu, xã Nhap"
    )
    read_less = Written(
        "nksQueQuan", "place", ("thị trấn Giấy", ""), decided="thị trấn Giấy Vở", machine="thị trấn Giấy"
    )
    put_page(office.store, office.out, key_of(1), [read_whole, read_less], file="a.pdf")
    monkeypatch.setattr(cutting, "_SURELY_BLANK", 1.1)
    made = make("set")[0]
    assert texts(made) == ["Bản Mẫu, xã Nháp"]
    assert made.manifest.left_out == {"lines_unclear": 1}


# Names


def test_nothing_tells_of_the_book_the_record_or_who_decided(office, make):
    office.book(1, *NAMES[:3])
    office.book(2, *NAMES[3:])
    made = make("set", by="Người Lập")[0]
    told = b"".join(path.read_bytes() for path in sorted(made.folder.rglob("*.json*"))).decode()
    for secret in (AGENCY, PERSON, "mat-1", ".pdf", "KS", "2017", "ks.", str(office.out)):
        assert secret not in told, secret
    assert [path.name for path in made.folder.rglob("*.png")] and all(
        len(path.stem) == 64 for path in made.folder.rglob("*.png")
    )
    assert stat.S_IMODE((office.out / "learning" / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    books = {line.text: line.book for line in made.lines}
    office.book(3, "Sùng Thị Thêm")
    later = {line.text: line.book for line in make("later")[0].lines}
    assert {text: later[text] for text in books} == books
    assert len(set(later.values())) == 3
    assert Pseudonyms(b"one").name("book", "a") != Pseudonyms(b"two").name("book", "a")
    assert Pseudonyms(b"one").name("book", "ab", "c") != Pseudonyms(b"one").name("book", "a", "bc")


def test_a_lost_key_is_missed(office, make):
    office.book(1, *NAMES)
    make("set")
    (office.out / "learning" / KEY_FILE).unlink()
    with pytest.raises(LineSetError, match="the key of earlier sets is missing"):
        make("again")
    (office.out / "learning" / KEY_FILE).write_text("abc")
    with pytest.raises(LineSetError, match=KEY_FILE):
        make("again")
    assert sorted(path.name for path in office.out.parent.iterdir()) == ["out", "set"]


def test_the_same_folder_gives_the_same_bytes(office, make, tmp_path):
    for number in range(1, 5):
        office.book(number, *NAMES[number : number + 2])
    load_or_make_key(office.out)
    copy = tmp_path / "copy"
    shutil.copytree(office.out, copy)
    first = make("first")[0]
    assert _bytes(make("second")[0].folder) == _bytes(first.folder)
    with open_store(copy) as store:
        made = export_line_set(store, copy, tmp_path / "third", TERMS)
    assert _bytes(made.folder) == _bytes(first.folder)


def _bytes(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Whole or not at all


def test_an_export_that_ends_early_leaves_nothing_behind(office, make, monkeypatch, tmp_path):
    office.book(1, *NAMES)

    def full(self, content):
        raise OSError(28, "No space left on device", str(self))

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            make("set")
    with monkeypatch.context() as patch:
        patch.setattr(type(office.store), "append_audit", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make("set")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    # Of one that was killed a part may lie there; the next takes it away.
    (tmp_path / "set.partial" / "pictures").mkdir(parents=True)
    (tmp_path / "set.partial" / "pictures" / "x.png").write_bytes(b"x")
    made = make("set")[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "set"]
    assert len(list(made.folder.rglob("*.png"))) == len(made.lines) == 6
    with pytest.raises(LineSetError, match="exists already"):
        make("set")


def test_the_log_vouches_for_a_set_without_a_text_of_it(office, make):
    office.book(1, *NAMES)
    made = make("set")[0]
    assert office.store.audit_vouches(action=AUDITED, subject=subject_of(made), content=vouched(made))
    assert office.store.verify_audit().ok
    assert not any(text in json.dumps(vouched(made), ensure_ascii=False) for text in NAMES)


# Parts

_lot = Pseudonyms(b"key").lot


def test_many_books_come_near_the_shares():
    draw = random.Random(1)
    lines = {f"b{number}": draw.randint(20, 400) for number in range(120)}
    found = assign([(book, f"h{book}") for book in lines], lines, {}, _lot)
    total = sum(lines.values())
    for part, share in SHARES.items():
        assert sum(lines[book] for book, its in found.of_books.items() if its == part) / total == pytest.approx(
            share, abs=0.02
        )
    other = assign([(book, f"h{book}") for book in lines], lines, {}, Pseudonyms(b"other").lot)
    assert found.of_books != other.of_books


@pytest.mark.parametrize(
    ("books", "parts"),
    [(1, {"train"}), (2, {"train", "held_out"}), (3, {"train", "held_out", "tuning"}), (9, set(SHARES))],
)
def test_few_books_are_enough_to_measure_with(books, parts):
    lines = {f"b{number}": 100 for number in range(books)}
    assert set(assign([(book, book) for book in lines], lines, {}, _lot).of_books.values()) == parts


def test_books_that_a_later_word_joins_are_left_out_where_their_parts_differ(office, make, tmp_path):
    for number in range(1, 6):
        office.book(number, NAMES[number])
    first = make("first")[0]
    parts = {line.text: line.part for line in first.lines}
    one = next(number for number in range(1, 6) if parts[NAMES[number]] == "train")
    other = next(number for number in range(1, 6) if parts[NAMES[number]] == "held_out")
    hands = tmp_path / "hands.csv"
    hands.write_text(f"book,hand\n{one},Bà Ghi Sổ\nKS.2017.{other:02d},bà  ghi sổ\n", "utf-8")
    joined = make("joined", hands=hands)[0]
    assert joined.manifest.left_out == {"torn": 2}
    assert {line.text: line.part for line in joined.lines} == {
        text: part for text, part in parts.items() if text not in (NAMES[one], NAMES[other])
    }
    # That word is not forgotten by leaving it out, only by a list that says otherwise: then both are what they were.
    with pytest.raises(LineSetError, match="Give the list again with --hands"):
        make("again")
    hands.write_text("book,hand\n1,\n", "utf-8")
    assert {line.text: line.part for line in make("again", hands=hands)[0].lines} == parts


def test_books_of_one_hand_share_their_part(office, make, tmp_path):
    for number in range(1, 6):
        office.book(number, NAMES[number])
    hands = tmp_path / "hands.csv"
    hands.write_text("book,hand,note\n1,A,x\n2,A,\n2,B,\n3,B,\n4,,\n", "utf-8")
    made = make("set", hands=hands)[0]
    parts = {line.text: line.part for line in made.lines}
    assert len({parts[NAMES[number]] for number in (1, 2, 3)}) == 1
    # Book 2 was written by two: which line is whose nobody knows.
    assert len({line.hand for line in made.lines}) == 5
    assert "A" not in {line.hand for line in made.lines}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "'book' and 'hand'"),
        ("sổ,người\n1,A\n", "'book' and 'hand'"),
        ("book,hand\n1,A\n77,B\n", "row 3: there is no such book"),
        ("book,hand\n,A\n", "row 2: there is no such book"),
        ("book,hand\nKS.2017.01,A\n", "row 2: several books"),
    ],
)
def test_a_wrong_list_of_hands_is_told_by_its_row(tmp_path, content, fault):
    path = tmp_path / "hands.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(LineSetError, match=fault):
        read_hands(path, {1: key_of(1), 2: key_of(1), 3: key_of(3)})


def test_a_list_of_hands_is_read_as_a_spreadsheet_saves_it(tmp_path):
    path = tmp_path / "hands.csv"
    path.write_text("\ufeffbook;hand;note\r\nKS.2017.01; Bà Ghi ;x\r\n2;bà ghi;\r\n", "utf-8")
    assert read_hands(path, {1: key_of(1), 2: key_of(2)}) == {1: {"bà ghi"}, 2: {"bà ghi"}}


def test_a_book_under_another_identity_keeps_its_part(office, make):
    for number in range(1, 6):
        office.book(number, NAMES[number])
    first = make("first")[0]
    renamed = key_of(77, year="2018")
    for page, text in enumerate(NAMES[1:6], start=1):
        # The same pages are read again, now as pages of other books.
        put_page(
            office.store, office.out, renamed if page == 3 else key_of(page), [name(text)],
            file=f"mat-{page}.pdf", version="2",
        )  # fmt: skip
    later = make("later")[0]
    assert {line.text: line.part for line in later.lines} == {line.text: line.part for line in first.lines}
    assert {line.text: line.book for line in later.lines} != {line.text: line.book for line in first.lines}


def test_an_earlier_set_keeps_parts_where_the_folder_forgot_them(office, make, tmp_path):
    for number in range(1, 6):
        office.book(number, NAMES[number])
    first = make("first")[0]
    lines = (first.folder / "lines.jsonl").read_text("utf-8")
    swapped = {"train": "held_out", "held_out": "tuning", "tuning": "train"}
    rows = [json.loads(row) for row in lines.splitlines()]
    content = "".join(
        json.dumps({**row, "part": swapped[row["part"]]}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        + "\n"
        for row in rows
    ).encode()
    (first.folder / "lines.jsonl").write_bytes(content)
    manifest = first.folder / "set.json"
    made = {**json.loads(manifest.read_text("utf-8")), "version": hashlib.sha256(content).hexdigest()}
    manifest.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    memory = office.out / "learning" / "parts.json"
    own = memory.read_bytes()
    memory.unlink()
    kept = make("kept", previous=(first.folder,))[0]
    assert {line.text: line.part for line in kept.lines} == {row["text"]: swapped[row["part"]] for row in rows}
    # What contradicts the folder's own memory is left out.
    shutil.copytree(first.folder, tmp_path / "swapped")
    memory.write_bytes(own)
    with pytest.raises(LineSetError, match="hang together"):
        make("torn", previous=(tmp_path / "swapped",))
    (office.out / "learning" / KEY_FILE).write_text("00" * 32)
    with pytest.raises(LineSetError, match="none of its books and hands has the same name"):
        make("foreign", previous=(first.folder,))


def _export(known, named):
    """One export as the product makes it, on names alone: its lines' books, hands and parts, and what it remembers."""
    links = [
        (book, hand)
        for book, (hands, _) in named.items()
        for hand in (hands if len(hands) == 1 else {*hands, f"own-{book}"})
    ]
    sizes = {book: lines for book, (_, lines) in named.items()}
    found = assign(links, sizes, {name: frozenset({part}) for name, part in known.items()}, _lot)
    lines = [
        (book, next(iter(hands)) if len(hands) == 1 else f"own-{book}", found.of_books[book])
        for book, (hands, lines) in named.items()
        if lines and book in found.of_books
    ]
    return lines, found.names


_BOOKS = st.dictionaries(
    st.sampled_from([f"b{number}" for number in range(7)]),
    st.tuples(st.sets(st.sampled_from(["h1", "h2", "h3"]), max_size=2), st.integers(0, 50)),
    max_size=7,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_BOOKS, max_size=5), st.booleans())
def test_no_book_and_no_hand_is_ever_in_two_parts_whatever_the_exports(exports, remembers):
    known, parts = {}, defaultdict(set)
    for named in exports:
        lines, names = _export(known, named)
        for book, hand, part in lines:
            parts[book].add(part)
            parts[hand].add(part)
        # The folder remembers, or all earlier sets are named with --previous.
        told = names if remembers else {name: part for *pair, part in lines for name in pair}
        known = {**told, **known}
    assert all(len(found) == 1 for found in parts.values())


def test_names_of_earlier_sets_count_beside_the_folders_own(office, make):
    office.book(1, *NAMES[:2])
    made = make("set")[0]
    line = made.lines[0]
    assert known_parts({line.book: "train", "x": "tuning"}, [made])[line.book] == {"train"}
    assert read_parts(office.out)[line.hand] == "train"
    (office.out / "learning" / "parts.json").write_text("[]")
    with pytest.raises(LineSetError, match="list of parts is damaged"):
        make("again")


def test_a_folder_that_lost_its_memory_gives_no_parts_anew(office, make):
    for number in range(1, 4):
        office.book(number, NAMES[number])
    made = make("first")[0]
    learning, kept = office.out / "learning", office.out.parent / "kept"
    learning.rename(kept)
    with pytest.raises(LineSetError, match="which parts their books are in is not known any more"):
        make("anew")
    with pytest.raises(LineSetError, match="key of earlier sets is missing"):
        make("anew", previous=(made.folder,))
    # With its key, the sets tell the parts.
    learning.mkdir()
    shutil.copyfile(kept / KEY_FILE, learning / KEY_FILE)
    with pytest.raises(LineSetError, match="not known any more"):
        make("anew")
    assert make("anew", previous=(made.folder,))[0].lines == made.lines
    assert make("again")[0].lines == made.lines


# From the command line


@pytest.fixture
def extractor(monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["extractor", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        shown = capfd.readouterr()
        return code, shown.out, shown.err

    return call


SAID = ("--purpose", "huấn luyện", "--consent", "quyết định thử", "--person", "Người Lập")


def test_a_set_is_made_shown_and_checked_from_the_command_line(office, extractor, tmp_path):
    for number in range(1, 4):
        office.book(number, NAMES[number], NAMES[number] + " Hai")
    folder = tmp_path / "set"
    code, out, err = extractor("dataset", "export", folder, "--from", office.out, *SAID, "--quiet")
    assert code == 0, err
    assert "6 lines (train 2, tuning 2, held_out 2)" in out
    assert "Few books: all lines are of 3 groups" in err
    assert extractor("dataset", "check", folder, "--from", office.out)[0] == 0
    code, out, _ = extractor("dataset", "show", folder, "--json")
    shown = json.loads(out)
    assert (shown["lines"], shown["books"], shown["hands"]) == (6, 3, 3)
    assert shown["manifest"]["consent"] == "quyết định thử"
    code, out, _ = extractor("dataset", "show", folder, "--contact-sheet", tmp_path / "sheet.png", "--lines", 4)
    assert code == 0 and "person_name" in out and not any(text in out for text in NAMES)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert (np.array(sheet.convert("L")) < 128).sum() > 1000
    assert extractor("dataset", "show", folder, "--contact-sheet", tmp_path / "sheet.jpg")[0] == 2
    listed = list(csv.DictReader(io.StringIO(extractor("dataset", "books", "--from", office.out)[1])))
    assert [row["name"] for row in listed] == ["KS.2017.01", "KS.2017.02", "KS.2017.03"]
    assert sorted(row["part"] for row in listed) == ["held_out", "train", "tuning"]


def test_faults_of_a_set_name_the_row(office, extractor, tmp_path):
    office.book(1, *NAMES)
    folder = tmp_path / "set"
    extractor("dataset", "export", folder, "--from", office.out, *SAID, "--quiet")
    row = json.loads((folder / "lines.jsonl").read_text("utf-8").splitlines()[2])
    os.truncate(folder / row["picture"], 20)
    code, _, err = extractor("dataset", "check", folder)
    assert code == 1 and "row 3" in err and row["text"] not in err
    code, _, err = extractor("dataset", "check", tmp_path / "nothing")
    assert code == 3 and "not there" in err


def test_wrong_options_end_before_any_work(office, extractor, tmp_path):
    office.book(1, *NAMES)
    to = tmp_path / "set"
    assert extractor("dataset", "export", to, "--from", office.out, *SAID[:4])[0] == 2
    assert extractor("dataset", "export", to, "--from", office.out, *SAID[:4], "--person", " ")[0] == 2
    assert extractor("dataset", "export", to, "--from", office.out, *SAID, "--withhold", "tất cả")[0] == 2
    assert extractor("dataset", "export", to, "--from", tmp_path, *SAID)[0] == 6
    assert extractor("dataset", "export", to, "--from", office.out, *SAID, "--hands", tmp_path / "no.csv")[0] == 3
    assert extractor("dataset", "export", to, "--from", office.out, *SAID, "--previous", tmp_path)[0] == 3
    (office.out / office.store.stored_record(1).picture.image).unlink()
    code, _, err = extractor("dataset", "export", to, "--from", office.out, *SAID, "--quiet")
    assert code == 3 and "the picture is missing" in err
