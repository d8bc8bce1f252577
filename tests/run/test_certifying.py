"""Certificates out of what people decided, blind re-keying of accepted fields, and suspension where it refutes."""

import json
import shutil

import pytest
from support.runs import AGENCY, options

from extractor.batch.calibrate import label_books
from extractor.batch.certifying import labels_from_decisions
from extractor.batch.judging import examine_books, judge_books
from extractor.batch.rereading import last_certificate
from extractor.batch.run import run
from extractor.batch.sources import load_sources
from extractor.batch.storage import open_store
from extractor.confidence import Certificate, GroupCertificate, fit_certificate, save_certificate
from extractor.confidence.evidence import FEATURES
from extractor.errors import EvaluationError, SettingsError
from extractor.evaluation.truth import read_truth
from extractor.pipeline import Pipeline
from extractor.records import Decision, FieldState
from extractor.settings import get_settings
from extractor.store import Learning, QueueEmpty

TEMPLATES = (get_settings().templates_dir,)
KEYER, SECOND = "Người nhập lại", "Người xét"


@pytest.fixture
def out(finished, tmp_path):
    """A copy of a finished run that was made without a certificate: every field waits for people."""
    shutil.copytree(finished[0], tmp_path / "out")
    return tmp_path / "out"


def verify(out, truth, *, leave=lambda task: False, person="Kiểm tra viên", mistype=False):
    """Decide all that waits as the truth has it; returns the tasks in the order they came."""
    done = []
    with open_store(out) as store:
        while not isinstance(task := store.claim(person), QueueEmpty):
            done.append(task)
            if leave(task):
                continue  # stays leased, and so out of the way
            true = truth[task.record].fields[task.code]
            value = {"raw": true.raw, "value": true.value, "state": true.state}
            if mistype:
                value = {"raw": "~", "value": "~", "state": FieldState.READ}
            store.decide(task, task.token, person=person, **value)
    return done


def judge(out, certificate, recheck):
    pipeline = Pipeline(options([], out).pipeline)
    forms = {form.schema.form: form for form in pipeline.forms}
    with open_store(out) as store:
        return judge_books(
            store, out, forms, load_sources(out), certificate=certificate,
            reader_versions=pipeline.reader_versions, reading_version=pipeline.reading_version, recheck=recheck,
        )  # fmt: skip


def lenient(out, *kinds):
    """A certificate that lets every field of these kinds pass."""
    pipeline = Pipeline(options([], out).pipeline)
    group = GroupCertificate(
        weights=(9.0, *[0.0] * len(FEATURES)), knots=((0.0, 1.0), (0.5, 0.99)), threshold=0.5,
        accepted=1, wrong=0, bound=0.0, labelled=1,
    )  # fmt: skip
    return Certificate(
        evidence="test", target_error=0.02, certainty=0.95, groups=dict.fromkeys(kinds, group),
        forms={form.schema.form: form.version for form in pipeline.forms}, readers=pipeline.reader_versions,
    )  # fmt: skip


def test_verified_books_are_labels_of_all_their_fields(out, scans):
    truth = read_truth(scans / "truth.jsonl")
    verify(out, truth)
    left_out = []
    found = labels_from_decisions([out], TEMPLATES, on_left_out=left_out.append)
    assert not left_out
    with open_store(out) as store:
        on_form = [
            field for record in store.records() for field in record.fields.values()
            if field.state is not FieldState.NOT_ON_FORM
        ]  # fmt: skip
    assert len(found.fields) == pytest.approx(len(on_form), abs=2)
    assert len({item.book for item in found.fields}) == 2
    right = sum(item.correct for item in found.fields) / len(found.fields)
    assert 0.5 < right < 1
    assert set(found.forms) == {"ks-2016", "ks-2006"}
    certificate = fit_certificate(found.fields, source="test", forms=found.forms, readers=found.readers)
    assert certificate.covers("ks-2016", found.forms["ks-2016"], found.readers)


def test_a_kind_that_still_waits_teaches_nothing(out, scans):
    verify(out, read_truth(scans / "truth.jsonl"), leave=lambda task: task.kind == "date")
    left_out = []
    found = labels_from_decisions([out], TEMPLATES, on_left_out=left_out.append)
    assert {item.evidence.kind for item in found.fields}.isdisjoint({"date"})
    assert {(item.group, item.why) for item in left_out} == {("date", "waiting")}


