import json
from importlib import resources

import pytest

from extractor.exports.prefill.entry import FORMAT, EntryDocument, Mark, Origin, entry_document, entry_schema
from extractor.exports.supplements import Supplement
from extractor.records import BookKey, Box, Decision, FieldState, FieldValue, Record, Registration, RuleWarning
from extractor.templates import load_forms
from extractor.templates.form import FieldSpec, FormSchema, Kind

FORMS = {form.name: form.schema for form in load_forms()}
BOOK = BookKey("KS", "2017", "01", "UBND xã Đồng Thử")
CONFIRMED, REVIEW = Decision.CONFIRMED, Decision.REVIEW


def record(form="ks-2016", warnings=(), **fields):
    return Record(
        file="so.pdf",
        page=3,
        form=form,
        form_version="1",
        registration=Registration(ok=True, residual_px=1.0, coverage=1.0, method="labels"),
        fields=fields,
        warnings=warnings,
    )


def value(raw, normalised=None, decision=CONFIRMED, state=FieldState.READ, **more):
    return FieldValue(raw=raw, value=normalised, decision=decision, state=state, confidence=0.9, **more)


def test_a_field_keeps_what_is_written_beside_what_is_typed():
    document = entry_document(
        record(nksNgaySinh=value("5/1/2017", "05.01.2017", box=Box(1, 2, 30, 4))), FORMS["ks-2016"], BOOK
    )
    field = document.fields["nksNgaySinh"]
    assert (field.text, field.value, field.raw) == ("05.01.2017", "05.01.2017", "5/1/2017")
    assert (field.label, field.group) == ("Ngày, tháng, năm sinh", "Người được khai sinh")
    assert (field.mark, field.doubtful, field.decision) == (Mark.SETTLED, False, CONFIRMED)
    assert field.box == (1, 2, 30, 4)


@pytest.mark.parametrize(
    ("field", "mark", "doubtful", "text"),
    [
        (value("Kinh", "Kinh", REVIEW), Mark.DOUBTFUL, True, "Kinh"),
        (value("", None, REVIEW, FieldState.BLANK), Mark.DOUBTFUL, True, ""),
        (value("", None, CONFIRMED, FieldState.BLANK), Mark.BLANK, False, ""),
        (value("", None, CONFIRMED, FieldState.ILLEGIBLE), Mark.ILLEGIBLE, False, ""),
        (value("Kh?", None, CONFIRMED), Mark.DOUBTFUL, True, "Kh?"),
        (value("nt", "Kinh", CONFIRMED, FieldState.DITTO), Mark.SETTLED, False, "Kinh"),
    ],
)
def test_marks(field, mark, doubtful, text):
    document = entry_document(record(nksDanToc=field), FORMS["ks-2016"], BOOK)
    for shown in (document.fields["nksDanToc"], document.columns["nksDanToc"]):
        assert (shown.mark, shown.doubtful, shown.text) == (mark, doubtful, text)


def test_a_field_the_page_lacks_has_no_column_and_one_the_record_lacks_is_missing():
    document = entry_document(
        record(nksDanToc=value("", None, CONFIRMED, FieldState.NOT_ON_FORM)), FORMS["ks-2016"], BOOK
    )
    assert document.fields["nksDanToc"].mark is Mark.NOT_ON_FORM
    assert document.fields["meHoTen"].mark is Mark.MISSING
    assert "nksDanToc" not in document.columns and "meHoTen" not in document.columns
    assert not document.complete


def test_a_signer_fills_two_columns_and_codes_are_told_in_words():
    fields = {"nguoiKyChucVu": value("Lò Văn Mẫu, Chủ tịch", "Lò Văn Mẫu, Chủ tịch"), "nksGioiTinh": value("Nam", "1")}
    columns = entry_document(record(**fields), FORMS["ks-2016"], BOOK).columns
    assert (columns["nguoiKy"].text, columns["chucVuNguoiKy"].text) == ("Lò Văn Mẫu", "Chủ tịch")
    assert columns["chucVuNguoiKy"].label == "Chức vụ người ký"
    assert (columns["nksGioiTinh"].text, columns["nksGioiTinh"].meaning) == ("1", "Nam")
    assert columns["nksGioiTinh"].codes["2"] == "Nữ"


