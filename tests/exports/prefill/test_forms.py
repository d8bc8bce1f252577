"""Entry forms of a small store: whole, marked, going on, and nothing shown that must not be."""

import json
import re
import shutil
from dataclasses import replace

import pytest
from exports.prefill.visiting import SCHEMA, make_record
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from extractor.batch.storage import open_store
from extractor.cli.root import app
from extractor.errors import ExportError, SettingsError
from extractor.exports.prefill.folder import own_folder
from extractor.exports.prefill.writing import write_entry_forms
from extractor.exports.supplements import FILE, Supplement, write_supplements
from extractor.records import BookKey
from extractor.store import MachineChange, PageResult
from extractor.templates.load import default_folder

BOOK = BookKey("KS", "2017", "01", "UBND xã Đồng Thử")
OTHER = BookKey("KS", "2016", "02", "UBND xã Đồng Thử")
FORMS = {"ks-2016": SCHEMA}
NASTY = "</script><img src=x onerror=alert(1)>\"'&"


def save(store, page, book=BOOK, image="pages/1.jpg", form="ks-2016", **changes):
    record = make_record(page=page, boxes=True, **changes).model_copy(update={"form": form})
    store.save_page(
        PageResult(
            file="so.pdf", page=page, sha256=f"{page:064d}", width=1240, height=1754, image=image,
            pipeline_version="1", book=book, records=(record,),
        )
    )  # fmt: skip
    return record


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """The output folder of an invented run: three records, one of them in another book."""
    out = tmp_path_factory.mktemp("run")
    (out / "pages").mkdir()
    image = Image.new("RGB", (1240, 1754), (247, 242, 228))
    ImageDraw.Draw(image).rectangle((400, 800, 900, 860), outline=(20, 40, 120), width=4)
    image.save(out / "pages" / "1.jpg")
    with open_store(out) as store:
        save(store, 1, doubtful=("nksHoTen", "meDanToc"))
        save(store, 2, nksNoiSinh=NASTY)
        save(store, 3, book=OTHER)
    return out


@pytest.fixture
def run(seeded, tmp_path):
    return shutil.copytree(seeded, tmp_path / "run")


def write(run, target, **options):
    with open_store(run) as store:
        return write_entry_forms(store, run, target, FORMS, **options)


def page_of(target, number, book="KS.2017.01"):
    return next((target / book).glob(f"so.pdf-*-p{number:04d}-01.html"))


def files_of(target):
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def test_each_record_has_a_form_each_book_a_list(run, tmp_path):
    written = write(run, tmp_path / "a")
    assert (written.books, written.records, written.changed, written.doubtful) == (2, 3, 3, 3)
    assert written.faults == []
    text = page_of(tmp_path / "a", 1).read_text(encoding="utf-8")
    assert 'value="Lò Thị Mẫu Hiền"' in text and "chưa duyệt (90 %)" in text and "đã duyệt" in text
    assert "Trong sổ ghi: “5/1/2017”" in text and '<option value="2" data-words="Nữ" selected>' in text
    assert page_of(tmp_path / "a", 2).name in text
    listed = (tmp_path / "a" / "KS.2017.01" / "index.html").read_text(encoding="utf-8")
    assert listed.count("so.pdf-") == 2 and "Lò Thị Mẫu Hiền" in listed
    index = (tmp_path / "a" / "index.html").read_text(encoding="utf-8")
    assert "KS.2016.02/index.html" in index and 'href="javascript:' in index
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


def test_the_same_store_gives_the_same_bytes_and_going_on_writes_only_what_is_missing(run, tmp_path):
    write(run, tmp_path / "a")
    write(run, tmp_path / "b")
    whole = files_of(tmp_path / "a")
    assert whole == files_of(tmp_path / "b")
    # As a killed run leaves it: a page that was never put in place, and half of it beside.
    page = page_of(tmp_path / "b", 2)
    page.rename(page.with_name(page.name + ".part"))
    page.with_name(page.name + ".part").write_bytes(b"<!doc")
    assert write(run, tmp_path / "b").changed == 1
    assert files_of(tmp_path / "b") == whole


def test_proposals_are_left_out_where_only_what_is_settled_is_asked_for(run, tmp_path):
    write(run, tmp_path / "a", settled=True)
    text = page_of(tmp_path / "a", 1).read_text(encoding="utf-8")
    assert "Lò Thị Mẫu Hiền" not in text and "Lò Thị Ví Dụ" in text
    assert 'data-code="nksHoTen" data-text="" value=""' in text


def test_a_field_to_be_typed_blind_shows_nothing(run, tmp_path):
    with open_store(run) as store:
        record = save(store, 4, accepted=("nksHoTen",))
        change = MachineChange(record.key, "nksHoTen", record.fields["nksHoTen"], recheck=True)
        store.update_machine_values([change])
        assert [field.blind for field in store.waiting_fields() if field.record == record.key] == [True]
    write(run, tmp_path / "a")
    text = page_of(tmp_path / "a", 4).read_text(encoding="utf-8")
    assert "Lò Thị Mẫu Hiền" not in text and "nhập lại độc lập" in text


