"""The form filler in a real browser, on entry pages of different make."""

import json
from importlib import resources

import pytest
from exports.prefill.visiting import loads, make_entry, make_profile

from extractor.exports.prefill.filler_code import bookmarklet, filler_code
from extractor.exports.prefill.mapping import load_mappings

pytestmark = pytest.mark.browser


def test_the_sample_page_is_filled_by_its_profile(visit):
    visit.open("khai-sinh.html", *load_mappings()).paste(make_entry())
    assert visit.page.input_value("#extractor-filler select") == "trang-mau-khai-sinh"
    visit.fill()
    values = {
        "#soDk": "05/2017", "#ngayDk": "2017-02-03", "#loaiDk": "A", "#noiDk": "UBND xã Đồng Thử",
        "#hoTen": "Lò Thị Mẫu Hiền", "#sinhNgay": "05", "#sinhThang": "01", "#sinhNam": "2017", "#danToc": "Thái",
        "#quocTich": "VN", "#meNam": "1990", "#meDanToc": "Thái", "#chaTen": "Vàng A Thử", "#chaDanToc": "Mông",
    }  # fmt: skip
    visit.page.wait_for_timeout(300)
    assert {selector: visit.value(selector) for selector in values} == values
    assert visit.page.is_checked("input[value=F]")
    assert visit.page.get_attribute("#danToc", "data-chosen") == "Thái"
    assert set(visit.kinds().values()) <= {"filled", "empty"}
    assert visit.page.inner_text("#sent") == ""
    assert visit.page.eval_on_selector("#hoTen", "box => box.style.outlineStyle") == "solid"
    visit.undo()
    values = {selector: visit.value(selector) for selector in values}
    assert set(values.values()) == {""}
    assert not visit.page.is_checked("input[value=F]")
    assert visit.page.eval_on_selector("#hoTen", "box => box.getAttribute('style')") in ("", None)


def test_the_sample_page_without_a_profile_is_filled_by_its_labels(visit):
    visit.open("khai-sinh.html").paste(make_entry()).fill()
    kinds = {code: kind for code, kind in visit.kinds().items() if kind != "empty"}
    assert [code for code, kind in kinds.items() if kind != "filled"] == []
    assert len(kinds) == 17
    assert visit.value("#meTen") == "Lò Thị Ví Dụ" and visit.value("#chaDanToc") == "Mông"
    assert visit.value("#sinhThang") == "01" and visit.page.is_checked("input[value=F]")


def test_react_keeps_what_was_filled_in_its_state(visit):
    visit.open("react.html").paste(make_entry(blank=("so",))).fill()
    state = loads(visit.page, "#state")
    wanted = {
        "hoTen": "Lò Thị Mẫu Hiền", "ngay": "05/01/2017", "gioiTinh": "Nữ", "quocTich": "vn", "diaChi": "Đồng Thử, Mẫu",
    }  # fmt: skip
    assert {name: state[name] for name in wanted} == wanted
    assert visit.kind("nksNgaySinh") == "filled"
    assert visit.page.evaluate("[window.sent, window.keys]") == [None, None]
    visit.undo()
    state = loads(visit.page, "#state")
    assert [state[name] for name in ("hoTen", "ngay", "quocTich", "diaChi")] == [""] * 4
    # A group of round buttons cannot be let go once one was chosen; the officer is told so.
    assert visit.kind("nksGioiTinh") == "failed" and "bằng tay" in visit.why("nksGioiTinh")


def test_a_checkbox_is_ticked_for_the_texts_that_mean_it(visit):
    box = {"selector": "[name=boRoi]", "kind": "checkbox", "when": ["5"]}
    visit.open("react.html", make_profile(nksLoaiKhaiSinh=box)).paste(make_entry(nksLoaiKhaiSinh="5")).fill()
    assert loads(visit.page, "#state")["dongY"] is True
    visit.open("react.html", make_profile(nksLoaiKhaiSinh=box)).paste(make_entry(nksLoaiKhaiSinh="2"))
    assert visit.kind("nksLoaiKhaiSinh") == "cannot"


