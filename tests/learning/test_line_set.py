"""Sets of lines to learn from: written whole, read back checked, never with a book or a hand in two parts."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import LineSetError, MissingInputError
from extractor.learning.line_set import LearningLine, LineSetWriter, Manifest, groups, read_line_set, write_line_set

MANIFEST = Manifest(made="2026-01-01T00:00:00+00:00", purpose="huấn luyện", consent="dữ liệu thử", by="Thử Người")


def line(number, *, book="b1", hand="h1", part="train"):
    content = f"picture {number}".encode()
    row = LearningLine(
        picture=f"pictures/{number}.png", sha256=hashlib.sha256(content).hexdigest(), text="chữ", kind="text",
        form="ks-2016", book=book, hand=hand, part=part,
    )  # fmt: skip
    return row, content


def write(folder, *made):
    return write_line_set(folder, MANIFEST, [row for row, _ in made], {row.picture: content for row, content in made})


def test_a_set_comes_back_as_it_was_written(tmp_path):
    written = write(tmp_path / "set", line(2, book="b2", hand="h2", part="held_out"), line(1))
    read = read_line_set(tmp_path / "set")
    assert read == written
    assert [row.picture for row in read.lines] == ["pictures/1.png", "pictures/2.png"]
    assert read.counts == {"train": 1, "tuning": 0, "held_out": 1}
    assert read.picture(read.lines[0]).read_bytes() == b"picture 1"
    with pytest.raises(LineSetError, match="exists already"):
        write(tmp_path / "set", line(1))


@pytest.mark.parametrize("other", [{"book": "b1", "hand": "h2"}, {"book": "b2", "hand": "h1"}])
def test_a_book_or_a_hand_in_two_parts_is_refused_when_written_and_when_read(tmp_path, other):
    with pytest.raises(LineSetError, match=r"in more than one part: (book b1|hand h1)"):
        write(tmp_path / "set", line(1), line(2, part="held_out", **other))
    assert not (tmp_path / "set").exists()
    write(tmp_path / "set", line(1), line(2, **other))
    rows = (tmp_path / "set" / "lines.jsonl").read_text("utf-8").replace('"train"', '"tuning"', 1)
    (tmp_path / "set" / "lines.jsonl").write_text(rows, "utf-8")
    manifest = tmp_path / "set" / "set.json"
    manifest.write_text(
        MANIFEST.model_copy(update={"version": hashlib.sha256(rows.encode()).hexdigest()}).model_dump_json()
    )
    with pytest.raises(LineSetError, match="in more than one part"):
        read_line_set(tmp_path / "set")


def test_what_was_changed_since_is_refused(tmp_path):
    folder = tmp_path / "set"
    with pytest.raises(MissingInputError):
        read_line_set(folder)
    write(folder, line(1))
    (folder / "pictures" / "1.png").write_bytes(b"another")
    with pytest.raises(LineSetError, match="not the one of the set"):
        read_line_set(folder)
    assert read_line_set(folder, pictures=False).lines
    (folder / "lines.jsonl").write_text("", "utf-8")
    with pytest.raises(LineSetError, match="not those the set was made with"):
        read_line_set(folder)


def test_two_that_write_to_one_folder_do_not_mix(tmp_path):
    row, picture = line(1)
    with LineSetWriter(tmp_path / "set") as first:
        first.add(row, picture)
        with pytest.raises(LineSetError, match="being written there"), LineSetWriter(tmp_path / "set"):
            pass
        made = first.finish(MANIFEST)
    assert read_line_set(made.folder) == made
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("path", ["/etc/x.png", "pictures/../../x.png", "x.png"])
def test_a_picture_lies_in_the_set(path):
    with pytest.raises(ValueError, match="must lie in pictures/"):
        LearningLine.model_validate({**line(1)[0].model_dump(), "picture": path})


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12))
def test_groups_share_neither_book_nor_hand(pairs):
    of = groups(pairs)
    assert set(of) == set(pairs)
    for (book, hand), group in of.items():
        for (other_book, other_hand), other in of.items():
            if book == other_book or hand == other_hand:
                assert group == other
    # No coarser than need be: as many groups as there are parts that do not hang together.
    nodes = {("b", book) for book, _ in pairs} | {("h", hand) for _, hand in pairs}
    seen, pieces = set(), 0
    for node in sorted(nodes):
        if node in seen:
            continue
        pieces += 1
        reached = [node]
        while reached:
            here = reached.pop()
            if here not in seen:
                seen.add(here)
                reached += [("h", h) for b, h in pairs if ("b", b) == here] + [
                    ("b", b) for b, h in pairs if ("h", h) == here
                ]
    assert len(set(of.values())) == pieces