def test_faults_are_named_and_the_rest_goes_on(run, tmp_path):
    with open_store(run) as store:
        save(store, 4, image="pages/none.jpg")
        save(store, 5, form="ks-2999")
        save(store, 6, image="../outside.jpg")
    Image.new("RGB", (10, 10)).save(tmp_path / "outside.jpg")
    written = write(run, tmp_path / "a")
    assert [(fault.key[1], fault.message.split(" is ")[0].split(" of ")[0][:20]) for fault in written.faults] == [
        (4, written.faults[0].message[:20]),
        (5, "Form 'ks-2999'"),
        (6, "The run kept no pict"),
    ]
    assert "none.jpg" in written.faults[0].message
    assert "Không có ảnh trang sổ" in page_of(tmp_path / "a", 4).read_text(encoding="utf-8")
    assert not list((tmp_path / "a").rglob("*p0005*"))
    assert len(list((tmp_path / "a").rglob("so.pdf-*.html"))) == 5
    assert "Lò Thị" not in "".join(fault.message for fault in written.faults)


def test_a_supplement_stands_apart_with_its_source(run, tmp_path):
    known = [
        Supplement(file="so.pdf", page=1, columns={"chaSoDinhDanhCaNhan": "001000000001"}, source="CSDL dân cư <2026>")
    ]
    (run / FILE).parent.mkdir()
    write_supplements(run / FILE, known)
    write(run, tmp_path / "a")
    text = page_of(tmp_path / "a", 1).read_text(encoding="utf-8")
    assert "Nguồn: CSDL dân cư &lt;2026&gt;" in text and "Số định danh cá nhân (Cha)" in text
    (run / FILE).write_text("x\n", encoding="utf-8")
    with pytest.raises(ExportError, match=r"supplements\.jsonl, line 1"):
        write(run, tmp_path / "a")


def test_nothing_is_written_where_no_book_fits(run, tmp_path):
    with pytest.raises(SettingsError, match="No book fits"):
        write(run, tmp_path / "a", wanted=lambda book: book.register == "GH")
    assert not (tmp_path / "a").exists()


def test_books_that_would_share_a_folder_do_not(run, tmp_path):
    with open_store(run) as store:
        save(store, 4, book=replace(BOOK, agency="UBND xã Khác"))
    assert write(run, tmp_path / "a").books == 3
    assert len([path for path in (tmp_path / "a").iterdir() if path.name.startswith("KS.2017.01-")]) == 2


