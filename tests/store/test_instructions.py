"""What people say of pages: kept for good, heeded at once where a page holds no records."""

from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import text

from extractor.errors import InstructionError, NotStoredError
from extractor.page_instruction import PageInstruction, PageIs, read_instruction
from extractor.records import Box
from extractor.store import Instructions, ProblemResolution, QueueEmpty

FORM = PageInstruction(form="ks-2016", turn=1)


@pytest.fixture
def instructions(store):
    return Instructions(store)


def test_the_newest_word_on_a_page_counts_and_all_are_kept(store, instructions, result):
    store.save_page(result(problem="unknown_form"))
    page = instructions.find("so-01.pdf", 1)
    assert instructions.of_page(page) == ()
    first = instructions.say(page.id, FORM, "Người Một")
    second = instructions.say(page.id, PageInstruction(is_=PageIs.COVER), "Người Hai")
    assert instructions.current() == {("so-01.pdf", 1): second}
    assert instructions.of_page(page) == (second, first)
    assert (first.said, first.person, first.sha256) == (FORM, "Người Một", page.sha256)
    assert store.verify_audit().faults == ()
    with pytest.raises(Exception, match="append-only"), store.writing() as writer:
        writer.session.execute(text("UPDATE page_instruction SET person = 'Kẻ Khác'"))


def test_a_word_on_other_pixels_is_not_of_the_page(store, instructions, result):
    store.save_page(result(problem="unknown_form", sha256="a" * 64))
    instructions.say(instructions.find("so-01.pdf", 1).id, FORM, "Người Một")
    store.save_page(result(problem="unknown_form", sha256="b" * 64))
    page = instructions.find("so-01.pdf", 1)
    assert instructions.of_page(page) == ()
    assert instructions.current()["so-01.pdf", 1].sha256 == "a" * 64


def test_what_a_page_without_records_is_counts_at_once_and_is_taken_back(store, instructions, result):
    store.save_page(result(problem="unknown_form"))
    page = instructions.find("so-01.pdf", 1)
    instructions.say(page.id, PageInstruction(is_=PageIs.NOT_REGISTER), "Người Một")
    problem = store.page_problems()[0]
    assert (problem.resolution, problem.resolved_by) == (ProblemResolution.NOT_REGISTER, "Người Một")
    assert store.status().page_problems == 0
    instructions.say(page.id, PageInstruction(), "Người Hai")
    assert store.page_problems()[0].resolution is None
    assert instructions.find("so-01.pdf", 1).resolution == ""


def test_a_page_said_to_be_blank_loses_its_records_and_gets_them_back_with_what_people_decided(
    store, instructions, result
):
    store.save_page(result())
    task = store.claim("Người Một")
    store.decide(task, task.token, person="Người Một", raw="khác", value="khác")
    page = instructions.find("so-01.pdf", 1)
    assert page.decided == 1
    instructions.say(page.id, PageInstruction(is_=PageIs.BLANK), "Người Hai")
    store.save_page(replace(result(problem="blank_page", version="v1-blank"), told=True))
    assert list(store.records()) == []
    assert isinstance(store.claim("Người Ba"), QueueEmpty)
    assert store.page_problems()[0].resolved_by == "Người Hai"
    assert [entry.action for entry in store.history(task.field_id)][-1] == "correct"
    instructions.say(page.id, PageInstruction(), "Người Hai")
    store.save_page(result(version="v2"))
    (record,) = store.records()
    assert record.fields[task.code].raw == "khác"


def test_without_a_persons_word_decided_records_stay(store, result):
    store.save_page(result())
    task = store.claim("Người Một")
    store.decide(task, task.token, person="Người Một", raw="khác", value="khác")
    store.save_page(result(problem="blank_page", version="v2"))
    assert len(list(store.records())) == 1


def band(value, record, number, top, bottom):
    """A record of a table: its fields lie between two heights."""
    fields = {code: value(text, 0.6) for code, text in (("so", f"{top}"), ("nksHoTen", "Ai"))}
    box = Box(100, top, 600, bottom - top)
    return record("so-01.pdf", 1, number, **{code: one.model_copy(update={"box": box}) for code, one in fields.items()})


@pytest.fixture
def table(value, record):
    """Makes the records of a page from the heights of the lines between them."""

    def make(*lines):
        return tuple(
            band(value, record, number, top, bottom) for number, (top, bottom) in enumerate(pairwise(lines), start=1)
        )

    return make