def test_fields_chosen_for_learning_teach_nothing_by_themselves_and_change_no_label(out, scans, tmp_path):
    truth = read_truth(scans / "truth.jsonl")
    shutil.copytree(out, tmp_path / "plain")
    verify(tmp_path / "plain", truth)
    with open_store(out) as store:
        learning = Learning(store)
        names = [field.id for field in learning.open_fields() if field.kind == "person_name"]
        learning.mark(names[::2])
        for _ in names[::2]:
            task = store.claim(KEYER, learning_share=1.0)
            assert task.field_id in names[::2]
            true = truth[task.record].fields[task.code]
            store.decide(task, task.token, person=KEYER, raw=true.raw, value=true.value, state=true.state)
    left_out = []
    with pytest.raises(EvaluationError):
        labels_from_decisions([out], TEMPLATES, on_left_out=left_out.append)
    assert {item.why for item in left_out} == {"waiting"}
    verify(out, truth)
    assert labels_from_decisions([out], TEMPLATES) == labels_from_decisions([tmp_path / "plain"], TEMPLATES)


def test_nothing_verified_is_said(out):
    with pytest.raises(EvaluationError, match="no verified fields"):
        labels_from_decisions([out], TEMPLATES)
    with pytest.raises(EvaluationError, match="no database of a run"):
        labels_from_decisions([out / "none"], TEMPLATES)
    with pytest.raises(EvaluationError, match="named twice"):
        labels_from_decisions([out, out / ".." / out.name], TEMPLATES)


@pytest.mark.parametrize("names", [("a/book", "b/book"), ("a/book", "a/book"), ("a/book", "a/../a/book/")])
def test_labelled_folders_of_one_name_are_refused_before_anything_is_read(names, tmp_path):
    books = [tmp_path / name for name in names]
    with pytest.raises(EvaluationError, match="'book'"):
        label_books(books, options([], tmp_path / "work"))
    assert not (tmp_path / "work").exists()


def test_a_scan_in_two_folders_counts_once(out, scans, tmp_path):
    verify(out, read_truth(scans / "truth.jsonl"))
    once = labels_from_decisions([out], TEMPLATES)
    shutil.copytree(out, tmp_path / "elsewhere" / out.name)
    left_out = []
    twice = labels_from_decisions([out, tmp_path / "elsewhere" / out.name], TEMPLATES, on_left_out=left_out.append)
    assert twice.fields == once.fields
    assert {item.why for item in left_out} == {"twice"}
    # Whether a book fits or proves does not hang on where its folder lies.
    assert labels_from_decisions([tmp_path / "elsewhere" / out.name], TEMPLATES).fields == once.fields


def test_what_a_new_reader_makes_of_decided_fields_is_what_counts(out, scans):
    """The database keeps the reading that people saw; labels are about the reading of now."""
    truth = read_truth(scans / "truth.jsonl")
    verify(out, truth)
    before = labels_from_decisions([out], TEMPLATES).fields
    for file in (out / "pages").glob("*.json"):
        kept = json.loads(file.read_text("utf-8"))
        for reading in kept["readings"]:
            if reading["value"]:
                reading["value"] += "x"
        file.write_text(json.dumps(kept), "utf-8")
    after = labels_from_decisions([out], TEMPLATES).fields
    right = [sum(item.correct for item in fields if not item.evidence.blank) for fields in (before, after)]
    assert right[0] > 0.5 * len(before)
    assert right[1] < 0.1 * right[0]


def test_pages_read_by_an_earlier_version_are_left_out(out, scans):
    verify(out, read_truth(scans / "truth.jsonl"))
    file = sorted((out / "pages").glob("*.json"))[0]
    kept = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**kept, "reading_version": "older"}), "utf-8")
    left_out = []
    found = labels_from_decisions([out], TEMPLATES, on_left_out=left_out.append)
    assert sum(item.fields for item in left_out if item.why == "older_reading") == len(kept["evidence"])
    assert found.fields


