"""Approving a book through the application."""

import re

import pytest
from fastapi.testclient import TestClient
from support.people import EVERYTHING, PASSWORD, employ, sign_in

from extractor.review.app import create_app
from extractor.store import ProblemResolution, QueueEmpty, Role

PATH = "/books/1/approval"


@pytest.fixture
def enter(book, pages):
    app = create_app(book, pages, announce=lambda _: None, hosts={"testserver"})

    def bring(person="Lãnh Đạo", roles=(Role.APPROVER,), books=None):
        client = TestClient(app)
        employ(book, person, roles, books=books)
        sign_in(client, person)
        return client

    return bring


@pytest.fixture
def verified(book):
    while not isinstance(task := book.claim("Người Nhập"), QueueEmpty):
        book.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    for problem in book.page_problems():
        book.resolve_problem(problem.id, ProblemResolution.BLANK, person="Người Nhập")


def sign(client, password=PASSWORD, digest=None):
    shown = client.get(PATH).text
    found = re.search(r'name="digest" value="(\w+)"', shown)
    return client.post(PATH, data={"digest": digest or found[1], "password": password})


def test_what_stands_in_the_way_is_shown_and_nothing_can_be_signed(enter, book):
    client = enter()
    shown = client.get(PATH).text
    assert f"Còn {book.open_tasks()} trường" in shown
    assert "Còn 2 trang" in shown
    assert 'name="digest"' not in shown
    assert client.post(PATH, data={"digest": "0" * 64, "password": PASSWORD}).status_code == 409


def test_an_approver_signs_with_the_password_and_can_take_it_back(enter, verified, book):
    client = enter()
    assert "Người Nhập" in client.get(PATH).text
    assert client.get("/").text.count(PATH) == 1
    assert sign(client, "sai").status_code == 422
    assert 'name="digest"' in client.get(PATH).text
    assert "Lãnh Đạo đã phê duyệt" in sign(client).text
    assert 'name="digest"' not in client.get(PATH).text
    assert "đã rút lại" in client.post(f"{PATH}/withdraw").text
    assert client.post(f"{PATH}/withdraw").status_code == 409
    assert book.verify_audit().ok


def test_a_book_that_changed_since_it_was_shown_is_not_signed(enter, verified, book):
    client = enter()
    seen = re.search(r'name="digest" value="(\w+)"', client.get(PATH).text)[1]
    task = book.claim_field(book.stored_record(1).fields[0].id, "Người Nhập")
    book.decide(task, task.token, person="Người Nhập", raw="99", value="99")
    answer = sign(client, digest=seen)
    assert (answer.status_code, "vừa thay đổi" in answer.text) == (409, True)
    assert "đã phê duyệt" in sign(client).text


def test_who_verified_a_field_does_not_approve(enter, verified):
    client = enter("Người Nhập", EVERYTHING)
    assert "người khác phê duyệt" in client.get(PATH).text
    assert client.post(PATH, data={"digest": "0" * 64, "password": PASSWORD}).status_code == 409


def test_only_approvers_sign_and_only_their_books(enter, verified):
    reviewer = enter("Thử Hai", [Role.REVIEWER])
    shown = reviewer.get(PATH)
    assert (shown.status_code, 'name="digest"' in shown.text) == (200, False)
    assert reviewer.post(PATH, data={"digest": "0" * 64, "password": PASSWORD}).status_code == 403
    assert reviewer.post(f"{PATH}/withdraw").status_code == 403
    stranger = enter("Thử Ba", [Role.APPROVER], books=[7])
    assert stranger.get(PATH).status_code == 404
    assert stranger.post(PATH, data={"digest": "0" * 64, "password": PASSWORD}).status_code == 404
    assert enter("Thử Bốn", [Role.RESEARCHER]).get(PATH).status_code == 403
    assert enter("Thử Năm").get("/books/99/approval").status_code == 404
