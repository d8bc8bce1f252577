"""How well tabular pages are registered: columns, refusals, entries, time and memory.

    python benchmarks/geometry.py FOLDER [--template page_templates/NAME] [--others PATH...] [--out FOLDER]

FOLDER holds page images with ALTO files of the same name. Pages whose ALTO has columns (tags ``Col_1`` ..., or edges
read off by eye in ``notary_columns.yaml``) are of the form and must register; all other images in FOLDER, and those
given with ``--others``, are not and must be refused.

Measured, for the extractor and, in the same run, for plain ORB features with a RANSAC homography from the page that the
template was drawn on:

- column F1: each text line of the ALTO file must fall, by the centre of its own box, into the located column it belongs
  to; lines of the head and the margin must fall into none. A page that is refused has no located column.
- the same after seeded photo effects (perspective, curl, rotation, shadow, low resolution, blur, cropping, scale ...),
- line recall: share of the lines that lie in a line region cut for their own column (extractor only),
- entries found against lines tagged as an entry's first, where there are such tags,
- with ``--redraw``, the template's proportions taken from each page in turn, to see how much hangs on the page chosen,
- false acceptance on pages of other kinds, processor time and memory a page (one thread, without OCR).

Prints tables and writes ``geometry.png`` and ``geometry.json`` to ``--out``. Whatever changes pages is seeded.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from geometry_effects import EFFECTS, Effect
from geometry_truth import OUTSIDE, PageTruth, read_truth
from numpy.typing import NDArray

from extractor.readers.page_text import PageText
from extractor.scans import clean_page
from extractor.scans.types import CleanPage, SourcePage
from extractor.templates.form import FormSchema
from extractor.templates.table_template import TableTemplate
from extractor.templates.tables import register_table, table_evidence, view_table
from extractor.templates.types import RegisteredPage

Points = NDArray[np.float64]
_SIDE = 1500


@dataclass
class Located:
    """What a method says about one page: the column of each point, or a refusal."""

    accepted: bool
    columns: NDArray[np.intp]
    reason: str = ""
    seconds: float = 0.0
    page: RegisteredPage | None = None
    line_recall: float = 0.0


@dataclass
class Tally:
    """Counts behind a column F1."""

    hit: int = 0
    wrong: int = 0
    missed: int = 0
    refused: list[str] = field(default_factory=list)

    def add(self, name: str, truth: PageTruth, located: Located) -> None:
        """Count one page."""
        want, got = truth.columns, located.columns
        inside, claimed = want != OUTSIDE, got != OUTSIDE
        same = inside & (want == got)
        self.hit += int(same.sum())
        self.wrong += int((claimed & ~same).sum())
        self.missed += int((inside & ~same).sum())
        if not located.accepted:
            self.refused.append(name)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hit / max(1, 2 * self.hit + self.wrong + self.missed)


class Rulings:
    """The extractor's own registration, cleaning included or not."""

    name = "rulings"

    def __init__(self, schema: FormSchema, template: TableTemplate, *, clean: bool) -> None:
        self.schema, self.template, self.clean = schema, template, clean

    def locate(self, name: str, image: NDArray[np.uint8], truth: Points, columns: NDArray[np.intp] | None) -> Located:
        """Register a page and look the points up."""
        source = SourcePage(name, 1, image, "0" * 64)
        page = clean_page(source) if self.clean else bare_page(source)
        start = time.process_time()
        done = register_table(page, PageText(), self.schema, self.template)
        seconds = time.process_time() - start
        ok = done.registration.ok and table_evidence(page, PageText(), self.template) >= 0.5
        found = np.full(len(truth), OUTSIDE)
        recall = 0.0
        if ok and len(truth):
            points = _carried(np.linalg.inv(page.to_source), truth)
            found = self._columns(page, points)
            recall = self._line_recall(done, points, columns)
        return Located(ok, found, done.registration.reason, seconds, done, recall)

    def _columns(self, page: CleanPage, points: Points) -> NDArray[np.intp]:
        view = view_table(page, self.template)
        assert view.frame is not None
        frame = view.frame
        found = np.full(len(points), OUTSIDE)
        for number, (x, y) in enumerate(points * view.scale):
            row = [float(frame.edge_at(edge, y)) for edge in range(len(frame.edges))]
            column = int(np.searchsorted(row, x)) - 1
            share = (x - row[0]) / (row[-1] - row[0])
            if 0 <= column < len(row) - 1 and y > np.interp(share, frame.head_shares, frame.head):
                found[number] = column
        return found

    def _line_recall(self, done: RegisteredPage, points: Points, columns: NDArray[np.intp] | None) -> float:
        if columns is None:
            return 0.0
        fields = [column.field for column in self.template.columns]
        regions: dict[int, list[NDArray[np.float32]]] = {}
        for record in done.records:
            for each in record.fields:
                regions.setdefault(fields.index(each.code), []).extend(line.astype(np.float32) for line in each.lines)
        hits = [
            any(cv2.pointPolygonTest(region, (float(x), float(y)), False) >= 0 for region in regions.get(column, []))
            for (x, y), column in zip(points, columns, strict=True)
            if column != OUTSIDE
        ]
        return float(np.mean(hits)) if hits else 0.0


