"""Accepted fields typed by people who do not see what the machine read."""

import unicodedata
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import text

from extractor.errors import LeaseLostError
from extractor.records import Decision, FieldState
from extractor.store import Bar, MachineChange, NothingToUndo, QueueEmpty, Store, WaitingField
from extractor.store.engine import make_engine, parse_url
from extractor.store.migrate import alembic_config

KEY = ("so-01.pdf", 1, 1)
DATE = "05.01.2017"


def draw(store, field, *, record=KEY, code="ngayDangKy", recheck=True):
    return store.update_machine_values([MachineChange(record, code, field, recheck=recheck)])


def date_of(store):
    return next(store.records()).fields["ngayDangKy"]


def answer(store, task, raw, *, value=None, **more):
    return store.decide(task, task.token, person=task.person, raw=raw, value=value, **more)


@pytest.fixture
def accepted(value):
    """The accepted field of every invented record."""
    return value(DATE, 0.9, Decision.ACCEPTED)


@pytest.fixture
def drawn(store, result, accepted):
    """A store in which that field was drawn."""
    store.save_page(result())
    assert draw(store, accepted) == 0
    return store


@pytest.fixture
def blind_task(drawn):
    """The blind task, in the hands of a first person."""
    return drawn.claim("Thử Một", kinds=["date"])


def for_review(field):
    return field.model_copy(update={"decision": Decision.REVIEW})


def state_of_task(database, field_id):
    engine = make_engine(parse_url(database.url))
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT blind, status, person, key_rank, ease FROM task WHERE field_id = :id"), {"id": field_id}
        ).one()
    engine.dispose()
    return bool(row.blind), row.status, row.person, row.key_rank, row.ease


def test_tasks_of_an_older_schema_are_not_blind_and_their_readings_were_seen(empty_database, value):
    engine = make_engine(parse_url(empty_database.url))
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in (
            "INSERT INTO book VALUES (1, '', '', '', '', '', '', '')",
            "INSERT INTO source_file VALUES (1, 'a.pdf', 'a.pdf', '')",
            "INSERT INTO page VALUES (1, 1, 1, 1, '', 1, 1, '', NULL, '', '', '', NULL, 'read', "
            "'2026-01-05 08:00:00', NULL)",
            "INSERT INTO record VALUES (1, 1, 1, '', '', '{}', NULL)",
            "INSERT INTO field VALUES (1, 1, 0, 'so', '', '', NULL, 'read', 0.5, 'review', '', NULL, '[]', '[]', '', "
            "'', '', NULL, NULL)",
            "INSERT INTO task VALUES (1, 1, 1, '', 'so', 0, -0.5, 'open', 'THỬ Một', 0, NULL)",
            "INSERT INTO decision VALUES (100, 1, '2026-01-05 08:00:00', 'Thử Hai', 'refused', NULL, NULL, '{}', '{}')",
        ):
            connection.execute(text(statement))
    engine.dispose()
    with Store.open(empty_database.url, audit_key_file=empty_database.key_file) as store:
        task = store.claim("Thử Ba")
        assert (task.code, task.blind) == ("so", False)
        draw(store, value("1", 0.9, Decision.ACCEPTED), record=("a.pdf", 1, 1), code="so")
        assert [isinstance(store.claim(f"Thử {name}"), QueueEmpty) for name in ("Một", "Hai", "Ba")] == [True] * 3
        assert store.claim("Thử Bốn").blind


def test_a_drawn_field_waits_once_though_nothing_else_changed(drawn, accepted):
    assert (drawn.open_tasks(), drawn.status().accepted) == (4, 1)
    head = drawn.audit_head()
    assert draw(drawn, accepted) == 0
    assert drawn.open_tasks() == 4
    assert drawn.audit_head() == head
    tasks = [drawn.claim("Thử Một") for _ in range(4)]
    assert [task.code for task in tasks if task.blind] == ["ngayDangKy"]


