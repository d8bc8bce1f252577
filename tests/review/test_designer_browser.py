"""A form is changed, tried and put into use by keyboard, and the next run reads with it."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
from support.births import put_births

from extractor.pipeline import Pipeline, PipelineOptions
from extractor.review.designer import workshop
from extractor.templates.checks import check_forms
from extractor.templates.load import default_folder
from extractor.templates.own_forms import own_folder

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def worker():
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def drawing(visitor, office, worker, monkeypatch):
    # Readers load once for all tests here; the process they live in otherwise has tests of its own.
    monkeypatch.setattr(workshop, "_process", lambda: worker)
    put_births(office.out, 2)
    page = visitor(office, "Lập Mẫu")
    page.set_default_timeout(60_000)
    page.troubles = []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.goto(urljoin(page.url, "/templates/form/ks-2016"))
    page.wait_for_selector("body[data-ready]")
    return page


def shown(page):
    page.wait_for_selector("body:not([data-shown=no])")


def label(page, text):
    return page.locator(f'#board [aria-label="Nhãn “{text}”"]')


def corner(page, text):
    return label(page, text).locator("rect").evaluate("r => [r.x.baseVal.value, r.y.baseVal.value]")


def frame(page):
    rectangle = page.locator("#board .drawn rect")
    return rectangle.evaluate("r => ['x', 'y', 'width', 'height'].map((name) => r[name].baseVal.value)")


def press(page, key, times):
    for _ in range(times):
        page.keyboard.press(key)


def go(page, have, want, less, more):
    """Press arrows until what is at ``have`` is at ``want``, ten pixels and then one at a time."""
    steps = round(want - have)
    press(page, f"Shift+{more if steps > 0 else less}", abs(steps) // 10)
    press(page, more if steps > 0 else less, abs(steps) % 10)


def test_one_form_from_change_to_use_by_keyboard(drawing, office):
    page = drawing
    assert "✓" in page.inner_text("#lies")

    # Move a label, take it back, move it again.
    before = corner(page, "Giới tính")
    label(page, "Giới tính").focus()
    press(page, "ArrowRight", 3)
    page.keyboard.press("Shift+ArrowDown")
    moved = corner(page, "Giới tính")
    assert [round(b - a) for a, b in zip(before, moved, strict=True)] == [3, 10]
    page.keyboard.press("Control+z")
    assert corner(page, "Giới tính") == before
    page.keyboard.press("Control+y")
    assert corner(page, "Giới tính") == moved

    # A value that goes on to one more line.
    label(page, "Số định danh cá nhân").focus()
    page.keyboard.press("Alt+ArrowDown")

    # A field is renamed: every mention of it follows.
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.name === 'label-text'")
    page.focus("[name=code]")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("soDinhDanh")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('[name=code]').value === 'soDinhDanh'")
    page.wait_for_function("document.activeElement.name === 'field-label'")
    assert page.locator("[name=label-field]").input_value() == "soDinhDanh"

    # A label and its field are removed, and drawn again around what is written there.
    area = page.evaluate("""() => {
        const items = [...document.querySelectorAll('#list .item')];
        items.find((item) => item.textContent.includes('nksHoTen')).click();
        const points = [...document.querySelectorAll('#board .region.chosen')].flatMap((region) => [...region.points]);
        return [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.y)) - 20];
    }""")
    page.focus("[data-do=remove-label]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#faults .item:has-text('nksHoTen')", state="attached")
    page.focus("#faults .item")
    page.keyboard.press("Enter")
    page.focus("[data-do=remove-field]")
    page.keyboard.press("Enter")
    shown(page)
    page.wait_for_selector("#faults-title:has-text('Không có lỗi')", state="attached")
    page.focus("#add")
    page.keyboard.press("Enter")
    left, top, _, height = frame(page)
    go(page, left, area[0] + 6, "ArrowLeft", "ArrowRight")
    go(page, top + height, area[1], "ArrowUp", "ArrowDown")
    press(page, "Shift+Alt+ArrowRight", 5)
    page.keyboard.press("Enter")
    page.wait_for_selector("#board .label.chosen")
    shown(page)
    assert page.locator("[name=label-text]").input_value() == "Họ, chữ đệm, tên"
    assert page.locator("[name=code]").input_value() == "nksHoTen"

    # Tried on two pages with its crops and readings.
    page.focus("#try-open")
    page.keyboard.press("Enter")
    page.wait_for_selector("#try[open]")
    assert page.locator("#try-code").input_value() == "nksHoTen"
    page.locator("#try [name=page]").nth(2).uncheck()
    page.focus("#try-begin")
    page.keyboard.press("Enter")
    page.wait_for_selector("#try[data-done='2']")
    assert page.inner_text("#try-state") == "Khớp 2 trong 2 trang."
    read = page.locator(".tried-crop strong").all_inner_texts()
    assert len(read) == 2 and all(re.search(r"\w{2} \w", each) for each in read)
    sizes = page.locator(".tried img").evaluate_all(
        "all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert len(sizes) == 4 and min(sizes) > 100
    page.keyboard.press("Escape")

    # Put into use.
    page.focus("#save-open")
    page.keyboard.press("Enter")
    page.wait_for_selector("#remark:focus")
    page.keyboard.insert_text("vẽ lại họ tên")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-saved]")
    assert page.troubles == []

    assert check_forms((own_folder(office.out),)) == []
    pipeline = Pipeline(PipelineOptions(out=office.out, templates=(default_folder(),)))
    (form,) = [form for form in pipeline.forms if form.name == "ks-2016"]
    assert form.version == page.get_attribute("body", "data-saved")
    assert "soDinhDanh" in form.schema.codes and "nksSoDinhDanh" not in form.schema.codes
    places = {label.text: (line.y, label) for _, line, label in form.template.labels()}
    assert places["Số định danh cá nhân"][1].wraps == 1
    assert places["Họ, chữ đệm, tên"][1].field == "nksHoTen"
    assert 1.0 < places["Giới tính"][0] - 78 < 1.5


def test_the_mouse_drags_a_label_to_a_line_and_another_person_is_told(drawing, visitor, office):
    page = drawing
    page.locator("#board-view").evaluate("view => view.scrollTo(0, 0)")
    box = label(page, "Quốc tịch").first.locator("rect").bounding_box()
    before = corner(page, "Giới tính")
    box = label(page, "Giới tính").locator("rect").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 1, steps=4)
    page.mouse.up()
    after = corner(page, "Giới tính")
    assert after[0] > before[0] + 15 and abs(after[1] - before[1]) < 8
    page.focus("[name=label-text]")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Giới")
    page.keyboard.press("Tab")
    shown(page)

    other = visitor(office, "Người Hai")
    other.set_default_timeout(60_000)
    for each in (other, page):
        if each is other:
            each.goto(urljoin(each.url, "/templates/form/ks-2016"))
            each.wait_for_selector("body[data-ready]")
            label(each, "Số").focus()
            each.keyboard.press("ArrowRight")
        each.click("#save-open")
        each.wait_for_selector("#remark:focus")
        each.keyboard.press("Enter")
        if each is other:
            each.wait_for_selector("body[data-saved]")
    page.wait_for_selector("#save-clash:not([hidden])")
    assert "Người Hai" in page.inner_text("#save-trouble")
    page.click("#save-over")
    page.wait_for_selector("body[data-saved]")
    page.click("#versions-open")
    page.wait_for_selector("#version-list li")
    assert page.locator("#version-list li").count() == 3  # the shipped one is the first
    assert page.troubles == []


def test_going_back_asks_before_unfinished_work_is_given_up(drawing):
    page = drawing
    label(page, "Số").focus()
    page.keyboard.press("ArrowRight")
    page.click("#save-open")
    page.wait_for_selector("#remark:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-saved]")
    label(page, "Số").focus()
    page.keyboard.press("ArrowRight")
    page.click("#versions-open")
    page.click('#version-list [aria-label="Dùng lại phiên bản 0"]')
    page.click("#versions-trouble button")
    page.wait_for_selector("body[data-ready]:not([data-saved])")
    page.click("#versions-open")
    page.wait_for_selector("#version-list li:first-child:has-text('Dùng lại mẫu gốc')")
    assert page.troubles == []


def test_the_list_of_forms_fits_its_page(drawing):
    page = drawing
    page.goto(urljoin(page.url, "/templates"))
    for width in (1366, 1280):
        page.set_viewport_size({"width": width, "height": 620})
        table, around = page.locator(".forms").bounding_box(), page.locator("h1").locator("xpath=../..").bounding_box()
        assert table["x"] + table["width"] <= around["x"] + around["width"] + 1
        cell = page.locator("tbody tr:last-child td:nth-last-child(2)")
        assert cell.evaluate("cell => cell.clientHeight") < 90
        assert cell.evaluate("cell => cell.clientWidth") > 120


def test_boxes_of_pages_to_try_stand_in_rows(drawing):
    page = drawing
    page.click("#try-open")
    tops = page.locator(".try-pages input").evaluate_all("boxes => boxes.map((box) => box.getBoundingClientRect().top)")
    assert len(tops) > 1 and tops[0] == tops[-(len(tops) // 2)]
