"""Pages that would lead a form filler to put a value into another's box, or to send what nobody checked."""

import json

import pytest
from exports.prefill.visiting import SCHEMA, make_entry, make_profile

from extractor.exports.prefill.entry import entry_document
from extractor.records import BookKey, Decision, FieldValue, Record, Registration
from extractor.templates import load_forms

pytestmark = pytest.mark.browser

NAM, NU = "<input type=radio name=gt id=nam>", "<input type=radio name=gt id=nu>"
FATHER = {"meNoiCuTru": "Xóm Một", "chaNoiCuTru": "Xóm Hai", "chaNgaySinh": "07.03.1988"}
ROW = "<tr><td>Họ và tên</td><td><input id=m></td><td><input id=c></td></tr>"


@pytest.mark.parametrize(
    ("page", "held"),
    [
        (f"<p>Giới tính: Nam {NAM} Nữ {NU}</p>", {"nu": "on"}),
        (f"<p>Giới tính</p><p>Nam {NAM} Nữ {NU}</p>", {"nu": "on"}),
        (f"<p>Giới tính</p><p>{NAM} Nam {NU} Nữ</p>", {"nu": "on"}),
        (f"<p>Giới tính: {NAM} Nam {NU} Nữ</p>", {"nu": "on"}),
        (f"<fieldset><legend>Giới tính</legend>Nam {NAM} Nữ {NU}</fieldset>", {"nu": "on"}),
        (f"<p>Giới tính</p><p>Nam {NAM} Nữ {NU} (bắt buộc)</p>", {}),
        ("<label>Họ và tên ông nội <input id=a></label><label>Họ và tên mẹ nuôi <input id=b></label>", {}),
        ("<label>Ngày đăng ký lại <input id=a></label><label>Số đăng ký cũ <input id=b></label>", {}),
        ("<label>Nơi sinh sống <input id=a></label><label>Quốc tịch gốc <input id=b></label>", {}),
        ("<label>Số CCCD <input id=so></label>", {}),
        ("<label>Họ và tên (người làm chứng) <input id=meHoTen></label>", {}),
        ("<input id=a> Họ tên mẹ<br><input id=b> Họ tên cha<br><input id=c> Ghi chú", {}),
        ("<div><h3>Mẹ</h3><p>Họ tên <input id=m></p><h3>Người làm chứng</h3><p>Nơi cư trú <input id=w></p></div>",
         {"m": "Lò Thị Ví Dụ"}),
        ("<fieldset><legend>Cha</legend><p>Họ tên <input id=c></p></fieldset><label>Dân tộc <input id=x></label>",
         {"c": "Vàng A Thử", "x": "Thái"}),
        ("<h3>Thông tin cha mẹ</h3><label>Quê quán <input id=a></label><label>Họ tên cha <input id=c></label>",
         {"c": "Vàng A Thử"}),
        (f"<table><tr><th></th><th>Mẹ</th><th>Cha</th></tr>{ROW}</table>", {"m": "Lò Thị Ví Dụ", "c": "Vàng A Thử"}),
        (f"<table><tr><th></th><th>Ông</th><th>Người đỡ đẻ</th></tr>{ROW}</table>", {"m": "Vàng A Thử"}),
        (f"<h3>Mẹ</h3><table>{ROW}</table>", {}),
        ("<table><tr><th></th><th>Họ tên</th><th>Dân tộc</th></tr>"
         "<tr><td>Cha</td><td><input id=a></td><td><input id=b></td></tr></table>", {"a": "Vàng A Thử", "b": "Mông"}),
        ("<label>Ngày sinh <input id=d placeholder='MM/DD/YYYY'></label>", {"d": "01/05/2017"}),
        ("<label>Ngày sinh <input id=d placeholder='dd/mm/yy'></label>", {}),
        ("<p>Ngày sinh <input id=m placeholder=Tháng><input id=d placeholder=Ngày><input id=y placeholder=Năm></p>",
         {"d": "05", "m": "01", "y": "2017"}),
        ("<label>Dân tộc của mẹ <select id=s><option>Kinh</option><option>Thái</option></select></label>",
         {"s": "Kinh"}),
        ("<label>Dân tộc của mẹ <select id=s><option value=''>-</option><optgroup disabled><option>Thái</optgroup>"
         "</select></label>", {}),
        ("<div style='position:absolute;left:-9999px'><label>Nơi sinh <input id=a></label></div>", {}),
        ("<div style='opacity:0'><label>Nơi sinh <input id=a></label></div>", {}),
        ("<div style='height:0;overflow:hidden'><label>Nơi sinh <input id=a></label></div>", {}),
        ("<div inert><label>Nơi sinh <input id=a></label></div>", {}),
        ("<div aria-disabled=true><label>Nơi sinh <input id=a></label></div>", {}),
    ],
)  # fmt: skip
def test_what_is_not_certain_stays_empty(visit, page, held):
    visit.html(f"<form>{page}</form>").paste(make_entry(**FATHER)).fill()
    assert visit.held() == held


