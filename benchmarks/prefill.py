"""How many boxes of an unknown entry page the form filler finds by their labels, and how many it takes for another's.

    python benchmarks/prefill.py [--forms ks-2016 kh-2006 ...] [--seed 1] [--records 200]

For each form a record with a different text in every column is filled into pages that ask for the same columns in other
words: those of another form of the same register (its printed labels, in its order), or wordings of web pages, see
:data:`PARAPHRASES`. Pages come in four layouts and hold boxes that no record has ("Email"). A box is *right* that got
its own column's text, *wrong* one that got another's; the rest was left to the person. Side by side:

- ``labels``: the filler's proposal;
- ``first alike``: each column into the first free box whose label holds the column's label or is held by it, as simple
  form fillers do.

With ``--records`` it also tells how long entry forms take to write, and how large they are.
"""

from __future__ import annotations

import argparse
import html
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.table import Table

from extractor.batch.storage import open_store
from extractor.exports.prefill.columns import group_of, holds_date
from extractor.exports.prefill.entry import EntryDocument, entry_document
from extractor.exports.prefill.filler_code import filler_code
from extractor.exports.prefill.writing import write_entry_forms
from extractor.records import BookKey, Box, Decision, FieldValue, Record, Registration
from extractor.store import PageResult
from extractor.templates import load_forms
from extractor.templates.form import FormSchema, Kind, Role

PARAPHRASES = {
    "HoTen": ["Họ và tên đầy đủ", "Họ, tên đệm và tên", "Họ tên khai sinh"],
    "NgaySinh": ["Sinh ngày, tháng, năm", "Ngày tháng năm sinh", "Ngày sinh (dương lịch)"],
    "GioiTinh": ["Giới tính", "Giới"],
    "DanToc": ["Dân tộc", "Thuộc dân tộc"],
    "QuocTich": ["Quốc tịch", "Quốc tịch hiện tại"],
    "NoiSinh": ["Nơi sinh", "Nơi sinh (xã, huyện, tỉnh)"],
    "QueQuan": ["Quê quán", "Quê quán gốc"],
    "NoiCuTru": ["Nơi cư trú", "Nơi cư trú hiện nay", "Nơi thường trú hoặc tạm trú"],
    "so": ["Số", "Số đăng ký hộ tịch"],
    "quyenSo": ["Quyển số", "Thuộc quyển số"],
    "ngayDangKy": ["Ngày đăng ký", "Đăng ký ngày"],
    "nguoiKy": ["Người ký", "Họ tên người ký giấy"],
    "chucVuNguoiKy": ["Chức vụ người ký", "Chức danh người ký"],
    "ghiChu": ["Ghi chú", "Ghi chú khác"],
}
DECOYS = ("Email", "Số điện thoại", "Mã hồ sơ", "Từ khóa tìm kiếm", "Tên tài khoản")

Box_ = tuple[str, str, str]
"""Column (empty for a box no record has), heading, label."""


def record_of(form: FormSchema) -> EntryDocument:
    """A settled record with a text of its own in every column."""
    fields = {}
    for n, spec in enumerate(form.fields):
        dated = spec.kind is Kind.DATE or any(map(holds_date, spec.columns))
        text = f"{n % 28 + 1:02d}.{n // 28 + 1:02d}.1990" if dated else f"v{n:03d}"
        if len(spec.columns) < 2:
            fields[spec.code] = FieldValue(raw=text, value=text, decision=Decision.CONFIRMED, confidence=1.0)
    registration = Registration(ok=True, residual_px=0.0, coverage=1.0, method="labels")
    record = Record(file="a", page=1, form=form.form, form_version="1", registration=registration, fields=fields)
    return entry_document(record, form, BookKey())


def worded(document: EntryDocument, labels: Mapping[str, str], rng: random.Random) -> list[Box_]:
    """The boxes of a page that asks for the record's columns in other words."""
    boxes = [(column, group_of(column)[1], labels[column]) for column in labels if column in document.columns]
    for decoy in rng.sample(DECOYS, 3):
        at = rng.randrange(len(boxes) + 1)
        boxes.insert(at, ("", boxes[min(at, len(boxes) - 1)][1], decoy))
    return boxes


def paraphrased(document: EntryDocument, rng: random.Random) -> dict[str, str]:
    """Wordings of web pages; a column none are known for keeps its own label."""
    labels = {}
    for column, entry in document.columns.items():
        known = PARAPHRASES.get(column) or PARAPHRASES.get(column.removeprefix(group_of(column)[0]))
        labels[column] = rng.choice(known) if known else entry.label
    return labels


def page(boxes: Sequence[Box_], layout: str) -> str:
    """An entry page in one of the layouts: ``for``, ``table``, ``blocks`` or ``flat``."""
    parts, heading = [], None
    for n, (column, group, label) in enumerate(boxes):
        title = group or "Thông tin đăng ký"
        new, heading = title != heading, title
        box = f'<input id="i{n}" data-column="{column}">'
        text = html.escape(label)
        if layout == "table":
            parts += [f'</table><table><tr><th colspan="2">{title}</th></tr>'] if new else []
            parts.append(f"<tr><td>{text}:</td><td>{box}</td></tr>")
        elif layout == "blocks":
            parts += [f'</div><div class="card"><div class="card-header">{title}</div>'] if new else []
            parts.append(f"<div><div><span>{text}</span> <b>*</b></div><div>{box}</div></div>")
        elif layout == "for":
            parts += [f"</fieldset><fieldset><legend>{title}</legend>"] if new else []
            parts.append(f'<p><label for="i{n}">{text} *</label>{box}</p>')
        else:
            # No headings at all: each label names the person itself.
            parts.append(f"<p><label>{text}{' của ' + group.lower() if group else ''}{box}</label></p>")
    return f"<!doctype html><meta charset=utf-8><form><div>{''.join(parts)}</div></form>"


