"""Records to type into entry pages, and a person who does so with the filler."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from extractor.exports.prefill.entry import EntryDocument, entry_document
from extractor.exports.prefill.filler_code import filler_code
from extractor.exports.prefill.mapping import MappingProfile
from extractor.records import BookKey, Box, Decision, FieldState, FieldValue, Record, Registration
from extractor.templates import load_forms

SITE = "http://he-thong.test"
SCHEMA = next(form.schema for form in load_forms() if form.name == "ks-2016")
TEXTS = {
    "so": ("05", "05/2017"),
    "quyenSo": ("01", "01/2017"),
    "ngayDangKy": ("3/2/2017", "03.02.2017"),
    "nksHoTen": ("Lò Thị Mẫu Hiền", "Lò Thị Mẫu Hiền"),
    "nksNgaySinh": ("5/1/2017", "05.01.2017"),
    "nksGioiTinh": ("Nữ", "2"),
    "nksDanToc": ("Thái", "Thái"),
    "nksQuocTich": ("Việt Nam", "Việt Nam"),
    "nksNoiSinh": ("Trạm y tế xã Đồng Thử", "Trạm y tế xã Đồng Thử"),
    "nksQueQuan": ("Đồng Thử, Mẫu", "Đồng Thử, Mẫu"),
    "meHoTen": ("Lò Thị Ví Dụ", "Lò Thị Ví Dụ"),
    "meNgaySinh": ("1990", "1990"),
    "meDanToc": ("Thái", "Thái"),
    "chaHoTen": ("Vàng A Thử", "Vàng A Thử"),
    "chaDanToc": ("Mông", "Mông"),
    "loaiDangKy": ("Đúng hạn", "1"),
}


def make_record(
    page: int = 5,
    doubtful: tuple[str, ...] = (),
    blank: tuple[str, ...] = (),
    accepted: tuple[str, ...] = (),
    boxes: bool = False,
    **texts: str,
) -> Record:
    """A settled record of an invented child; the fields named are doubtful, blank, or accepted by the machine."""
    known = {**TEXTS, **{code: (text, text) for code, text in texts.items()}}
    other = {**dict.fromkeys(doubtful, Decision.REVIEW), **dict.fromkeys(accepted, Decision.ACCEPTED)}
    fields = {
        code: FieldValue(
            raw=raw,
            value=value,
            confidence=0.9,
            decision=other.get(code, Decision.CONFIRMED),
            box=Box(400, 800, 500, 60) if boxes else None,
        )
        for code, (raw, value) in known.items()
    }
    for code in blank:
        fields[code] = FieldValue(state=FieldState.BLANK, decision=Decision.CONFIRMED)
    return Record(
        file="so.pdf",
        page=page,
        form="ks-2016",
        form_version=SCHEMA.version,
        registration=Registration(ok=True, residual_px=1.0, coverage=1.0, method="labels"),
        fields=fields,
    )


def make_entry(**options: Any) -> EntryDocument:
    """The entry document of :func:`make_record`."""
    return entry_document(make_record(**options), SCHEMA, BookKey("KS", "2017", "01", "UBND xã Đồng Thử"))


def make_profile(**targets: Any) -> MappingProfile:
    return MappingProfile.model_validate(
        {"name": "thu", "title": "Thử", "source": "test", "match": {"url": ["*"]}, "targets": targets}
    )


@dataclass
class Visit:
    """A person at an entry page with the filler open.

    Args:
        asked: addresses that were asked for beyond the site's own pages.
        made: what the site's page ``made`` holds.
    """

    page: Any
    asked: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    made: str = ""

    def open(self, name: str, *profiles: MappingProfile, headers: str = "", settle_ms: int = 40) -> Visit:
        self.page.goto(f"{SITE}/{name}{'?' + headers if headers else ''}")
        self.start(*profiles, settle_ms=settle_ms)
        return self

    def html(self, text: str, *profiles: MappingProfile, title: str = "Thử") -> Visit:
        """A page of the site made of this body."""
        self.made = f"<!doctype html><meta charset=utf-8><title>{title}</title><body>{text}"
        self.page.goto(f"{SITE}/made")
        self.start(*profiles)
        return self

    def held(self) -> dict[str, str]:
        """What the page's boxes hold, by id; for buttons and ticks whether they are on."""
        held: dict[str, str] = self.page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('input, select, textarea')].map((e) => "
            "[e.id, /radio|checkbox/.test(e.type) ? (e.checked ? 'on' : '') : e.value]).filter((each) => each[1]))"
        )
        return held

    def start(self, *profiles: MappingProfile, settle_ms: int = 40) -> None:
        self.page.evaluate(filler_code(profiles, shadow="open", settle_ms=settle_ms))

    def paste(self, entry: EntryDocument | str) -> Visit:
        # As pasting does, but without waiting for the box to stand still, which takes most of the time.
        put = "(box, text) => { box.value = text; box.dispatchEvent(new Event('input', {bubbles: true})); }"
        text = entry if isinstance(entry, str) else entry.model_dump_json()
        self.page.eval_on_selector("#extractor-filler #record", put, text)
        return self

    def row(self, code: str) -> Any:
        return self.page.locator(f"#extractor-filler tr[data-code='{code}']")

    def kind(self, code: str) -> str:
        return self.row(code).get_attribute("class")

    def why(self, code: str) -> str:
        return self.row(code).locator(".why").inner_text()

    def kinds(self) -> dict[str, str]:
        return dict(
            self.page.eval_on_selector(
                "#extractor-filler",
                "host => Array.from(host.shadowRoot.querySelectorAll('tr'), row => [row.dataset.code, row.className])",
            )
        )

    def tick(self, code: str) -> Visit:
        self.row(code).locator("input").check()
        return self

    def fill(self) -> Visit:
        self.page.eval_on_selector("#extractor-filler button.main", "button => button.click()")
        self.page.wait_for_selector(
            "#extractor-filler .said:text-matches('Bộ điền không gửi gì|Chưa đánh dấu ô nào để điền')"
        )
        return self

    def undo(self) -> Visit:
        self.page.click("#extractor-filler button:has-text('Hoàn tác')")
        self.page.wait_for_selector("#extractor-filler .said:has-text('trả')")
        return self

    def value(self, selector: str) -> str:
        return self.page.input_value(selector)


def loads(page: Any, selector: str) -> Any:
    """JSON that a page shows."""
    return json.loads(page.inner_text(selector))