def test_no_certificate_covers_pages_that_another_reader_read(out):
    """A reader that came into use and was gone back from leaves pages that nobody proved anything of."""

    def accepted():
        with open_store(out) as store:
            return {
                (record.file, record.page) for record in store.records() for field in record.fields.values()
                if field.decision is Decision.ACCEPTED
            }  # fmt: skip

    certificate = lenient(out, "date")
    judge(out, certificate, recheck=0.0)
    before = accepted()
    assert len(before) > 1
    for file in sorted((out / "pages").glob("*.json")):
        kept = json.loads(file.read_text("utf-8"))
        if "reading_version" in kept:
            file.write_text(json.dumps({**kept, "reading_version": "candidate"}), "utf-8")
    judge(out, certificate, recheck=0.0)
    assert not accepted()


def test_what_people_mended_does_not_speak_for_its_neighbours(out, scans):
    """Evidence is that of the book as it was read, before and after people worked on it."""

    def evidence():
        pipeline = Pipeline(options([], out).pipeline)
        forms = {form.schema.form: form for form in pipeline.forms}
        with open_store(out) as store:
            books = list(examine_books(store, out, forms, load_sources(out), as_read=True))
        return {key: item for book in books for key, item in book.evidence.items()}

    before = evidence()
    verify(out, read_truth(scans / "truth.jsonl"))
    assert evidence() == before


def test_accepted_fields_are_keyed_again_without_a_proposal(out, scans):
    truth = read_truth(scans / "truth.jsonl")
    judge(out, lenient(out, "date"), recheck=1.0)
    with open_store(out) as store:
        dates = [
            field for record in store.records() for field in record.fields.values()
            if field.decision is Decision.ACCEPTED
        ]  # fmt: skip
        waiting = store.open_tasks()
        assert waiting == store.status().review + len(dates)
    # A second pass draws the same ones and asks nobody twice.
    judge(out, lenient(out, "date"), recheck=1.0)
    with open_store(out) as store:
        assert store.open_tasks() == waiting
    tasks = verify(out, truth, person=KEYER)
    assert sum(task.blind for task in tasks) == len(dates)
    # What differs waits for another person, and only for that one.
    verify(out, truth, person=SECOND)
    with open_store(out) as store:
        assert store.open_tasks() == 0
        blind = [item for item in store.decided_fields() if item.blind]
    assert len(blind) == len(dates)
    found = labels_from_decisions([out], TEMPLATES)
    assert sum(item.evidence.kind == "date" for item in found.fields) >= len(dates)


def test_without_re_keying_accepted_kinds_are_left_out(out, scans):
    judge(out, lenient(out, "date"), recheck=0.0)
    verify(out, read_truth(scans / "truth.jsonl"))
    left_out = []
    labels_from_decisions([out], TEMPLATES, on_left_out=left_out.append)
    assert ("date", "not_rekeyed") in {(item.group, item.why) for item in left_out}


def test_a_kind_with_drawn_fields_still_to_key_teaches_nothing(out, scans):
    """Who leaves the hard ones lying would make the machine look better than it is."""
    judge(out, lenient(out, "date"), recheck=1.0)
    verify(out, read_truth(scans / "truth.jsonl"), leave=lambda task: task.blind)
    left_out = []
    found = labels_from_decisions([out], TEMPLATES, on_left_out=left_out.append)
    assert ("date", "waiting") in {(item.group, item.why) for item in left_out}
    assert "date" not in {item.evidence.kind for item in found.fields}


def test_disagreements_that_nobody_settles_suspend_as_well(out, scans):
    certificate = lenient(out, "date")
    judge(out, certificate, recheck=1.0)
    verify(out, read_truth(scans / "truth.jsonl"), person=KEYER, mistype=True)
    (suspended,) = judge(out, certificate, recheck=1.0)
    assert suspended.suspension.wrong == suspended.suspension.fields > 0


def test_re_keying_that_refutes_the_promise_suspends_it(out, scans):
    certificate = lenient(out, "date", "sex")
    assert judge(out, certificate, recheck=1.0) == ()
    truth = read_truth(scans / "truth.jsonl")
    wrong = {key: record.model_copy(deep=True) for key, record in truth.items()}
    for record in wrong.values():
        for code, field in record.fields.items():
            record.fields[code] = field.model_copy(update={"raw": f"{field.raw}~", "value": f"{field.value}~"})
    # Both people find other dates than the machine did, so the machine was wrong.
    verify(out, wrong, person=KEYER)
    verify(out, wrong, person=SECOND)
    (suspended,) = [item for item in judge(out, certificate, recheck=1.0) if item.suspension.group == "date"]
    assert suspended.book is None
    assert suspended.suspension.wrong == suspended.suspension.fields > 0


