"""The form of a record in a real browser, by keyboard alone."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from support.people import PASSWORD, login_of

from extractor.records import Decision
from extractor.store import MachineChange

pytestmark = pytest.mark.browser

NUMBER, NAME, BIRTH, PLACE, MOTHER, NATION = (
    "Số",
    "Họ, chữ đệm, tên, Người được khai sinh",
    "Ngày, tháng, năm sinh, Người được khai sinh",
    "Nơi sinh, Người được khai sinh",
    "Họ, chữ đệm, tên người mẹ, Mẹ",
    "Quốc tịch, Mẹ",
)


def begin(page, office, path="/verify/records", number=1):
    page.goto(office.url + path)
    page.wait_for_selector(f"body[data-ready='{number}']")


def held(page):
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def box(page):
    return page.evaluate("document.activeElement.value")


def retype(page, text):
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def until(found, wanted, seconds=8):
    for _ in range(int(seconds * 20)):
        if found() == wanted:
            break
        time.sleep(0.05)
    assert found() == wanted


def decided(office, record=1):
    fields = office.store.stored_record(record).fields
    return {field.code: (field.field.raw, field.field.state.value) for field in fields if field.person}


def test_a_record_by_keyboard_and_on_to_the_next(visitor, office):
    page = visitor(office, "Thử Một")
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    begin(page, office)
    assert (held(page), box(page)) == (NUMBER, "01")
    stops = [held(page)]
    for _ in range(5):
        page.keyboard.press("Tab")
        stops.append(held(page))
    assert stops == [NUMBER, NAME, BIRTH, PLACE, MOTHER, NATION]
    page.keyboard.press("Tab")
    assert held(page) not in stops
    page.keyboard.press("Shift+Tab")
    for _ in range(5):
        page.keyboard.press("Shift+Tab")
    assert held(page) == NUMBER
    retype(page, "12")
    page.wait_for_selector("#value:has-text('12/2017')")
    page.keyboard.press("Enter")
    assert held(page) == NAME
    until(lambda: decided(office), {"so": ("12", "read")})
    page.keyboard.press("Alt+3")
    assert box(page) == "Lò Thị Mẩu Hiền"
    page.keyboard.press("ArrowUp")
    assert box(page) == "Lò Thị Mẫu Hiên"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert (held(page), box(page)) == (PLACE, "")
    page.keyboard.press("F3")
    page.keyboard.press("Enter")
    assert (held(page), box(page)) == (NATION, "")
    page.wait_for_selector(".form-row .warnings li", state="detached")  # the rules were asked again
    page.keyboard.press("F6")  # the last: what was passed by is saved too, and the next record comes
    page.wait_for_selector("body[data-ready='2']")
    assert (held(page), box(page)) == (NUMBER, "02")
    everything = {
        "so": ("12", "read"),
        "nksHoTen": ("Lò Thị Mẫu Hiên", "read"),
        "nksNgaySinh": ("28/12/2016", "read"),
        "nksNoiSinh": ("", "illegible"),
        "meHoTen": ("Lò Thị Ví Dụ", "read"),
        "meQuocTich": ("", "not_on_form"),
    }
    until(lambda: decided(office), everything)
    page.wait_for_selector("#left:has-text('Còn 12')")
    assert office.store.verify_audit().ok
    assert troubles == []


def test_the_whole_record_at_once_leads_through_what_nobody_looked_at_and_stops_at_an_empty_box(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    boxes = page.locator(".form-row.open").count()
    for left in range(boxes - 1, 0, -1):
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(f"#hint:has-text('Còn {left} ô chưa xem')")
    assert decided(office) == {}
    # What the rules object to is kept by Enter in its own box alone.
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#hint:has-text('Còn 2 ô bị nhắc: Số, ')")
    assert (held(page), decided(office)) == ("Số", {})
    page.keyboard.press("Enter")
    page.wait_for_selector(".form-row .warnings li", state="detached")  # the rules were asked again
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#hint:has-text('F2')")
    assert page.inner_text("#confirm-label") == "Gõ rồi nhấn Enter"
    assert held(page) == PLACE
    until(lambda: len(decided(office)), 5)
    page.keyboard.press("Alt+1")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("body[data-ready='2']")
    until(lambda: decided(office).get("nksNoiSinh"), ("Trạm y tế xã Đồng Thử, huyện Mẫu", "read"))


def test_the_page_shows_the_field_in_hand_and_is_fetched_before_it_is_needed(visitor, office):
    page = visitor(office, "Thử Một")
    with page.expect_response("**/page/2"):
        begin(page, office)
    for code, count in ((NUMBER, 0), (MOTHER, 4)):
        for _ in range(count):
            page.keyboard.press("Tab")
        page.wait_for_timeout(600)
        pane, frame = page.locator("#page").bounding_box(), page.locator("#frame").bounding_box()
        assert held(page) == code
        assert pane["x"] <= frame["x"] and frame["x"] + frame["width"] <= pane["x"] + pane["width"]
        assert pane["y"] <= frame["y"] and frame["y"] + frame["height"] <= pane["y"] + pane["height"]
    assert page.locator(".form-mark").count() == 5
    page.keyboard.press("F9")
    page.wait_for_selector("#viewer[open] .frame")
    page.keyboard.press("Escape")
    page.wait_for_selector("#viewer:not([open])", state="attached")
    assert held(page) == MOTHER


def test_taking_back_leads_to_the_field_also_in_the_record_before(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    page.keyboard.press("Enter")
    assert held(page) == NAME
    page.keyboard.press("F8")
    page.wait_for_selector("#saved:has-text('lấy lại')")
    assert (held(page), box(page)) == (NUMBER, "01")
    assert decided(office) == {}
    for key in ("Enter", "Enter", "Enter", "F2", "Enter", "F2"):
        page.keyboard.press(key)
    page.wait_for_selector("body[data-ready='2']")
    retype(page, "77")
    page.keyboard.press("F8")
    page.wait_for_selector("body[data-ready='1']")
    assert held(page) == NATION
    until(lambda: len(decided(office)), 5)
    page.keyboard.press("F2")
    page.wait_for_selector("body[data-ready='2']")
    assert (held(page), box(page)) == (NUMBER, "77")


def test_what_is_put_off_comes_back_with_what_was_typed(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    retype(page, "55")
    for number in (2, 3, 1):
        page.keyboard.press("F7")
        page.wait_for_selector(f"body[data-ready='{number}']")
    assert (held(page), box(page)) == (NUMBER, "55")
    assert decided(office) == {}


def test_answers_are_kept_when_the_session_ends(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    retype(page, "55")
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice:has-text('đăng nhập lại')")
    assert (held(page), box(page)) == (NUMBER, "55")
    assert decided(office) == {}
    other = page.context.new_page()
    other.goto(f"{office.url}/sign-in")
    other.fill("#login", login_of("Thử Một"))
    other.fill("#password", PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_selector(".books")
    assert page.context.cookies() != cookies
    page.bring_to_front()
    page.keyboard.press("Enter")
    until(lambda: decided(office), {"so": ("55", "read")})
    assert not page.is_visible("#notice")


def test_answers_that_the_server_could_not_take_are_sent_again(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    page.route("**/api/decide", lambda route: route.abort())
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice[data-why='network']:has-text('Chưa lưu được')")
    page.wait_for_function("document.querySelectorAll('.said-sent').length === 2")
    page.unroute("**/api/decide")
    until(lambda: len(decided(office)), 2)
    page.wait_for_selector("#notice", state="hidden")


def test_a_lost_lease_is_told_and_one_that_ran_out_is_taken_again(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    first, second = (
        task for task in office.store.held("Thử Một") if task.record_id == 1 and task.code in {"so", "nksHoTen"}
    )
    for task in (first, second):
        office.store.release(task, task.token, person="Thử Một")
    taken = office.store.claim_field(first.field_id, "Thử Hai")
    retype(page, "55")
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice:has-text('chuyển cho người khác')")
    assert page.locator(".said-busy").count() == 1
    assert [entry.action for entry in office.store.history(first.field_id)] == ["refused"]
    office.store.decide(taken, taken.token, person="Thử Hai", raw="01", value="01")
    retype(page, "Lò Thị Khác")
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice:has-text('hết giờ')")
    assert (held(page), box(page)) == (NAME, "Lò Thị Khác")
    page.keyboard.press("Enter")
    until(lambda: decided(office).get("nksHoTen"), ("Lò Thị Khác", "read"))


def test_leases_are_renewed_while_a_person_looks(visitor, open_office):
    office = open_office(lease_seconds=2.0)
    page = visitor(office, "Thử Một")
    begin(page, office)
    time.sleep(2.8)
    assert {task.record_id for task in office.store.held("Thử Một")} == {1, 2}


def test_a_blind_field_shows_nothing_and_does_not_tell_whether_it_was_right(visitor, office):
    record = next(office.store.records())
    for code in ("meDanToc", "ngayDangKy"):
        office.store.update_machine_values([MachineChange(record.key, code, record.fields[code], recheck=True)])
    page = visitor(office, "Thử Một")
    begin(page, office, "/verify/records?record=1")
    page.keyboard.press("Tab")
    assert (held(page), box(page)) == ("Ngày, tháng, năm đăng ký", "")
    assert page.is_visible("#note:has-text('Nhập lại độc lập')")
    assert not page.is_visible("#reading") and not page.is_visible("#neighbours")
    assert page.inner_text("#confirm-label") == "Gõ rồi nhấn Enter"
    retype(page, "03/01/2017")
    assert page.inner_text("#confirm-label") == "Lưu chữ đã gõ"
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
    retype(page, "Mông")
    page.keyboard.press("Enter")
    until(lambda: office.store.stored_record(1).fields[1].field.decision, Decision.CONFIRMED)
    page.wait_for_timeout(700)  # the record is looked at again
    said = page.locator(".said-typed .form-said").all_inner_texts()
    assert said == ["✓ Đã nhập lại"] * 2
    assert "Thái" not in page.inner_text("#rows")


def test_rules_are_shown_as_they_stand_after_an_answer(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    assert page.locator(".form-row .warnings li.error").count() == 2
    office.store.replace_warnings({office.store.stored_record(1).key: []})
    page.keyboard.press("Enter")
    page.wait_for_selector(".form-row .warnings li", state="detached")


def test_one_record_opened_from_its_page_leads_back_there(visitor, office):
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/records/2")
    page.click("text=Xác minh bản ghi này")
    page.wait_for_selector("body[data-ready='2']")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Alt+1")
    for _ in range(page.locator(".form-row.open").count() - 3):
        page.keyboard.press("Control+Enter")
    page.wait_for_selector("#hint:has-text('bị nhắc')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".form-row .warnings li", state="detached")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/records/2")
    assert page.locator(".decision.review").count() == 0


def test_the_form_meets_the_rules_of_accessibility(visitor, office):
    page = visitor(office, "Thử Một")
    begin(page, office)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}}).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found] == []
    page.set_viewport_size({"width": 1280, "height": 620})
    keys = page.locator(".keys button")
    assert all(
        keys.nth(number).bounding_box()["x"] + keys.nth(number).bounding_box()["width"] <= 1280
        for number in range(keys.count())
    )