def test_a_folder_with_other_files_is_left_as_it_is(run, tmp_path):
    foreign = tmp_path / "a"
    foreign.mkdir()
    (foreign / "index.html").write_text("của người khác", encoding="utf-8")
    with pytest.raises(SettingsError, match="holds other files"):
        write(run, foreign)
    assert files_of(foreign) == {"index.html": "của người khác".encode()}
    (foreign / "phieu-nhap.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"phieu-nhap\.json: is not the list"):
        write(run, foreign)


def test_what_is_no_longer_listed_is_removed_and_nothing_else(run, tmp_path):
    target = tmp_path / "a"
    write(run, target)
    target.chmod(0o755)
    (target / "KS.2016.02" / "ghi-chu.txt").write_text("của tôi", encoding="utf-8")
    write(run, target, wanted=lambda book: book.year == "2017")
    assert [path.name for path in (target / "KS.2016.02").iterdir()] == ["ghi-chu.txt"]
    assert len(list((target / "KS.2017.01").glob("so.pdf-*.html"))) == 2
    assert {path.stat().st_mode & 0o077 for path in target.rglob("*") if path.name != "ghi-chu.txt"} == {0}
    assert target.stat().st_mode & 0o077 == 0


def test_two_runs_do_not_write_to_one_folder(run, tmp_path):
    with own_folder(tmp_path / "a"), pytest.raises(SettingsError, match="another run"):
        write(run, tmp_path / "a")


def test_pages_lead_past_a_record_that_failed(run, tmp_path):
    with open_store(run) as store:
        save(store, 4, form="ks-2999")
        save(store, 5)
    write(run, tmp_path / "a")
    book = tmp_path / "a" / "KS.2017.01"
    linked = {name for page in book.glob("*.html") for name in re.findall(r'href="([^"]+\.html)"', page.read_text())}
    assert [name for name in linked if not (book / name).exists()] == []
    assert page_of(tmp_path / "a", 5).name in page_of(tmp_path / "a", 2).read_text(encoding="utf-8")


def test_the_command_names_faults_and_filters_books(run, tmp_path):
    form = ("--templates", str(default_folder() / "ks-2016"))

    def call(*words):
        return CliRunner().invoke(app, ["prefill", *words, *form])

    done = call(str(run), "--out", str(tmp_path / "a"), "--book", "number=2", "-q")
    assert done.exit_code == 0 and "1 records in 1 books" in done.output.replace("\n", " ")
    (run / "pages" / "1.jpg").write_bytes(b"no picture")
    done = call(str(run), "--out", str(tmp_path / "b"), "-q")
    assert done.exit_code == 3 and "so.pdf, page 1, record 1" in done.output
    assert isinstance(call(str(run), "--out", str(tmp_path / "c"), "--state", "some").exception, SettingsError)
    assert isinstance(call(str(run), "--out", str(run)).exception, SettingsError)
    assert "trang-mau-khai-sinh" in call("profiles").output
    assert call("filler").output.startswith("javascript:")
    assert call("filler", "userscript").output.startswith("// ==UserScript==")


@pytest.fixture(scope="module")
def forms(seeded, tmp_path_factory):
    """Entry forms for looking at."""
    target = tmp_path_factory.mktemp("forms") / "a"
    write(seeded, target)
    return target


@pytest.fixture
def desk(chromium):
    """A browser without any site: pages from the disk only; nothing else may be asked for."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN")
    page = context.new_page()
    page.set_default_timeout(10_000)
    asked, troubles = [], []
    page.on("request", lambda request: request.url.startswith("file:") or asked.append(request.url))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.on("dialog", lambda dialog: troubles.append("dialog"))
    yield page
    context.close()
    assert (asked, troubles) == ([], [])


@pytest.mark.browser
def test_the_field_in_hand_is_framed_on_the_scan(desk, forms):
    desk.goto(page_of(forms, 1).as_uri())
    desk.focus("[data-code=nksHoTen]")
    paper, frame = (desk.locator(which).bounding_box() for which in (".paper img", ".frame"))
    assert desk.evaluate("document.querySelector('.paper img').naturalWidth") == 1240
    assert frame["x"] - paper["x"] == pytest.approx(paper["width"] * 400 / 1240, abs=3)
    assert frame["y"] - paper["y"] == pytest.approx(paper["height"] * 800 / 1754, abs=3)
    assert frame["width"] == pytest.approx(paper["width"] * 500 / 1240, abs=8)
    view = desk.locator(".scan").bounding_box()
    assert view["y"] <= frame["y"] and frame["y"] + frame["height"] <= view["y"] + view["height"]
    desk.keyboard.press("Enter")
    assert desk.evaluate("document.activeElement.dataset.code") == "nksNgaySinh"
    desk.keyboard.press("Alt+ArrowRight")
    desk.wait_for_url("**/*p0002-01.html")
    assert desk.input_value("[data-code=nksNoiSinh]") == NASTY


@pytest.mark.browser
def test_what_is_typed_into_the_form_goes_along_with_the_record(desk, forms):
    desk.goto(page_of(forms, 1).as_uri())
    desk.fill("[data-code=nksDanToc]", "Tày")
    desk.select_option("[data-code=nksGioiTinh]", "1")
    copied = json.loads(desk.evaluate("record()"))
    assert copied["edits"] == {"nksDanToc": "Tày", "nksGioiTinh": "1"}
    assert copied["columns"]["nksDanToc"]["text"] == "Thái"
    assert desk.locator(".field.edited").count() == 2
    desk.emulate_media(media="print")
    assert desk.inner_text(".field:has([data-code=nksGioiTinh]) .printed") == "Nam"
    assert desk.locator("#copy").is_hidden() and desk.locator(".paper img").is_visible()


@pytest.mark.browser
def test_an_officers_way_from_the_list_to_a_filled_page(desk, forms):
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.goto((forms / "index.html").as_uri())
    address = desk.get_attribute("a.bookmark", "href")
    desk.click("a:has-text('quyển 01')")
    desk.click("a:has-text('05/2017') >> nth=0")
    desk.click("#copy")
    desk.wait_for_selector(".said:has-text('Đã chép bản ghi')")
    desk.goto((forms / "bo-dien" / "khai-sinh.html").as_uri())
    link = "href => document.body.append(Object.assign(document.createElement('a'), {id: 'm', href, text: 'x'}))"
    desk.evaluate(link, address)
    desk.click("#m")
    # The panel is closed to scripts, so this goes as a person's hands do: paste, then press the button in focus.
    desk.keyboard.press("Control+V")
    desk.wait_for_timeout(200)
    desk.keyboard.press("Space")
    desk.wait_for_function("document.getElementById('noiDk').value === 'UBND xã Đồng Thử'")
    assert desk.input_value("#ngayDk") == "2017-02-03" and desk.input_value("#chaDanToc") == "Mông"
    assert desk.input_value("#hoTen") == "" and desk.input_value("#meDanToc") == ""
