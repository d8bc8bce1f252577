"""Every page of the room against the rules of WCAG 2.2 AA that a machine can check (axe-core)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from axe_playwright_python.sync_playwright import Axe

from extractor.review.designer import workshop
from extractor.store import QueueEmpty

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}}


def violations(page):
    found = Axe().run(page, options=RULES).response["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found]


def test_pages_for_who_is_not_signed_in(chromium, office):
    page = chromium.new_page(viewport={"width": 1366, "height": 657})
    page.goto(f"{office.url}/set-up?token={office.tokens[0]}")
    assert violations(page) == []
    page.goto(f"{office.url}/set-up?token=no")
    assert violations(page) == []
    page.close()


def test_pages_of_people_at_work(visitor, office):
    page = visitor(office, "Thử Một")
    for path in (
        "/",
        "/records/1",
        "/problems",
        "/inspections",
        "/account",
        "/accounts",
        "/accounts/new",
        "/books/1/approval",
        "/books/1/pages",
        "/pages/4/mend",
        "/scans",
        "/scans/read",
        "/scans/runs",
        "/templates",
        "/templates/new",
        "/no-page",
    ):
        page.goto(office.url + path)
        assert (path, violations(page)) == (path, [])
    page.goto(f"{office.url}/verify")
    page.wait_for_selector("body[data-ready]")
    assert violations(page) == []
    page.keyboard.press("F1")
    page.wait_for_selector("#help[open]")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("F9")
    page.wait_for_selector("dialog[open]")
    assert violations(page) == []


def test_the_drawing_board(visitor, office, monkeypatch):
    monkeypatch.setattr(workshop, "_process", lambda: ThreadPoolExecutor(1))
    page = visitor(office, "Thử Một")
    page.set_default_timeout(60_000)
    page.goto(f"{office.url}/templates/form/ks-2016")
    page.wait_for_selector("body[data-ready]")
    assert violations(page) == []
    page.locator("#board .label").first.focus()
    page.locator("#head-box summary").click()
    assert violations(page) == []
    for opener in ("#try-open", "#save-open", "#versions-open", "#help-open"):
        page.click(opener)
        page.wait_for_selector("dialog[open]")
        assert (opener, violations(page)) == (opener, [])
        page.keyboard.press("Escape")
    page.goto(f"{office.url}/templates/form/ks-1976")
    page.wait_for_selector("body[data-ready]")
    assert violations(page) == []


def test_the_end_of_the_queue_and_signing_in_again(visitor, office):
    while not isinstance(task := office.store.claim("Thử Hai"), QueueEmpty):
        office.store.decide(task, task.token, person="Thử Hai", raw=task.field.raw, value=task.field.value)
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/verify")
    page.wait_for_selector("#empty:not([hidden])")
    assert violations(page) == []
    page.context.clear_cookies()
    page.goto(f"{office.url}/sign-in")
    assert violations(page) == []
    page.keyboard.type("sai")
    page.keyboard.press("Tab")
    page.keyboard.type("sai")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert violations(page) == []
