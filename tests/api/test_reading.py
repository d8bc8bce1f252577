"""Lists that go on where they were, records by field code, pictures; nothing of hidden fields."""

import io
import json
import shutil
from dataclasses import replace
from itertools import product

from api.conftest import SECRET, make_page
from PIL import Image

from extractor.exports.supplements import FILE, Supplement, write_supplements


def walk(client, path, limit):
    items, after = [], None
    while True:
        page = client.get(path, params={"limit": limit, **({"after": after} if after else {})}).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            return items


def test_lists_give_everything_once_whatever_the_size_of_a_page(client):
    for path in ("/v1/records", "/v1/books", "/v1/page-problems"):
        whole = walk(client, path, 200)
        assert whole
        assert walk(client, path, 1) == whole
        assert walk(client, path, len(whole)) == whole
    assert [record["file"] for record in walk(client, "/v1/records", 2)] == ["a.pdf"] * 3 + ["b.pdf"]


def test_a_list_goes_on_rightly_while_records_come_and_go(client, store):
    first = client.get("/v1/records", params={"limit": 2}).json()
    store.save_page(make_page("0.pdf", 1))  # before what was given
    store.save_page(make_page("a2.pdf", 1))  # after it
    gone = first["items"][1]
    # Other pixels under its name: the last record that was given is no more.
    store.save_page(replace(make_page("a.pdf", gone["page"]), sha256="f" * 64))
    rest = client.get("/v1/records", params={"after": first["next"]}).json()["items"]
    assert [(record["file"], record["page"]) for record in rest] == [("a.pdf", 3), ("a2.pdf", 1), ("b.pdf", 1)]


def test_cursors_tell_nothing_and_take_nothing_else(client):
    mark = client.get("/v1/records", params={"limit": 1}).json()["next"]
    assert "a.pdf" not in mark
    for wrong in ("x", "!!!", mark + "A", "cjo5OTk5OTk", mark.swapcase()):
        assert client.get("/v1/records", params={"after": wrong}).status_code in {200, 404}
    assert client.get("/v1/books", params={"after": mark}).status_code == 404
    assert client.get("/v1/records", params={"after": "cjo5OTk5OTk"}).json()["type"].endswith(":not-found")


def test_records_are_found_by_book_form_and_state(client, store):
    def numbers(**query):
        return [record["id"] for record in client.get("/v1/records", params=query).json()["items"]]

    assert numbers(book=2) == list(store.record_ids(2))
    assert len(numbers(form="ks-2016")) == 4
    assert numbers(form="kh-2016") == numbers(book=99) == numbers(state="settled") == []
    record = store.record_ids(2)[0]
    for _ in range(3):
        task = store.claim("Lan", book=2)
        store.decide(task, task.token, person="Lan", raw="x", value="x")
    assert numbers(state="settled") == [record]
    assert record not in numbers(state="waiting")


def test_a_record_has_its_fields_by_code_verbatim_and_normalised(client, store):
    record = client.get(f"/v1/records/{store.record_ids(1)[1]}").json()
    assert (record["file"], record["page"], record["form"]) == ("a.pdf", 2, "ks-2016")
    name = record["fields"]["nksHoTen"]
    assert (name["raw"], name["value"], name["state"], name["decision"]) == ("Lò Thị Thử 2",) * 2 + ("read", "review")
    assert name["box"] == [160, 120, 300, 34]
    assert name["label"] == "Họ, chữ đệm, tên"
    assert record["previous_id"] == store.record_ids(1)[0]


def test_what_another_register_knows_is_in_the_entry_document_with_its_source(client, store, out):
    record_id = store.record_ids(1)[1]
    file, page, number = store.stored_record(record_id).key
    known = Supplement(
        file=file, page=page, record=number, columns={"chaSoDinhDanhCaNhan": "079217000123"}, source="extract"
    )
    assert "chaSoDinhDanhCaNhan" not in client.get(f"/v1/records/{record_id}/entry").json()["columns"]
    write_supplements(out / FILE, [known])
    column = client.get(f"/v1/records/{record_id}/entry").json()["columns"]["chaSoDinhDanhCaNhan"]
    assert (column["text"], column["origin"], column["source"]) == ("079217000123", "supplement", "extract")


def test_no_entry_document_is_made_with_another_version_of_the_form(client, store, out, templates):
    number = store.record_ids(1)[0]
    assert client.get(f"/v1/records/{number}/entry").status_code == 200
    shutil.copytree(templates[0], out / "templates")
    form = out / "templates" / "ks-2016" / "form.yaml"
    form.write_text(form.read_text(encoding="utf-8").replace("[chaHoTen]", "[meHoTen]"), encoding="utf-8")
    answer = client.get(f"/v1/records/{number}/entry")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:extractor:problem:form-changed")
    assert "Run the same scans again" in answer.json()["mend"]
    assert client.get(f"/v1/records/{number}").status_code == 200