FIRST_ALIKE = """items => {
  const boxes = [...document.querySelectorAll("input")];
  const plain = (text) => text.toLowerCase().replace(/[^\\p{L}\\p{N}]+/gu, " ").trim();
  const label = (box) => plain((box.labels[0] || box.closest("tr, .card > div") || box.parentElement).textContent);
  for (const [wanted, text] of items) {
    const asked = plain(wanted);
    const found = boxes.find((box) => !box.value && (label(box).includes(asked) || asked.includes(label(box))));
    if (found) found.value = text;
  }
}"""


def judged(browser: Any, document: EntryDocument) -> Counter[str]:
    """Right, wrong and left boxes of the page that is open."""
    values = browser.eval_on_selector_all("input[data-column]", "all => all.map(e => [e.dataset.column, e.value])")
    outcome: Counter[str] = Counter()
    for column, value in values:
        if not column:
            outcome["wrong"] += bool(value)
        else:
            # A date is written with strokes.
            own = document.columns[column].text in (value, value.replace("/", "."))
            outcome["left" if not value else "right" if own else "wrong"] += 1
    return outcome


def fill(browser: Any, document: EntryDocument) -> None:
    """Fill the open page with the filler."""
    browser.evaluate(filler_code(shadow="open", settle_ms=0))
    browser.fill("#extractor-filler #record", document.model_dump_json())
    browser.click("#extractor-filler button.main")
    browser.wait_for_selector(
        "#extractor-filler .said:has-text('Đã điền'), #extractor-filler .said:has-text('ô nào để điền')"
    )


def tries(
    forms: Sequence[FormSchema], names: Sequence[str], rng: random.Random
) -> Iterator[tuple[str, EntryDocument, Any]]:
    """What is tried: kind of wording, the record, and the page's boxes."""
    for form in forms:
        if names and form.form not in names:
            continue
        document = record_of(form)
        yield "web wordings", document, worded(document, paraphrased(document, rng), rng)
        for other in forms:
            if other.register_code == form.register_code and other.form != form.form:
                labels = {c: entry.label for c, entry in record_of(other).columns.items()}
                yield "another form's labels", document, worded(document, labels, rng)


def measure(names: Sequence[str], seed: int, console: Console) -> None:
    """Fill all pages both ways and print what came of it."""
    from playwright.sync_api import sync_playwright

    rng = random.Random(seed)
    forms = [form.schema for form in load_forms() if form.schema.role is Role.RECORDS and form.schema.register_code]
    outcomes: dict[tuple[str, str, str], Counter[str]] = {}
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        browser = chromium.new_page()
        for wording, document, boxes in tries(forms, names, rng):
            items = [[entry.label, entry.text] for entry in document.columns.values() if entry.text]
            for layout in ("for", "table", "blocks", "flat"):
                for way in ("labels", "first alike"):
                    browser.set_content(page(boxes, layout))
                    fill(browser, document) if way == "labels" else browser.evaluate(FIRST_ALIKE, items)
                    outcomes.setdefault((wording, layout, way), Counter()).update(judged(browser, document))
        chromium.close()
    table = Table("wording", "layout", "way", "boxes", "right", "wrong", "left")
    for (wording, layout, way), counts in outcomes.items():
        total = sum(counts.values())
        table.add_row(
            wording, layout, way, str(total), *(f"{counts[k] / total:.1%}" for k in ("right", "wrong", "left"))
        )
    console.print(table)


def measure_writing(records: int, console: Console) -> None:
    """Write entry forms of an invented book with pictures of scan size, twice, and print time and size."""
    form = next(form.schema for form in load_forms() if form.schema.form == "ks-2016")
    fields = {
        spec.code: FieldValue(raw="Nguyễn Văn Thử", value="Nguyễn Văn Thử", box=Box(100, 100, 400, 60))
        for spec in form.fields
    }
    registration = Registration(ok=True, residual_px=0.0, coverage=1.0, method="labels")
    with tempfile.TemporaryDirectory() as folder:
        out, target = Path(folder) / "run", Path(folder) / "forms"
        (out / "pages").mkdir(parents=True)
        noise = Image.effect_noise((1680, 2360), 24).convert("RGB")
        with open_store(out) as store:
            for number in range(1, records + 1):
                noise.save(out / "pages" / f"{number}.jpg", quality=82)
                record = Record(
                    file="a.pdf",
                    page=number,
                    form="ks-2016",
                    form_version=form.version,
                    registration=registration,
                    fields=fields,
                )
                store.save_page(
                    PageResult(
                        "a.pdf", number, f"{number:064d}", 1680, 2360, f"pages/{number}.jpg", "1", records=(record,)
                    )
                )
            for what in ("all anew", "nothing changed"):
                start, used = time.perf_counter(), time.process_time()
                write_entry_forms(store, out, target, {"ks-2016": form})
                seconds, used = time.perf_counter() - start, time.process_time() - used
                console.print(
                    f"{what}: {1000 * seconds / records:.0f} ms a record ({1000 * used / records:.0f} ms of a core)"
                )
        pages = [path.stat().st_size for path in target.rglob("a.pdf-*.html")]
        console.print(f"a page without its picture: {sum(pages) / len(pages) / 1000:.0f} kB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forms", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=int, default=0)
    options = parser.parse_args()
    console = Console()
    measure(options.forms, options.seed, console)
    if options.records:
        measure_writing(options.records, console)


if __name__ == "__main__":
    main()
