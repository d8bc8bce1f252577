"""Books that a reader learned from prove nothing: they are known by their names, and by their pictures elsewhere."""

import shutil

import pytest
from support.decided import changed, name, open_office, put_page
from support.decided import key_of as key

from extractor.learning.exporting import ExportTerms, export_line_set
from extractor.learning.learnable import read_learnable
from extractor.learning.learned_books import learned_books
from extractor.learning.line_set import read_line_set
from extractor.learning.training_record import TrainingRecord

TERMS = ExportTerms(purpose="thử", consent="không có thật", by="Người Lập", made="2026-01-01T00:00:00+00:00")
NAMES = ("Lò Văn Thử", "Giàng A Mẫu", "Trần Thị Nháp", "Nguyễn Bản In", "Bùi Quang Vở")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """An output folder of five books, three of them in a set, and what a reader that was trained on it kept of it."""
    folder = tmp_path_factory.mktemp("learned")
    office = open_office(folder / "out")
    for number, text in enumerate(NAMES[:3], start=1):
        office.book(number, text, f"{text} Hai")
    made = export_line_set(office.store, office.out, folder / "set", TERMS)
    office.book(4, NAMES[3])
    put_page(office.store, office.out, key(5), [changed(name(NAMES[4]), decided=None)], file="chưa xem.pdf")
    yield office, made, TrainingRecord(sets=(read_learnable(folder / "set").used,))
    office.store.close()


def books_in(office, made, *parts):
    from extractor.learning.choosing import books_of
    from extractor.learning.naming import book_names

    wanted = {line.book for line in made.lines if line.part in parts}
    names = book_names(office.out, books_of(office.store), None)
    return {number for number, its in names.items() if its.book in wanted}


def test_the_books_of_a_readers_sets_are_known_and_no_others(learned):
    office, made, record = learned
    assert made == read_line_set(made.folder)
    found = learned_books(office.store, office.out, record)
    assert found == books_in(office, made, "train", "tuning") and len(found) == 2
    assert learned_books(office.store, office.out, TrainingRecord()) == set()


def test_a_folder_with_another_key_does_not_hide_them(learned, tmp_path):
    office, made, record = learned
    shutil.copytree(office.out, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "learning")
    assert learned_books(office.store, tmp_path / "out", record) == books_in(office, made, "train", "tuning")
