"""Every form that can be drawn: its description, its invented records and its template speak of the same fields."""

from random import Random

import pytest

from extractor.errors import SettingsError
from extractor.readers.printed import read_page
from extractor.records import FieldState
from extractor.scans import clean_page
from extractor.scans.types import SourcePage
from extractor.templates import find_form, identify, load_forms, register
from extractor.training.synth import render_records
from extractor.training.synth.layout import layout_names, load_layout
from extractor.training.texts import any_record, make_book, region_of, years_of
from extractor.training.texts.records import load_record_spec
from extractor.vietnamese import parse_date_words

FORMS = layout_names()


def book(form, records=3, seed=1):
    return make_book(Random(seed), form, records, years=years_of(form))


def test_all_ten_registers_can_be_drawn_in_both_periods():
    registers = {form.schema.register_code for form in load_forms() if form.name in FORMS}
    assert registers == {"KS", "KH", "KT", "CN", "CMC", "HN", "GH", "CDGH", "LH", "TDCC"}
    for register_name in ("kh", "kt", "cmc", "hn", "gh", "cdgh", "tdcc", "lh"):
        assert {f"{register_name}-2006", f"{register_name}-2016"} <= set(FORMS)


def test_births_marriages_and_deaths_can_be_drawn_in_older_forms_too():
    for register_name in ("ks", "kh", "kt"):
        assert {f"{register_name}-{first}" for first in (1965, 1976, 1999)} <= set(FORMS)


def test_books_of_a_part_of_the_country_are_kept_there():
    assert region_of("ks-1965") == "south"
    assert region_of("ks-1999") is region_of("ks-2016") is None
    assert make_book(Random(3), "ks-1965", 1, region="south", years=(1960, 1970)).unit.region == "south"


def test_a_date_that_stands_in_words_alone_is_the_day_the_words_say():
    for seed in range(20):
        sample = any_record(Random(seed), "kh-1965", book("kh-1965", seed=seed), 1).fields["ngayDangKy"]
        said = parse_date_words(sample.raw)
        assert said.value == sample.value


@pytest.mark.parametrize("form", FORMS)
def test_the_fields_are_the_same_everywhere(form):
    wanted = {spec.code for spec in find_form(load_forms(), form).schema.fields}
    assert load_layout(form).codes() == wanted
    record = any_record(Random(2), form, book(form), 2)
    assert set(record.fields) == wanted


@pytest.mark.parametrize("form", FORMS)
def test_records_are_reproducible_and_blank_only_without_text(form):
    one, two = (any_record(Random(5), form, book(form), 1) for _ in range(2))
    assert one.fields == two.fields
    for sample in one.fields.values():
        assert bool(sample.raw) == (sample.state is not FieldState.BLANK)


def test_who_is_registered_was_born_before_what_happened():
    for seed in range(20):
        fields = any_record(Random(seed), "kt-2016", book("kt-2016", seed=seed), 1).fields
        born, died, registered = (
            fields[code].value.split(".")[-1] for code in ("nktNgaySinh", "nktNgayChet", "ngayDangKy")
        )
        assert born <= died <= registered


def test_an_unknown_form_is_named():
    with pytest.raises(SettingsError, match="no invented records for the form 'xx-1'"):
        load_record_spec("xx-1")


@pytest.mark.parametrize(
    "form", ["kh-2016", "cn-2011", "gh-2006", "ks-1976", "kt-1976", "kh-1999", "kt-1999", "ks-1965", "kt-1965"]
)
def test_a_drawn_page_is_known_and_registered(form):
    forms = load_forms()
    items = list(render_records(book(form, 3), form, rng=Random(4), strength=1.5, split="test", dpi=200, camera=False))
    on_page = [item for item in items if item.page.picture is items[0].page.picture]
    page = clean_page(SourcePage("page.png", 1, items[0].page.picture, "0" * 64))
    text = read_page(page)
    assert identify(page, text, forms).form == form
    done = register(page, text, find_form(forms, form))
    assert done.registration.ok
    assert len(done.records) == len(on_page)


def test_dittos_are_drawn_in_tables_and_mean_the_value_above():
    items = list(render_records(book("ks-1976", 16), "ks-1976", rng=Random(4), strength=1, split="test", dpi=72))
    above, seen = {}, 0
    for item in items:
        for code, sample in item.record.fields.items():
            if sample.state is FieldState.DITTO:
                seen += 1
                assert sample.value == above[code]
            above[code] = sample.value
    assert seen


def test_the_last_page_of_a_book_shows_the_places_its_records_leave_free():
    items = list(render_records(book("ks-1999", 3), "ks-1999", rng=Random(4), strength=1, split="test", dpi=72))
    assert [item.place for item in items] == [1, 2, 1]
    assert items[0].page.picture is items[1].page.picture is not items[2].page.picture
    assert items[2].page.places["nksHoTen"].ink
