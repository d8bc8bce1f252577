"""How much of a form `extractor template new` finds by itself, and how long that takes.

    python benchmarks/drafting.py [--pages 1 3] [--strength 2] [--forms NAME...] [--out FOLDER]

For every form, pages are rendered from the renderer's own description (one printing a form, other hands, paper and
scanner a page), the form itself is taken out of the list of known forms, and a draft is made from the first pages. It
is judged on a further page of the same printing that it has not seen:

- registered: the draft lies on that page,
- found: share of the written values, ticks left out, of whose ink 90 % lies in one field, whatever its code,
- named: share that also bear the form's own field code (the nearest other form or the label's words give it),
- kind: share whose field has the right kind,
- labels with writing: labels of the draft that are like a name or place written on its pages; there must be none,
- seconds for the draft, Tesseract included, on one core.

A last line does the same for a table that is ruled by hand, with handwritten headings, photographed: the closest to a
form drawn on paper. Everything is seeded; prints a table and writes ``drafting.json`` to ``--out``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rich.console import Console
from rich.progress import track
from rich.table import Table

from extractor.batch.drafting import read_lines
from extractor.readers.printed import read_page
from extractor.scans import clean_page
from extractor.scans.types import CleanPage, SourcePage
from extractor.templates import Form, find_form, load_forms, register
from extractor.templates.drafting import draft_form, write_draft
from extractor.templates.form import Role
from extractor.templates.label_template import LabelTemplate
from extractor.templates.letters import fold
from extractor.training.synth.book import RenderedRecord, render_records
from extractor.training.synth.capture import draw_device
from extractor.training.synth.hand import draw_hand
from extractor.training.synth.hand_ruled import HandColumn, draw_hand_ruled
from extractor.training.synth.layout import layout_names
from extractor.training.synth.paper import draw_paper
from extractor.training.texts import make_book, years_of

_INK = 150
_WITHIN = 0.9
_ENTRIES = 12
"""On a page of a table; more than one holds are drawn on the next."""
_COLUMNS = (
    HandColumn("Số", 0.05),
    HandColumn("Ngày đăng ký", 0.11),
    HandColumn("Họ và tên trẻ em", 0.18),
    HandColumn("Nam nữ", 0.06),
    HandColumn("Ngày sinh", 0.11),
    HandColumn("Nơi sinh", 0.15),
    HandColumn("Họ tên cha", 0.15),
    HandColumn("Họ tên mẹ", 0.15),
    HandColumn("Ghi chú", 0.07),
)


@dataclass
class Row:
    """What was measured on one form."""

    form: str
    pages: int
    layout: str
    fields: int
    registered: bool
    values: int
    found: int
    named: int
    kinds: int
    written_labels: int
    seconds: float


def measure(name: str, pages: int, strength: float, forms: Sequence[Form]) -> Row:
    """Draft a form from some of its pages and judge the draft on another."""
    rng = Random(f"drafting/{name}")
    template = find_form(forms, name).template
    on_page = template.records if isinstance(template, LabelTemplate) else _ENTRIES
    setting = make_book(rng, name, (pages + 1) * on_page, years=years_of(name))
    drawn = render_records(setting, name, rng=rng, strength=strength, split="test", dpi=200, camera=False)
    *given, unseen = [item for item in drawn if item.place == 1][: pages + 1]
    cleaned = [_clean(item.page.picture) for item in given]
    start = time.perf_counter()
    draft = draft_form(
        cleaned,
        name,
        [form for form in forms if form.name != name],
        register=find_form(forms, name).schema.register_code,
        read_lines=read_lines,
    )
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        form = write_draft(draft, Path(folder))
    page = _clean(unseen.page.picture)
    done = register(page, read_page(page), form)
    own = {spec.code: spec.kind for spec in find_form(forms, name).schema.fields}
    drafted = {spec.code: spec.kind for spec in form.schema.fields}
    hits = _hits(unseen, page, done.records[0].fields if done.records else ())
    labels = [fold(label) for label in _labels(form)]
    written = {part for item in given for code, s in item.record.fields.items() for part in _personal(code, s.raw)}
    return Row(
        name,
        len(given),
        draft.layout,
        draft.fields,
        done.registration.ok,
        len(hits),
        sum(bool(code) for code in hits.values()),
        sum(code == truth for truth, code in hits.items()),
        sum(bool(code) and drafted[code] is own.get(truth) for truth, code in hits.items()),
        sum(any(fuzz.ratio(label, part) > 85 for part in written) for label in labels),
        seconds,
    )


def _labels(form: Form) -> list[str]:
    """All words the draft says are printed."""
    template = form.template
    if isinstance(template, LabelTemplate):
        return [wording for _, _, label in template.labels() for wording in label.wordings]
    return [" ".join(column.headings) for column in template.columns]


def _personal(code: str, raw: str) -> list[str]:
    """The parts of a written value that would give a person or a home away."""
    if not code.endswith(("HoTen", "nguoiKy", "ChucVu", "nguoiThucHien", "NoiCuTru", "NoiSinh", "QueQuan")):
        return []
    return [fold(part) for part in raw.replace(" - ", ",").split(",") if len(fold(part)) > 5]


def _clean(picture: NDArray[np.uint8]) -> CleanPage:
    return clean_page(SourcePage("page.png", 1, picture, "0" * 64))


def _hits(item: RenderedRecord, page: CleanPage, located: Sequence[Any]) -> dict[str, str]:
    """For each written value the drafted field that holds most of its ink, or nothing where none holds enough."""
    grey = cv2.cvtColor(item.page.picture, cv2.COLOR_BGR2GRAY)
    masks: dict[str, NDArray[np.uint8]] = {}
    for field in located:
        mask = np.zeros(grey.shape, np.uint8)
        for polygon in (*field.lines, *(option.polygon for option in field.options)):
            points = np.hstack([polygon, np.ones((len(polygon), 1))]) @ np.asarray(page.to_source).T
            cv2.fillPoly(mask, [np.round(points[:, :2] / points[:, 2:]).astype(np.int32)], 1)
        masks[field.code] = mask
    hits: dict[str, str] = {}
    for code, place in item.page.places.items():
        if all(0.7 < w / max(1, h) < 1.4 for _, _, w, h in place.regions):
            continue  # a tick goes over its box's edge by nature
        own = np.zeros(grey.shape, bool)
        for x, y, w, h in place.ink:
            own[max(0, y) : y + h, max(0, x) : x + w] |= grey[max(0, y) : y + h, max(0, x) : x + w] < _INK
        total = np.count_nonzero(own)
        if not total:
            continue
        shares = {drafted: np.count_nonzero(mask[own]) / total for drafted, mask in masks.items()}
        best = max(shares, key=lambda drafted: shares[drafted], default="")
        hits[code] = best if best and shares[best] >= _WITHIN else ""
    return hits


def by_hand(forms: Sequence[Form], seed: int) -> dict[str, Any]:
    """The same for a table ruled by hand: columns and headings found, entries found on a second page, seconds."""
    rng = Random(f"drafting/by-hand/{seed}")
    ruler, writer = draw_hand(rng, "test"), draw_hand(rng, "test")
    sheets = []
    for sheet in range(2):
        rows = [_entry(rng, 12 * sheet + number + 1) for number in range(12)]
        paper, device = draw_paper(rng, 2.0), draw_device(rng, 2.0, camera=True)
        sheets.append(draw_hand_ruled(_COLUMNS, rows, ruler=ruler, writer=writer, paper=paper, device=device, rng=rng))
    pages = [_clean(sheet) for sheet in sheets]
    start = time.perf_counter()
    draft = draft_form(pages[:1], "by-hand", forms, register="KS", read_lines=read_lines)
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        form = write_draft(draft, Path(folder))
    done = register(pages[1], read_page(pages[1]), form)
    read = [spec.label for spec in form.schema.fields]
    return {
        "seed": seed,
        "layout": draft.layout,
        "columns": len(read),
        "headings_right": sum(fold(a) == fold(b.heading) for a, b in zip(read, _COLUMNS, strict=False)),
        "of_columns": len(_COLUMNS),
        "registered": done.registration.ok,
        "entries": len(done.records),
        "of_entries": 12,
        "seconds": seconds,
    }


def _entry(rng: Random, number: int) -> list[str]:
    book = make_book(rng, "ks-1976", 1)
    people = [signer.name for signer, _ in book.signers]
    day, month = rng.randint(1, 28), rng.randint(1, 12)
    place = f"xã {book.unit.commune[1]}"
    texts = [str(number), f"{day}/{month}/1962", people[0], rng.choice(["Nam", "Nữ"]), f"{day}/{month}/1962"]
    return [*texts, place, people[-1], people[0], ""]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--strength", type=float, default=2.0)
    parser.add_argument("--forms", nargs="+")
    parser.add_argument("--hands", type=int, default=5, help="tables ruled by hand")
    parser.add_argument("--out", type=Path, default=Path("drafting"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    forms = load_forms()
    records = {form.name for form in forms if form.schema.role is Role.RECORDS}
    names = options.forms or sorted(set(layout_names()) & records)
    jobs = [(name, pages) for pages in options.pages for name in names]
    rows = [
        measure(name, pages, options.strength, forms)
        for name, pages in track(jobs, "Forms", console=Console(stderr=True))
    ]
    hands = [by_hand(forms, seed) for seed in range(options.hands)]
    table = Table("Form", "Pages", "Layout", "Fields", "Registered", "Found", "Named", "Kind", "Written", "Seconds")
    for pages in options.pages:
        own = [row for row in rows if row.pages == pages or len(options.pages) == 1]
        for row in [*own, _total(own, pages)]:
            shares = [f"{part / max(1, row.values):.0%}" for part in (row.found, row.named, row.kinds)]
            good = "yes" if row.registered else "no"
            cells = [row.form, str(row.pages), row.layout, str(row.fields), good, *shares]
            table.add_row(*cells, str(row.written_labels), f"{row.seconds:.1f}")
    console = Console(width=120)
    console.print(table)
    for hand in hands:
        columns = f"{hand['columns']} of {hand['of_columns']} columns, {hand['headings_right']} headings read right"
        entries = f"{hand['entries']} of {hand['of_entries']} entries on another page"
        console.print(f"By hand, {hand['seed']}: {columns}, {entries}, {hand['seconds']:.1f} s")
    options.out.mkdir(parents=True, exist_ok=True)
    result = {"forms": [asdict(row) for row in rows], "by_hand": hands}
    (options.out / "drafting.json").write_text(json.dumps(result, indent=1), encoding="utf-8")


def _total(rows: Sequence[Row], pages: int) -> Row:
    def summed(name: str) -> int:
        return sum(getattr(row, name) for row in rows)

    return Row(
        "all",
        pages,
        "",
        summed("fields"),
        all(row.registered for row in rows),
        summed("values"),
        summed("found"),
        summed("named"),
        summed("kinds"),
        summed("written_labels"),
        float(np.mean([row.seconds for row in rows])) if rows else 0.0,
    )


if __name__ == "__main__":
    main()
