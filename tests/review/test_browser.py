"""The verifying page in a real browser, by keyboard alone."""

import time
from urllib.parse import urljoin

import pytest

from extractor.store import MachineChange

pytestmark = pytest.mark.browser


def settled(page):
    """Number of the task whose crop is on the screen."""
    return page.get_attribute("body", "data-ready")


def start(page, path="/verify"):
    page.goto(urljoin(page.url, path))
    page.wait_for_selector("body[data-ready]")
    return settled(page)


def press(page, key):
    """Press a key that leads to another field, and wait until that one is ready."""
    before = settled(page)
    page.keyboard.press(key)
    page.wait_for_selector(f"body:not([data-ready='{before}'])")
    return settled(page)


def box(page):
    return page.input_value("#box")


def saved(page):
    page.wait_for_selector("#saved:has-text('✓')")


def retype(page, text):
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_what_is_being_typed_stays_when_the_next_fields_come_late(visitor, office):
    page = visitor(office, "Thử Một")
    start(page)
    held = []
    page.route("**/api/claim", lambda route: held.append(route))  # noqa: PLW0108 - Playwright cannot mark built-in functions
    while not held:  # until the page asks for more
        press(page, "Enter")
        saved(page)
        page.wait_for_timeout(50)
    press(page, "Enter")
    retype(page, "chữ đang gõ")
    with page.expect_response("**/api/claim"):
        held.pop().continue_()
    page.wait_for_function("() => document.querySelector('#left').textContent")
    page.wait_for_timeout(100)
    assert box(page) == "chữ đang gõ"


def test_several_fields_by_keyboard(visitor, office):
    page = visitor(office, "Thử Một")
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.keyboard.press("Tab")
    start(page)
    assert (page.inner_text("#label"), box(page)) == ("Số", "01")
    assert page.inner_text("#segments u") == "1"
    press(page, "Enter")
    assert box(page) == "02"
    retype(page, "12")
    page.wait_for_selector("#value:has-text('12/2017')")
    press(page, "Enter")
    assert page.evaluate("document.activeElement.id") == "box"
    press(page, "F2")
    page.keyboard.press("ArrowDown")
    assert box(page) == "Lò Thị Mẫu Hiên"
    page.keyboard.press("ArrowUp")
    assert box(page) == "Lò Thị Mẫu Hiền"
    page.keyboard.press("Alt+3")
    assert box(page) == "Lò Thị Mẩu Hiền"
    press(page, "Enter")
    press(page, "F3")
    press(page, "F6")
    page.wait_for_selector("#left:has-text('Còn 12')")
    stored = [field for number in office.store.record_ids(1) for field in office.store.stored_record(number).fields]
    decided = {(field.field.raw, field.field.state.value, field.person) for field in stored if field.person}
    assert decided == {
        ("01", "read", "Thử Một"),
        ("12", "read", "Thử Một"),
        ("", "blank", "Thử Một"),
        ("Lò Thị Mẩu Hiền", "read", "Thử Một"),
        ("", "illegible", "Thử Một"),
        ("", "not_on_form", "Thử Một"),
    }
    assert office.store.verify_audit().ok
    assert troubles == []


def test_going_back_takes_the_decision_back(visitor, office):
    page = visitor(office, "Thử Một")
    first = start(page)
    retype(page, "77")
    press(page, "Enter")
    saved(page)
    assert office.store.status().corrected == 1
    assert press(page, "F8") == first
    assert box(page) == "01"
    assert office.store.status().corrected == 0
    press(page, "Enter")
    saved(page)
    assert box(page) == "02"
    assert office.store.status().confirmed == 1


def test_what_was_put_off_comes_back_at_the_end(visitor, office):
    page = visitor(office, "Thử Một")
    first = start(page, "/verify?kind=record_number")
    press(page, "F7")
    assert box(page) == "02"
    press(page, "Enter")
    assert press(page, "Enter") == first
    page.keyboard.press("Enter")
    page.wait_for_selector("#empty:not([hidden])")


def test_an_empty_box_is_never_taken_for_an_answer(visitor, office):
    page = visitor(office, "Thử Một")
    first = start(page, "/verify?kind=place")
    assert box(page) == ""
    page.keyboard.press("Enter")
    page.wait_for_selector("#hint:has-text('F2')")
    assert settled(page) == first
    assert office.store.status().confirmed == 0
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert box(page) == "Trạm y tế xã Đồng Thử, huyện Mẫu"
    press(page, "Enter")
    saved(page)
    assert office.store.status().confirmed == 1


