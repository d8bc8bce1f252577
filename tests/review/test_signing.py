"""The first account, signing in and out, passwords, roles and books, without a browser."""

import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from support.people import PASSWORD, employ, login_of, sign_in

from extractor.review.app import create_app
from extractor.review.permissions import Permission, permissions, role_texts
from extractor.review.throttle import Throttle
from extractor.store import Accounts, MachineChange, Role

NEW = "bảy cây tre xiêu bên giếng cũ"


def first(token, **other):
    said = {"login": "quan.tri", "person": "Quản Trị Mẫu", "password": NEW, "again": NEW}
    return {"token": token, **said, **other}


def test_the_first_account_is_made_with_the_printed_address_and_only_once(app, tokens, book):
    client = TestClient(app)
    assert client.get("/").status_code == 403  # nobody could sign in yet
    assert client.get("/set-up?token=wrong").status_code == 403
    assert client.post("/set-up", data=first("wrong")).status_code == 403
    assert "password" in client.get(f"/set-up?token={tokens[0]}").text
    assert client.post("/set-up", data=first(tokens[0], again="x")).status_code == 422
    assert client.post("/set-up", data=first(tokens[0], password="1", again="1")).status_code == 422
    assert client.post("/set-up", data=first(tokens[0], login="a b")).status_code == 422
    made = client.post("/set-up", data=first(tokens[0]), follow_redirects=False)
    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200
    assert TestClient(app).post("/set-up", data=first(tokens[0], login="b")).url.path == "/sign-in"
    assert [account.login for account in Accounts(book).all()] == ["quan.tri"]


def test_no_address_for_a_first_account_is_printed_where_there_is_one(book, pages):
    employ(book, "Thử Một")
    tokens = []
    create_app(book, pages, announce=tokens.append)
    assert tokens == []


def test_the_cookie_is_for_this_site_alone_and_out_of_reach_of_scripts(app, book, pages):
    employ(book, "Thử Một")
    said = {"login": login_of("Thử Một"), "password": PASSWORD}
    cookie = TestClient(app).post("/sign-in", data=said, follow_redirects=False).headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie
    safe = create_app(book, pages, announce=print, hosts={"testserver"}, secure=True)
    cookie = TestClient(safe).post("/sign-in", data=said, follow_redirects=False).headers["set-cookie"]
    assert "secure" in cookie.lower()


def test_signing_in_goes_back_to_the_page_but_never_to_another_site(app, enter):
    enter()
    client = TestClient(app)
    asked = client.get("/records/1")
    assert asked.url.path == "/sign-in"
    assert re.findall(r'name="back" value="([^"]*)"', asked.text)[-1] == "/records/1"
    said = {"login": login_of("Thử Một"), "password": PASSWORD}
    assert client.post("/sign-in", data={**said, "back": "/records/1"}).url.path == "/records/1"
    for elsewhere in ("//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example"):
        answer = client.post("/sign-in", data={**said, "back": elsewhere}, follow_redirects=False)
        assert answer.headers["location"] == "/"


def test_signing_in_makes_a_new_session_and_ends_the_one_before(app, enter):
    client = enter()
    before = client.cookies["extractor_session"]
    sign_in(client, "Thử Một")
    assert client.cookies["extractor_session"] != before
    old = TestClient(app, cookies={"extractor_session": before})
    assert old.get("/").url.path == "/sign-in"


def test_signing_out_ends_the_session_on_the_server(app, enter):
    client = enter()
    secret = client.cookies["extractor_session"]
    assert client.post("/sign-out").url.path == "/sign-in"
    assert TestClient(app, cookies={"extractor_session": secret}).get("/").url.path == "/sign-in"


def test_sessions_outlast_the_server(book, pages, enter):
    client = enter()
    again = create_app(book, pages, announce=print, hosts={"testserver"})
    cookies = {"extractor_session": client.cookies["extractor_session"]}
    assert "Thử Một" in TestClient(again, cookies=cookies).get("/").text


def test_a_wrong_password_says_no_more_than_a_wrong_login(app, enter):
    enter()
    client = TestClient(app)
    wrong = client.post("/sign-in", data={"login": login_of("Thử Một"), "password": "sai"})
    unknown = client.post("/sign-in", data={"login": login_of("Thử Hai"), "password": "sai"})
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text.replace(login_of("Thử Một"), "X") == unknown.text.replace(login_of("Thử Hai"), "X")


