"""The page tool, by keyboard: form, anchors, turns and rows are said, the page is read anew; missing pages."""

import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from extractor.batch.sources import remember_sources
from extractor.batch.storage import open_store
from extractor.jobs.runner import Runner
from extractor.page_file import PageFile, page_stem, save_page_file
from extractor.page_instruction import PageInstruction
from extractor.readers.page_text import PageText
from extractor.records import BookKey, PageProblem, PageProblemKind
from extractor.review.page_preview import OutdatedError, Previews
from extractor.scans import list_sources, page_refs
from extractor.store import Instructions, JobState, Missing, Outcome, PageResult, Role
from extractor.training.synth import render_book

ROOT = Path(__file__).parents[2]
SCAN = ROOT / "sample_book" / "KS.2009.01" / "KS.2009.01.2009-01-02.01.pdf"
BOOK = BookKey(register="KS", year="2009", number="01", agency="UBND xã Đồng Thử")
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
LONG = 120_000
"""Milliseconds after which a page is not read any more on however busy a machine."""


@pytest.fixture(scope="module")
def unread(tmp_path_factory):
    """An output folder with a page of a form and one of a table, of which the machine could make nothing."""
    folder = tmp_path_factory.mktemp("unread")
    scans = folder / "scans"
    render_book(scans, "ks-1976", seed=5, records=4, strength=0.5, hand_split="calibration", printed=(), camera=False)
    shutil.copy(next(scans.glob("*.pdf")), folder / "bang.pdf")
    shutil.copy(SCAN, folder / "mot.pdf")
    sources = list(list_sources([folder / "mot.pdf", folder / "bang.pdf"], on_set_aside=print))
    remember_sources(folder, sources, book=BOOK)
    with open_store(folder, "") as store:
        for source in sources:
            page = next(iter(page_refs(source))).load()
            height, width = page.image.shape[:2]
            problem = PageProblem(
                file=page.file, page=1, kind=PageProblemKind.UNKNOWN_FORM, message="Không nhận ra biểu mẫu."
            )
            stem = page_stem(source.sha256, 1)
            save_page_file(folder, stem, PageFile(page.sha256, "old"))
            Image.new("RGB", (60, 80), "white").save(folder / "pages" / f"{stem}.jpg")
            store.save_page(
                PageResult(page.file, 1, page.sha256, width, height, "", "old", BOOK, source.sha256, problem=problem)
            )
    return folder


@pytest.fixture
def pages(unread, tmp_path):
    return shutil.copytree(unread, tmp_path / "out")


@pytest.fixture
def book(pages):
    with open_store(pages, "") as store:
        yield store


def number_of(store, file):
    return Instructions(store).find(file, 1).id


def settled(page):
    page.wait_for_selector("body[data-ready]:not([data-trying])", timeout=LONG)


def choose(page, selector, value):
    """Choose in a list with the arrows."""
    page.focus(selector)
    page.keyboard.press("Home")
    for _ in range(page.evaluate(f"document.querySelector('{selector}').options.length")):
        if page.input_value(selector) == value:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(value)


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_of_unknown_form_gets_its_form_and_anchors_and_comes_into_the_queue(visitor, office, book, pages):
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/problems")
    page.focus(f"a[href='/pages/{number_of(book, 'mot.pdf')}/mend']")
    page.keyboard.press("Enter")
    settled(page)
    choose(page, "#form", "ks-2006")
    settled(page)
    assert "Khớp" in page.inner_text("#fit")
    page.focus("[name=tool][value=look]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.focus(".handle[data-index='0']")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.index") == "1"
    settled(page)
    assert "Đặt bằng tay" in page.inner_text("#fit")
    runner = Runner(book, pages, templates=[ROOT / "page_templates"])
    runner.start()
    try:
        page.focus("#save")
        page.keyboard.press("Enter")
        page.wait_for_selector("#progress[data-job=over]", timeout=LONG)
    finally:
        runner.stop()
    assert "Đã đọc lại: 1 bản ghi" in page.inner_text("#progress")
    (record,) = book.records()
    assert record.registration.by_hand
    assert book.open_tasks() == len(record.fields)
    page.focus("#to-record")
    page.keyboard.press("Enter")
    page.wait_for_selector(".record-fields")


