"""The next field is found by an index, among many books and kinds as well, and it is the right one."""

import pytest
from sqlalchemy import event, text

from extractor.errors import LeaseLostError
from extractor.records import BookKey
from extractor.store import QueueEmpty, RecordQueue, waiting
from extractor.store.engine import make_engine, parse_url
from extractor.store.migrate import upgrade_within

BOOKS = [BookKey(register="KS", year=str(2000 + number)) for number in range(4)]


@pytest.fixture
def books(store, result):
    """Numbers of four books with a record each, in the order in which they came."""
    for number, book in enumerate(BOOKS):
        store.save_page(result(f"{number}.pdf", book=book))
    ids = {summary.key: summary.id for summary in store.books()}
    return [ids[book] for book in BOOKS]


def claimed(store, person, **wanted):
    found = []
    while not isinstance(task := store.claim(person, **wanted), QueueEmpty):
        found.append((task.book_id, task.code))
    return found


def asked(store, do):
    """The statements that a call asks the database, with their parameters."""
    ran = []
    note = lambda *told: ran.append(told[2:4])  # noqa: E731
    with store.writing() as writer:
        engine = writer.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return ran


@pytest.mark.parametrize("at_once", [512, 1], ids=["each asked", "all together"])
def test_of_several_books_the_queue_is_that_of_all_of_them(store, books, monkeypatch, at_once):
    monkeypatch.setattr(waiting, "_BOOKS_AT_ONCE", at_once)
    some = [books[3], books[1]]
    got = claimed(store, "Thử Một", books=some)
    everything = [place for place in claimed(store, "Thử Hai") if place[0] in some]
    assert len(got) == 6
    assert {book for book, _ in got} == set(some)
    assert [code for _, code in got][:2] == ["so", "so"]
    assert everything == []  # the first person holds them all
    assert store.claim("Thử Hai", books=some) == QueueEmpty(held_by_others=6)


def test_what_a_person_put_off_in_several_books_comes_last_in_the_order_in_which_it_was_put_off(store, books):
    tasks = [store.claim("Thử Một", books=books[:2]) for _ in range(6)]
    for task in tasks[:2]:
        store.skip(task, task.token, person="Thử Một")
    for task in tasks[2:]:
        store.release(task, task.token, person="Thử Một")
    again = [store.claim("Thử Một", books=books[:2]).id for _ in range(6)]
    assert again == [task.id for task in (*tasks[2:], *tasks[:2])]


def test_of_more_that_is_put_off_than_is_passed_over_together_nothing_comes_early(store, books, monkeypatch):
    monkeypatch.setattr(waiting, "_NOT_PUT_OFF", waiting._not_put_off(1))
    waiting._free.cache_clear()
    try:
        tasks = [store.claim("Thử Một") for _ in range(12)]
        for task in tasks[:5]:
            store.skip(task, task.token, person="Thử Một")
        for task in tasks[5:]:
            store.release(task, task.token, person="Thử Một")
        assert [store.claim("Thử Một").id for _ in range(12)] == [task.id for task in (*tasks[5:], *tasks[:5])]
    finally:
        waiting._free.cache_clear()


def test_what_a_person_put_off_is_looked_up_once_for_all_that_is_passed_over(store, books, database):
    if database.backend == "sqlite":
        pytest.skip("only PostgreSQL tells of it")
    statement, parameters = next(
        told for told in asked(store, lambda: store.claim("Thử Một")) if "task_skip" in told[0]
    )
    engine = make_engine(parse_url(database.url))
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
    engine.dispose()
    assert any("hashed SubPlan" in line for line in plan)


def test_statements_of_claims_are_put_together_once(store, books, monkeypatch):
    """Which takes longer than running them; and a whole record takes few of them."""

    def back(tasks):
        RecordQueue(store).release([(task.id, task.token) for task in tasks], person="Thử Một")

    back([store.claim("Thử Một")])
    back(RecordQueue(store).claim("Thử Một"))
    back(RecordQueue(store).claim("Thử Một", books=books))
    monkeypatch.setattr(waiting, "open_rows", None)
    back([store.claim("Thử Một")])
    back(RecordQueue(store).claim("Thử Một", books=books))
    ran = asked(store, lambda: RecordQueue(store).claim("Thử Một"))
    assert len([statement for statement, _ in ran if not statement.startswith("BEGIN")]) == 7


def test_a_name_is_a_kind_or_a_code_and_several_names_are_one_queue(store, books):
    got = claimed(store, "Thử Một", kinds=["place", "so", "nksNoiSinh"])
    assert [code for _, code in got] == ["so"] * 4 + ["nksNoiSinh"] * 4


def test_records_go_book_by_book_also_where_many_books_are_looked_at_together(store, books):
    queue = RecordQueue(store)
    for number in books[:3]:
        (first, *_) = got = queue.claim("Thử Một")
        assert first.book_id == number
        queue.release([(task.id, task.token) for task in got], person="Thử Một", skip=True)
    assert queue.claim("Thử Một")[0].book_id == books[3]
    assert queue.claim("Thử Một", books=books[1:3])[0].book_id == books[1]
    assert queue.claim("Thử Hai", books=books[2:])[0].book_id == books[2]


def test_whoever_is_named_for_a_dispute_finds_it(store, books):
    assert isinstance(RecordQueue(store).claim("Thử Một", disputed=True), QueueEmpty)
    assert isinstance(store.claim("Thử Một", disputed=True), QueueEmpty)
    assert len(claimed(store, "Thử Một", disputed=False)) == 12


def test_a_claim_walks_along_an_index_and_sorts_nothing(store, books, database):
    """On SQLite, whose plans do not hang on what is in the tables."""
    if database.backend != "sqlite":
        pytest.skip("PostgreSQL reads a small table whole")

    def claims():
        store.claim("Thử Một")
        store.claim("Thử Một", kinds=["place"])
        store.claim("Thử Một", book=BOOKS[1])

    ran = asked(store, claims)
    engine = make_engine(parse_url(database.url))
    plans = []
    with engine.connect() as connection:
        for statement, parameters in ran:
            if statement.startswith("SELECT task.id") and "ORDER BY" in statement:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                plans.append([row[3] for row in rows])
    engine.dispose()
    used = [next(line for line in plan if line.startswith(("SEARCH task", "SCAN task"))) for plan in plans]
    names = ("ix_task_next", "ix_task_kind_next", "ix_task_code_next", "ix_task_book_next")
    assert [next(name for name in names if name in line) for line in used] == list(names)
    assert not any("TEMP B-TREE" in line for plan in plans for line in plan)


def test_a_queue_of_the_schema_before_is_the_same_queue_after_the_upgrade(store, books, database):
    """Down to the indices before and up again, with a field that somebody holds and one that was put off."""
    held, put_off = store.claim("Thử Một"), store.claim("Thử Hai")
    store.skip(put_off, put_off.token, person="Thử Hai")
    engine = make_engine(parse_url(database.url))
    from alembic import command

    from extractor.store.migrate import alembic_config

    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0009"
    with engine.begin() as connection:
        upgrade_within(connection)
    engine.dispose()
    assert store.claim_field(held.field_id, "Thử Một", lease_seconds=300).id == held.id
    with pytest.raises(LeaseLostError):
        store.claim_field(held.field_id, "Thử Hai", lease_seconds=300)
    codes = claimed(store, "Thử Hai")
    assert len(codes) == 11
    assert codes[-1][0] == put_off.book_id
