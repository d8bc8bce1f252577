"""The boards against numbers counted by hand: two books of two communes, work on known days, one answer taken back."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from fastapi.testclient import TestClient
from support.people import EVERYTHING, employ, login_of, sign_in

from extractor.errors import SettingsError
from extractor.records import BookKey
from extractor.review.app import create_app
from extractor.review.board_books import Level, group_key, stems
from extractor.review.board_chart import colours, stacked_pillars
from extractor.review.board_figures import Figures
from extractor.review.board_people import Names, paces, people, small_teams
from extractor.review.board_settings import default_settings, load_settings
from extractor.review.forecast import Forecast, forecast
from extractor.review.permissions import Permission, permissions
from extractor.store import Accounts, QueueEmpty, Role, Store
from extractor.store.work import BlindTally, InspectedTally, Speed, WorkCount

ONE, OTHER, CHIEF = "Lò Thị Mẫu", "Vàng A Thử", "Quản Trị Mẫu"
THERE = BookKey("KT", "2018", "02", "UBND xã Bản Ví", "Bản Ví", "Mẫu", "Ví Dụ")
TODAY = date(2026, 1, 20)
SETTINGS = default_settings()


class Clock:
    """A clock that the test moves; each look moves it a little."""

    def __init__(self):
        self.at(20, 9)

    def __call__(self):
        self.now += timedelta(microseconds=7)
        return self.now

    def at(self, day, hour, minute=0):
        self.now = datetime(2026, 1, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def counted(pages, clock, remake_page):
    """Three records here, one there: ONE answers two fields here on the 19th, OTHER one there on the 20th."""
    with Store.open(f"sqlite:///{pages / 'store.sqlite'}", clock=clock) as store:
        page = remake_page(1)
        records = tuple(record.model_copy(update={"file": "KT.2018.02.pdf"}) for record in page.records)
        store.save_page(replace(page, file="KT.2018.02.pdf", book=THERE, records=records, sha256="f" * 64))
        for person, day, hour, book, correct in (
            (ONE, 19, 11, 1, True),
            (ONE, 19, 12, 1, False),
            (ONE, 19, 13, 1, False),
            (OTHER, 20, 8, 2, False),
        ):
            clock.at(day, hour)
            answer(store, store.claim(person, book=book), correct=correct)
            if hour == 13:
                store.undo_last(person)
        clock.at(20, 9)
        yield store


def answer(store, task, *, correct=False):
    raw = f"{task.field.raw} khác" if correct else task.field.raw
    store.decide(task, task.token, person=task.person, raw=raw, value=None if correct else task.field.value)


@pytest.fixture
def enter(counted, pages):
    """Brings a person in; gives a client."""
    app = create_app(counted, pages, announce=lambda _: None, hosts={"testserver"})

    def bring(name=CHIEF, roles=EVERYTHING, books=None, language=""):
        client = TestClient(app)
        employ(counted, name, roles, books=books)
        sign_in(client, name)
        if language:
            client.cookies.set("extractor_language", language)
        return client

    return bring


def table(page, title):
    """The rows of the tables of a section, each a list of texts."""
    section = re.search(rf'<section aria-labelledby="title-{title}">(.*?)</section>', page, re.S)[1]
    rows = re.findall(r"<tr>(.*?)</tr>", section, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def counts(page):
    """The rows of the books, by name, without heading and forecast."""
    return {row[0]: row[1:-1] for row in table(page, "books")[1:]}


def test_books_by_commune_and_by_province(enter):
    page = enter().get("/boards").text
    # books, pages, read, page problems, records, verified, waiting, exported; five pages and three records here
    assert counts(page) == {
        "UBND xã Đồng Thử": ["1", "5", "3", "2", "3", "0 0 %", "16", "0"],
        "Bản Ví, Mẫu, Ví Dụ": ["1", "1", "1", "0", "1", "0 0 %", "5", "0"],
        "Tổng cộng": ["2", "6", "4", "2", "4", "0 0 %", "21", "0"],
    }
    page = enter().get("/boards?by=province").text
    assert set(counts(page)) == {"chưa rõ", "Ví Dụ", "Tổng cộng"}


def test_each_book_with_its_condition_and_its_export(enter, counted, clock):
    while not isinstance(task := counted.claim(OTHER, book=2), QueueEmpty):
        answer(counted, task)
    counted.append_audit(actor="machine", action="exported", subject="export:xabanvi_m_vd.KT.2018.02")
    assert "xabanvi_m_vd.KT.2018.02" not in stems(THERE)  # the commune is called 'Bản Ví', not 'xã Bản Ví'
    (stem,) = {stem for stem in stems(THERE) if stem.startswith("banvi")}
    counted.append_audit(actor="machine", action="exported", subject=f"export:{stem}")
    rows = table(enter().get("/boards?by=book").text, "books")[1:]
    assert [row[1:] for row in rows] == [
        ["2017", "01", "UBND xã Đồng Thử", "kém", "5", "3", "2", "3", "0", "16", "–"],
        ["2018", "02", "Bản Ví, Mẫu, Ví Dụ", "tốt", "1", "1", "0", "1", "1", "0", "20/01/2026"],
    ]
    assert counts(enter().get("/boards").text)["Bản Ví, Mẫu, Ví Dụ"][-3:] == ["1 100 %", "0", "1"]
    clock.at(20, 10)
    field = counted.stored_record(counted.record_ids(2)[0]).fields[0].id
    answer(counted, counted.claim_field(field, OTHER), correct=True)
    assert counts(enter().get("/boards").text)["Bản Ví, Mẫu, Ví Dụ"][-1] == "0 1 sổ đã thay đổi từ đó"


def test_work_by_shift_and_by_day(enter):
    rows = table(enter().get("/boards").text, "pace")
    days = {row[0]: row[1:] for row in rows if re.fullmatch(r"\d\d/\d\d", row[0])}
    assert days["20/01"] == ["1", "0", "0", "0", "1"]
    assert days["19/01"] == ["1", "1", "0", "0", "2"]
    assert sum(int(row[-1]) for row in days.values()) == 3
    assert [row for row in rows if "giờ" in row[0]] == [
        ["Ca 1 6–12 giờ", "2", "2", "1,0", "–", "–", "1"],
        ["Ca 2 12–17 giờ", "1", "1", "1,0", "–", "–", "0"],
    ]


def test_names_are_for_those_who_may_see_them_and_for_oneself(enter):
    for roles in ((Role.ADMINISTRATOR,), (Role.APPROVER,), (Role.AUDITOR,)):
        page = enter(f"Xem {roles[0]}", roles).get("/boards").text
        assert [row[:2] for row in table(page, "people")[1:]] == [[ONE, "2"], [OTHER, "1"]]
    page = enter(ONE, (Role.REVIEWER,)).get("/boards").text
    assert [row[:2] for row in table(page, "people")[1:]] == [[ONE, "2"]]
    assert OTHER not in page
    for role in (Role.RESEARCHER, Role.OPERATOR, Role.ADJUDICATOR):
        page = enter(f"Xem {role}", (role,)).get("/boards").text
        assert "title-people" not in page
        assert ONE not in page
        assert OTHER not in page


def test_a_person_who_was_renamed_keeps_the_own_line(enter, counted):
    employ(counted, CHIEF)
    client = enter(ONE, (Role.REVIEWER,))
    accounts = Accounts(counted)
    accounts.change(accounts.find(login_of(ONE)).id, by=CHIEF, person="Lò Thị Khác")
    assert table(client.get("/boards").text, "people")[1][:2] == ["Lò Thị Khác", "2"]


def test_accounts_limited_to_books_see_these_alone(enter):
    client = enter("Chỉ Ở Đó", (Role.APPROVER,), books=[2])
    page = client.get("/boards").text
    assert set(counts(page)) == {"Bản Ví, Mẫu, Ví Dụ", "Tổng cộng"}
    assert counts(page)["Tổng cộng"] == ["1", "1", "1", "0", "1", "0 0 %", "5", "0"]
    assert [row[0] for row in table(page, "people")[1:]] == [OTHER]
    assert "Đồng Thử" not in client.get("/boards?by=book").text
    totals = list(sheet(client.get("/boards/progress.xlsx?by=month")).values)[-1]
    assert totals[1:6] == (1, 1, 1, 1, 0)
    nothing = enter("Không Sổ Nào", (Role.RESEARCHER,), books=[]).get("/boards")
    assert nothing.status_code == 200
    assert "title-books" in nothing.text


def sheet(answer, number=0):
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[number]


def test_the_progress_report_has_names_only_for_those_who_may_see_them(enter):
    chief = enter()
    week = chief.get("/boards/progress.xlsx?by=week")
    assert week.headers["content-disposition"] == 'attachment; filename="tien-do.week.xlsx"'
    assert chief.get("/boards/progress.xlsx?by=week").content == week.content
    assert list(sheet(week).values)[-1][4:6] == (2, 1)  # confirmed, corrected
    assert {row[1] for row in sheet(week, 1).values} >= {ONE, OTHER}
    own = enter(ONE, (Role.REVIEWER,)).get("/boards/progress.xlsx?by=week")
    assert list(sheet(own).values)[-1] == list(sheet(week).values)[-1]
    texts = zipfile.ZipFile(io.BytesIO(own.content)).read("xl/sharedStrings.xml").decode()
    assert ONE in texts
    assert OTHER not in texts


def test_nobody_comes_in_without_signing_in_and_odd_questions_are_refused(enter):
    client = enter()
    assert client.get("/boards?by=person").status_code == 404
    assert client.get("/boards?days=0").status_code == 404
    assert client.get("/boards/progress.xlsx?by=year").status_code == 404
    assert client.get("/boards?by=book&after=9").status_code == 200
    stranger = TestClient(client.app)
    for path in ("/boards", "/boards/progress.xlsx"):
        assert stranger.get(path).url.path == "/sign-in"


def test_pages_are_escaped_have_nothing_inline_and_speak_english_too(enter, counted, pages):
    (pages / "boards.yaml").write_text('teams: [{name: "<b>Tổ", logins: [x]}]\n', encoding="utf-8")
    client = enter("<script>alert(1)<b>", language="en")
    answer(counted, counted.claim("<script>alert(1)<b>"))
    for by in Level:
        page = client.get(f"/boards?by={by.value}").text
        assert "Books and records" in page
        assert "<script>alert" not in page
        assert "<b>Tổ" not in page
        assert " style=" not in page


def test_the_home_page_leads_there(enter):
    assert 'href="/boards"' in enter("Chỉ Xem", (Role.RESEARCHER,)).get("/").text


def test_an_office_sets_teams_targets_inventory_and_priority(enter, pages):
    employ_all = f"[{login_of(ONE)}, {login_of(OTHER)}, {login_of(CHIEF)}]"
    (pages / "boards.yaml").write_text(
        f"""