class Orb:
    """ORB features (Rublee et al., 2011), ratio test, homography by RANSAC from the template's page."""

    name = "ORB + RANSAC"

    def __init__(self, image: NDArray[np.uint8], edges: NDArray[np.float64], head: float) -> None:
        self.orb = cv2.ORB_create(4000)
        self.scale = _SIDE / max(image.shape[:2])
        self.keys, self.marks = self._features(image, self.scale)
        self.edges, self.head = edges, head

    def _features(self, image: NDArray[np.uint8], scale: float) -> tuple[Any, Any]:
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return self.orb.detectAndCompute(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), None)

    def locate(self, name: str, image: NDArray[np.uint8], truth: Points, columns: NDArray[np.intp] | None) -> Located:
        """Register a page and look the points up."""
        del name, columns
        start = time.process_time()
        scale = _SIDE / max(image.shape[:2])
        keys, marks = self._features(image, scale)
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(marks, self.marks, k=2) if marks is not None else []
        good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance]
        matrix, inliers = None, 0
        if len(good) >= 4:
            here = np.float32([keys[match.queryIdx].pt for match in good])
            there = np.float32([self.keys[match.trainIdx].pt for match in good])
            matrix, mask = cv2.findHomography(here, there, cv2.RANSAC, 5.0)
            inliers = int(mask.sum()) if mask is not None else 0
        seconds = time.process_time() - start
        found = np.full(len(truth), OUTSIDE)
        accepted = matrix is not None and inliers >= 20
        if accepted and len(truth):
            points = _carried(matrix, truth * scale) / self.scale
            for number, (x, y) in enumerate(points):
                row = [
                    np.interp(y, self.edges[:, 0], self.edges[:, 1 + edge]) for edge in range(self.edges.shape[1] - 1)
                ]
                column = int(np.searchsorted(row, x)) - 1
                if 0 <= column < len(row) - 1 and y > self.head:
                    found[number] = column
        return Located(accepted, found, f"{inliers} inliers", seconds)


def bare_page(source: SourcePage) -> CleanPage:
    """A page taken as it is, with its light evened only by a wide closing."""
    grey = cv2.cvtColor(source.image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), (0, 0), 4)
    paper = cv2.resize(paper, (grey.shape[1], grey.shape[0]))
    even = np.clip(grey.astype(np.float32) / np.maximum(paper, 60) * 245, 0, 255).astype(np.uint8)
    return CleanPage(source, source.image, even, np.eye(3), source.dpi or 300.0)


def _carried(matrix: NDArray[np.float64], points: Points) -> Points:
    moved = np.hstack([points, np.ones((len(points), 1))]) @ np.asarray(matrix).T
    return moved[:, :2] / moved[:, 2:]


def drawn_edges(image_path: Path, schema: FormSchema, template: TableTemplate) -> tuple[NDArray[np.float64], float]:
    """Edges of the template's page for the baseline: y and x of each edge, and y of the line below the headings."""
    page = bare_page(SourcePage(image_path.name, 1, cv2.imread(str(image_path)), "0" * 64))
    view = view_table(page, template)
    assert view.frame is not None
    frame = view.frame.scaled(1.0 / view.scale)
    return np.column_stack([frame.levels, frame.edges.T]), float(np.median(frame.head))


