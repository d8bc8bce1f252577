"""What the designer's page asks the server: who may, showing, drawing, trying, saving, and going back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from support.births import put_births

from extractor.review.designer.workshop import Workshop
from extractor.store import MachineChange, Role
from extractor.store.tables import AuditRow
from extractor.templates import load_form
from extractor.templates.own_forms import own_folder

API = "/api/templates"
POSTS = ["faults", "show", "draw", "try", "draft", "keep", "forget/ks-2016", "save", "restore", "begin"]


@pytest.fixture
def author(app, enter):
    app.state.desk.workshop = Workshop(lambda: ThreadPoolExecutor(1))
    return enter("Lập Mẫu", [Role.AUTHOR])


def opened(client, name="ks-2016"):
    answer = client.get(f"{API}/form/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def renamed(design, title):
    return {**design, "head": {**design["head"], "title": title}}


def save(client, design, based_on, **more):
    return client.post(f"{API}/save", json={"design": design, "based_on": based_on, **more})


def test_only_who_draws_templates_opens_them(author, enter):
    assert author.get("/templates").status_code == 200
    for role in set(Role) - {Role.AUTHOR}:
        other = enter(f"Người {role}", [role])
        assert other.get("/templates").status_code == 403
        assert other.get("/templates/new").status_code == 403
        assert other.get("/templates/form/ks-2016").status_code == 403
        assert other.get(f"{API}/form/ks-2016").status_code == 403
        assert other.get(f"{API}/snaps/1").status_code == 403
        assert {other.post(f"{API}/{path}", json={}).status_code for path in POSTS} == {403}


def test_posts_repeat_the_token(author):
    author.headers.pop("X-CSRF-Token")
    assert {author.post(f"{API}/{path}", json={}).status_code for path in POSTS} == {403}


def test_pages_of_other_books_are_not_there(app, enter):
    app.state.desk.workshop = Workshop(lambda: ThreadPoolExecutor(1))
    stranger = enter("Lạ", [Role.AUTHOR], books=[])
    design = opened(stranger)["design"]
    assert stranger.get(f"{API}/snaps/1").status_code == 404
    assert stranger.post(f"{API}/show", json={"design": design, "page": 1}).status_code == 404
    assert stranger.post(f"{API}/try", json={"design": design, "pages": [1]}).status_code == 404
    assert stranger.get("/templates/form/ks-2016?page=1").status_code == 404
    assert "KS.2017.01.pdf" not in stranger.get("/templates/form/ks-2016").text


def test_the_list_says_what_is_known_of_each_form(author):
    text = author.get("/templates").text
    assert "ks-2016" in text and "Sổ đăng ký khai sinh" in text
    begun = opened(author)
    save(author, renamed(begun["design"], "Sổ của xã"), begun["basedOn"])
    text = author.get("/templates").text
    assert "Sổ của xã" in text and "của đơn vị, 1 phiên bản" in text and "3 trang bằng phiên bản cũ" in text
    assert author.get("/templates/form/no-such").status_code != 200


def test_a_new_version_is_in_use_and_in_the_log(author, book, pages, app):
    begun = opened(author)
    assert (begun["faults"], begun["draftAt"]) == ([], "")
    assert [(each["number"], each["inUse"]) for each in begun["versions"]] == [(0, True)]
    answer = save(author, renamed(begun["design"], "Sổ khai sinh của xã"), begun["basedOn"], remark="đổi tên")
    assert answer.status_code == 200, answer.text
    form = load_form(own_folder(pages) / "ks-2016")
    assert (form.schema.title, form.version) == ("Sổ khai sinh của xã", answer.json()["version"])
    assert form.version.startswith("2-")
    assert app.state.room.labels.title("ks-2016", "vi") == "Sổ khai sinh của xã"
    version, shipped = opened(author)["versions"]
    assert (shipped["number"], shipped["version"], shipped["inUse"]) == (0, begun["inUse"], False)
    assert (version["by"], version["remark"], version["inUse"]) == ("Lập Mẫu", "đổi tên", True)
    assert book.verify_audit().ok
    with book.reading() as session:
        row = session.execute(select(AuditRow.actor, AuditRow.subject).where(AuditRow.action == "template_saved")).one()
    assert tuple(row) == ("Lập Mẫu", "template:ks-2016")


def test_the_second_of_two_is_told_and_loses_nothing(author, enter):
    other = enter("Người Hai", [Role.AUTHOR])
    mine, theirs = opened(author), opened(other)
    assert save(author, renamed(mine["design"], "Một"), mine["basedOn"]).status_code == 200
    told = save(other, renamed(theirs["design"], "Hai"), theirs["basedOn"])
    assert told.status_code == 409 and "Lập Mẫu" in told.json()["message"]
    again = opened(other)
    assert again["design"]["head"]["title"] == "Hai" and again["draftAt"]
    assert again["basedOn"] != again["inUse"]
    assert save(other, again["design"], again["inUse"]).status_code == 200
    assert [each["by"] for each in opened(author)["versions"]] == ["Người Hai", "Lập Mẫu", ""]


def test_an_earlier_version_comes_back_as_a_new_one(author):
    begun = opened(author)
    first = save(author, renamed(begun["design"], "Một"), begun["basedOn"]).json()
    second = save(author, renamed(begun["design"], "Hai"), first["version"]).json()
    body = {"design": begun["design"], "based_on": second["version"], "number": 1}
    assert author.post(f"{API}/restore", json=body).status_code == 200
    now = opened(author)
    assert now["design"]["head"]["title"] == "Một"
    assert [each["number"] for each in now["versions"]] == [3, 2, 1, 0]
    assert author.post(f"{API}/restore", json={**body, "number": 9}).status_code != 200


def test_the_shipped_form_comes_back(author):
    begun = opened(author)
    first = save(author, renamed(begun["design"], "Một"), begun["basedOn"]).json()
    body = {"design": begun["design"], "based_on": first["version"], "number": 0}
    assert author.post(f"{API}/restore", json=body).status_code == 200
    now = opened(author)
    assert renamed(now["design"], "") == renamed(begun["design"], "") | {"head": {**now["design"]["head"], "title": ""}}
    assert now["design"]["head"]["title"] == begun["design"]["head"]["title"]
    assert now["versions"][0]["remark"] == "Dùng lại mẫu gốc" and now["versions"][-1]["remark"].startswith("Mẫu gốc")
    # A form of the office alone has no shipped one.
    author.post(f"{API}/begin", json={"name": "rieng"})
    assert opened(author, "rieng")["versions"] == []
    body["design"]["head"]["form"] = "rieng"
    assert author.post(f"{API}/restore", json={**body, "give_up": True}).status_code != 200


def test_going_back_takes_no_unfinished_work_unasked(author):
    begun = opened(author)
    first = save(author, renamed(begun["design"], "Một"), begun["basedOn"]).json()
    mine = {"design": renamed(begun["design"], "Của tôi"), "based_on": first["version"]}
    author.post(f"{API}/keep", json=mine)
    refused = author.post(f"{API}/restore", json={**mine, "number": 1})
    assert refused.status_code == 409 and refused.json()["error"] == "unfinished"
    assert opened(author)["design"]["head"]["title"] == "Của tôi"
    stale = author.post(f"{API}/restore", json={**mine, "based_on": begun["basedOn"], "number": 1, "give_up": True})
    assert stale.status_code == 409 and "giữ" not in stale.json()["message"]
    assert opened(author)["design"]["head"]["title"] == "Của tôi"
    assert author.post(f"{API}/restore", json={**mine, "number": 1, "give_up": True}).status_code == 200
    assert (opened(author)["design"]["head"]["title"], opened(author)["draftAt"]) == ("Một", "")


def test_a_break_in_a_label_and_a_bad_name_are_refused(author):
    begun = opened(author)
    begun["design"]["sheet"]["places"][0]["text"] = "a\nb: c"
    refused = save(author, begun["design"], begun["basedOn"])
    assert (refused.status_code, refused.json()["faults"][0]["kind"]) == (422, "line_break")
    for name in ("a--b", "-a", "a-"):
        begun["design"]["head"]["form"] = name
        body = {"design": begun["design"], "based_on": ""}
        assert {author.post(f"{API}/{path}", json=body).status_code for path in ("keep", "save")} == {422}
        assert author.get(f"{API}/form/{name}").status_code == author.get(f"{API}/form/no-such").status_code


def test_unfinished_work_is_each_persons_own_and_can_be_given_up(author, enter):
    begun = opened(author)
    body = {"design": renamed(begun["design"], "Dở dang"), "based_on": begun["basedOn"]}
    assert author.post(f"{API}/keep", json=body).status_code == 200
    assert opened(author)["design"]["head"]["title"] == "Dở dang"
    assert opened(enter("Người Hai", [Role.AUTHOR]))["draftAt"] == ""
    assert "đang sửa dở: Lập Mẫu" in author.get("/templates").text
    author.post(f"{API}/forget/ks-2016", json={})
    assert opened(author)["design"]["head"]["title"] == begun["design"]["head"]["title"]


def test_faults_keep_a_design_out_of_use(author, pages):
    begun = opened(author)
    begun["design"]["sheet"]["places"][0]["text"] = ""
    answer = save(author, begun["design"], begun["basedOn"])
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["item"] == begun["design"]["sheet"]["places"][0]["id"]
    assert not own_folder(pages).joinpath("ks-2016").exists()
    asked = {"design": begun["design"], "page": 1}
    answer = author.post(f"{API}/show", json=asked).json()
    assert answer["shown"] is None and answer["faults"]


@pytest.mark.parametrize("body", [{}, {"design": {}}, {"design": {"head": {"form": "../x"}, "fields": []}}])
def test_what_is_no_design_is_refused(author, body):
    for path in ("faults", "show", "save", "keep"):
        assert author.post(f"{API}/{path}", json=body).status_code == 422 or path in ("faults", "keep", "save")
    bad = {"design": {"head": {"form": "../../x"}, "fields": []}, "based_on": ""}
    assert author.post(f"{API}/save", json=bad).status_code == 422
    assert author.post(f"{API}/keep", json=bad).status_code >= 400
    assert author.get(f"{API}/form/..%2F..%2Fx").status_code >= 400


def test_a_column_of_two_fields_is_refused_and_advice_is_not(author):
    begun = opened(author)
    fields = {field["code"]: field for field in begun["design"]["fields"]}
    fields["quyenSo"]["columns"] = ["so"]
    assert save(author, begun["design"], begun["basedOn"]).status_code == 422
    fields["quyenSo"]["columns"] = ["quyenSoo"]
    assert save(author, begun["design"], begun["basedOn"]).status_code == 200
    assert [(fault["kind"], fault["serious"]) for fault in opened(author)["faults"]] == [("column_unknown", False)]


def test_a_form_is_begun_from_another_or_from_nothing(author):
    answer = author.post(f"{API}/begin", json={"name": "ks-1990", "copy_of": "ks-2016"})
    assert answer.json() == {"form": "ks-1990"}
    begun = opened(author, "ks-1990")
    assert (begun["design"]["head"]["form"], begun["inUse"], begun["basedOn"]) == ("ks-1990", "", "")
    # As it is it would hide the form it was copied from, and be hidden by it.
    refused = save(author, begun["design"], "")
    assert refused.status_code == 422 and "ks-2016" in refused.json()["faults"][0]["text"]
    assert [fault["kind"] for fault in begun["faults"]] == ["twin"]
    begun["design"]["sheet"]["tells"] = ["Mẫu in riêng của xã vùng cao năm 1990"]
    assert save(author, begun["design"], "").status_code == 200
    assert author.post(f"{API}/begin", json={"name": "ks-1990"}).status_code == 409
    assert author.post(f"{API}/begin", json={"name": "trang", "register_code": "KT"}).json() == {"form": "trang"}
    begun = opened(author, "trang")
    assert begun["design"]["head"]["register_code"] == "KT" and begun["design"]["fields"] == []
    assert {fault["kind"] for fault in begun["faults"]} >= {"no_labels", "no_tells"}


def test_a_page_with_the_design_over_it(author, pages):
    put_births(pages, 1)
    begun = opened(author)
    answer = author.post(f"{API}/show", json={"design": begun["design"], "page": 1}).json()
    shown = answer["shown"]
    assert shown["registration"]["ok"] and answer["faults"] == []
    assert {label["id"] for label in shown["labels"]} == {place["id"] for place in begun["design"]["sheet"]["places"]}
    assert {region["code"] for region in shown["regions"]} >= {"so", "nksHoTen", "loaiDangKy"}
    snaps = author.get(f"{API}/snaps/1").json()
    assert len(snaps["leaders"]) > 10 and snaps["down"] and snaps["words"]

    # The name's field is taken away and drawn again where it is written.
    design = begun["design"]
    area = [corner for region in shown["regions"] if region["code"] == "nksHoTen" for corner in region["corners"]]
    old = next(place for place in design["sheet"]["places"] if place["field"] == "nksHoTen")
    design["fields"] = [field for field in design["fields"] if field["code"] != "nksHoTen"]
    design["sheet"]["places"] = [place for place in design["sheet"]["places"] if place["id"] != old["id"]]
    xs, ys = zip(*area, strict=True)
    body = {
        "design": design,
        "page": 1,
        "rectangle": [min(xs) + 4, min(ys), max(xs), max(ys)],
        "ids": ["p90", "f90", "b90"],
    }
    drawn = author.post(f"{API}/draw", json=body).json()
    place, field = drawn["place"], drawn["field"]
    assert (place["text"], place["block"], drawn["block"]) == ("Họ, chữ đệm, tên", old["block"], None)
    assert abs(place["x"] - old["x"]) < 1 and abs(place["y"] - old["y"]) < 2
    assert (field["code"], field["kind"], field["columns"]) == ("nksHoTen", "person_name", ["nksHoTen"])
    # What is written there is never taken for a label.
    body["rectangle"] = [max(xs) - 60, min(ys), max(xs), max(ys)]
    body["design"] = begun["design"] | {"fields": [*design["fields"], field]}
    body["design"]["sheet"]["places"].append(place)
    assert author.post(f"{API}/draw", json=body).json()["place"]["text"] in ("", "Họ, chữ đệm, tên")


def test_a_value_drawn_on_an_empty_sheet_lies_where_it_was_drawn(author, pages):
    put_births(pages, 1)
    author.post(f"{API}/begin", json={"name": "trang", "register_code": "KS"})
    design = opened(author, "trang")["design"]
    body = {"design": design, "page": 1, "rectangle": [300, 340, 1000, 405], "ids": ["p1", "f1", "b1"]}
    drawn = author.post(f"{API}/draw", json=body).json()
    assert drawn["block"]["id"] == drawn["place"]["block"] == "b1"
    design["fields"], design["sheet"]["blocks"] = [drawn["field"]], [drawn["block"]]
    design["sheet"]["places"] = [{**drawn["place"], "text": drawn["place"]["text"] or "Họ"}]
    answer = author.post(f"{API}/show", json={"design": design, "page": 1}).json()
    assert {fault["kind"] for fault in answer["faults"]} == {"no_title", "no_tells"}
    (label,) = answer["shown"]["labels"]
    assert abs(label["at"][0] - drawn["at"][0]) < 25 and abs(label["at"][1] - drawn["at"][1]) < 25
    assert {region["code"] for region in answer["shown"]["regions"]} <= {drawn["field"]["code"]}


def test_a_draft_is_made_from_pages_and_kept_as_unfinished_work(author, pages):
    put_births(pages, 1)
    job = author.post(f"{API}/draft", json={"name": "ks-moi", "register_code": "KS", "pages": [1]}).json()["job"]
    while not (answer := author.get(f"{API}/drafts/{job}").json())["done"]:
        time.sleep(0.05)
    assert answer == {"done": True, "form": "ks-moi"}
    begun = opened(author, "ks-moi")
    codes = {field["code"] for field in begun["design"]["fields"]}
    assert {"so", "nksHoTen", "meHoTen"} <= codes
    # The pages are of a form that is in use.
    assert {fault["kind"] for fault in begun["faults"]} <= {"twin", "twin_here", "twin_there"}
    assert author.post(f"{API}/draft", json={"name": "ks-2016", "pages": [1]}).status_code == 409
    assert author.get("/templates").text.count("chưa lưu lần nào") == 1


def test_a_page_with_fields_keyed_blind_is_tried_without_a_reading(author, book, pages):
    put_births(pages, 1)
    design = opened(author)["design"]
    record = next(book.records())
    book.update_machine_values([MachineChange(record.key, "meDanToc", record.fields["meDanToc"], recheck=True)])
    job = author.post(f"{API}/try", json={"design": design, "pages": [1], "code": "so"}).json()["job"]
    while not (answer := author.get(f"{API}/tries/{job}").json())["done"]:
        time.sleep(0.05)
    (tried,) = answer["pages"]
    (crop,) = tried["crops"]
    assert tried["ok"] and crop["raw"] == "" and "nhập lại" in crop["said"]
    assert author.get(crop["picture"]).headers["content-type"] == "image/webp"
    assert author.get(tried["overlay"]).status_code == 200
    assert author.get(f"{API}/tries/{job}/5/overlay").status_code == 404