teams: [{{name: Tổ 1, logins: {employ_all}, target: 4}}]
inventory:
  - {{register: KS, books: 3}}
  - {{register: KH, books: 2}}
priority: [KT]
""",
        encoding="utf-8",
    )
    enter(ONE, (Role.REVIEWER,))
    enter(OTHER, (Role.REVIEWER,))
    page = enter().get("/boards?by=register").text
    found = counts(page)
    assert {name: row[:2] for name, row in found.items()} == {
        "Sổ đăng ký khai sinh": ["3", "1"],
        "Sổ đăng ký kết hôn": ["2", "0"],
        "Sổ đăng ký khai tử": ["–", "1"],
        "Tổng cộng": ["5", "2"],
    }
    assert [row for row in table(page, "pace") if row[0] == "Tổ 1"][:2] == [
        ["Tổ 1", "Ca 1 6–12 giờ", "2", "2", "1,0", "4", "25 %", "1"],
        ["Tổ 1", "Ca 2 12–17 giờ", "1", "1", "1,0", "4", "25 %", "0"],
    ]
    assert "Thứ tự ưu tiên: Sổ đăng ký khai tử" in page
    # The inventory is of all books: somebody who sees some of them could not tell what it means.
    assert "Sổ kiểm kê" not in enter("Chỉ Ở Đó", (Role.AUDITOR,), books=[2]).get("/boards").text


def test_the_most_urgent_register_is_handed_out_first_and_then_the_others(enter, counted, pages):
    def books_claimed(client):
        tasks = client.post("/api/claim", json={}).json()["tasks"]
        client.post("/api/release", json=[{"task": task["id"], "token": task["token"]} for task in tasks])
        record = client.post("/api/records/claim", json={}).json()["record"]
        return {counted.stored_record(task["record"]).book_id for task in tasks}, record["id"]

    there = counted.record_ids(2)[0]
    client = enter()
    fields, record = books_claimed(client)
    assert 1 in fields
    assert record != there
    (pages / "boards.yaml").write_text("priority: [LH, KT]\n", encoding="utf-8")
    other = enter("Lê Văn Khác")
    fields, record = books_claimed(other)
    assert (fields, record) == ({2}, there)
    limited = enter("Chỉ Ở Đây", books=[1])
    assert books_claimed(limited)[0] == {1}
    # What one person holds as a record is not for others, who go on with the next register.
    assert books_claimed(enter("Lê Văn Nữa"))[0] == {1}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("shifts: [{name: A, from: 12, to: 6}]", "shifts.0"),
        ("shifts: [{name: A, from: 6, to: 12}, {name: B, from: 11, to: 17}]", "overlap"),
        ("teams: [{name: A, logins: [x]}, {name: B, logins: [x]}]", "two teams"),
        ("teams: [{name: A, logins: [x], target: 0}]", "teams.0.target"),
        ("inventory: [{register: KS}]", "inventory.0.books"),
        ("tempo: 3", "tempo"),
        ("- 3", "no settings"),
        ("teams: [", "cannot be read"),
    ],
)
def test_settings_that_cannot_be_used_are_named_and_the_boards_go_on(tmp_path, text, place):
    (tmp_path / "boards.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"boards\.yaml") as caught:
        load_settings(tmp_path)
    assert place in str(caught.value)


def test_the_page_says_what_is_wrong_with_the_settings(enter, pages):
    (pages / "boards.yaml").write_text("tempo: 3", encoding="utf-8")
    page = enter().get("/boards")
    assert page.status_code == 200
    assert "boards.yaml: tempo" in page.text


def test_the_boards_say_whether_exports_ask_for_an_approval(enter, pages):
    client = enter()
    assert "Chỉ xuất sổ đã được phê duyệt" not in client.get("/boards").text
    (pages / "exports.yaml").write_text("policy: approved", encoding="utf-8")
    page = client.get("/boards").text
    assert "Chỉ xuất sổ đã được phê duyệt" in page
    assert "Sổ đã duyệt" in page
    (pages / "exports.yaml").write_text("policy: perhaps", encoding="utf-8")
    assert "exports.yaml: policy" in client.get("/boards").text


# The parts by themselves


def test_a_forecast_is_the_mean_and_a_range_that_widens_with_the_spread():
    even = forecast(1000, [100] * 14, TODAY, worked_days=5)
    assert even == Forecast(TODAY + timedelta(10), TODAY + timedelta(10), TODAY + timedelta(10))
    # mean 10, standard deviation 2.0755, t(13) 2.1604: (10 n - 100)² = 20.105 (n + n²/14) for n = 8.36 and 12.13
    uneven = forecast(100, [8, 12] * 7, TODAY, worked_days=5)
    assert uneven == Forecast(TODAY + timedelta(10), TODAY + timedelta(9), TODAY + timedelta(13))
    wild = forecast(1000, [0] * 9 + [5, 200, 3, 4, 1], TODAY, worked_days=5)
    assert wild.last is None


def test_nothing_is_foretold_of_too_little():
    assert forecast(1000, [100] * 4, TODAY, worked_days=5) is None
    assert forecast(1000, [0] * 10 + [100] * 4, TODAY, worked_days=5) is None
    assert forecast(1000, [], TODAY, worked_days=5) is None
    assert forecast(0, [100] * 14, TODAY, worked_days=5) is None
    assert forecast(10**9, [1] * 14, TODAY, worked_days=5) is None


def test_what_is_known_of_a_person_is_counted_together_under_all_names(counted):
    employ(counted, CHIEF)
    employ(counted, ONE, (Role.REVIEWER,))
    accounts = Accounts(counted)
    accounts.change(accounts.find(login_of(ONE)).id, by=CHIEF, person="Lò Thị Khác")
    names = Names(accounts.all())
    work = [
        WorkCount(TODAY, 8, ONE, 1, confirmed=30, corrected=8, rekeyed=2),
        WorkCount(TODAY, 9, f"may-khac/{ONE}", 1, confirmed=2, corrected=0, rekeyed=0),
        WorkCount(TODAY, 9, OTHER, 1, confirmed=1, corrected=0, rekeyed=0),
    ]
    speeds = [Speed(ONE, 30, 300.0), Speed("lò thị khác", 10, 100.0), Speed(OTHER, 29, 29.0)]
    blind = [BlindTally(ONE, agreed=20, right=1, wrong=1)]
    own, other = people(work, speeds, blind, [InspectedTally(ONE, 40, 2)], names=names, least=30)
    assert (own.person, own.answers, own.per_hour, own.timed) == ("Lò Thị Khác", 42, 360.0, 40)
    assert (own.corrected.number, own.corrected.of) == (8, 20)  # 20 of the 32 confirmed were typed blind
    assert own.corrected.interval is None
    assert (own.agreed.number, own.agreed.of, own.blind_errors.number, own.blind_errors.of) == (20, 22, 1, 22)
    assert own.inspected_errors.interval.share == 0.05
    assert own.inspected_errors.interval.high == pytest.approx(0.1692, abs=1e-4)  # Clopper and Pearson, 2 of 40
    assert (other.person, other.per_hour) == (OTHER, None)


def test_work_outside_shifts_and_of_no_team_is_shown_by_itself(counted):
    employ(counted, ONE, (Role.REVIEWER,))
    settings = SETTINGS.model_validate(
        {**SETTINGS.model_dump(by_alias=True), "teams": [{"name": "Tổ 1", "logins": [login_of(ONE)], "target": 9}]}
    )
    work = [
        WorkCount(TODAY, 21, ONE, 1, confirmed=3, corrected=0, rekeyed=0),
        WorkCount(TODAY, 22, ONE, 1, confirmed=4, corrected=1, rekeyed=0),
        WorkCount(TODAY - timedelta(1), 6, OTHER, 1, confirmed=0, corrected=0, rekeyed=2),
    ]
    names = Names(Accounts(counted).all())
    found = {(line.team, line.shift): line for line in paces(work, names, settings, TODAY)}
    assert {key: line.answers for key, line in found.items() if line.answers} == {
        ("Tổ 1", "Ca 3"): 3, ("Tổ 1", ""): 5, ("", "Ca 1"): 2,
    }  # fmt: skip
    assert (found["Tổ 1", "Ca 1"].pace, found["Tổ 1", "Ca 1"].target) == (None, 9)
    assert (found["", "Ca 1"].today, found["Tổ 1", "Ca 3"].today) == (0, 3)
    assert small_teams(work, names, settings) == {"Tổ 1", ""}
    assert small_teams(work, names, SETTINGS) == frozenset()


def test_small_teams_are_hidden_from_those_who_may_not_see_people(enter, pages):
    (pages / "boards.yaml").write_text(f"teams: [{{name: Tổ 1, logins: [{login_of(ONE)}]}}]", encoding="utf-8")
    enter(ONE, (Role.REVIEWER,))
    assert "Tổ 1" in enter().get("/boards").text
    page = enter("Chỉ Xem", (Role.RESEARCHER,)).get("/boards").text
    assert "Tổ 1" not in page
    assert "Tổ quá ít người" in page


def test_columns_of_a_chart_stand_on_each_other():
    colour_of = colours(2)
    chart = stacked_pillars([(TODAY, [30, 10, 0]), (TODAY, [0, 0, 0])], colour_of)
    low, high = chart.pillars[0].pieces
    assert (low.colour, high.colour) == colour_of[:2]
    assert high.y + high.height < low.y <= chart.base - low.height
    assert [tick.number for tick in chart.ticks] == [0, 10, 20, 30, 40]
    assert chart.pillars[1].pieces == ()
    assert len(colours(9)) == 10


def test_figures_are_written_as_each_language_does():
    assert Figures("vi").number(1234.5, 1) == "1.234,5"
    assert Figures("en").number(1234.5, 1) == "1,234.5"
    assert [Figures("vi").percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == [
        "0 %", "0,1 %", "50 %", "99,9 %", "100 %",
    ]  # fmt: skip


def test_a_commune_that_is_not_known_goes_by_its_authority():
    assert group_key(Level.COMMUNE, BookKey("KS", agency="UBND xã Mẫu")) == ("", "", "UBND xã Mẫu")
    assert group_key(Level.COMMUNE, THERE) == ("Ví Dụ", "Mẫu", "Bản Ví")


def test_who_may_see_people():
    may = {role for role in Role if Permission.PEOPLE in permissions([role])}
    assert may == {Role.ADMINISTRATOR, Role.APPROVER, Role.AUDITOR}


@pytest.mark.browser
def test_the_boards_by_keyboard_on_a_narrow_screen(visitor, office):
    from axe_playwright_python.sync_playwright import Axe

    while not isinstance(task := office.store.claim(ONE), QueueEmpty):
        answer(office.store, task)
    page = visitor(office, CHIEF)
    page.set_viewport_size({"width": 1280, "height": 620})
    page.focus("a[href='/boards']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".boards")
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}}
    assert Axe().run(page, options=rules).response["violations"] == []
    page.focus("#by")
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/boards?by=book&days=28")
    assert Axe().run(page, options=rules).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # What the chart shows is what the table beside it says.
    today = page.inner_text(".days tbody tr:first-child td:last-child")
    assert int(today) == sum(count.number for count in office.store.activity() if count.person == ONE)
    assert page.locator(".pillars rect").count() == 1
    with page.expect_download() as download:
        page.focus("a[href*='by=month']")
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "tien-do.month.xlsx"