def test_many_wrong_tries_have_to_wait_and_are_told_how_long(app, enter):
    enter()
    client = TestClient(app)
    for _ in range(5):
        last = client.post("/sign-in", data={"login": login_of("Thử Một"), "password": "sai"})
    assert (last.status_code, last.headers["retry-after"]) == (429, "30")
    right = client.post("/sign-in", data={"login": login_of("Thử Một"), "password": PASSWORD})
    assert right.status_code == 429


def test_an_address_that_tries_many_accounts_waits_too():
    now = [0.0]
    throttle = Throttle(failures=3, seconds=60, clock=lambda: now[0])
    for _ in range(3):
        assert throttle.wait_seconds("a") == 0
        throttle.failed("a")
        now[0] += 10
    assert throttle.wait_seconds("a") == pytest.approx(30)
    assert throttle.wait_seconds("b") == 0
    now[0] += 31
    assert throttle.wait_seconds("a") == 0


def test_a_password_given_by_another_is_good_for_choosing_one_only(app, book):
    Accounts(book).add("ba", "Thử Ba", [Role.REVIEWER], PASSWORD, by="x")
    client = TestClient(app)
    page = client.post("/sign-in", data={"login": "ba", "password": PASSWORD})
    client.headers["X-CSRF-Token"] = re.search(r'name="csrf" content="([^"]+)"', page.text)[1]
    assert page.url.path == "/account"
    assert client.get("/records/1").url.path == "/account"
    assert client.post("/api/claim", json={}).status_code == 403
    assert client.get("/crop/1").status_code == 403
    for said in (
        {"current": "sai", "password": NEW, "again": NEW},
        {"current": PASSWORD, "password": NEW, "again": NEW + "x"},
        {"current": PASSWORD, "password": PASSWORD, "again": PASSWORD},
        {"current": PASSWORD, "password": "thử ba 12345", "again": "thử ba 12345"},
    ):
        assert client.post("/account/password", data=said).status_code == 422
    assert client.post("/account/password", data={"current": PASSWORD, "password": NEW, "again": NEW}).url.path == "/"
    assert client.get("/records/1").status_code == 200
    assert TestClient(app).post("/sign-in", data={"login": "ba", "password": PASSWORD}).status_code == 401


PATHS = {
    Permission.SEE: [("GET", "/records/1"), ("GET", "/books/1"), ("GET", "/problems"), ("GET", "/crop/1")],
    Permission.VERIFY: [("GET", "/verify"), ("POST", "/api/claim"), ("POST", "/api/undo")],
    Permission.INSPECT: [("GET", "/inspections"), ("POST", "/api/inspections/1/inspector/claim")],
    Permission.JUDGE: [("POST", "/api/inspections/1/judge/claim")],
    Permission.SOLVE: [("POST", "/api/problem/1")],
    Permission.ADMINISTER: [("GET", "/accounts"), ("GET", "/accounts/new"), ("POST", "/accounts/1/password")],
}
STANDS_IN = {"/verify": Permission.ADJUDICATE, "/api/claim": Permission.ADJUDICATE, "/api/undo": Permission.ADJUDICATE,
             "/inspections": Permission.JUDGE}  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_it_is_for_and_nothing_else(enter, role):
    client = enter(f"Người {role}", [role])
    assert client.get("/").status_code == 200
    may = permissions([role])
    for permission, paths in PATHS.items():
        for method, path in paths:
            opens = permission in may or STANDS_IN.get(path) in may
            answer = client.request(method, path, json={} if method == "POST" else None)
            assert (answer.status_code == 403) != opens, (path, answer.status_code)


def test_every_role_has_its_texts_and_the_file_names_no_other():
    assert {each.role for each in role_texts("vi")} == {each.role for each in role_texts("en")} == set(Role)
    assert all(each.name and each.about for each in role_texts("vi"))