def test_a_label_that_says_less_waits_for_a_tick(visit):
    visit.html("<label>Ngày tháng sinh <input id=a></label>").paste(make_entry())
    assert visit.kind("nksNgaySinh") == "doubtful" and "không chắc" in visit.why("nksNgaySinh")
    visit.fill()
    assert visit.held() == {}


def test_a_profile_of_buttons_counts_the_words_on_the_right_side(visit):
    profile = make_profile(nksGioiTinh={"selector": "[name=gt]", "kind": "radio", "map": {"1": "Nam", "2": "Nữ"}})
    visit.html(f"<table><tr><td>Giới</td><td>Nam {NAM} Nữ {NU}</td></tr></table>", profile).paste(make_entry()).fill()
    assert visit.held() == {"nu": "on"}


def test_a_selector_that_finds_several_boxes_is_refused(visit):
    profile = make_profile(nksNoiSinh={"selector": "input"})
    visit.html("<p>Mẹ <input id=a></p><p>Nơi sinh <input id=b></p>", profile).paste(make_entry())
    assert "khớp 2 ô" in visit.why("nksNoiSinh")


def test_text_that_is_no_date_goes_into_no_date_box(visit):
    visit.html("<label>Ngày sinh <input id=a></label>").paste(make_entry(nksNgaySinh="27t")).fill()
    assert visit.held() == {}


def test_a_record_of_another_register_is_not_ticked(visit):
    form = next(form.schema for form in load_forms() if form.name == "kt-2016")
    fields = {
        code: FieldValue(raw=text, value=text, confidence=0.9, decision=Decision.CONFIRMED)
        for code, text in {"so": "9/2017", "nktHoTen": "Lò Văn Thử", "nktDanToc": "Thái"}.items()
    }
    registration = Registration(ok=True, residual_px=1.0, coverage=1.0, method="labels")
    record = Record(file="a", page=1, form="kt-2016", form_version="1", registration=registration, fields=fields)
    page = "<label>Số <input id=so></label><label>Dân tộc <input id=x></label>"
    visit.html(page, title="Đăng ký khai sinh").paste(
        entry_document(record, form, BookKey("KT", "2017", "01", ""))
    ).fill()
    assert visit.held() == {} and visit.kind("so") == "doubtful"
    assert SCHEMA.register_code != form.register_code


REDRAWN = """<form><div id=app></div><script>
const held = { "Ghi chú nội bộ": "GIỮ" };
let more = false;
function draw() {
  const names = [...(more ? ["Ghi chú nội bộ"] : []), "Nơi sinh", "Quê quán", "Họ tên mẹ", "Họ tên cha"];
  app.replaceChildren(...names.map((name) => {
    const label = document.createElement("label"), box = document.createElement("input");
    label.append(name + " ", box);
    box.value = held[name] || "";
    box.oninput = () => { held[name] = box.value; };
    box.onchange = () => { if (name === "Nơi sinh" && !more) { more = true; setTimeout(draw, 0); } };
    return label;
  }));
}
draw();
</script></form>"""