def test_widgets_of_a_pages_own_make(visit):
    profile = make_profile(
        nksNgaySinh={"selector": "#ngay", "kind": "date", "format": "dd/mm/yyyy"},
        ngayDangKy={"selector": "#mask", "kind": "date", "format": "dd/mm/yyyy", "typing": True},
        nksNoiSinh={"selector": "#place", "kind": "combobox", "options": "#portal [role=option]"},
    )
    visit.open("widgets.html", profile).paste(make_entry()).fill()
    model = visit.page.evaluate("model")
    assert model == {"ngay": "2017-01-05", "mask": "03022017", "place": "Trạm y tế xã Đồng Thử"}
    assert visit.page.is_hidden("#popup")


def test_lists_that_a_page_draws_itself(visit):
    visit.open("widgets.html").paste(make_entry(blank=("so",), meQuocTich="Việt Nam", meDanToc="Thái")).fill()
    model = visit.page.evaluate("model")
    assert (model["mui"], model["ant"]) == ("Việt Nam", "Thái")
    assert visit.page.locator("[role=listbox]").count() == 0
    visit.undo()
    assert visit.page.inner_text("#mui") == "-- Chọn quốc tịch --"
    # A list that offers no empty entry cannot be emptied again.
    assert visit.kind("meDanToc") == "failed" and "bằng tay" in visit.why("meDanToc")
    visit.open("widgets.html", make_profile(nksQueQuan={"selector": "#plain"}, meDanToc={"selector": "#ant"}))
    visit.paste(make_entry(meDanToc="Tày")).fill()
    assert "có thể gửi" in visit.why("nksQueQuan") and "đúng một mục" in visit.why("meDanToc")
    assert visit.page.locator("[role=listbox]").count() == 0


def test_a_list_that_hangs_on_another_is_filled_in_a_second_go(visit):
    profile = make_profile(nksDanToc={"selector": "#danToc"}, nksQuocTich={"selector": "#quocTich"})
    visit.open("dependent.html", profile).paste(make_entry())
    assert visit.kind("nksDanToc") == "cannot"
    visit.fill()
    assert (visit.value("#quocTich"), visit.value("#danToc")) == ("Việt Nam", "")
    assert visit.kind("nksDanToc") == "ready" and "giờ điền được" in visit.why("nksDanToc")
    visit.page.click("#extractor-filler button.main")
    visit.page.wait_for_selector("#extractor-filler .said:has-text('Đã điền 2 ô')")
    assert visit.value("#danToc") == "Thái"
    visit.undo()
    assert (visit.value("#quocTich"), visit.value("#danToc")) == ("", "")


def test_what_a_list_does_not_offer_is_not_left_in_the_box(visit):
    profile = make_profile(nksNoiSinh={"selector": "#place", "kind": "combobox", "options": "#portal [role=option]"})
    visit.open("widgets.html", profile).paste(make_entry(nksNoiSinh="Trạm y tế xã Khác")).fill()
    assert visit.kind("nksNoiSinh") == "failed" and "đúng một mục" in visit.why("nksNoiSinh")
    assert visit.value("#place") == "" and visit.page.evaluate("model.place") == ""


