import pytest

from extractor.errors import MissingInputError
from extractor.training.collections import number_in, part_of_blocks, read_cinnamon, read_kalapa, split


def write_labels(folder, names):
    folder.mkdir()
    rows = [f"images/{name}\tXã  Tân Phú {index}" for index, name in enumerate(names)]
    (folder / "labels.tsv").write_text("\n".join([*rows, "images/empty.jpg\t "]), encoding="utf-8")
    return folder


def test_labels_are_read_with_single_spaces_and_empty_ones_left_out(tmp_path):
    lines = read_cinnamon(write_labels(tmp_path / "c", ["0007_samples.jpg", "0051_samples.jpg"]))
    assert [line.text for line in lines] == ["Xã Tân Phú 0", "Xã Tân Phú 1"]
    assert [line.block for line in lines] == [0, 1]
    assert lines[0].picture == tmp_path / "c" / "images" / "0007_samples.jpg"


def test_four_neighbouring_forms_make_a_block(tmp_path):
    names = [f"{form}_{line}.jpg" for form in (3, 9, 10, 40, 41) for line in (0, 1)]
    lines = read_kalapa(write_labels(tmp_path / "k", names))
    assert [line.block for line in lines] == [0] * 8 + [1] * 2


def test_missing_labels_are_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"labels\.tsv"):
        read_kalapa(tmp_path)


def test_parts_share_no_block_and_depend_on_the_seed_alone(tmp_path):
    names = [f"{number:04d}_samples.jpg" for number in range(0, 2000, 10)]
    lines = read_cinnamon(write_labels(tmp_path / "c", names))
    parts = split(lines, 1)
    blocks = {part: {line.block for line in found} for part, found in parts.items()}
    assert not blocks["train"] & blocks["tuning"]
    assert not blocks["train"] & blocks["held_out"]
    assert not blocks["tuning"] & blocks["held_out"]
    assert sum(len(found) for found in parts.values()) == len(lines)
    assert len(parts["held_out"]) > len(parts["tuning"]) > 0
    assert parts == split(list(reversed(lines)), 1) or split(lines, 1) == parts
    assert part_of_blocks(range(40), 1) != part_of_blocks(range(40), 2)


def test_first_number_of_a_name():
    assert number_in("0123_samples.jpg") == 123
    assert number_in("nothing.jpg") == 0