def test_a_page_that_draws_itself_anew_gets_each_value_in_its_own_box(visit):
    visit.html(REDRAWN).paste(make_entry()).fill()
    assert visit.page.evaluate("held") == {
        "Ghi chú nội bộ": "GIỮ", "Nơi sinh": "Trạm y tế xã Đồng Thử", "Quê quán": "Đồng Thử, Mẫu",
        "Họ tên mẹ": "Lò Thị Ví Dụ", "Họ tên cha": "Vàng A Thử",
    }  # fmt: skip


def test_a_box_that_filled_itself_meanwhile_is_not_overwritten(visit):
    page = "<label>Nơi sinh <input id=a onchange='b.value = `Tự điền`'></label><label>Quê quán <input id=b></label>"
    visit.html(page).paste(make_entry()).fill()
    assert visit.held()["b"] == "Tự điền" and "không ghi đè" in visit.why("nksQueQuan")


@pytest.mark.parametrize("how", ["f.submit()", "f.requestSubmit()", "b.click()", "own.call(f)", "location = `/away`"])
def test_a_page_that_sends_itself_later_is_held_until_the_person_does(visit, how):
    visit.html(
        "<script>const own = HTMLFormElement.prototype.submit;</script>"
        f"<form id=f action=/save method=post><p>Nơi sinh <input id=a onchange='setTimeout(() => {how}, 350)'></p>"
        "<button id=b>Lưu</button></form>"
    ).paste(make_entry()).fill()
    # A navigation that is held counts as going on for what waits for selectors and clicks; so neither is used here.
    said = "document.querySelector('#extractor-filler').shadowRoot.querySelector('.said').textContent"
    visit.page.wait_for_function(f"{said}.includes('tự bấm nút')")
    assert visit.asked == []
    box = visit.page.evaluate(
        "window.came = 0; f.addEventListener('submit', (event) => { came += 1; event.preventDefault(); });"
        "(({ x, y }) => [x + 5, y + 5])(b.getBoundingClientRect())"
    )
    visit.page.mouse.click(*box)
    assert visit.page.evaluate("came") == 1


def test_undoing_keeps_what_was_corrected_and_waits_for_the_next_record(visit):
    page = "<label>Nơi sinh <input id=a></label><label>Quê quán <input id=b></label>"
    visit.html(page).paste(make_entry()).fill()
    visit.page.fill("#b", "Sửa tay")
    visit.page.click("#extractor-filler button:has-text('Bản ghi khác')")
    visit.page.click("#extractor-filler button:has-text('Hoàn tác lần điền trước')")
    visit.page.wait_for_selector("#extractor-filler .said:has-text('giữ nguyên: Quê quán')")
    assert visit.held() == {"b": "Sửa tay"}


def test_a_box_with_a_former_text_is_told_where_the_record_has_none(visit):
    visit.html("<label>Nơi sinh <input id=a value='Người trước'></label>").paste(make_entry(blank=("nksNoiSinh",)))
    assert visit.kind("nksNoiSinh") == "stale" and "Người trước" in visit.why("nksNoiSinh")


def test_a_damaged_paste_is_named(visit):
    profile = {"format": "extractor-mapping/1", "name": "a", "title": "A"}
    visit.html("<label>Nơi sinh <input id=a></label>")
    for changes, said in (
        ({"columns": {"so": None}}, "columns.so"),
        ({"record": None}, "record.file"),
        ({"edits": {"so": 5}}, "edits.so"),
        ({"format": "extractor-mapping/1", "targets": {}}, "thiếu name"),
        ({**profile, "targets": {"so": {"selector": "#!"}}}, "bộ chọn"),
        ({**profile, "targets": {"so": {"selector": 7}}}, "so.selector"),
    ):
        visit.paste(json.dumps({**make_entry().model_dump(mode="json"), **changes}))
        assert said in visit.page.inner_text("#extractor-filler .said"), said
