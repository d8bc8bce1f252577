"""Asking in the room that a book is read anew by its own hand, and hearing what became of it."""

import json

from extractor.batch.hands import INDEX
from extractor.jobs import work
from extractor.learning import adapting_books
from extractor.learning.adapting_books import AdaptedBooks, BookOutcome
from extractor.readers.handwriting import ADAPTED_FOLDER
from extractor.store import Jobs, JobState, Role


def ask(client, book=1):
    form = {"csrf": client.headers["X-CSRF-Token"]}
    return client.post(f"/books/{book}/pages/adapt", data=form, follow_redirects=False)


def test_a_book_is_asked_for_once_and_what_became_of_it_is_said(enter, book, pages, monkeypatch):
    client = enter("Người nhập", [Role.OPERATOR])
    first = ask(client)
    assert (first.status_code, first.headers["location"]) == (303, ask(client).headers["location"])
    where = first.headers["location"]
    assert "Đang học và đọc lại" in client.get(where).text
    jobs = Jobs(book)
    (job,) = jobs.unfinished(client.app.state.room.intake.folder)
    assert job.options["adapt"] == 1 and job.options["pages"]
    done = BookOutcome(1, "KS.2017.01", "adapted", 23, 40, changed=7)
    asked = []
    monkeypatch.setattr(
        adapting_books, "adapt_books", lambda *given: asked.append(given) or AdaptedBooks((done,), ({"file": "x"},))
    )
    result = json.loads(json.dumps(work.reread(job, pages, "", (), lambda *_: None)))
    assert asked[0][3] == "1"
    jobs.start_next(client.app.state.room.intake.folder)
    jobs.finish(job.id, JobState.DONE, result=result)
    assert "Đã học từ 23 dòng và đọc lại; 7 đề xuất thay đổi." in client.get(where).text
    # An index that is damaged is named, and what is no number of a job is not looked for.
    (pages / ADAPTED_FOLDER).mkdir()
    (pages / ADAPTED_FOLDER / INDEX).write_text("{}}")
    assert "damaged" in client.get("/books/1/pages").text
    assert client.get("/books/1/pages?hand=../x").status_code == 404


def test_only_those_who_may_mend_pages_may_ask(enter):
    assert ask(enter("Người xem", [Role.REVIEWER])).status_code == 403
    assert ask(enter("Người ngoài", [Role.OPERATOR], books=[77])).status_code == 404
    assert ask(enter("Người nhập", [Role.OPERATOR]), book=99).status_code == 404
