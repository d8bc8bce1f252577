"""What a reconciliation found holds for the record as it was: the HTTP interface tells nothing that went stale."""

from dataclasses import replace

from api.conftest import make_page

from extractor.exports.supplements import FILE, Supplement, record_fingerprint, write_supplements

NUMBER = "079217000123"
COLUMN = "chaSoDinhDanhCaNhan"


def matched(store, out, record_id, codes=("nksHoTen", "nksNoiSinh")):
    """A supplement as reconciling writes it, of the record as the store has it now."""
    key = store.stored_record(record_id).key
    record = next(record for record in store.records() if record.key == key)
    file, page, number = key
    found = Supplement(
        file=file, page=page, record=number, columns={COLUMN: NUMBER}, source="extract.csv", codes=codes,
        fingerprint=record_fingerprint(record, codes),
    )  # fmt: skip
    write_supplements(out / FILE, [found])


def test_a_record_that_was_corrected_since_shows_no_number_of_another_person(client, store, out):
    record_id = store.record_ids(1)[1]
    matched(store, out, record_id)
    entry = client.get(f"/v1/records/{record_id}/entry")
    assert entry.json()["columns"][COLUMN]["text"] == NUMBER
    field = client.get(f"/v1/records/{record_id}").json()["fields"]["nksHoTen"]["id"]
    task = store.claim_field(field, "Lan")
    store.decide(task, task.token, person="Lan", raw="Lò Thị Khác", value="Lò Thị Khác")
    entry = client.get(f"/v1/records/{record_id}/entry")
    assert NUMBER not in entry.text
    assert "extract.csv" in entry.text  # says which source to ask again
    for path in ("/v1/records", f"/v1/records/{record_id}"):
        assert NUMBER not in client.get(path).text


def test_a_field_that_was_not_compared_may_change(client, store, out):
    record_id = store.record_ids(1)[1]
    matched(store, out, record_id, codes=("nksNoiSinh",))
    field = client.get(f"/v1/records/{record_id}").json()["fields"]["nksHoTen"]["id"]
    task = store.claim_field(field, "Lan")
    store.decide(task, task.token, person="Lan", raw="Lò Thị Khác", value="Lò Thị Khác")
    assert client.get(f"/v1/records/{record_id}/entry").json()["columns"][COLUMN]["text"] == NUMBER


def test_a_record_read_again_keeps_no_number_of_its_former_reading(client, store, out):
    """Another scan under the same name and page: the key fits, the record does not."""
    matched(store, out, store.record_ids(1)[1])
    read_again = make_page("a.pdf", 2)
    record = read_again.records[0]
    name = record.fields["nksHoTen"].model_copy(update={"raw": "Y Khác", "value": "Y Khác"})
    other = record.model_copy(update={"fields": {**record.fields, "nksHoTen": name}})
    store.save_page(replace(read_again, sha256="e" * 64, records=(other,)))
    entry = client.get(f"/v1/records/{store.record_ids(1)[1]}/entry")
    assert entry.json()["fields"]["nksHoTen"]["text"] == "Y Khác"
    assert NUMBER not in entry.text