def redrawn(image_path: Path, template: TableTemplate) -> TableTemplate:
    """The template with its proportions taken from another page, where all its edges are found there."""
    page = bare_page(SourcePage(image_path.name, 1, cv2.imread(str(image_path)), "0" * 64))
    view = view_table(page, template)
    assert view.frame is not None and view.match is not None
    edges = [
        edge.model_copy(update={"at": float(share)})
        for edge, share in zip(template.edges, [0.0, *view.frame.shares[1:-1], 1.0], strict=True)
    ]
    height = (float(np.median(view.frame.head)) - view.frame.top) / view.frame.width
    header = template.header.model_copy(update={"height": height})
    return template.model_copy(update={"edges": tuple(edges), "header": header, "drawn_on": image_path.stem})


def measure(
    methods: Sequence[Any],
    pages: dict[str, tuple[Path, PageTruth]],
    effect: Callable[[NDArray[np.uint8], np.random.Generator], Effect] | None,
    seeds: Sequence[int],
) -> dict[str, Tally]:
    """Column F1 of each method over all pages, after an effect where one is given."""
    tallies = {method.name: Tally() for method in methods}
    for name, (path, truth) in pages.items():
        image = cv2.imread(str(path))
        for seed in seeds:
            changed, points = image, truth.centres
            if effect is not None:
                done = effect(image, np.random.default_rng([seed, *name.encode()]))
                changed, points = done.image, done.carry(truth.centres)
            for method in methods:
                tallies[method.name].add(f"{name}#{seed}", truth, method.locate(name, changed, points, truth.columns))
    return tallies


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--template", type=Path, default=Path("page_templates/notary-repertoire"))
    parser.add_argument("--others", type=Path, nargs="*", default=[], help="images or folders that must be refused")
    parser.add_argument("--seeds", type=int, default=1, help="how often each effect is drawn for each page")
    parser.add_argument("--raw", action="store_true", help="leave the pages uncleaned")
    parser.add_argument("--redraw", action="store_true", help="draw the template on each page in turn")
    parser.add_argument("--quick", action="store_true", help="no photo effects")
    parser.add_argument("--out", type=Path, default=Path("out/geometry"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    schema = FormSchema.model_validate(yaml.safe_load((options.template / "form.yaml").read_text("utf-8")))
    template = TableTemplate.model_validate(yaml.safe_load((options.template / "template.yaml").read_text("utf-8")))
    pages, others = _sort(options.folder, options.others)
    origin = next((path for name, (path, _) in pages.items() if template.drawn_on.startswith(name)), None)
    methods: list[Any] = [Rulings(schema, template, clean=not options.raw)]
    if origin is not None:
        methods.append(Orb(cv2.imread(str(origin)), *drawn_edges(origin, schema, template)))
    report: dict[str, Any] = {"pages": _per_page(methods, pages), "effects": {}, "others": _refusals(methods, others)}
    if not options.quick:
        for label, effect in {"as scanned": None, **EFFECTS}.items():
            tallies = measure(methods, pages, effect, range(options.seeds if effect else 1))
            report["effects"][label] = {
                name: {"f1": tally.f1, "refused": tally.refused} for name, tally in tallies.items()
            }
            row = "  ".join(
                f"{name} F1 {tally.f1:.4f}, refused {len(tally.refused)}" for name, tally in tallies.items()
            )
            print(f"{label:18s} {row}", flush=True)
    if options.redraw:
        report["redrawn"] = _redrawn(schema, template, pages, clean=not options.raw)
    report["memory_mb"] = _memory(methods[0], next(iter(pages.values())))
    report["process_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"memory: {report['memory_mb']:.0f} MB a page above the image (arrays), {report['process_mb']:.0f} MB process"
    )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "geometry.json").write_text(json.dumps(report, indent=1), "utf-8")
    _plot(report, [method.name for method in methods], options.out / "geometry.png")
    print(f"written: {options.out / 'geometry.json'}, {options.out / 'geometry.png'}")


def _sort(folder: Path, extra: Sequence[Path]) -> tuple[dict[str, tuple[Path, PageTruth]], list[Path]]:
    pages: dict[str, tuple[Path, PageTruth]] = {}
    others: list[Path] = []
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in {".jpg", ".jpeg", ".png", ".tif"}):
        alto = path.with_suffix(".xml")
        try:
            pages[path.stem] = (path, read_truth(alto))
        except (ValueError, FileNotFoundError):
            others.append(path)
    for path in extra:
        if path.is_dir():
            others += sorted(p for p in path.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png", ".tif"})
        else:
            others.append(path)
    return pages, others


def _per_page(methods: Sequence[Any], pages: dict[str, tuple[Path, PageTruth]]) -> dict[str, Any]:
    print(
        f"{'page':28s} {'method':13s} {'F1':>7s} {'residual':>9s} {'cover':>6s} "
        f"{'lines':>6s} {'entries':>8s} {'cpu s':>6s}"
    )
    table: dict[str, Any] = {}
    for name, (path, truth) in pages.items():
        image = cv2.imread(str(path))
        for method in methods:
            located = method.locate(name, image, truth.centres, truth.columns)
            tally = Tally()
            tally.add(name, truth, located)
            row: dict[str, Any] = {"f1": tally.f1, "accepted": located.accepted, "seconds": located.seconds}
            text = f"{name:28s} {method.name:13s} {tally.f1:7.4f}"
            if located.page is not None:
                registration = located.page.registration
                entries = len(located.page.records)
                row |= registration.model_dump() | {"entries": entries, "tagged_entries": truth.entries}
                row["line_recall"] = located.line_recall
                text += f" {registration.residual_px:8.1f}p {registration.coverage:6.2f} {located.line_recall:6.3f}"
                text += f" {entries:4d}/{truth.entries or '-':>3}"
            else:
                text += " " * 32
            table.setdefault(name, {})[method.name] = row
            print(
                f"{text} {located.seconds:6.2f} {'' if located.accepted else 'REFUSED ' + located.reason}", flush=True
            )
    return table


def _refusals(methods: Sequence[Any], others: Sequence[Path]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for method in methods:
        accepted = []
        for path in others:
            image = cv2.imread(str(path))
            if image is None:
                continue
            located = method.locate(path.name, image, np.zeros((0, 2)), None)
            if located.accepted:
                accepted.append(path.name)
        table[method.name] = {"pages": len(others), "accepted": accepted}
        print(
            f"pages of other kinds, {method.name}: {len(accepted)} of {len(others)} accepted {accepted[:8]}", flush=True
        )
    return table


def _redrawn(
    schema: FormSchema, template: TableTemplate, pages: dict[str, tuple[Path, PageTruth]], *, clean: bool
) -> dict[str, Any]:
    table = {}
    for name, (path, _) in pages.items():
        method = Rulings(schema, redrawn(path, template), clean=clean)
        rest = {other: page for other, page in pages.items() if other != name}
        tally = measure([method], rest, None, [0])[method.name]
        table[name] = {"f1": tally.f1, "refused": tally.refused}
        print(f"drawn on {name:28s} F1 on the others {tally.f1:.4f}, refused {len(tally.refused)}", flush=True)
    return table


def _memory(method: Any, page: tuple[Path, PageTruth]) -> float:
    image = cv2.imread(str(page[0]))
    clean = bare_page(SourcePage(page[0].name, 1, image, "0" * 64))
    tracemalloc.start()
    register_table(clean, PageText(), method.schema, method.template)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def _plot(report: dict[str, Any], names: Sequence[str], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    groups = report["effects"] or {"as scanned": {}}
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), width_ratios=[3, 2])
    for number, name in enumerate(names):
        place = np.arange(len(groups)) + (number - 0.5) * 0.38
        left.bar(place, [groups[group].get(name, {}).get("f1", 0.0) for group in groups], 0.36, label=name)
        pages = report["pages"]
        place = np.arange(len(pages)) + (number - 0.5) * 0.38
        right.bar(place, [pages[page][name]["f1"] for page in pages], 0.36, label=name)
    left.set_xticks(range(len(groups)), list(groups), rotation=40, ha="right")
    right.set_xticks(range(len(report["pages"])), list(report["pages"]), rotation=40, ha="right", fontsize=7)
    for axis, title in ((left, "after photo effects"), (right, "page by page")):
        axis.set_ylim(0, 1.02)
        axis.set_ylabel("column F1")
        axis.set_title(title)
        axis.legend(loc="lower left")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