def test_a_field_that_becomes_accepted_may_be_drawn_at_once(store, result, value):
    store.save_page(result())
    assert draw(store, value("Lò Văn Thử", 0.99, Decision.ACCEPTED), code="nksHoTen") == 1
    assert store.open_tasks() == 3
    assert store.claim("Thử Một", kinds=["nksHoTen"]).blind
    assert store.update_machine_values([MachineChange(KEY, "nksNoiSinh", value("Bản Mẫu", 0.3), recheck=True)]) == 0
    assert not store.claim("Thử Một", kinds=["nksNoiSinh"]).blind  # for review anyway


def test_a_draw_once_made_stands_while_the_field_stays_accepted(drawn, blind_task, result, value):
    draw(drawn, value(DATE, 0.95, Decision.ACCEPTED), recheck=False)
    drawn.save_page(result(version="v2"))
    assert drawn.held("Thử Một") == (replace(blind_task, field=date_of(drawn)),)
    assert answer(drawn, blind_task, DATE).decision is Decision.CONFIRMED


def test_a_drawn_field_that_the_machine_doubts_becomes_an_ordinary_task(drawn, value, database):
    draw(drawn, value(DATE, 0.4))
    task = drawn.claim("Thử Một", kinds=["date"])
    assert not task.blind
    assert state_of_task(database, task.field_id)[3:] == (0, -0.4)
    assert answer(drawn, task, "06.01.2017").decision is Decision.CORRECTED
    (decided,) = drawn.decided_fields()
    assert (decided.machine.decision, decided.blind) == (Decision.REVIEW, False)


def test_a_field_that_is_gone_leaves_the_queue(drawn, result, record, value):
    drawn.save_page(result(version="v2", records=(record("so-01.pdf", 1, so=value("01", 0.6)),)))
    assert drawn.open_tasks() == 1


def test_who_has_seen_the_proposal_loses_the_field_when_it_turns_blind(store, result, accepted):
    store.save_page(result())
    field_id = next(found.id for found in store.stored_record(1).fields if found.code == "ngayDangKy")
    seen = store.claim_field(field_id, "Thử Một")
    assert not seen.blind
    draw(store, accepted)
    with pytest.raises(LeaseLostError):
        answer(store, seen, DATE)
    assert store.claim("Thử Hai", kinds=["date"]).blind


def test_blind_tasks_come_mixed_among_the_others(store, result, record, value):
    accepted = value("Bản Mẫu", 0.99, Decision.ACCEPTED)
    for page in range(1, 21):
        fields = {"so": value("1", 0.6), "nksHoTen": value("Lò Văn Thử", page / 21), "ngayDangKy": accepted}
        store.save_page(result(page=page, records=(record("so-01.pdf", page, **fields),)))
        draw(store, accepted, record=("so-01.pdf", page, 1))
    order = []
    while not isinstance(task := store.claim("Thử Một"), QueueEmpty):
        order.append(task.blind)
    assert order[:20] == [False] * 20  # what names the record stays first
    assert sum(order) == 20
    assert 4 <= sum(order[20:40]) <= 16


@pytest.mark.parametrize(
    ("raw", "typed"), [(DATE, None), (f"  {DATE} \n", None), ("5/1/2017", DATE), ("05.01.2017", "otherwise")]
)
def test_an_answer_that_agrees_confirms_what_the_machine_read(drawn, blind_task, raw, typed, database):
    before = date_of(drawn)
    decided = answer(drawn, blind_task, raw, value=typed, decision=Decision.CORRECTED)
    assert decided == before.model_copy(update={"decision": Decision.CONFIRMED})
    assert state_of_task(database, blind_task.field_id)[:3] == (True, "done", "")
    assert [entry.action for entry in drawn.history(blind_task.field_id)] == ["confirm"]
    (found,) = drawn.decided_fields()
    assert (found.record, found.code, found.kind, found.blind) == (KEY, "ngayDangKy", "date", True)
    assert (found.machine, found.final) == (before, decided)
    assert drawn.open_tasks() == 3