@pytest.mark.browser
def test_a_page_is_turned_and_its_word_is_kept_until_it_is_taken_back(visitor, office, book, monkeypatch):
    laid = {"turn": 0, "corners": None, "gutter": None, "pages": [], "fields": [], "marks": [], "rows": []}
    monkeypatch.setattr(Previews, "lay", lambda *_: laid)
    page = visitor(office, "Thử Một")
    number = number_of(book, "mot.pdf")
    page.goto(f"{office.url}/pages/{number}/mend")
    settled(page)
    page.focus("#turn-right")
    page.keyboard.press("Enter")
    page.check("[name=tool][value=corners]")
    ring = page.locator(".handle .ring").first.bounding_box()
    x, y = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 10, steps=2)
    page.mouse.up()
    settled(page)
    page.focus("#save")
    page.keyboard.press("Enter")
    page.wait_for_selector("#progress[data-job=open]")
    page.wait_for_selector("#history li:has-text('xoay 90°')")
    said = Instructions(book).current()["mot.pdf", 1]
    assert (said.said.turn, said.person) == (1, "Thử Một")
    assert said.said.corners is not None
    # Top left once it is turned: the picture's lower left corner, moved in.
    left, low = said.said.corners[0]
    stored = Instructions(book).page(number)
    assert 0 < left < stored.width / 4
    assert 3 * stored.height / 4 < low < stored.height
    (job,) = office_jobs(book, office)
    assert (job.state, job.options) == (JobState.QUEUED, {"pages": [{"file": "mot.pdf", "page": 1}]})
    page.focus("[data-is=not_register]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#history li:has-text('Không phải trang sổ')")
    assert book.page_problems()[0].resolution is not None or book.page_problems()[1].resolution is not None
    page.focus("#undo")
    page.keyboard.press("Enter")
    page.wait_for_selector("#history li:has-text('để máy tự đọc')")
    assert Instructions(book).current()["mot.pdf", 1].said.empty
    assert all(problem.resolution is None for problem in book.page_problems())


def office_jobs(store, office):
    from extractor.store import Jobs

    return Jobs(store).unfinished(str(office.out.resolve()))


@pytest.mark.browser
def test_records_of_a_table_are_split_and_joined(visitor, office, book, monkeypatch):
    monkeypatch.setattr(Previews, "_read", lambda *_: PageText())  # tables are found by their rulings
    Instructions(book).say(number_of(book, "bang.pdf"), PageInstruction(form="ks-1976", pages=1, turn=0), "Thử Một")
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/pages/{number_of(book, 'bang.pdf')}/mend")
    settled(page)
    assert page.input_value("#form") == "ks-1976"
    page.focus("[name=tool][value=look]")
    page.keyboard.press("ArrowUp")
    lines = page.locator(".handle").count()
    assert lines >= 3
    page.focus(".handle[data-index='0']")
    page.keyboard.press("Enter")
    assert page.locator(".handle").count() == lines + 1
    assert page.evaluate("document.activeElement.dataset.index") == "1"
    assert Axe().run(page, options=RULES).response["violations"] == []
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    assert page.locator(".handle").count() == lines - 1
    settled(page)
    page.focus("#save")
    page.keyboard.press("Enter")
    page.wait_for_selector("#history li:has-text('bản ghi theo đường ngăn')")
    assert len(Instructions(book).current()["bang.pdf", 1].said.rows) == lines - 1


