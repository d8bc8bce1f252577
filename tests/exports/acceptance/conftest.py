"""An output folder with a store, workbooks and packages of two invented books, verified by one person."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from extractor.batch import accepting
from extractor.batch.assurance import StoreAudit
from extractor.exports.books import Background, export_run
from extractor.exports.profile import load_profiles
from extractor.records import BookKey, Decision, FieldState
from extractor.store import PageResult, Store

BOOKS = {"01": 6, "02": 3}
KEYER = "Người Nhập"
PROFILES = load_profiles()


def key_of(book):
    return BookKey(register="KS", year="2017", number=book, agency="UBND xã Đồng Thử")


@pytest.fixture
def make_records(record):
    def make(book, count, **more):
        first = 1 if book == "01" else 7
        return [
            record(f"{first + at:02d}", file=f"so-{book}.pdf", page=at + 1, quyenSo=book, nguoiKyChucVu="", **more)
            for at in range(count)
        ]

    return make


@pytest.fixture
def export(form, jpeg):
    """Writes workbooks and packages of a store into its folder."""

    def write(store, out):
        records, books = [], {}
        for summary in store.books():
            for one in store.records(summary.id):
                records.append(one)
                books[one.key] = summary.key
        return export_run(
            out,
            records,
            {form.form: form},
            PROFILES,
            books=books,
            page_source=lambda key: (jpeg(key[1]), 1),
            background=Background(audit=StoreAudit(store)),
        )

    return write


@pytest.fixture
def folder(tmp_path, tmp_path_factory, form, make_records, export, monkeypatch):
    """The folder, exported; its form is known to the commands. It is made once and copied."""
    monkeypatch.setattr(accepting, "load_forms", lambda _: [SimpleNamespace(schema=form)])
    monkeypatch.setattr(accepting, "load_profiles", lambda: PROFILES)
    if not _made:
        _made.append(tmp_path_factory.mktemp("handed-over") / "out")
        fill(_made[0], form, make_records, export)
    return shutil.copytree(_made[0], tmp_path / "out")


_made: list[Path] = []


def fill(out, form, make_records, export):
    with Store.open(f"sqlite:///{out / 'extractor.sqlite'}", audit_key_file=out / "audit.key") as store:
        for book, count in BOOKS.items():
            for one in make_records(book, count):
                waiting = one.fields["nksHoTen"].model_copy(update={"decision": Decision.REVIEW})
                page = one.model_copy(update={"fields": {**one.fields, "nksHoTen": waiting}})
                store.save_page(
                    PageResult(
                        file=one.file,
                        page=one.page,
                        sha256=f"{BOOKS[book]:032x}{one.page:032x}",
                        width=100,
                        height=100,
                        image="",
                        pipeline_version="v1",
                        book=key_of(book),
                        kinds={spec.code: spec.kind.value for spec in form.fields},
                        records=(page,),
                    )
                )
        verify(store)
        export(store, out)


def verify(store):
    from extractor.store import QueueEmpty

    while not isinstance(task := store.claim(KEYER), QueueEmpty):
        store.decide(task, task.token, person=KEYER, raw=task.field.raw, value=task.field.value)


@pytest.fixture
def store(folder):
    with Store.open(f"sqlite:///{folder / 'extractor.sqlite'}", audit_key_file=folder / "audit.key") as opened:
        yield opened


@pytest.fixture
def keyer():
    return KEYER


@pytest.fixture
def inspect():
    """Re-keys a whole sample as the store has it, except some fields, and lets somebody judge these."""

    def work(store, inspection, *, wrong=(), judged="theirs"):
        from extractor.store import Judgement, Part

        read = {(r.key, code): (f.raw, f.value, f.state) for r in store.records() for code, f in r.fields.items()}
        places = {field.id: (field.record, field.code) for field in store.inspections.fields(inspection)}
        while task := store.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra"):
            place = places[task.id]
            raw, value, state = ("chữ khác", None, FieldState.READ) if place in wrong else read[place]
            store.inspections.answer(task.id, task.token, person="Thanh Tra", raw=raw, value=value, state=state)
        while judged and (task := store.inspections.claim(inspection, Part.JUDGE, "Trọng Tài")):
            theirs = store.inspections.dispute(task).first.raw == "chữ khác"
            first = theirs == (judged == "theirs")
            store.inspections.judge(
                task.id, task.token, Judgement.FIRST if first else Judgement.SECOND, person="Trọng Tài"
            )

    return work