def decide_all_but_first(store, person="Người Một"):
    done = {}
    for record_id in store.record_ids(store.books()[0].id)[1:]:
        for field in store.stored_record(record_id).fields:
            task = store.claim_field(field.id, person)
            store.decide(task, task.token, person=person, raw=f"{record_id}", value=f"{record_id}")
            done[record_id] = f"{record_id}"
    return done


def test_people_s_decisions_go_with_the_writing_where_a_record_is_split(store, result, table):
    store.save_page(result(records=table(100, 300, 500, 700)))
    ids = store.record_ids(store.books()[0].id)
    done = decide_all_but_first(store)
    # The first record is split: what was second and third is third and fourth.
    split = result(records=table(100, 200, 300, 500, 700), version="v2")
    store.save_page(split)
    records = {record.record: record for record in store.records()}
    assert sorted(records) == [1, 2, 3, 4]
    assert records[3].fields["so"].raw == done[ids[1]]
    assert records[4].fields["so"].raw == done[ids[2]]
    assert {records[n].fields["so"].raw for n in (1, 2)} == {"100", "200"}
    # And back again.
    store.save_page(replace(split, records=table(100, 300, 500, 700), pipeline_version="v3", told=True))
    records = {record.record: record for record in store.records()}
    assert sorted(records) == [1, 2, 3]
    assert [records[n].fields["so"].raw for n in (2, 3)] == [done[ids[1]], done[ids[2]]]
    assert store.verify_audit().faults == ()


def test_records_are_joined_by_a_person_even_where_people_decided_both(store, result, table):
    store.save_page(result(records=table(100, 300, 500, 700)))
    ids = store.record_ids(store.books()[0].id)
    done = decide_all_but_first(store)
    store.save_page(replace(result(records=table(100, 500, 700), version="v2"), told=True))
    records = {record.record: record for record in store.records()}
    assert sorted(records) == [1, 2]
    assert records[2].fields["so"].raw == done[ids[2]]


def test_what_was_decided_of_a_record_goes_with_neither_part_when_it_is_split(store, result, table):
    store.save_page(result(records=table(100, 300, 600)))
    done = decide_all_but_first(store)
    # The number stands in the first line, which is the smaller part.
    parts = replace(result(records=table(100, 300, 380, 600), version="v2"), told=True)
    store.save_page(parts)
    texts = [record.fields["so"].raw for record in sorted(store.records(), key=lambda record: record.record)]
    assert texts == ["100", "300", "380"]
    assert store.status().review == 6
    # As it was before: what was decided is there again.
    store.save_page(result(records=table(100, 300, 600), version="v3"))
    assert list(done.values()) == [record.fields["so"].raw for record in store.records() if record.record == 2]


def test_what_was_decided_of_two_records_is_not_taken_for_the_whole(store, result, table):
    store.save_page(result(records=table(100, 300, 380, 700)))
    decide_all_but_first(store)
    store.save_page(replace(result(records=table(100, 300, 700), version="v2"), told=True))
    assert [record.fields["so"].raw for record in store.records()] == ["100", "300"]
    assert store.status().review == 4


def test_nonsense_is_refused_by_name(store, instructions, result):
    store.save_page(result(problem="unknown_form"))
    page = instructions.find("so-01.pdf", 1)
    far = read_instruction({"corners": [[0, 0], [9000, 0], [9000, 9000], [0, 9000]]})
    with pytest.raises(InstructionError, match="outside the picture of 1000 x 1400"):
        instructions.say(page.id, far, "Người Một")
    with pytest.raises(NotStoredError):
        instructions.say(999, FORM, "Người Một")
    with pytest.raises(NotStoredError):
        instructions.find("so-01.pdf", 9)
    for wrong, said in (
        ({"turn": 4}, "turn"),
        ({"corners": [[0, 0], [1, 1], [2, 2], [3, 3]]}, "lie on a line"),
        ({"corners": [[0, 0], [9, 9], [9, 0], [0, 9]]}, "cross"),
        ({"gutter": [[1, 1], [1, 9]]}, "two pages"),
        ({"form": "ks-1976", "pages": 2, "rows": [[[0, 1], [9, 1]], [[0, 5], [9, 5]]]}, "one table"),
        ({"rows": [[[0, 1], [9, 1]], [[0, 5], [9, 5]]]}, "name the form"),
        ({"form": "ks-2016", "angle": 3}, "angle"),
        ([], "Input should be"),
    ):
        with pytest.raises(InstructionError, match=said):
            read_instruction(wrong)
