"""Drafting a form from scans: what is print, which columns there are, what the fields are called."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from extractor.errors import TemplateError
from extractor.readers.furniture import furniture_of
from extractor.readers.page_text import PageText, Word
from extractor.records import Box
from extractor.scans import SourcePage, clean_page
from extractor.scans.types import CleanPage
from extractor.templates import Form, Kind, load_forms, register
from extractor.templates.checks import check_form
from extractor.templates.drafting import Draft, draft_form, write_draft
from extractor.templates.drafting.agreement import PageView, common_runs
from extractor.templates.drafting.columns import page_columns
from extractor.templates.drafting.naming import Borrowing, choose, code_for, guess, nearest_form, person_of
from extractor.templates.drafting.print_runs import PrintRun
from extractor.templates.drafting.repeats import find_repeat
from extractor.templates.drafting.table_draft import _headings, _Heads, _of_one_table
from extractor.templates.label_template import ValuePlace
from extractor.templates.letters import Piece, fold
from extractor.templates.rulings import Ruling
from extractor.training.synth.book import RenderedRecord, render_records
from extractor.training.synth.capture import draw_device
from extractor.training.synth.hand import draw_hand
from extractor.training.synth.hand_ruled import HandColumn, draw_hand_ruled
from extractor.training.synth.paper import draw_paper
from extractor.training.texts import make_book, years_of


@pytest.fixture(scope="module")
def forms() -> list[Form]:
    return load_forms()


def pages_of(form: str, count: int) -> tuple[list[CleanPage], list[RenderedRecord]]:
    rng = Random(f"draft/{form}")
    setting = make_book(rng, form, count, years=years_of(form))
    items = list(render_records(setting, form, rng=rng, strength=2.0, split="test", dpi=200, camera=False))[:count]
    return [clean_page(SourcePage("page.png", 1, item.page.picture, "0" * 64)) for item in items], items


def loaded(draft: Draft, folder: Path) -> Form:
    form = write_draft(draft, folder)
    assert [finding.message for finding in check_form(folder / draft.name)] == []
    return form


@pytest.fixture(scope="module")
def marriage(forms, tmp_path_factory) -> tuple[Form, Draft, list[CleanPage], list[RenderedRecord]]:
    pages, items = pages_of("kh-2006", 3)
    others = [form for form in forms if form.name != "kh-2006"]
    draft = draft_form(pages[:2], "kh-2006", others, register="KH")
    return loaded(draft, tmp_path_factory.mktemp("drafts")), draft, pages, items


def test_labels_of_filled_pages_become_the_fields_of_the_form(forms, marriage):
    form, draft, _, _ = marriage
    own = next(known for known in forms if known.name == "kh-2006").schema
    drafted = {spec.code: spec.kind for spec in form.schema.fields}
    right = [spec.code for spec in own.fields if drafted.get(spec.code) is spec.kind]
    assert len(right) >= 0.8 * len(own.fields)
    assert draft.layout == "labels"
    assert form.schema.register_code == "KH"


def test_a_draft_registers_on_a_page_it_has_not_seen(marriage):
    from extractor.readers.printed import read_page

    form, _, pages, _ = marriage
    done = register(pages[2], read_page(pages[2]), form)
    assert done.registration.ok
    assert done.registration.coverage > 0.85


def test_nothing_that_was_written_gets_into_a_draft(marriage):
    _, draft, _, items = marriage
    text = fold(draft.schema + draft.template)
    for item in items[:2]:
        names = [sample.raw for code, sample in item.record.fields.items() if code.endswith("HoTen")]
        assert names
        assert [name for name in names if len(fold(name)) > 5 and fold(name) in text] == []


def test_a_ruled_table_becomes_columns(forms, tmp_path):
    pages, _ = pages_of("ks-1976", 1)
    others = [form for form in forms if form.name != "ks-1976"]
    draft = draft_form(pages, "bang", others, register="KS", read_lines=_printed)
    form = loaded(draft, tmp_path)
    own = next(known for known in forms if known.name == "ks-1976").template
    assert draft.layout == "table"
    found = np.array([edge.at for edge in form.template.edges])
    assert len(found) == len(own.edges)
    assert np.abs(found - [edge.at for edge in own.edges]).max() < 0.02
    assert [edge.below > 0 for edge in form.template.edges] == [edge.below > 0 for edge in own.edges]
    assert {"so", "nksHoTen", "chaHoTen", "meHoTen"} <= form.schema.codes


def _printed(lines):
    from extractor.readers import get_reader

    return [reading.text for reading in get_reader("printed").read(lines)]


def test_a_table_ruled_by_hand_and_photographed_is_drafted_and_its_entries_are_found(forms, tmp_path):
    rng = Random(3)
    columns = [
        HandColumn("Số", 0.06),
        HandColumn("Ngày đăng ký", 0.14),
        HandColumn("Họ và tên", 0.24),
        HandColumn("Ngày sinh", 0.14),
        HandColumn("Nơi sinh", 0.24),
        HandColumn("Ghi chú", 0.18),
    ]
    rows = [[str(10 + n), f"{n + 3}/5/1961", "Lê Thị Hoa", f"{n + 1}/5/1961", "xã Tân Lập", ""] for n in range(8)]
    hand = draw_hand(rng, "test")
    picture = draw_hand_ruled(
        columns,
        rows,
        ruler=hand,
        writer=hand,
        paper=draw_paper(rng, 1.5),
        device=draw_device(rng, 2.0, camera=True),
        rng=rng,
    )
    page = clean_page(SourcePage("page.png", 1, picture, "0" * 64))
    headings = iter(column.heading for column in columns)
    draft = draft_form(
        [page], "so-tay", forms, register="KS", read_lines=lambda lines: [next(headings, "")] * bool(lines)
    )
    form = loaded(draft, tmp_path)
    shares = np.cumsum([column.share for column in columns])
    assert np.allclose([edge.at for edge in form.template.edges][1:], shares, atol=0.012)
    done = register(page, PageText(), form)
    assert done.registration.ok
    assert len(done.records) == len(rows)


def test_a_page_without_print_is_no_form(forms):
    white = np.full((2339, 1654, 3), 245, np.uint8)
    page = clean_page(SourcePage("page.png", 1, white, "0" * 64))
    with pytest.raises(TemplateError, match="neither labels"):
        draft_form([page], "trang", forms)


def test_a_form_is_never_overwritten(marriage, tmp_path):
    _, draft, _, _ = marriage
    write_draft(draft, tmp_path)
    with pytest.raises(TemplateError, match="already"):
        write_draft(draft, tmp_path)


def run_at(text: str, x: float, y: float, **more) -> PrintRun:
    return PrintRun(text, x, x + 2.0 * len(text), y, 3.5, 0.9, asks=True, **more)


def view_of(*runs: PrintRun) -> PageView:
    def piece(text: str, x: float, y: float) -> Piece:
        return Piece(text, 8 * x, 8 * y - 28, 8 * x + 14 * len(text), 8 * y)

    lines = []
    for run in runs:
        x, words = run.left, []
        for word in run.text.split():
            words.append(piece(word, x, run.baseline))
            x += 1.8 * (len(word) + 1)
        lines.append(words)
    return PageView(runs, lines, 8.0)


def test_print_stands_on_several_pages_and_writing_on_one():
    label, other = run_at("Họ và tên", 20, 50), run_at("Quê quán", 20, 60)
    first = view_of(label, run_at("Lê Văn Tám", 60, 50), other)
    second = view_of(run_at("Họ và tên", 23, 54), run_at("Vũ Thu Hà", 64, 54), run_at("Quê quán", 23, 64))
    assert [run.text for run in common_runs([first, second], 0)] == ["Họ và tên", "Quê quán"]


def test_print_the_reference_page_lacks_comes_from_the_others():
    first = view_of(run_at("Họ và tên", 20, 50), run_at("Dân tộc Quốc tịch", 20, 60))
    full = [run_at("Họ và tên", 25, 50), run_at("Dân tộc Quốc tịch", 25, 60), run_at("Nguyên quán", 25, 70)]
    found = common_runs([first, view_of(*full), view_of(*full)], 0)
    assert [run.text for run in found] == ["Họ và tên", "Dân tộc Quốc tịch", "Nguyên quán"]
    assert found[-1].left == pytest.approx(20)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Họ, chữ đệm, tên", Kind.PERSON_NAME, ValuePlace.RIGHT),
        ("Sanh ngày", Kind.DATE, ValuePlace.RIGHT),
        ("Tuổi", Kind.DATE, ValuePlace.RIGHT),
        ("Nghề nghiệp", Kind.TEXT, ValuePlace.RIGHT),
        ("Chỗ ở hiện nay", Kind.PLACE, ValuePlace.RIGHT),
        ("Ghi chú", Kind.TEXT, ValuePlace.BLOCK),
        ("Người thực hiện", Kind.PERSON_NAME, ValuePlace.BELOW),
        ("Ngày, tháng, năm sinh ghi bằng chữ", Kind.DATE_WORDS, ValuePlace.RIGHT),
        ("Họ tên, chức vụ người ký", Kind.SIGNER, ValuePlace.RIGHT),
    ],
)
def test_the_words_of_a_label_say_what_it_asks_for(text, kind, value):
    found = guess(text)
    assert (found.kind, found.value) == (kind, value)


def test_the_mothers_fields_are_never_taken_for_the_fathers(forms):
    labels = ["Họ và tên mẹ", "Dân tộc", "Họ và tên cha", "Dân tộc"]
    persons = ["me", "me", "cha", "cha"]
    near = nearest_form(labels, forms, "KS", persons=persons)
    borrowing, given = Borrowing(forms, "KS"), {}
    for label, person, twin in zip(labels, persons, near.twins, strict=True):
        chosen = choose(label, person, twin, borrowing, given)
        given[chosen.spec.code] = chosen
    assert list(given) == ["meHoTen", "meDanToc", "chaHoTen", "chaDanToc"]


def test_codes_are_made_of_the_labels_words_and_differ():
    first = code_for("Nghề-nghiệp", [], "cha")
    assert first == "chaNgheNghiep"
    assert code_for("Nghề nghiệp", [first], "cha") == "chaNgheNghiep2"
    assert code_for("2 (hai)", [])[0].isalpha()


def test_persons_are_known_by_whole_words():
    assert person_of("Họ và tên người mẹ") == "me"
    assert person_of("Chữ ký người đi khai") == "nyc"
    assert person_of("Nơi chôn cất") == ""


def test_a_record_printed_twice_on_a_page_is_drafted_once():
    labels = ["Số", "Họ và tên", "Nam hay nữ", "Nơi sinh", "Họ và tên cha", "Họ và tên mẹ"]
    first = [run_at(text, 20, 30 + 9 * n) for n, text in enumerate(labels)]
    second = [run_at(text, 22, 169 + 9 * n) for n, text in enumerate(labels) if n != 3]
    found = find_repeat([*first, *second], 297)
    assert found is not None
    assert found.dy == pytest.approx(139)
    assert 80 < found.top < 169


def test_two_persons_of_one_record_are_no_second_record():
    person = ["Họ và tên", "Ngày sinh", "Dân tộc", "Quốc tịch", "Nơi cư trú", "Giấy tờ tùy thân"]
    runs = [run_at("Số", 20, 30), *(run_at(text, 20, y + 9 * n) for y in (40, 104) for n, text in enumerate(person))]
    assert find_repeat(runs, 297) is None


def test_a_page_without_long_rulings_is_one_column():
    furniture = furniture_of(np.full((2339, 1654), 250, np.uint8), dpi=200)
    columns = page_columns(furniture, [run_at("Họ và tên", 20, 40), run_at("Quê quán", 20, 50)], 210, 297)
    assert [column.name for column in columns] == ["text"]


def test_a_head_that_holds_dates_is_no_head(marriage):
    _, _, pages, _ = marriage
    heads = _Heads(((0, 0, 400, 100), (400, 0, 800, 100)), {})
    words = [("Họ", 10), ("tên", 60), ("02-02-1982", 420)]
    read = PageText(tuple(Word(text, 0.9, Box(x, 40, 40, 30), 0) for text, x in words))
    assert _headings(pages[0], heads, read, None) == (["", ""], ["", ""])
    fewer = PageText(read.words[:2])
    assert _headings(pages[0], heads, fewer, None)[0] == ["Họ tên", ""]


def test_a_form_that_cannot_be_finished_is_not_there_at_all(marriage, tmp_path, monkeypatch):
    def full(form):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("extractor.templates.drafting.draft.draw_blank", full)
    with pytest.raises(TemplateError, match="cannot be written"):
        write_draft(marriage[1], tmp_path)
    with pytest.raises(TemplateError, match="holds no page templates"):
        load_forms([tmp_path])
    monkeypatch.undo()
    assert write_draft(marriage[1], tmp_path).name == "kh-2006"


def test_the_dark_edge_of_a_scan_is_no_column():
    def ruling(x: float, start: float, end: float) -> Ruling:
        return Ruling(np.array([0.0, 0.0, 0.0, x]), 600.0, 600.0, start, end, 1.0, 0.8, 1.0, 0.1)

    edges = [ruling(100.0 * n, 100, 1000) for n in range(1, 7)]
    edges[2] = ruling(300.0, 160, 1000)
    assert _of_one_table([ruling(6, 356, 1050), *edges], 1200) == edges