@pytest.mark.browser
def test_a_missing_page_is_reported_and_accepted_in_words(visitor, office, book):
    page = visitor(office, "Thử Một")
    page.goto(f"{office.url}/books/1/pages")
    choose(page, "#after", str(number_of(book, "mot.pdf")))
    page.focus("#why")
    page.keyboard.type("Số đăng ký nhảy từ 01 sang 03")
    page.keyboard.press("Enter")
    page.wait_for_selector(".missing-list li")
    assert Missing(book).open() == {1: 1}
    page.goto(f"{office.url}/books/1/approval")
    assert "báo thiếu 1 trang" in page.inner_text(".obstacles")
    page.goto(f"{office.url}/books/1/pages")
    page.focus("[name=words]")
    page.keyboard.type("Sổ gốc cũng thiếu tờ này")
    page.focus("[value=accepted]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".missing-list .muted")
    assert Missing(book).of_book(1)[0].outcome is Outcome.ACCEPTED


def test_only_operators_and_adjudicators_say_how_a_page_is_read(enter, book):
    number = number_of(book, "mot.pdf")
    body = {"said": {"turn": 2}, "newest": 0, "reread": False}
    for role, status in ((Role.REVIEWER, 403), (Role.APPROVER, 403), (Role.AUDITOR, 403), (Role.ADJUDICATOR, 200)):
        client = enter(f"Người {role.value}", [role])
        assert client.get(f"/pages/{number}/mend").status_code == 200
        assert client.get(f"/page/{number}/source").headers["content-type"] == "image/webp"
        assert client.post(f"/api/pages/{number}/instruction", json=body).status_code == status
        form = {"count": "1", "why": "thiếu", "csrf": client.headers["X-CSRF-Token"]}
        assert client.post("/books/1/pages/missing", data=form).status_code == status
    assert enter("Người xem số", [Role.RESEARCHER]).get(f"/pages/{number}/mend").status_code == 403
    # What somebody else said meanwhile is not overwritten unseen.
    operator = enter("Người nhập", [Role.OPERATOR])
    assert operator.post(f"/api/pages/{number}/instruction", json=body).status_code == 409


def test_previews_keep_no_more_than_a_few_threads_waiting(enter, book, monkeypatch):
    number = number_of(book, "mot.pdf")
    client = enter("Người nhập", [Role.OPERATOR])
    previews = client.app.state.room.previews
    tries = [previews._turn() for _ in range(3)]
    for each in tries:
        each.__enter__()
    assert client.post(f"/api/pages/{number}/preview", json={"said": {}}).status_code == 429
    for each in tries:
        each.__exit__(None, None, None)
    monkeypatch.setattr(Previews, "_reduced", lambda *_: (_ for _ in ()).throw(OutdatedError("later")))
    assert client.post(f"/api/pages/{number}/preview", json={"said": {}}).status_code == 409


def test_pages_of_other_books_are_as_if_they_were_not(enter, book):
    number = number_of(book, "mot.pdf")
    client = enter("Người ngoài", [Role.OPERATOR], books=[77])
    body = {"said": {"turn": 2}, "newest": 0, "reread": False}
    for path in (f"/pages/{number}/mend", f"/page/{number}/source", f"/api/pages/{number}/state", "/books/1/pages"):
        assert client.get(path).status_code == 404, path
    assert client.post(f"/api/pages/{number}/instruction", json=body).status_code == 404
    assert client.post(f"/api/pages/{number}/preview", json={"said": {}}).status_code == 404
    assert client.post("/books/1/pages/missing", data={"count": "1", "why": "thiếu"}).status_code == 404
    report = Missing(book).report(1, None, 1, "thiếu", "Người Một")
    assert client.post(f"/books/1/pages/missing/{report.id}", data={"outcome": "found"}).status_code == 404
    assert Missing(book).open() == {1: 1}


def test_what_is_nonsense_is_refused_and_a_scan_that_is_gone_is_told(enter, book, pages):
    number = number_of(book, "mot.pdf")
    client = enter("Người nhập", [Role.OPERATOR])
    for said in ({"turn": 7}, {"form": "KS 2006"}, {"corners": [[0, 0], [1, 1], [2, 2], [3, 3]]}, {"angle": 3}):
        body = {"said": said, "newest": 0}
        assert client.post(f"/api/pages/{number}/instruction", json=body).status_code == 422, said
    for form in ("xx-2006", "bia-so"):
        body = {"said": {"form": form}, "newest": 0}
        assert client.post(f"/api/pages/{number}/instruction", json=body).status_code == 422, form
    far = {"corners": [[0, 0], [90000, 0], [90000, 90000], [0, 90000]]}
    answer = client.post(f"/api/pages/{number}/preview", json={"said": far})
    assert (answer.status_code, answer.json()["error"]) == (422, "instruction")
    assert Instructions(book).current() == {}
    assert client.get("/api/pages/999/state").status_code == 404
    wrong = client.post("/books/1/pages/missing", data={"count": "x", "why": "thiếu"})
    assert (wrong.status_code, "1 đến 500" in wrong.text) == (422, True)
    for after in ("9" * 20, "abc", "٣"):
        assert (
            client.post("/books/1/pages/missing", data={"after": after, "count": "1", "why": "thiếu"}).status_code
            == 422
        )
    for _ in range(2):
        client.post("/books/1/pages/missing", data={"count": "1", "why": "thiếu"})
    assert Missing(book).open() == {1: 1}
    assert client.get("/books/999/pages").status_code == 404
    sources = (pages / "sources.json").read_text(encoding="utf-8")
    (pages / "sources.json").write_text(sources.replace("mot.pdf", "da-mat.pdf"), encoding="utf-8")
    assert client.get(f"/page/{number}/source").status_code == 404
    assert client.get(f"/pages/{number}/mend").status_code == 200