def test_a_field_that_was_answered_is_never_handed_out_again(drawn, blind_task, accepted, result):
    answer(drawn, blind_task, DATE)
    assert draw(drawn, accepted) == 0
    drawn.save_page(result(version="v2"))
    assert draw(drawn, accepted) == 0
    assert drawn.open_tasks() == 3
    assert not drawn.claim_field(blind_task.field_id, "Thử Hai").blind  # whoever opens it sees what is settled


@pytest.mark.parametrize("state", [FieldState.BLANK, FieldState.NOT_ON_FORM, FieldState.DITTO])
def test_states_without_text_agree_with_themselves_alone(store, result, record, value, state):
    raw = '"' if state is FieldState.DITTO else ""
    nothing = value(raw, 0.9, Decision.ACCEPTED).model_copy(update={"state": state, "value": None})
    store.save_page(result(records=(record("so-01.pdf", 1, nksHoTen=nothing, nksNoiSinh=nothing),)))
    for code in ("nksHoTen", "nksNoiSinh"):
        draw(store, nothing, code=code)
    name, place = store.claim("Thử Một", kinds=["nksHoTen"]), store.claim("Thử Một", kinds=["nksNoiSinh"])
    assert answer(store, name, "", state=state).decision is Decision.CONFIRMED
    assert answer(store, place, raw, state=FieldState.READ).decision is Decision.REVIEW


def test_an_answer_that_differs_leaves_the_field_to_another_person(drawn, blind_task, database):
    before = date_of(drawn)
    after = answer(drawn, blind_task, " 15.01.2017", value="15.01.2017", decision=Decision.CONFIRMED)
    assert after == date_of(drawn)
    assert (after.raw, after.value, after.decision) == (before.raw, before.value, Decision.REVIEW)
    assert after.candidates == ((DATE, 0.5), (" 15.01.2017", 0.5))[::-1]
    assert state_of_task(database, blind_task.field_id) == (False, "open", "", 0, -0.9)
    (entry,) = drawn.history(blind_task.field_id)
    assert (entry.action, entry.person) == ("rekeyed", "Thử Một")
    assert (entry.before["raw"], entry.before["decision"]) == (DATE, "accepted")
    assert (entry.after["raw"], entry.after["value"]) == (" 15.01.2017", "15.01.2017")
    assert list(drawn.decided_fields()) == []
    assert drawn.verify_audit().ok
    assert drawn.field_context(blind_task.field_id).rekeyed_by == "Thử Một"


def test_who_re_keyed_a_field_does_not_settle_it(drawn, blind_task):
    answer(drawn, blind_task, "15.01.2017")
    assert drawn.claim("Thử Một", kinds=["date"]) == QueueEmpty(held_by_others=0)
    assert (drawn.open_tasks(person="Thử Một"), drawn.open_tasks(person=" Thử Hai "), drawn.open_tasks()) == (3, 4, 4)
    with pytest.raises(LeaseLostError, match="re-keyed"):
        drawn.claim_field(blind_task.field_id, "Thử Một")
    with pytest.raises(LeaseLostError, match="re-keyed"):
        answer(drawn, blind_task, DATE)
    task = drawn.claim("Thử Hai", kinds=["date"])
    assert (task.field_id, task.blind) == (blind_task.field_id, False)
    with pytest.raises(LeaseLostError, match="re-keyed"):
        answer(drawn, replace(task, person="Thử Một"), DATE)
    assert answer(drawn, task, "15.01.2017", value="15.01.2017").decision is Decision.CORRECTED
    with pytest.raises(LeaseLostError, match="re-keyed"):
        drawn.claim_field(blind_task.field_id, "Thử Một")
    (found,) = drawn.decided_fields()
    assert (found.machine.raw, found.machine.decision) == (DATE, Decision.ACCEPTED)
    assert (found.final.raw, found.blind) == ("15.01.2017", True)
    actions = [entry.action for entry in drawn.history(blind_task.field_id)]
    assert actions == ["rekeyed", "refused", "refused", "correct"]
    assert drawn.verify_audit().ok