def test_a_book_that_the_reader_learned_from_proves_nothing(out, scans, extractor, tmp_path, monkeypatch):
    verify(out, read_truth(scans / "truth.jsonl"))
    with open_store(out) as store:
        first, second = store.books()
    left_out = []
    both = labels_from_decisions([out], TEMPLATES)
    found = labels_from_decisions([out], TEMPLATES, learned=lambda store, out: {first.id}, on_left_out=left_out.append)
    assert {item.book for item in found.fields} < {item.book for item in both.fields}
    assert [(item.group, item.fields, item.why) for item in left_out] == [
        ("", len(both.fields) - len(found.fields), "learned")
    ]
    # The command asks what the reader in use learned from.
    monkeypatch.setattr("extractor.learning.learned_books.learned_books", lambda *given: {first.id, second.id})
    ended = extractor("certify", out, "--out", tmp_path / "certificate.json", "--source", "two books")
    assert ended.returncode == 2 and "the reader learned from these books" in " ".join(ended.stdout.split())


def test_certify_from_the_command_line(out, scans, extractor, tmp_path, monkeypatch):
    verify(out, read_truth(scans / "truth.jsonl"))
    target = tmp_path / "certificate.json"
    few = extractor("certify", out, "--out", target, "--source", "two books")
    assert few.returncode == 2
    assert "Too few labels to fit: blank" in few.stdout
    assert not target.exists()
    monkeypatch.setattr("extractor.confidence.fit._LEAST_TO_FIT", 2)
    ended = extractor("certify", out, "--out", target, "--source", "two books", "--target-error", "5%")
    assert ended.returncode == 0, ended.stderr
    assert Certificate.model_validate_json(target.read_text("utf-8")).target_error == 0.05
    for option, given in (("--target-error", "many"), ("--target-error", "0%"), ("--confidence", "5%")):
        wrong = extractor("certify", out, "--out", target, "--source", "two books", option, given)
        assert wrong.returncode == 2
        assert f"{option} {given}" in wrong.stderr


def test_a_suspended_certificate_is_told_in_the_report(out, scans, finished):
    certificate = lenient(out, "date")
    save_certificate(out / "certificate.json", certificate)
    judge(out, certificate, recheck=1.0)
    truth = read_truth(scans / "truth.jsonl")
    verify(out, truth, person=KEYER, mistype=True)
    verify(out, truth, person=SECOND, mistype=True)
    summary = run(options([scans], out, certificate=certificate))
    assert summary.suspended
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Chứng nhận tạm dừng cho nhóm trường date" in report


def test_where_the_certificate_is_taken_away_every_field_goes_to_people(
    out, scans, extractor, models_without_certificate
):
    def accepted():
        with open_store(out) as store:
            values = [value for record in store.records() for value in record.fields.values()]
        return sum(value.decision is Decision.ACCEPTED for value in values)

    run(options([scans], out, certificate=lenient(out, "date", "sex", "person_name")))
    assert accepted() > 0
    damaged = models_without_certificate / "confidence" / "certificate.json"
    damaged.write_text("{}", encoding="utf-8")
    arguments = ("run", scans, "--out", out, "--book", f"agency={AGENCY}", "--workers", 1)
    refused = extractor(*arguments)
    assert refused.returncode == 5, "a damaged certificate is not the same as none"
    damaged.unlink()
    with pytest.raises(SettingsError, match="there is none now"):
        last_certificate(out)
    done = extractor(*arguments)
    assert done.returncode == 3, done.stderr  # the broken files among the scans
    assert "every field goes to a person" in done.stderr
    assert accepted() == 0
    assert last_certificate(out) is None


@pytest.fixture
def models_without_certificate(tmp_path, monkeypatch):
    """The shipped models but for the certificate, in use."""
    shipped, folder = get_settings().models_dir.resolve(), tmp_path / "models"
    (folder / "confidence").mkdir(parents=True)
    for item in shipped.iterdir():
        if item.name != "confidence":
            (folder / item.name).symlink_to(item)
    monkeypatch.setenv("EXTRACTOR_MODELS_DIR", str(folder))
    get_settings.cache_clear()
    yield folder
    get_settings.cache_clear()
