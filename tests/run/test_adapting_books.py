"""A book's verified fields adapt the reader; what is open is read anew, and no certificate vouches for it."""

from __future__ import annotations

import json
import shutil
import stat

import pytest
from support.runs import options

from extractor.adapted_reading import ADAPTED
from extractor.batch.hands import HandIndex, KnownHand, PageHand, read_index, with_hands, write_index
from extractor.batch.judging import judge_books
from extractor.batch.run import run
from extractor.batch.sources import load_sources
from extractor.batch.storage import open_store
from extractor.book_pass import judge
from extractor.confidence import Certificate, FieldEvidence, GroupCertificate
from extractor.confidence.evidence import FEATURES
from extractor.evaluation.truth import read_truth
from extractor.learning import hand_reader
from extractor.learning.adapting import AdaptingSettings
from extractor.learning.book_memory import MemorySettings
from extractor.pipeline import Pipeline
from extractor.readers.handwriting import base_digest
from extractor.readers.handwriting.hand_file import HandFile, write_hand_file
from extractor.records import Decision, FieldState, FieldValue
from extractor.scans import list_sources, page_refs
from extractor.store import QueueEmpty


@pytest.fixture
def out(finished, tmp_path):
    """A copy of a finished run that was made without a certificate: every field waits for people."""
    shutil.copytree(finished[0], tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def quick(monkeypatch):
    """Learns little, fast, and so strongly that readings change."""
    settings = AdaptingSettings(parts=("head.out.",), copies=1, passes=3, rate=3e-3, fewest=4, check=False)
    monkeypatch.setattr(hand_reader, "AdaptingSettings", lambda: settings)
    monkeypatch.setattr(hand_reader, "MemorySettings", lambda: MemorySettings(strength=8.0))


def book_of(store):
    """The book of the form of 2016: two records, each on a page of its own."""
    return next(book for book in store.books() if book.key.year == "2018")


def decide(out, truth):
    """Decide all fields of the book's first record as the truth has it; returns what stands open in the second one."""
    with open_store(out) as store:
        book = book_of(store).id
        first, second = store.records(book)
        while not isinstance(task := store.claim("Người Một", book=book), QueueEmpty):
            if task.record == first.key:
                true = truth[task.record].fields[task.code]
                store.decide(task, task.token, person="Người Một", raw=true.raw, value=true.value, state=true.state)
    return second


def proposals(out):
    with open_store(out) as store:
        return dict(zip(("first", "second"), store.records(book_of(store).id), strict=True))


def test_an_adapted_reading_is_never_accepted():
    everything = GroupCertificate(
        weights=(9.0, *[0.0] * len(FEATURES)), knots=((0.0, 1.0), (1.0, 1.0)), threshold=0.5, accepted=500, wrong=0,
        bound=0.01, labelled=500,
    )  # fmt: skip
    certificate = Certificate(
        evidence="-", target_error=0.01, certainty=0.95, forms={"ks-2016": "1"}, readers={"handwriting": "a"},
        groups={"person_name": everything},
    )  # fmt: skip
    value = FieldValue(raw="Lò Thị Thử", value="Lò Thị Thử", state=FieldState.READ)
    usual, own = (FieldEvidence("person_name", adapted=adapted) for adapted in (False, True))
    decisions = [judge(value, item, certificate, covered=True, required=False).decision for item in (usual, own)]
    assert decisions == [Decision.ACCEPTED, Decision.REVIEW]
    assert not certificate.accepts(own, 1.0)
    # A reader that is adapted in whole has another digest, for which the certificate does not hold.
    assert not certificate.covers("ks-2016", "1", {"handwriting": "a+0123456789abcdef"})


@pytest.mark.slow
def test_what_is_open_in_a_book_is_read_anew_and_what_people_decided_stays(out, scans, quick, extractor):
    before = decide(out, read_truth(scans / "truth.jsonl"))
    said = json.loads(extractor("adapt", out, "--book", "KS.2018.02", "--json").stdout)
    (book,) = said["books"]
    assert (book["what"], book["pages"], book["book"]) == ("adapted", 1, "KS.2018.02")
    assert book["lines"] >= 10 and book["changed"] >= 1
    now = proposals(out)
    assert {value.decision for value in now["first"].fields.values()} <= {Decision.CONFIRMED, Decision.CORRECTED}
    assert {value.decision for value in now["second"].fields.values()} == {Decision.REVIEW}
    other = {code: value for code, value in now["second"].fields.items() if value.raw != before.fields[code].raw}
    assert other and {value.reader for value in other.values()} == {ADAPTED}
    # What the usual reader had proposed stays at hand.
    assert all(before.fields[code].raw in [c.text for c in value.candidates] for code, value in other.items())
    index = read_index(out)
    (name,) = index.hands
    assert stat.S_IMODE((out / "adapted" / f"{name}.npz").stat().st_mode) == 0o600
    with open_store(out) as store:
        forms = {form.schema.form: form for form in Pipeline(options([], out).pipeline).forms}
        # Not even a certificate that lets everything pass accepts what the adapted reader proposed.
        versions = Pipeline(options([], out).pipeline).reader_versions
        certificate = lenient(forms, versions)
        judge_books(store, out, forms, load_sources(out), certificate=certificate, reader_versions=versions)
    judged = proposals(out)["second"].fields
    assert {judged[code].decision for code in other} == {Decision.REVIEW}
    assert Decision.ACCEPTED in {value.decision for code, value in judged.items() if code not in other}
    # Neither a run over the same input nor the same command finds anything new.
    assert run(options([scans], out), outputs=False).pages_new == 0
    assert json.loads(extractor("adapt", out, "--book", "KS.2018.02", "--json").stdout)["books"][0]["what"] == "current"
    # A decision that is taken back is unlearnt, and with too few lines the usual reader is back.
    with open_store(out) as store:
        store.undo_last("Người Một")
    few = extractor("adapt", out, "--book", "all", "--lines-at-least", 40, "--json")
    assert {book["what"] for book in json.loads(few.stdout)["books"]} == {"few"}
    assert read_index(out).hands == {} and list((out / "adapted").glob("*.npz")) == []
    again = proposals(out)["second"].fields
    assert {code: value.raw for code, value in again.items()} == {code: v.raw for code, v in before.fields.items()}


def lenient(forms, versions):
    """A certificate that accepts whatever it may."""
    group = GroupCertificate(
        weights=(9.0, *[0.0] * len(FEATURES)), knots=((0.0, 1.0), (1.0, 1.0)), threshold=0.5, accepted=500, wrong=0,
        bound=0.01, labelled=500,
    )  # fmt: skip
    kinds = {spec.kind.value for form in forms.values() for spec in form.schema.fields}
    return Certificate(
        evidence="-", target_error=0.01, certainty=0.95,
        forms={name: form.version for name, form in forms.items()}, readers=dict(versions),
        groups=dict.fromkeys(kinds, group),
    )  # fmt: skip


def test_a_book_must_be_named_and_another_base_reads_as_usual(out, scans, extractor, monkeypatch):
    said = extractor("adapt", out, "--book", "KS.1999.01")
    assert (said.returncode, "there is no such book" in said.stderr, "KS.2018.02" in said.stderr) == (2, True, True)
    assert extractor("adapt", out / "nowhere", "--book", "all").returncode == 6
    assert with_hands([], out) == []
    # A reader that is gone, or was made for other weights, reads nothing; the usual one does.
    name = write_hand_file(out / "adapted", HandFile("0" * 16, "abc"))
    (ref,) = list(page_refs(next(iter(list_sources([next(scans.glob("KS.2018*.pdf"))], on_set_aside=print)))))[:1]
    for base, there in (("0" * 16, True), (base_digest(), True), (base_digest(), False)):
        hand = KnownHand(book=1, base=base, lines=10, decisions=frozenset({"a"}))
        write_index(out, HandIndex(hands={name: hand}, pages={ref.key: PageHand(hand=name, fields=((1, "so"),))}))
        if not there:
            (out / "adapted" / f"{name}.npz").unlink()
        (given,) = with_hands([ref], out)
        assert (given.hand is not None) == (there and base != "0" * 16)
    (out / "adapted" / "index.json").write_text("{}}")
    assert extractor("adapt", out, "--book", "all").returncode == 5