def test_the_office_comes_from_the_book():
    column = entry_document(record(), FORMS["ks-2016"], BOOK).columns["noiDangKy"]
    assert (column.text, column.origin) == ("UBND xã Đồng Thử", Origin.BOOK)
    assert "noiDangKy" not in entry_document(record(), FORMS["ks-2016"], BookKey("KS")).columns
    assert entry_document(record("gh-2016"), FORMS["gh-2016"], BOOK).columns["noiDangKy"].origin is Origin.BOOK


def test_a_supplement_fills_only_columns_the_form_has_no_field_for():
    extra = Supplement(
        file="so.pdf", page=3, columns={"meSoDinhDanhCaNhan": "001187000001", "meDanToc": "Tày"}, source="CSDL dân cư"
    )
    empty = value("", None, CONFIRMED, FieldState.BLANK)
    columns = entry_document(record(meDanToc=empty), FORMS["ks-2016"], BOOK, extra).columns
    assert (columns["meSoDinhDanhCaNhan"].text, columns["meSoDinhDanhCaNhan"].source) == ("001187000001", "CSDL dân cư")
    assert (columns["meDanToc"].text, columns["meDanToc"].origin) == ("", Origin.FIELD)


def test_a_withheld_field_shows_nothing_of_its_reading():
    warnings = (RuleWarning(rule="X", fields=("nksHoTen",), message="Vàng A Thử"),)
    told = record(nksHoTen=value("Vàng A Thử", "Vàng A Thử"), warnings=warnings)
    document = entry_document(told, FORMS["ks-2016"], BOOK, withheld={"nksHoTen"})
    assert document.fields["nksHoTen"].mark is Mark.WITHHELD
    assert "Vàng" not in document.model_dump_json()


def test_fields_the_form_does_not_know_are_kept():
    document = entry_document(record(laMoi=value("x", "x")), FORMS["ks-2016"], BOOK)
    assert list(document.fields)[-1] == "laMoi" and document.fields["laMoi"].text == "x"


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_has_labels_for_all_its_columns(name):
    form = FORMS[name]
    fields = {spec.code: value("1", "1") for spec in form.fields}
    document = entry_document(record(name, **fields), form, BOOK)
    assert list(document.fields) == [spec.code for spec in form.fields]
    assert [column for column, entry in document.columns.items() if entry.label == column] == []
    assert EntryDocument.model_validate_json(document.model_dump_json()) == document


def test_a_column_claimed_twice_is_named():
    spec = {"label": "x", "kind": Kind.TEXT, "columns": ("so",)}
    form = FormSchema(
        form="x", version="1", title="x", source="x", fields=(FieldSpec(code="a", **spec), FieldSpec(code="b", **spec))
    )
    with pytest.raises(Exception, match="'a' and 'b' both fill 'so'"):
        entry_document(record("x"), form, BOOK)


def test_the_written_schema_is_the_documents_own():
    text = resources.files("extractor.exports.prefill.data").joinpath("entry.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == entry_schema()
    assert entry_schema()["properties"]["format"]["const"] == FORMAT


def test_the_date_among_the_parts_of_an_identity_paper_is_a_date():
    paper = value(
        "CMND số 285698406, cấp 10/02/2010 tại CA Bình Phước", "CMND số 285698406, cấp 10/02/2010 tại CA Bình Phước"
    )
    columns = entry_document(record(nycGiayToTuyThan=paper), FORMS["ks-2016"], BOOK).columns
    assert (columns["nycNgayCapGiayToTuyThan"].text, columns["nycNgayCapGiayToTuyThan"].kind) == ("10.02.2010", "date")
    assert columns["nycSoGiayToTuyThan"].kind == "identity_paper"