def test_the_machine_does_not_overrule_a_disagreement(drawn, blind_task, accepted, value, result, record):
    disputed = answer(drawn, blind_task, "15.01.2017")
    head = drawn.audit_head()
    assert draw(drawn, accepted) == 0
    assert draw(drawn, value("15.01.2017", 0.99, Decision.ACCEPTED)) == 0
    assert drawn.audit_head() == head
    drawn.save_page(result(version="v2"))
    assert date_of(drawn) == disputed
    drawn.save_page(result(version="v3", records=(record("so-01.pdf", 1, 2),)))
    assert date_of(drawn) == disputed  # not even by no longer finding the record
    task = drawn.claim("Thử Hai", kinds=["date"])
    assert (task.field_id, task.blind) == (blind_task.field_id, False)
    assert answer(drawn, task, DATE, value=DATE).decision is Decision.CONFIRMED


def test_a_blind_confirmation_that_is_taken_back_comes_back_blind(drawn, blind_task):
    before = date_of(drawn)
    answer(drawn, blind_task, DATE)
    back = drawn.undo_last("Thử Một")
    assert (back.id, back.blind, back.field) == (blind_task.id, True, for_review(before))
    drawn.release(back, back.token, person="Thử Một")
    other = drawn.claim("Thử Hai", kinds=["date"])
    assert other.blind
    assert answer(drawn, other, "15.01.2017").decision is Decision.REVIEW


def test_a_contradiction_can_be_taken_back_until_another_person_has_the_field(drawn, blind_task):
    before = date_of(drawn)
    first = drawn.claim("Thử Một", kinds=["so"])
    answer(drawn, first, "01", value="01")
    answer(drawn, blind_task, "15.01.2017")
    back = drawn.undo_last("Thử Một")
    assert (back.id, back.blind, back.field) == (blind_task.id, True, for_review(before))
    answer(drawn, back, "25.01.2017")
    other = drawn.claim("Thử Hai", kinds=["date"])
    assert drawn.undo_last("Thử Một").id == first.id  # the newest that nobody else looks at
    assert drawn.undo_last("Thử Một") == NothingToUndo()
    answer(drawn, other, DATE, value=DATE)
    assert drawn.undo_last("Thử Một") == NothingToUndo()
    assert drawn.verify_audit().ok


def test_a_judgement_that_is_taken_back_leaves_the_disagreement(drawn, blind_task):
    disputed = answer(drawn, blind_task, "15.01.2017")
    task = drawn.claim("Thử Hai", kinds=["date"])
    answer(drawn, task, "15.01.2017")
    back = drawn.undo_last("Thử Hai")
    assert (back.blind, back.field) == (False, disputed)
    stored = next(found for found in drawn.stored_record(back.record_id).fields if found.id == back.field_id)
    assert (stored.person, stored.decided_at) == ("", None)
    drawn.release(back, back.token, person="Thử Hai")
    assert drawn.undo_last("Thử Một").blind


def test_decided_fields_tell_what_the_machine_had_before_people(drawn, blind_task, result, value):
    drawn.save_page(result(page=2))
    name = drawn.claim("Thử Một", kinds=["nksHoTen"])
    answer(drawn, name, "Lò Văn Thứ")
    again = drawn.claim_field(name.field_id, "Thử Hai")
    answer(drawn, again, "Lò Văn Thự")
    taken_back = drawn.claim("Thử Một", kinds=["nksNoiSinh"])
    answer(drawn, taken_back, "x")
    back = drawn.undo_last("Thử Một")
    drawn.release(back, back.token, person="Thử Một")
    draw(drawn, value("Bản Thử", 0.9, Decision.ACCEPTED), code="nksNoiSinh", recheck=False)
    seen = drawn.claim_field(taken_back.field_id, "Thử Hai")
    answer(drawn, seen, "Bản Thử", value="Bản Thử")
    answer(drawn, blind_task, DATE)
    second = drawn.claim("Thử Ba", kinds=["so"])
    answer(drawn, second, "1", value="1")
    found = [
        (each.record[1], each.code, each.machine.raw, each.final.raw, each.blind) for each in drawn.decided_fields()
    ]
    assert found == [
        (1, "so", "01", "1", False),
        (1, "ngayDangKy", DATE, DATE, True),
        (1, "nksHoTen", "Lò Văn Thử", "Lò Văn Thự", False),
        (1, "nksNoiSinh", "Bản Thử", "Bản Thử", False),  # accepted, but its reader saw what the machine had
    ]
    assert list(drawn.decided_fields(book=result().book)) == list(drawn.decided_fields())


