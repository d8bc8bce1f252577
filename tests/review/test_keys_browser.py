"""Every key of the verifying page and of the record's form, on an office's screen and on a narrow laptop."""

import time

import pytest

pytestmark = pytest.mark.browser

SCREENS = [{"width": 1366, "height": 768}, {"width": 1280, "height": 620}]


def until(found, wanted):
    for _ in range(200):
        if found() == wanted:
            break
        time.sleep(0.05)
    assert found() == wanted


def states(office):
    """How the fields that people settled stand, in the order in which they were settled."""
    fields = [field for number in office.store.record_ids(1) for field in office.store.stored_record(number).fields]
    settled = sorted((field for field in fields if field.person), key=lambda field: field.decided_at)
    return [field.field.state.value for field in settled]


def everything_is_on_the_screen(page, screen):
    """Nothing is cut off: the page itself does not scroll, and every button lies on the screen."""
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size[0] <= screen["width"] and size[1] <= screen["height"]
    buttons = page.locator(".keys button:visible, #act-typing")
    places = [buttons.nth(at).bounding_box() for at in range(buttons.count())]
    for place in places:
        assert place["x"] >= 0 and place["x"] + place["width"] <= screen["width"]
        assert place["y"] >= 0 and place["y"] + place["height"] <= screen["height"]
    for at, one in enumerate(places):
        for other in places[at + 1 :]:
            apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            assert apart or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]


def the_whole_page(page):
    """Zoom, pan, contrast, invert, back to the field, and closed by the key that opened it."""
    page.keyboard.press("F9")
    page.wait_for_selector("#viewer[open] .frame")
    # Until its picture has come, the sheet is as wide as the view.
    page.wait_for_selector('#viewer[aria-busy="false"]')

    def width():
        return page.eval_on_selector("#viewer .viewer-paper", "paper => paper.offsetWidth")

    def where():
        return page.eval_on_selector("#viewer .viewer-view", "view => [view.scrollLeft, view.scrollTop]")

    until(lambda: width() > 0, True)
    first = width()
    assert page.eval_on_selector("#viewer .viewer-view", "view => view.scrollHeight <= view.clientHeight + 1")
    assert page.inner_text("#viewer .viewer-name")
    for _ in range(4):
        page.keyboard.press("+")
    assert width() > 2 * first
    before = where()
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert where()[0] > before[0] or where()[1] > before[1]
    moved = where()
    for key in ("ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    assert where()[0] < moved[0] or where()[1] < moved[1]
    page.keyboard.press("-")
    assert width() < 2.5 * first
    for key, name in (("c", "contrast"), ("i", "invert")):
        page.keyboard.press(key)
        assert page.locator(f"#viewer img.{name}").count() == 1
        assert page.get_attribute(f'[data-do="{name}"]', "aria-pressed") == "true"
        page.keyboard.press(key)
        assert page.locator(f"#viewer img.{name}").count() == 0
    page.keyboard.press("0")  # the field, then the whole page again
    assert width() > first
    page.keyboard.press("0")
    assert width() == first
    page.keyboard.press("F9")
    page.wait_for_selector("#viewer:not([open])", state="attached")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def help_opens_and_closes(page):
    page.keyboard.press("F1")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help:not([open])", state="attached")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"


@pytest.mark.parametrize("screen", SCREENS, ids=["1366x768", "1280x620"])
def test_every_key_of_the_verifying_page(visitor, office, screen):
    page = visitor(office, "Thử Một")
    page.set_viewport_size(screen)
    page.goto(f"{office.url}/verify")
    page.wait_for_selector("body[data-ready]")
    everything_is_on_the_screen(page, screen)
    the_whole_page(page)
    help_opens_and_closes(page)

    def press(key):
        before = page.get_attribute("body", "data-ready")
        page.keyboard.press(key)
        page.wait_for_selector(f"body:not([data-ready='{before}'])")

    for key in ("F4", "F3", "F6", "F2", "Enter"):
        press(key)
    until(lambda: states(office), ["ditto", "illegible", "not_on_form", "blank", "read"])
    put_off = page.get_attribute("body", "data-ready")
    press("F7")
    press("F8")  # not what was put off: the last answer
    assert page.get_attribute("body", "data-ready") != put_off
    until(lambda: len(states(office)), 4)
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    chosen = page.input_value("#box")
    press("Enter")
    until(lambda: len(states(office)), 5)
    stored = [field for number in office.store.record_ids(1) for field in office.store.stored_record(number).fields]
    assert chosen in {field.field.raw for field in stored if field.person}
    page.keyboard.press("Escape")
    everything_is_on_the_screen(page, screen)
    assert office.store.verify_audit().ok


def test_the_kind_is_switched_on_enter_alone_and_a_kind_that_is_done_is_not_all_of_the_work(visitor, office):
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/verify")
    page.wait_for_selector("body[data-ready]")
    typed = page.input_value("#box")
    page.keyboard.press("Alt+l")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("ngay")  # the list's own search
    page.keyboard.press("F2")
    assert page.evaluate("document.activeElement.id") == "kind"
    page.keyboard.press("Escape")
    page.wait_for_selector("#box:focus")
    assert (page.input_value("#box"), page.input_value("#kind"), states(office)) == (typed, "", [])
    page.keyboard.press("Alt+l")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#kind") == "record_number"
    assert page.url.endswith("/verify")
    page.keyboard.press("Enter")
    page.wait_for_url("**/verify?kind=record_number")
    page.wait_for_selector("body[data-ready]")
    for _ in range(2):
        shown = page.get_attribute("body", "data-ready")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"body:not([data-ready='{shown}'])")
    page.wait_for_selector("#saved:has-text('✓')")
    for width in (1280, 1366, 1440):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.eval_on_selector("#saved", "said => said.scrollWidth <= said.clientWidth && said.clientWidth > 40")
    page.keyboard.press("Enter")
    page.wait_for_selector("#go-on:focus")
    assert page.inner_text("#empty-title") == "Loại “Số đăng ký” đã xong. Còn 15 trường loại khác."
    page.keyboard.press("Enter")
    page.wait_for_selector("#box:focus")
    assert page.locator("#kind option").all_inner_texts()[0] == "Mọi loại trường"
    assert not [kind for kind in page.locator("#kind option").all_inner_texts() if kind.startswith("Số đăng ký")]


