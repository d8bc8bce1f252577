"""Keys, uploads, jobs and repeated requests, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from extractor.errors import NotStoredError
from extractor.records import BookKey
from extractor.store import (
    ApiKeys,
    Begun,
    JobKind,
    Jobs,
    JobState,
    Replies,
    Reply,
    ReplyConflict,
    Scope,
    Uploads,
    UploadState,
)
from extractor.store.listing import Listing


@pytest.fixture
def key(store):
    return ApiKeys(store).add("Phần mềm  một cửa", [Scope.RECORDS_READ, Scope.CROPS_READ], books=[2, 1, 2])


def test_a_key_opens_what_it_was_made_for(store, key, clock):
    made, text = key
    found = ApiKeys(store).find(text)
    assert found == made
    assert (found.client, found.scopes) == ("Phần mềm một cửa", {Scope.RECORDS_READ, Scope.CROPS_READ})
    assert (found.opens(2), found.opens(3)) == (True, False)
    assert ApiKeys(store).find(text + "x") is ApiKeys(store).find("") is ApiKeys(store).find("hotich_\x00_x") is None
    ApiKeys(store).revoke(made.prefix)
    assert ApiKeys(store).find(text) is None
    assert store.verify_audit().ok


def test_of_many_equal_requests_at_once_one_is_carried_out(store, key):
    replies, number = Replies(store), key[0].id
    start = Barrier(5)

    def begin(_):
        start.wait()
        return replies.begin(number, "k", "f")

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(begin, range(5)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Begun"] + ["ReplyConflict"] * 4
    assert all(outcome.under_way for outcome in outcomes if isinstance(outcome, ReplyConflict))
    reply = Reply(201, {"location": "/x"}, '{"name": "Sổ"}')
    replies.finish(number, "k", reply)
    assert replies.begin(number, "k", "f") == reply
    assert replies.begin(number, "k", "other") == ReplyConflict(under_way=False)


def test_a_lost_request_is_taken_over_under_its_own_number(store, key, clock):
    replies, number = Replies(store), key[0].id
    first = replies.begin(number, "k", "f")
    clock.forward(seconds=121)
    assert replies.begin(number, "k", "f") == first
    replies.forget(number, "k")
    assert replies.begin(number, "k", "f") == first
    clock.forward(seconds=24 * 3600)
    again = replies.begin(number, "k", "another")
    assert isinstance(again, Begun)
    assert again != first


def test_jobs_are_begun_once_each_in_their_order(store):
    jobs = Jobs(store)
    for number in "abcd":
        jobs.add(number * 32, JobKind.RUN, "một cửa", "/out", {"uploads": []})
        jobs.add(number * 32, JobKind.RUN, "một cửa", "/out", {"uploads": ["other"]})  # sent again
    assert jobs.waiting("/out") == 4
    assert jobs.start_next("/elsewhere") is None
    assert jobs.cancel("b" * 32, "một cửa", JobKind.RUN).state is JobState.CANCELLED
    start = Barrier(4)

    def take(_):
        start.wait()
        return jobs.start_next("/out")

    with ThreadPoolExecutor(4) as pool:
        taken = [job.id[0] for job in pool.map(take, range(4)) if job is not None]
    while (job := jobs.start_next("/out")) is not None:
        taken.append(job.id[0])  # passed over while another held it
    assert sorted(taken) == ["a", "c", "d"]
    assert jobs.progress("a" * 32, 3, 10) is False
    jobs.cancel("a" * 32, "một cửa", JobKind.RUN)
    assert jobs.progress("a" * 32, 4, 10) is True
    jobs.finish("c" * 32, JobState.DONE, result={"pages": 1})
    assert (jobs.get("c" * 32).result, jobs.get("a" * 32).done) == ({"pages": 1}, 4)
    jobs.give_back("d" * 32)
    assert jobs.start_next("/out").attempts == 1
    with pytest.raises(NotStoredError):
        jobs.get("a" * 32, "khác")
    assert store.verify_audit().ok


def test_lists_of_jobs_and_uploads_go_on_where_they_were(store):
    jobs, uploads = Jobs(store), Uploads(store)
    for number in "abc":
        jobs.add(number * 32, JobKind.EXPORT, "một cửa", "/out", {})
        uploads.add(number * 32, "một cửa", f"{number}.pdf", 2**40)
    assert [job.id[0] for job in jobs.page("một cửa", JobKind.EXPORT, limit=2)] == ["c", "b"]
    assert [job.id[0] for job in jobs.page("một cửa", JobKind.EXPORT, after="b" * 32, limit=2)] == ["a"]
    assert [upload.id[0] for upload in uploads.page("một cửa", after="c" * 32, limit=9)] == ["b", "a"]
    assert uploads.page("khác", limit=9) == []
    done = uploads.complete("a" * 32, sha256="f" * 64, kind="pdf", pages=3)
    assert (done.state, done.size, done.pages) == (UploadState.COMPLETE, 2**40, 3)
    uploads.remove("a" * 32)
    uploads.remove("b" * 32)
    assert {number: upload.name for number, upload in uploads.several(["a" * 32, "b" * 32], "một cửa").items()} == {
        "a" * 32: "a.pdf"
    }


def test_records_are_listed_in_the_order_of_the_store_a_page_at_a_time(store, result):
    for file in (*(f"so-{number}.pdf" for number in range(12, 0, -1)), "Sổ 1.pdf"):  # more than are looked at at once
        store.save_page(result(file, 1))
        store.save_page(result(file, 2, book=BookKey(register="KH", year="2018")))
    listing = Listing(store)
    whole = [line.id for line in listing.records(limit=99)]
    assert [(line.file, line.page) for line in listing.records(limit=99)] == [
        (record.file, record.page) for record in store.records()
    ]
    walked, after = [], 0
    while part := listing.records(after=after, limit=1):
        after = part[0].id
        walked.append(after)
    assert walked == whole
    store.save_page(replace(result("so-2.pdf", 1), sha256="e" * 64))
    gone = whole[whole.index(after) - 1]
    assert [line.id for line in listing.records(after=gone, limit=99)][-1] == after
    assert {line.waiting for line in listing.records(books=[1], limit=99)} == {3}
    counted = {book.id: book.counts for book in listing.books(limit=99)}
    assert counted == {book.id: book.counts for book in store.books()}
    assert [book.id for book in listing.books(after=1, limit=99)] == [2]
    with pytest.raises(NotStoredError):
        listing.records(after=10**6, limit=1)