def number_of(store, code, record_id=1):
    return next(found.id for found in store.stored_record(record_id).fields if found.code == code)


def hidden(store, record_id=1):
    return [found.code for found in store.stored_record(record_id).fields if found.hidden]


def test_waiting_fields_tell_which_are_blind_and_which_disputed(drawn, blind_task, result):
    def waiting():
        return {item.code: (item.blind, item.disputed) for item in drawn.waiting_fields()}

    ordinary = {"so": (False, False), "nksHoTen": (False, False), "nksNoiSinh": (False, False)}
    assert waiting() == {**ordinary, "ngayDangKy": (True, False)}
    answer(drawn, blind_task, "15.01.2017")
    assert waiting() == {**ordinary, "ngayDangKy": (False, True)}
    task = drawn.claim("Thử Hai", kinds=["date"])
    answer(drawn, task, DATE, value=DATE)
    assert waiting() == ordinary
    drawn.undo_last("Thử Hai")
    assert waiting() == {**ordinary, "ngayDangKy": (False, True)}
    drawn.save_page(result(page=2))
    found = list(drawn.waiting_fields(result().book))
    assert found[0] == WaitingField(KEY, "so", blind=False, disputed=False)
    assert [item.record[1] for item in found] == [1] * 4 + [2] * 3


def test_fields_that_are_re_keyed_or_disputed_are_hidden_with_the_rules_that_name_them(store, result, accepted, value):
    store.save_page(result())
    store.save_page(result(page=2))
    draw(store, value("01", 0.9, Decision.ACCEPTED), code="so")
    first, second = number_of(store, "so"), number_of(store, "so", 2)
    assert (hidden(store), hidden(store, 2)) == (["so"], [])
    assert store.stored_record(1).warnings == store.stored_record(2).warnings == ()
    assert store.field_context(second).previous.hidden
    assert store.field_context(second).warnings == ()
    assert not store.field_context(number_of(store, "nksHoTen", 2)).previous.hidden
    answer(store, store.claim_field(first, "Thử Một"), "7")
    assert hidden(store) == ["so"]
    answer(store, store.claim_field(first, "Thử Hai"), "7", value="7")
    assert hidden(store) == []
    assert len(store.stored_record(2).warnings) == len(store.field_context(second).warnings) == 1


def test_a_blind_task_that_turns_ordinary_leaves_the_hands_it_is_in(drawn, blind_task, value):
    draw(drawn, value(DATE, 0.4))
    assert drawn.held("Thử Một") == ()
    with pytest.raises(LeaseLostError):
        drawn.renew(blind_task, blind_task.token, person="Thử Một")
    with pytest.raises(LeaseLostError):
        answer(drawn, blind_task, "15.01.2017")
    (entry,) = drawn.history(blind_task.field_id)
    assert (entry.action, entry.after["raw"]) == ("refused", "15.01.2017")
    assert not drawn.claim("Thử Một", kinds=["date"]).blind


@pytest.mark.parametrize("gone", ["field", "record", "page"])
def test_a_blind_task_that_is_withdrawn_leaves_the_hands_it_is_in(drawn, blind_task, result, record, value, gone):
    if gone == "field":
        drawn.save_page(result(version="v2", records=(record("so-01.pdf", 1, so=value("01", 0.6)),)))
    elif gone == "record":
        drawn.save_page(result(version="v2", records=(record("so-01.pdf", 1, 2),)))
    else:
        drawn.save_page(result(sha256="f" * 64))
    with pytest.raises(LeaseLostError):
        answer(drawn, blind_task, DATE)