def test_the_entry_document_is_that_of_the_exports(client, store):
    entry = client.get(f"/v1/records/{store.record_ids(1)[1]}/entry").json()
    assert entry["format"] == "extractor-entry/1"
    assert entry["fields"]["nksHoTen"]["text"] == "Lò Thị Thử 2"
    assert entry["fields"]["nksHoTen"]["doubtful"] is True
    assert entry["book"]["agency"] == "UBND xã Đồng Thử"


def test_nothing_of_a_field_that_is_keyed_blind_is_told(client, blind):
    record_id, code = blind
    record = client.get(f"/v1/records/{record_id}")
    hidden = record.json()["fields"][code]
    assert hidden["hidden"] is True
    assert (hidden["raw"], hidden["value"], hidden["state"], hidden["confidence"]) == (None,) * 4
    entry = client.get(f"/v1/records/{record_id}/entry")
    assert entry.json()["fields"][code]["mark"] == "withheld"
    task = client.post("/v1/tasks/claim", json={"person": "Lan", "field": hidden["id"]})
    assert task.json()["task"]["blind"] is True
    assert task.json()["task"]["reading"] is None
    assert task.json()["task"]["choices"] == []
    assert task.json()["task"]["warnings"] == []
    assert task.json()["task"]["before"] is None
    for answer in (record, entry, task, client.get("/v1/records")):
        assert SECRET not in answer.text
    shown = json.loads(client.get(f"/v1/records/{record.json()['following_id']}").text)
    assert shown["fields"][code]["raw"] == SECRET  # of the record beside nothing is hidden
    beside = client.post("/v1/tasks/claim", json={"person": "Lan", "field": shown["fields"][code]["id"]}).json()["task"]
    assert beside["before"] == {"raw": None, "state": None}


def test_a_disputed_field_offers_both_readings_and_tells_not_whose(client, blind, store):
    record_id, code = blind
    field = next(field for field in store.stored_record(record_id).fields if field.code == code)
    task = store.claim_field(field.id, "một cửa/Lan")
    store.decide(task, task.token, person="một cửa/Lan", raw="Giàng Thị Kim", value="Giàng Thị Kim")
    assert client.get(f"/v1/records/{record_id}").json()["fields"][code]["raw"] is None
    own = client.post("/v1/tasks/claim", json={"person": "Lan", "field": field.id})
    assert (own.status_code, own.json()["type"]) == (409, "urn:extractor:problem:lease-lost")
    other = client.post("/v1/tasks/claim", json={"person": "Hòa", "field": field.id}).json()["task"]
    assert other["disputed"] is True
    assert other["reading"] is None
    assert other["warnings"] == []
    assert sorted(other["choices"]) == sorted(["Giàng Thị Kim", SECRET])


def test_a_crop_shows_the_field_and_is_not_sent_twice(client, store):
    path = f"/v1/records/{store.record_ids(1)[0]}/fields/nksHoTen/crop"
    answer = client.get(path)
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as crop:
        assert crop.width >= 300
        assert crop.height < 200
    same = client.get(path, headers={"If-None-Match": f'W/"x", {answer.headers["etag"]}'})
    assert (same.status_code, same.content) == (304, b"")
    assert client.get(f"/v1/records/{store.record_ids(1)[0]}/fields/nothing/crop").status_code == 404


def test_a_page_is_sent_whole_or_in_parts(client, out):
    content = (out / "pages" / "1.jpg").read_bytes()
    whole = client.get("/v1/pages/1/image")
    assert (whole.content, whole.headers["content-type"]) == (content, "image/jpeg")
    part = client.get("/v1/pages/1/image", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    beyond = client.get("/v1/pages/1/image", headers={"Range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.headers["content-type"]) == (416, "application/problem+json")
    assert client.get("/v1/pages/1/image", headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    (out / "pages" / "1.jpg").unlink()
    assert client.get("/v1/pages/1/image").json()["type"] == "urn:extractor:problem:no-picture"


def test_numbers_that_cannot_be_are_refused_and_others_not_found(client):
    paths = ("/v1/books/{}", "/v1/records/{}/entry", "/v1/pages/{}/image", "/v1/records?book={}")
    for path, number in product(paths, (0, -1, 2**53 + 1, 2**63, 2**70, "1.5", "x", "%00")):
        assert client.get(path.format(number)).status_code == 422, (path, number)
    for path in ("/v1/books/{}", "/v1/records/{}", "/v1/pages/{}/image"):
        assert client.get(path.format(2**53)).status_code == 404


def test_what_would_be_overlooked_in_a_query_is_refused(client):
    misspelt = client.get("/v1/records?boook=1")
    assert misspelt.status_code == 422
    assert "after, book, form, limit, state" in misspelt.json()["errors"][0]["message"]
    assert "boook" not in misspelt.text
    assert client.get("/v1/records?book=1&book=2").status_code == 422