@pytest.mark.parametrize("screen", SCREENS, ids=["1366x768", "1280x620"])
def test_every_key_of_the_records_form(visitor, office, screen):
    page = visitor(office, "Thử Một")
    page.set_viewport_size(screen)
    page.goto(f"{office.url}/verify/records")
    page.wait_for_selector("body[data-ready='1']")
    everything_is_on_the_screen(page, screen)
    the_whole_page(page)
    help_opens_and_closes(page)
    for count, key in enumerate(("F4", "F3", "F6", "F2", "Enter"), start=1):
        held = page.evaluate("document.activeElement.getAttribute('aria-label')")
        if key == "Enter":
            page.keyboard.press("Alt+1")
        page.keyboard.press(key)
        page.wait_for_function("was => document.activeElement.getAttribute('aria-label') !== was", arg=held)
        until(lambda wanted=count: len(states(office)), count)
    assert states(office) == ["ditto", "illegible", "not_on_form", "blank", "read"]
    page.keyboard.press("F8")
    until(lambda: len(states(office)), 4)
    page.wait_for_selector("#saved:has-text('lấy lại')")
    page.keyboard.press("F7")
    page.wait_for_selector("body[data-ready='2']")
    page.keyboard.press("Control+Enter")  # leads to the next box
    page.wait_for_selector("#hint:has-text('chưa xem')")
    everything_is_on_the_screen(page, screen)
    assert office.store.verify_audit().ok
