from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest
import yaml
from PIL import Image

from extractor import errors
from extractor.exports.books import export_run
from extractor.exports.chart import Bar, stacked_bars
from extractor.exports.findings import texts
from extractor.exports.profile import load_profiles
from extractor.exports.report import OverlayPicture, RecordTally, RunReport, book_lines, render_report, write_report
from extractor.records import PageProblem, PageProblemKind, RuleWarning, Severity
from extractor.scans import SetAside
from extractor.templates.form import Kind

SECRET = "Nguyễn Bí Mật"
CHROMIUM = shutil.which("chromium")


class Page(HTMLParser):
    """What a page links to and shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        known = dict(attrs)
        self.links += [known["href"]] if "href" in known else []
        self.sources += [known["src"]] if "src" in known else []


def counted(records, form, titles=None):
    tally = RecordTally({form.form: form}, titles)
    for record in records:
        tally.add(record)
    return tally.counts()


@pytest.fixture
def records(record):
    warned = (
        RuleWarning(rule="birth-date", fields=("nksNgaySinh",), message=SECRET),
        RuleWarning(rule="sex", fields=("nksGioiTinh",), message=SECRET, severity=Severity.ERROR),
    )
    return [
        record("1", page=1, nksHoTen=SECRET).model_copy(update={"warnings": warned[:1]}),
        record("2", page=2, nksHoTen=SECRET, review=("nksHoTen", "so")).model_copy(update={"warnings": warned[:1]}),
        record("3", page=3, nksHoTen=SECRET, review=("nksHoTen",)).model_copy(update={"warnings": warned[1:]}),
    ]


@pytest.fixture
def report(records, form, book, splitter, tmp_path, jpeg):
    exported = export_run(
        tmp_path,
        records,
        {form.form: form},
        load_profiles(),
        books={record.key: book for record in records},
        page_source=lambda _: (jpeg(), 1),
        split=splitter,
    )
    (tmp_path / "overlays").mkdir()
    Image.new("RGB", (1600, 2300), "#eeddcc").save(tmp_path / "overlays" / "a #1.png")
    titles = {"birth-date": ("Ngày sinh hợp lý", "the date of birth is plausible")}
    return RunReport(
        pages=5,
        pages_registered=3,
        counts=counted(records, form, titles),
        books=book_lines(exported, tmp_path),
        held_back=exported.held_back,
        problems=(
            PageProblem(
                file="b.pdf",
                page=4,
                kind=PageProblemKind.UNKNOWN_FORM,
                message="Score 0.2.",
                overlay="overlays/a #1.png",
            ),
            PageProblem(file="b.pdf", page=5, kind=PageProblemKind.BLANK_PAGE, message="Nothing there."),
        ),
        set_aside=(SetAside("<script>alert(1)</script>.pdf", "truncated", "The file ends early."),),
        overlays=(OverlayPicture("overlays/a #1.png", "trang 1"), OverlayPicture("overlays/gone.png", "trang 2")),
        seconds_per_page=1.234,
        versions={"extractor": "0.1.0", "ks-test": "3"},
        held_back_list="import/held_back.csv",
    )


def test_fields_are_counted_by_kind_and_decision(records, form):
    counts = counted(records, form)
    by_kind = {kind.kind: (kind.accepted, kind.by_person, kind.review) for kind in counts.kinds}
    assert by_kind["person_name"] == (1, 0, 2)
    assert by_kind["record_number"] == (2, 0, 1)
    assert by_kind["date"] == (6, 0, 0)
    assert (counts.records, counts.fields, counts.accepted, counts.review) == (3, 27, 24, 3)
    assert [(rule.rule, rule.severity, rule.count) for rule in counts.rules] == [
        ("birth-date", "warning", 2),
        ("sex", "error", 1),
    ]


def test_the_page_shows_the_figures_and_no_value(report, tmp_path):
    html = render_report(report, tmp_path)
    assert SECRET not in html
    assert "Bí Mật" not in html
    for shown in ("Ngày sinh hợp lý", "88,9 %", "1,23 s", "b.pdf", "chưa được duyệt", "awaits review", "2017"):
        assert shown in html


def test_the_page_stands_alone(report, tmp_path):
    html = render_report(report, tmp_path)
    page = Page(html)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert not any(re.match(r"[a-z]+:|/", link) for link in page.links)
    assert "url(" not in html
    assert "@import" not in html


def test_links_lead_to_the_files_beside_it(report, tmp_path):
    from urllib.parse import unquote

    links = {unquote(link) for link in Page(render_report(report, tmp_path)).links}
    assert {"overlays/a #1.png", "import/held_back.csv"} <= links
    for link in links - {"overlays/gone.png"}:
        assert (tmp_path / link).is_file(), link


def test_names_are_escaped(report, tmp_path):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.pdf" in render_report(report, tmp_path)


def test_thumbnails_are_too_small_to_read(report, tmp_path):
    import base64
    import io

    (source,) = Page(render_report(report, tmp_path)).sources
    picture = Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))
    assert picture.width <= 150
    assert picture.height <= 220


def test_the_same_report_gives_the_same_bytes(report, tmp_path):
    write_report(tmp_path / "report.html", report)
    first = (tmp_path / "report.html").read_bytes()
    write_report(tmp_path / "report.html", report)
    assert (tmp_path / "report.html").read_bytes() == first


def test_long_lists_are_cut_and_counted(report, tmp_path):
    many = replace(report, set_aside=tuple(SetAside(f"{n}.pdf", "empty", "Nothing in it.") for n in range(1075)))
    html = render_report(many, tmp_path)
    assert html.count("Nothing in it.") == 60
    assert "1.015 dòng nữa" in html


def test_an_empty_run_has_a_report(tmp_path):
    html = render_report(RunReport(pages=0, pages_registered=0, counts=RecordTally({}).counts()), tmp_path)
    assert "Không có sổ nào để xuất" in html
    assert "–" in html


def test_every_code_has_its_words():
    text = resources.files("extractor.exports").joinpath("report_texts.yaml").read_text(encoding="utf-8")
    words = yaml.safe_load(text)
    assert all(len(pair) == 2 for table in words.values() for pair in table.values())
    assert set(words["kinds"]) == {kind.value for kind in Kind}
    assert set(words["problems"]) == {kind.value for kind in PageProblemKind}
    assert set(words["severities"]) == {severity.value for severity in Severity}
    reasons = {
        one.reason for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.InputError)
    }
    assert set(words["set_aside"]) == reasons
    assert set(words["reasons"]) == set(texts()["reasons"]) - {"not_normalised"}


def test_bars_share_one_scale():
    chart = stacked_bars([Bar("a", "", (30, 0, 10)), Bar("b", "", (0, 20, 0)), Bar("c", "", (0, 0, 0))])
    widths = [[segment.width for segment in row.segments] for row in chart.rows]
    assert widths == [[330.0, 110.0], [220.0], []]
    assert chart.rows[0].segments[1].x == chart.rows[0].segments[0].x + 330
    assert stacked_bars([]).rows == ()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_shows_it_without_asking_for_anything(report, tmp_path):
    write_report(tmp_path / "report.html", report)
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={tmp_path}/browser", "--window-size=1000,1400"]
    command += [f"--screenshot={tmp_path}/report.png", (tmp_path / "report.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(tmp_path / "report.png") as picture:
        assert picture.size == (1000, 1400)
        header = picture.convert("RGB").getpixel((5, 5))
    assert header == (0x1F, 0x4E, 0x6E)


def test_warnings_about_a_book_stand_below_it_in_both_languages(report, tmp_path):
    line = replace(report.books[0], findings=(("Thiếu số 4", "Number 4 is missing"),))
    html = render_report(replace(report, books=(line,)), tmp_path)
    assert "Thiếu số 4" in html
    assert "Number 4 is missing" in html