def test_a_person_limited_to_a_book_sees_nothing_of_others(enter, book, remake_page):
    page, file = remake_page(1), "KS.2018.01.pdf"
    records = tuple(each.model_copy(update={"file": file}) for each in page.records)
    of_2018 = replace(page.book, year="2018")
    other = replace(page, file=file, sha256="9" * 64, book=of_2018, records=records)
    book.save_page(other)
    mine, theirs = (found.id for found in book.books())
    client = enter("Thử Hai", books=[mine])
    shown = client.get("/").text
    assert f"/verify?book={mine}" in shown
    assert f"/verify?book={theirs}" not in shown
    record = book.record_ids(theirs)[0]
    field = book.stored_record(record).fields[0].id
    page = book.stored_record(record).page_id
    for path in (f"/books/{theirs}", f"/records/{record}", f"/verify?book={theirs}", f"/problems?book={theirs}",
                 f"/crop/{field}", f"/page/{page}"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert client.post("/api/claim", json={"book": theirs}).status_code == 404
    assert client.post("/api/claim", json={"field": field}).status_code == 404
    waiting = book.open_tasks(book=mine)
    seen = set()
    for _ in range(waiting + 3):
        for task in client.post("/api/claim", json={}).json()["tasks"]:
            seen.add(book.stored_record(task["record"]).book_id)
            client.post("/api/skip", json={"task": task["id"], "token": task["token"]})
    assert seen == {mine}
    assert client.get("/inspections").status_code == 403


def test_what_two_read_differently_goes_to_adjudicators_alone(enter, book):
    key = next(iter(book.records())).key
    field = next(field for field in book.stored_record(book.record_ids(1)[0]).fields if field.code == "meDanToc")
    book.update_machine_values([MachineChange(key, "meDanToc", field.field, recheck=True)])
    typing = enter("Thử Một", [Role.REVIEWER])
    task = next(
        task
        for task in typing.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"]
        if task["field"] == field.id
    )
    answer = {"task": task["id"], "token": task["token"], "field": field.id, "raw": "Mông", "state": "read"}
    assert typing.post("/api/decide", json=answer).status_code == 200
    reviewer, adjudicator = enter("Thử Hai", [Role.REVIEWER]), enter("Thử Ba", [Role.ADJUDICATOR])
    assert reviewer.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"] == []
    assert reviewer.post("/api/claim", json={"field": field.id}).status_code == 409
    given = adjudicator.post("/api/claim", json={}).json()["tasks"]
    assert [task["field"] for task in given] == [field.id]
    assert given[0]["disputed"]
    ordinary = next(each.id for each in book.stored_record(book.record_ids(1)[0]).fields if each.code == "meHoTen")
    assert adjudicator.post("/api/claim", json={"field": ordinary}).status_code == 409


def test_an_administrator_makes_changes_and_closes_accounts(enter, app, book):
    admin = enter("Quản Trị", [Role.ADMINISTRATOR])
    csrf = {"csrf": admin.headers["X-CSRF-Token"]}
    made = admin.post("/accounts/new", data={"login": "bon", "person": "Thử Bốn", "roles": ["reviewer"], **csrf})
    assert made.status_code == 201
    given = re.search(r'id="given">([^<]+)<', made.text)[1]
    assert TestClient(app).post("/sign-in", data={"login": "bon", "password": given}).url.path == "/account"
    assert admin.post("/accounts/new", data={"login": "bon", "person": "Khác", "roles": "reviewer"}).status_code == 422
    assert admin.post("/accounts/new", data={"login": "nam", "person": "Năm"}).status_code == 422
    account = Accounts(book).find("bon")
    assert f"/accounts/{account.id}" in admin.get("/accounts").text
    assert "bon" in admin.get(f"/accounts/{account.id}").text
    change = {"person": "Thử Bốn", "roles": ["reviewer", "adjudicator"], "limited": "true", "books": ["1"],
              "enabled": "true"}  # fmt: skip
    assert admin.post(f"/accounts/{account.id}", data=change).url.path == "/accounts"
    changed = Accounts(book).get(account.id)
    assert (changed.roles, changed.books) == ({Role.REVIEWER, Role.ADJUDICATOR}, {1})
    reset = admin.post(f"/accounts/{account.id}/password")
    assert re.search(r'id="given">([^<]+)<', reset.text)[1] != given
    admin.post(f"/accounts/{account.id}", data={"person": "Thử Bốn", "roles": ["reviewer"]})
    assert Accounts(book).get(account.id).disabled_at is not None
    own = Accounts(book).find(login_of("Quản Trị"))
    assert admin.post(f"/accounts/{own.id}", data={"person": "Quản Trị", "roles": ["administrator"]}).status_code == 422
    assert admin.get("/accounts/999").status_code == 404


def test_the_language_is_kept_by_the_browser_also_before_signing_in(app, enter):
    enter()
    client = TestClient(app)
    assert "Đăng nhập" in client.get("/sign-in").text
    assert "Sign in" in client.post("/language", data={"back": "/sign-in"}).text
    sign_in(client, "Thử Một")
    assert "Books" in client.get("/").text


def test_who_signs_in_again_in_another_tab_goes_on_in_the_first(enter):
    client = enter()
    told = client.get("/api/session").json()
    assert told == {"person": "Thử Một", "csrf": client.headers["X-CSRF-Token"]}
    sign_in(client, "Thử Một")
    assert client.get("/api/session").json()["csrf"] == client.headers["X-CSRF-Token"] != told["csrf"]