def test_a_stubborn_page(visit):
    selectors = {
        "so": "#so", "quyenSo": "#quyenSo", "nksNoiSinh": "#noiSinh", "nksHoTen": "#hoTen", "nksQueQuan": "#queQuan",
        "nksDanToc": "#danToc", "loaiDangKy": "#loai", "nksQuocTich": "#quocTich", "ngayDangKy": "#ngay",
        "ghiChu": "#ghiChu", "nguoiKy": "#nguoiKy", "nksSoDinhDanh": "#hidden", "meHoTen": "#khong-co",
        "chaHoTen": "#!",
        "meDanToc": ".x", "chaDanToc": "#danToc2",
    }  # fmt: skip
    profile = make_profile(**{column: {"selector": selector} for column, selector in selectors.items()})
    extra = {"ghiChu": "Ghi", "nksSoDinhDanh": "001", "ngayDangKy": "2017", "nguoiKyChucVu": "Lò Văn Mẫu, Chủ tịch"}
    visit.open("stubborn.html", profile, settle_ms=150).paste(make_entry(**extra))
    reasons = {
        "so": "chỉ đọc", "quyenSo": "bị khóa", "nksNoiSinh": "dài hơn", "ghiChu": "đang ẩn", "nguoiKy": "cùng tên",
        "ngayDangKy": "không ghi đủ", "nksSoDinhDanh": "không chỉ vào", "meHoTen": "không có ô", "chaHoTen": "bị sai",
        "nksHoTen": "đã có",
    }  # fmt: skip
    assert {column: part in visit.why(column) for column, part in reasons.items()} == dict.fromkeys(reasons, True)
    visit.fill()
    assert "không giữ" in visit.why("nksQueQuan") and "THÁI" in visit.why("nksDanToc")
    assert visit.kind("loaiDangKy") == "filled" and "đã chặn" in visit.why("loaiDangKy")
    assert visit.kind("nksQuocTich") == "filled" and "đã chặn" in visit.why("nksQuocTich")
    assert visit.value("#hoTen") == "đã có" and visit.value("#noiSinh") == ""
    assert visit.page.url.endswith("stubborn.html")
    visit.page.click("#extractor-filler header button[title^=Đóng]")
    visit.page.evaluate("window.own = /native code/.test(HTMLFormElement.prototype.submit)")
    assert visit.page.evaluate("own")


def test_doubtful_and_filled_boxes_wait_for_a_tick(visit):
    visit.open("stubborn.html").paste(make_entry(doubtful=("nksDanToc",)))
    assert (visit.kind("nksDanToc"), visit.kind("nksHoTen")) == ("doubtful", "occupied")
    visit.fill()
    assert (visit.value("#danToc"), visit.value("#hoTen")) == ("", "đã có")
    visit.open("stubborn.html").paste(make_entry(doubtful=("nksDanToc",))).tick("nksDanToc").tick("nksHoTen").fill()
    assert (visit.value("#danToc"), visit.value("#hoTen")) == ("THÁI", "Lò Thị Mẫu Hiền")
    visit.undo()
    assert (visit.value("#danToc"), visit.value("#hoTen")) == ("", "đã có")


def test_labels_of_a_table_with_headings(visit):
    visit.open("table.html").paste(make_entry())
    assert visit.kind("nksQueQuan") == "cannot"
    visit.fill()
    values = {name: visit.value(f"[name={name}]") for name in ("f1", "f2", "f3", "f5", "f6", "f7", "f8", "f9", "y")}
    assert values == {
        "f1": "05/2017", "f2": "03-02-2017", "f3": "Lò Thị Mẫu Hiền", "f5": "Thái", "f6": "Lò Thị Ví Dụ", "f7": "Thái",
        "f8": "Vàng A Thử", "f9": "Mông", "y": "2017",
    }  # fmt: skip
    chosen = "selects => selects.map(each => each.selectedOptions[0].text)"
    # The page's own value behind "Nữ" is 1: lists are chosen from by their words.
    assert visit.page.eval_on_selector_all("select:not(#extractor-filler *)", chosen) == ["Nữ", "5", "Tháng 1"]