def test_enter_while_a_letter_is_being_composed_belongs_to_the_input_method(visitor, office):
    page = visitor(office, "Thử Một")
    first = start(page)
    session = page.context.new_cdp_session(page)
    page.keyboard.press("Control+a")
    session.send("Input.imeSetComposition", {"text": "Nguyê", "selectionStart": 5, "selectionEnd": 5})
    # Without "text" the key writes nothing by itself, as when an input method swallows it.
    enter = {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    session.send("Input.dispatchKeyEvent", enter)
    page.wait_for_timeout(300)
    assert settled(page) == first
    assert office.store.status().settled == 6
    session.send("Input.insertText", {"text": "Nguyễn"})
    assert box(page) == "Nguyễn"
    press(page, "Enter")
    saved(page)
    assert office.store.status().corrected == 1


def test_the_whole_page_shows_the_field_framed(visitor, office):
    page = visitor(office, "Thử Một")
    start(page)
    page.keyboard.press("F9")
    page.wait_for_selector("#viewer[open] .frame")
    page.wait_for_timeout(300)
    view = page.locator(".viewer-view").bounding_box()
    frame = page.locator("#viewer .frame").bounding_box()
    assert view["x"] <= frame["x"] and frame["x"] + frame["width"] <= view["x"] + view["width"]
    assert view["y"] <= frame["y"] and frame["y"] + frame["height"] <= view["y"] + view["height"]
    page.keyboard.press("+")
    assert page.locator("#viewer .frame").bounding_box()["width"] > frame["width"] * 1.2
    page.keyboard.press("i")
    assert page.locator("#viewer img.invert").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_selector("#viewer:not([open])", state="attached")
    assert page.evaluate("document.activeElement.id") == "box"


def test_two_people_never_get_the_same_field(visitor, office):
    people = [visitor(office, "Thử Một"), visitor(office, "Thử Hai")]
    shown = [{start(page)} for page in people]
    for _ in range(5):
        for page, seen in zip(people, shown, strict=True):
            seen.add(press(page, "Enter") if box(page) else press(page, "F3"))
    assert len(shown[0]) == len(shown[1]) == 6
    assert not shown[0] & shown[1]
    for page in people:
        saved(page)
    status = office.store.status()
    assert status.confirmed + status.corrected == 10
    assert office.store.verify_audit().ok


def test_a_lost_lease_is_told_and_the_answer_kept(visitor, office):
    page = visitor(office, "Thử Một")
    start(page)
    held = office.store.held("Thử Một")[0]
    office.store.release(held, held.token, person="Thử Một")
    taken = office.store.claim_field(held.field_id, "Thử Hai")
    retype(page, "55")
    press(page, "Enter")
    page.wait_for_selector("#notice:has-text('chuyển cho người khác')")
    assert [entry.action for entry in office.store.history(held.field_id)] == ["refused"]
    office.store.decide(taken, taken.token, person="Thử Hai", raw="01", value="01")
    assert office.store.field_context(held.field_id).field.raw == "01"


def test_a_lease_that_ran_out_is_renewed_with_the_answer_in_the_box(visitor, office):
    page = visitor(office, "Thử Một")
    first = start(page)
    held = office.store.held("Thử Một")[0]
    office.store.release(held, held.token, person="Thử Một")
    retype(page, "55")
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice:has-text('hết giờ')")
    page.wait_for_selector(f"body[data-ready='{first}']")
    assert box(page) == "55"
    press(page, "Enter")
    saved(page)
    assert office.store.field_context(held.field_id).field.raw == "55"


def test_what_was_typed_meanwhile_stays_when_a_field_comes_back(visitor, office):
    page = visitor(office, "Thử Một")
    start(page)
    retype(page, "55")
    press(page, "Enter")
    saved(page)
    retype(page, "66")
    press(page, "F8")
    assert box(page) == "01"
    press(page, "Enter")
    assert box(page) == "66"


def test_an_answer_the_server_could_not_take_is_sent_again(visitor, office):
    page = visitor(office, "Thử Một")
    start(page)
    page.route("**/api/decide", lambda route: route.abort())
    press(page, "Enter")
    page.wait_for_selector("#notice[data-why='network']:has-text('Chưa lưu được')")
    assert office.store.status().confirmed == 0
    page.unroute("**/api/decide")
    saved(page)
    page.wait_for_selector("#notice", state="hidden")
    assert office.store.status().confirmed == 1


def test_leases_are_renewed_while_a_person_looks(visitor, open_office):
    office = open_office(lease_seconds=2.0)
    page = visitor(office, "Thử Một")
    first = start(page)
    time.sleep(3.2)
    assert int(first) in {task.id for task in office.store.held("Thử Một")}


def test_the_last_field_leads_to_the_end(visitor, office):
    page = visitor(office, "Thử Một")
    start(page, "/verify?kind=record_number")
    press(page, "Enter")
    press(page, "Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector("#empty:not([hidden])")
    # The end is shown while the last answer is still on its way.
    for _ in range(100):
        if office.store.open_tasks(kinds=["record_number"]) == 0:
            break
        time.sleep(0.1)
    assert office.store.open_tasks(kinds=["record_number"]) == 0


def test_a_record_beside_its_page_and_one_field_of_it(visitor, office):
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/records/1")
    page.wait_for_selector("#record-frame:not([hidden])")
    page.keyboard.press("ArrowDown")
    assert page.inner_text("tr.pointed a") == "Ngày, tháng, năm đăng ký"
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-ready]")
    retype(page, "04/01/2017")
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/1")
    assert page.locator(".decision.corrected").count() == 1
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/records/2")


def test_page_problems_are_answered_by_keys(visitor, office):
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/problems")
    page.wait_for_selector(".problem:focus")
    page.keyboard.press("1")
    page.wait_for_selector(".problem.resolved .said:has-text('Bìa sổ, Thử Một')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("4")
    page.wait_for_selector(".problem.resolved .said:has-text('Cần quét lại')")
    assert [problem.resolution.value for problem in office.store.page_problems()] == ["cover", "rescan"]
    assert office.store.status().page_problems == 0


def test_a_field_is_re_keyed_blind_and_another_person_settles_the_difference(visitor, office):
    record = next(office.store.records())
    change = MachineChange(record.key, "meDanToc", record.fields["meDanToc"], recheck=True)
    office.store.update_machine_values([change])
    page = visitor(office, "Thử Một")
    first = start(page, "/verify?kind=ethnic_group")
    page.wait_for_selector("#note:has-text('Nhập lại độc lập')")
    assert box(page) == ""
    assert not page.is_visible("#reading") and not page.is_visible("#neighbours")
    page.keyboard.press("Enter")
    page.wait_for_selector("#hint:has-text('F2')")
    assert settled(page) == first
    for text in ("Thái", "Mông"):
        retype(page, text)
        assert page.inner_text("#confirm-label") == "Lưu chữ đã gõ"
    page.keyboard.press("Enter")
    page.wait_for_selector("#empty:not([hidden])")
    saved(page)
    page.wait_for_selector("#left:has-text('Còn 0')")
    other = visitor(office, "Thử Hai")
    start(other, "/verify?kind=ethnic_group")
    assert box(other) == ""
    other.keyboard.press("Alt+2")
    assert box(other) == "Thái"
    assert other.inner_text("#confirm-label") == "Lưu chữ đã gõ"
    other.keyboard.press("Enter")
    saved(other)
    assert office.store.status().confirmed == 1


def test_what_was_typed_in_sight_of_the_reading_is_not_put_into_a_blind_task(visitor, office):
    page = visitor(office, "Thử Một")
    number = next(field.id for field in office.store.stored_record(1).fields if field.code == "meDanToc")
    seen = {}

    def answer(route):
        # The store hands no such task out, so the page is given one here: it must not hang on that alone.
        task = {**seen["task"], "blind": True, "raw": "", "value": None, "segments": [], "choices": []}
        route.fulfill(status=409, json={"message": "", "task": {**task, "token": task["token"] + 1}})

    with page.expect_response("**/api/claim") as claimed:
        start(page, f"/verify?field={number}")
    seen["task"] = claimed.value.json()["tasks"][0]
    page.route("**/api/decide", answer)
    retype(page, "Mông")
    page.keyboard.press("Enter")
    page.wait_for_selector("#note:has-text('Nhập lại độc lập')")
    assert box(page) == ""