def test_whoever_was_handed_the_proposal_never_types_the_field_blind(store, result, accepted):
    store.save_page(result())
    field_id = number_of(store, "ngayDangKy")
    for person in ("Thử Một", "Thử Hai"):
        task = store.claim_field(field_id, person)
        store.release(task, task.token, person=person)
    draw(store, accepted)
    assert store.claim("thử MỘT ", kinds=["date"]) == QueueEmpty(held_by_others=0)
    assert store.claim("Thử Ba", kinds=["date"], formerly=["Thử Hai"]) == QueueEmpty(held_by_others=0)
    assert (store.open_tasks(person="Thử Một"), store.open_tasks(person="Thử Ba")) == (3, 4)
    with pytest.raises(LeaseLostError, match="seen"):
        store.claim_field(field_id, "Thử Hai")
    assert store.barred(field_id, "Thử Hai") is Bar.SEEN_READING
    assert store.barred(field_id, "Thử Ba") is None
    assert store.claim("Thử Ba", kinds=["date"]).blind


def test_who_has_seen_both_texts_of_a_dispute_types_neither_blind(drawn, blind_task):
    answer(drawn, blind_task, "15.01.2017")
    seen = drawn.claim("Thử Hai", kinds=["date"])
    drawn.release(seen, seen.token, person="Thử Hai")
    back = drawn.undo_last("Thử Một")
    drawn.release(back, back.token, person="Thử Một")
    assert drawn.claim("Thử Hai", kinds=["date"]) == QueueEmpty(held_by_others=0)
    assert drawn.claim("Thử Ba", kinds=["date"]).blind


@pytest.mark.parametrize("raw", [DATE, "15.01.2017"])
def test_an_answer_that_is_taken_back_does_not_bring_back_what_the_machine_once_accepted(drawn, blind_task, value, raw):
    answer(drawn, blind_task, raw)
    assert draw(drawn, value(DATE, 0.4)) == 0  # a run without certificate meanwhile: the field is the people's
    back = drawn.undo_last("Thử Một")
    assert (back.blind, drawn.status().accepted, date_of(drawn).decision) == (True, 0, Decision.REVIEW)
    assert draw(drawn, value(DATE, 0.4), recheck=False) == 1
    with pytest.raises(LeaseLostError):
        answer(drawn, back, DATE)
    assert not drawn.claim("Thử Hai", kinds=["date"]).blind
    assert drawn.verify_audit().ok


def test_an_answer_that_is_taken_back_and_given_again_counts_as_one_on_an_accepted_field(drawn, blind_task, accepted):
    answer(drawn, blind_task, "15.01.2017")
    back = drawn.undo_last("Thử Một")
    assert draw(drawn, accepted) == 1  # judged anew, and accepted
    answer(drawn, back, "25.01.2017")
    back = drawn.undo_last("Thử Một")
    answer(drawn, back, DATE)
    (found,) = drawn.decided_fields()
    assert (found.machine, found.blind) == (accepted.model_copy(update={"decision": Decision.ACCEPTED}), True)
    assert drawn.verify_audit().ok


def test_another_way_to_write_a_name_is_no_other_person(drawn, blind_task):
    answer(drawn, blind_task, "15.01.2017")
    for name in ("thử một", "THỬ  MỘT", unicodedata.normalize("NFD", " Thử Một")):
        assert drawn.claim(name, kinds=["date"]) == QueueEmpty(held_by_others=0)
        assert drawn.barred(blind_task.field_id, name) is Bar.OWN_REKEYING
    assert drawn.barred(blind_task.field_id, "Thử Hai", formerly=["thử một"]) is Bar.OWN_REKEYING
    task = drawn.claim("Thử Hai", kinds=["date"])
    with pytest.raises(LeaseLostError, match="re-keyed"):
        answer(drawn, task, DATE, formerly=["Thử Một"])
    assert answer(drawn, task, DATE, value=DATE).decision is Decision.CONFIRMED