def test_a_proposal_becomes_a_profile_that_fills_the_page_again(visit):
    visit.open("table.html").paste(make_entry())
    visit.page.click("#extractor-filler button:has-text('Chép hồ sơ')")
    # A page that is not secure has no clipboard for scripts; the text is shown for Ctrl+C.
    kept = json.loads(visit.page.locator("#extractor-filler textarea[readonly]").input_value())
    assert kept["targets"]["nksNgaySinh"]["kind"] == "split_date"
    profile = make_profile(**kept["targets"])
    visit.open("table.html", profile).paste(make_entry())
    assert visit.page.input_value("#extractor-filler select") == "thu"
    visit.fill()
    assert visit.value("[name=f9]") == "Mông" and visit.value("[name=f2]") == "03-02-2017"


def test_frames_of_the_same_origin_and_shadow_roots(visit):
    visit.open("frames.html").paste(make_entry()).fill()
    assert visit.page.frames[1].input_value("#noiSinh") == "Trạm y tế xã Đồng Thử"
    assert visit.value("#shade input") == "Đồng Thử, Mẫu"


def test_a_page_with_a_strict_policy(visit):
    visit.open("stubborn.html", headers="strict").paste(make_entry(doubtful=("nksQueQuan",)))
    assert (
        visit.page.eval_on_selector("#extractor-filler .panel", "panel => getComputedStyle(panel).position") == "fixed"
    )
    visit.fill()
    assert visit.value("#danToc") == "Thái"


def test_the_bookmark_itself_runs_on_a_page(visit):
    visit.page.goto("http://he-thong.test/table.html")
    address = bookmarklet(filler_code(load_mappings(), shadow="open", settle_ms=150))
    visit.page.evaluate(
        "href => document.body.append(Object.assign(document.createElement('a'), {id: 'mark', href, text: 'x'}))",
        address,
    )
    visit.page.click("#mark")
    visit.paste(make_entry()).fill()
    assert visit.value("[name=f8]") == "Vàng A Thử"


def test_scripts_of_the_page_cannot_look_into_the_panel(visit):
    visit.page.goto("http://he-thong.test/table.html")
    visit.page.evaluate(
        "window.heard = []; for (const t of ['keydown', 'input', 'paste']) addEventListener(t, () => heard.push(t))"
    )
    visit.page.evaluate(filler_code())
    assert visit.page.evaluate("document.getElementById('extractor-filler').shadowRoot") is None
    visit.page.keyboard.insert_text("x")
    visit.page.keyboard.press("a")
    assert visit.page.evaluate("heard") == []
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("#extractor-filler").count() == 0


def test_other_text_is_refused(visit):
    visit.open("table.html")
    for text, said in (
        ("xin chào", "Chưa phải bản ghi"),
        ("{}", "không phải bản ghi"),
        ('{"format": "extractor-entry/9"}', "phiên bản khác"),
    ):
        assert said in visit.paste(text).page.inner_text("#extractor-filler .said")


def test_a_profile_can_be_pasted_before_the_record(visit):
    profile = make_profile(nksHoTen={"selector": "[name=f6]"})
    visit.open("table.html").paste(json.dumps(profile.for_page())).paste(make_entry()).fill()
    assert visit.value("[name=f6]") == "Lò Thị Mẫu Hiền" and visit.value("[name=f3]") == ""


def test_two_columns_for_one_box_fill_neither(visit):
    profile = make_profile(
        nksHoTen={"selector": "[name=f3]"}, meHoTen={"selector": "[name=f3]"}, so={"selector": "[name=f1]"}
    )
    visit.open("table.html", profile).paste(make_entry()).fill()
    assert visit.value("[name=f3]") == "" and "hai cột vào một ô" in visit.why("meHoTen")


def test_the_filler_holds_nothing_that_sends():
    folder = resources.files("extractor.exports.prefill.filler")
    code = "".join(each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name.endswith(".js"))
    for word in ("fetch(", "XMLHttpRequest", "sendBeacon", "WebSocket", "EventSource", "new Image", "import(", "eval(",
                 "innerHTML", "localStorage", "document.cookie", "Enter"):  # fmt: skip
        assert word not in code
