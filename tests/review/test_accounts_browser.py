"""Accounts in a real browser, by keyboard alone: the first one, a colleague's, and a session that ends meanwhile."""

import pytest
from support.people import PASSWORD, login_of

pytestmark = pytest.mark.browser

NEW = "bảy cây tre xiêu bên giếng cũ"


@pytest.fixture
def browser_of(chromium):
    """A browser of its own for each person."""
    contexts = []

    def open_one():
        contexts.append(chromium.new_context(viewport={"width": 1366, "height": 657}, locale="vi-VN"))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_one
    for context in contexts:
        context.close()


def type_in(page, *texts):
    """Type into one box after the other, beginning with the one in focus, and press Enter in the last.

    A box with ``autofocus`` has the focus a moment after its page is loaded; what is typed before is lost.
    """
    page.wait_for_selector("input:focus")
    for number, text in enumerate(texts):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_from_the_printed_address_to_a_colleague_at_work(browser_of, office):
    admin = browser_of()
    admin.goto(f"{office.url}/set-up?token={office.tokens[0]}")
    type_in(admin, "Quản Trị Mẫu", "quan.tri", "matkhau123", "matkhau123")
    assert "dễ đoán" in admin.inner_text("[role=alert]")
    assert admin.input_value("#login") == "quan.tri"
    for _ in range(2):
        admin.keyboard.press("Tab")
    type_in(admin, NEW, NEW)
    admin.wait_for_selector(".books")

    admin.goto(f"{office.url}/accounts/new")
    type_in(admin, "Thử Hai", "thu.hai")
    given = admin.inner_text("#given")

    colleague = browser_of()
    colleague.goto(f"{office.url}/verify")
    type_in(colleague, "thu.hai", given)
    colleague.wait_for_selector("#current")
    type_in(colleague, given, PASSWORD, PASSWORD)
    colleague.wait_for_selector(".books")
    assert not colleague.query_selector("a[href='/accounts']")
    colleague.focus("#start")
    colleague.keyboard.press("Enter")
    colleague.wait_for_selector("body[data-ready]")
    colleague.keyboard.press("Enter")
    colleague.wait_for_selector("#saved:has-text('✓')")
    assert {entry.person for entry in office.store.history(1)} <= {"Thử Hai"}


def test_what_was_typed_when_the_session_ended_is_saved_after_signing_in_elsewhere(visitor, office):
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/verify")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("17")
    page.context.clear_cookies()
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice:not([hidden])")
    assert page.input_value("#box") == "17"
    other = page.context.new_page()
    other.goto(office.url)
    type_in(other, login_of("Thử Một"), PASSWORD)
    other.wait_for_selector(".books")
    page.bring_to_front()
    page.keyboard.press("Enter")
    page.wait_for_selector("#saved:has-text('✓')")
    assert "17" in {field.field.raw for field in office.store.stored_record(office.store.record_ids(1)[0]).fields}


def test_another_person_in_the_same_browser_does_not_go_on_in_the_first_ones_page(visitor, office):
    from support.people import employ

    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/verify")
    page.wait_for_selector("body[data-ready]")
    page.context.clear_cookies()
    employ(office.store, "Thử Hai")
    other = page.context.new_page()
    other.goto(office.url)
    type_in(other, login_of("Thử Hai"), PASSWORD)
    other.wait_for_selector(".books")
    page.bring_to_front()
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice:not([hidden])")
    assert not any(office.store.history(field.id) for field in office.store.stored_record(1).fields)
