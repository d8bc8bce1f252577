"""What erasure does to the files of an output folder, and what the command line says of it."""

import sys

import cv2
import numpy as np
import pytest

from extractor.batch.erasing import carry_out, plan_erasure
from extractor.batch.hands import HandIndex, KnownHand, PageHand, read_index, write_index
from extractor.batch.storage import open_store
from extractor.cli import main
from extractor.errors import ErasureError
from extractor.page_file import PageFile, load_page_file, save_page_file
from extractor.records import FieldValue

FILE_SHA = "ab" * 32
STEM = f"{FILE_SHA[:20]}-0001"


def box(top):
    return np.array([[20, top], [180, top], [180, top + 60], [20, top + 60]], dtype=np.float64)


@pytest.fixture
def out(migrated_file, tmp_path, result, record, value):
    """A page with two records, one below the other, and a page with one."""
    from dataclasses import replace
    from shutil import copy

    folder = tmp_path / "out"
    (folder / "pages").mkdir(parents=True)
    copy(migrated_file, folder / "extractor.sqlite")
    with open_store(folder) as store:
        records = tuple(record("so-01.pdf", 1, number, so=value(f"{number}{number}{number}", 0.5)) for number in (1, 2))
        image = f"pages/{STEM}.jpg"
        store.save_page(replace(result(page=1, records=records), file_sha256=FILE_SHA, image=image))
        store.save_page(replace(result(page=2), file_sha256=FILE_SHA, image=f"pages/{STEM[:-1]}2.jpg"))
    for number in (1, 2):
        stem = f"{STEM[:-1]}{number}"
        cv2.imwrite(str(folder / "pages" / f"{stem}.jpg"), np.full((300, 200, 3), 200, np.uint8))
        regions = {(1, "so"): [box(40)], (2, "so"): [box(200)]} if number == 1 else {(1, "so"): [box(40)]}
        readings = {key: FieldValue(raw=f"{key[0]}{key[0]}{key[0]}") for key in regions}
        save_page_file(folder, stem, PageFile(sha256="c", pipeline_version="v1", regions=regions, readings=readings))
    (folder / "report.html").write_text("x")
    (folder / "records.jsonl").write_text("x")
    (folder / "packages").mkdir()
    (folder / "packages" / "KS.2017.01.zip").write_text("x")
    return folder


def erase(out, *records):
    with open_store(out) as store:
        return carry_out(store, out, plan_erasure(store, records, ()), person="Thử Hai", reason="x")


def test_of_a_shared_page_the_record_is_blackened_and_the_other_stays(out):
    done = erase(out, 1)
    picture = cv2.imread(str(out / "pages" / f"{STEM}.jpg"))
    assert picture[:140].max() < 20
    assert picture[170:].min() > 180
    kept = load_page_file(out, STEM)
    assert set(kept.regions) == set(kept.readings) == {(2, "so")}
    assert done.blackened == (f"pages/{STEM}.jpg",)
    assert done.made == ("packages/",)
    assert not (out / "report.html").exists()
    assert '"222"' in (out / "records.jsonl").read_text()
    assert '"111"' not in (out / "records.jsonl").read_text()


def test_a_page_that_nobody_else_needs_goes(out):
    done = erase(out, 3)
    assert [name for name in done.deleted if name.startswith("pages/")] == [
        f"pages/{STEM[:-1]}2.jpg",
        f"pages/{STEM[:-1]}2.json",
    ]
    assert (out / "pages" / f"{STEM}.jpg").exists()
    assert erase(out, 1).blackened
    assert not erase(out, 2).blackened  # nobody is left on the page
    assert not (out / "pages" / f"{STEM}.jpg").exists()


def test_the_same_again_finishes_what_was_cut_off(out, monkeypatch):
    from extractor.batch import erasing

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(erasing, "_blacken", killed)
    with pytest.raises(KeyboardInterrupt):
        erase(out, 1)
    monkeypatch.undo()
    done = erase(out, 1)
    assert (done.erasure.id, len(done.blackened)) == (1, 1)
    assert cv2.imread(str(out / "pages" / f"{STEM}.jpg"))[:140].max() < 20
    assert erase(out, 1).blackened == ()


def test_where_the_record_lies_must_be_known(out):
    save_page_file(out, STEM, PageFile(sha256="c", pipeline_version="v1", regions={(2, "so"): [box(200)]}))
    with pytest.raises(ErasureError, match="not known"):
        erase(out, 1)
    with open_store(out) as store:
        assert len(list(store.records())) == 3


def test_the_command_shows_first_and_names_what_it_leaves(out, monkeypatch, capfd):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["extractor", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        shown = capfd.readouterr()
        return int(end.value.code or 0), shown.out + shown.err

    order = ["erase", out, "--record", 1, "--by", "Thử Hai", "--reason", "Quyết định 12"]
    code, shown = call(*order)
    assert (code, "Nothing was erased" in shown) == (0, True)
    code, shown = call(*order, "--yes")
    assert code == 0
    assert "backups taken before" in shown
    assert "packages/" in shown
    assert "sets of lines" not in shown
    code, shown = call("audit", "verify", out)
    assert (code, "by order" in shown) == (0, False)  # nobody had decided anything of it
    assert "Quyết định 12" in call("erasures", out)[1]
    # What was given out to learn from lies where only the office knows.
    with open_store(out) as store:
        store.append_audit(actor="Thử", action="line_set_made", subject="line_set:0", content={})
    assert "sets of lines" in call("erase", out, "--record", 2, *order[4:], "--yes")[1]
    assert call("erase", out, "--by", "x", "--reason", "y")[0] == 2
    assert call("erase", out, "--record", 99, "--by", "x", "--reason", "y")[0] == 6


def test_a_reader_that_learnt_from_the_book_goes_and_those_of_other_books_stay(out):
    with open_store(out) as store:
        book = store.books()[0].id
    names = ("a" * 16, "b" * 16)
    hands = {
        name: KnownHand(book=number, base="0", lines=20, decisions=frozenset())
        for name, number in zip(names, (book, book + 1), strict=True)
    }
    pages = {f"page of {name}": PageHand(hand=name, fields=((1, "so"),)) for name in names}
    (out / "adapted").mkdir()
    for name in names:
        (out / "adapted" / f"{name}.npz").write_bytes(b"x")
    write_index(out, HandIndex(hands=hands, pages=pages))
    assert f"adapted/{names[0]}.npz" in erase(out, 3).deleted
    assert [path.name for path in (out / "adapted").glob("*.npz")] == [f"{names[1]}.npz"]
    assert set(read_index(out).pages) == {f"page of {names[1]}"}


@pytest.mark.parametrize("index", ["{", None])
def test_adapted_readers_of_which_nobody_knows_the_book_go(out, index):
    (out / "adapted").mkdir()
    (out / "adapted" / f"{'a' * 16}.npz").write_bytes(b"x")
    if index:
        (out / "adapted" / "index.json").write_text(index)
    done = erase(out, 3)
    assert f"adapted/{'a' * 16}.npz" in done.deleted
    assert list((out / "adapted").glob("*.npz")) == []
    assert "adapted/" not in done.made


def test_what_is_the_folders_own_is_not_named_as_made_of_records(out):
    (out / "learning").mkdir()
    (out / "learning" / "pseudonyms.key").write_text("x")
    (out / "learning.yaml").write_text("share: 0.1")
    assert erase(out, 3).made == ("packages/",)
