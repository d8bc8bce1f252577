"""How well pages of every form are told apart, registered and cut into fields.

    python benchmarks/geometry_forms.py [--pages 4] [--strengths 0 1 2 3 4 5] [--forms NAME...] [--out FOLDER]

Pages are rendered from the renderer's own descriptions of the forms, each page as another printing: blocks moved by up
to 15 mm against each other, scale by up to 2 %, other type, spacing and wordings, other hands, paper and scanner. The
page templates share only field codes with those descriptions. A page bears as many records as the form has room for.
Measured for each form and strength (0 clean to 5 bad):

- identified: the page's own form is chosen among all; wrong: another one is,
- as other: with the page's own form taken out of the list, pages that another form still accepts,
- evidence: what the right form reached, and what the likest other did where it was left out; least coverage,
- registered: the gate lets the page's own form pass,
- ink inside: share of each value's ink that lies in the region located for it; foreign ink: share of the ink in a
  region that belongs to another value. Values are known with their ink boxes; a box's ink is what is dark in it but
  for rulings, straight across for 12 mm or more, which no hand writes,
- field error: distance between the left end of the blank and of the region, and between their lower edges, millimetres,
- the same ink measures, in the same run, for plain ORB features and a RANSAC homography from one clean page of the form
  whose blanks are known exactly: what form readers commonly do,
- false acceptance: covers, closing pages, letters and blank sheets that pass as a record page,
- seconds and memory a page and step at 300 dpi on one thread.

Prints tables, and writes ``geometry_forms.json`` and ``geometry_forms.png`` to ``--out``. Everything is seeded.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from extractor.readers.printed import read_page
from extractor.scans import clean_page
from extractor.scans.types import CleanPage, SourcePage
from extractor.templates import Form, find_form, identify, load_forms, register
from extractor.templates.form import Role
from extractor.templates.types import RegisteredPage
from extractor.training.synth.book import render_records
from extractor.training.synth.capture import draw_device
from extractor.training.synth.distractors import KINDS, make_distractor
from extractor.training.synth.layout import layout_names, load_layout
from extractor.training.synth.page import FieldPlace
from extractor.training.synth.paper import draw_paper
from extractor.training.synth.typeset import field_code, slot_code
from extractor.training.texts import make_book, region_of, years_of

_INK = 150
_GOOD = 0.98


@dataclass
class Cut:
    """How values fare in located regions: ink inside and foreign ink, by record and field code, 0 to 1."""

    inside: dict[str, float] = field(default_factory=dict)
    foreign: dict[str, float] = field(default_factory=dict)
    error_mm: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass
class PageResult:
    """What was measured on one page."""

    form: str
    strength: float
    seed: int
    identified: str | None
    score: float
    left_out_score: float
    left_out_accepted: bool
    registered: bool
    coverage: float
    residual_mm: float
    cut: Cut
    orb: Cut | None


@dataclass(frozen=True)
class Drawn:
    """A drawn page with all its records: where each value lies, by record's number on the page and field code."""

    picture: NDArray[np.uint8]
    places: dict[str, FieldPlace]


@dataclass(frozen=True)
class Job:
    """One page to render and measure."""

    form: str
    strength: float
    seed: int
    dpi: int
    camera: bool


def render(job: Job) -> Drawn:
    """The page of a job, with as many records as the form has room for."""
    rng = Random(f"{job.form}/{job.strength}/{job.seed}/{job.camera}")
    setting = make_book(
        rng, job.form, load_layout(job.form).records, years=years_of(job.form), region=region_of(job.form)
    )
    pages = render_records(
        setting, job.form, rng=rng, strength=job.strength, split="test", dpi=job.dpi, camera=job.camera
    )
    items = list(pages)
    places = {slot_code(item.place, code): place for item in items for code, place in item.page.places.items()}
    return Drawn(items[0].page.picture, places)


def measure(job: Job) -> PageResult:
    """Render a page and measure everything on it."""
    cv2.setNumThreads(1)
    forms = _forms()
    own = find_form(forms, job.form)
    item = render(job)
    page = clean_page(SourcePage("page.png", 1, item.picture, "0" * 64))
    text = read_page(page)
    match = identify(page, text, forms)
    others = [form for form in forms if form.name != job.form]
    second = identify(page, text, others)
    taken = False
    if second.form is not None:
        stranger = find_form(others, second.form)
        taken = stranger.schema.role is Role.RECORDS and register(page, text, stranger).registration.ok
    done = register(page, text, own)
    registration = done.registration
    return PageResult(
        form=job.form,
        strength=job.strength,
        seed=job.seed,
        identified=match.form,
        score=match.score,
        left_out_score=second.score,
        left_out_accepted=taken,
        registered=registration.ok,
        coverage=registration.coverage,
        residual_mm=registration.residual_px / page.dpi * 25.4,
        cut=_cut(item, _regions(done, page), job.dpi) if registration.ok else Cut(),
        orb=_orb(item, job),
    )


@cache
def _forms() -> list[Form]:
    return load_forms()


def _regions(done: RegisteredPage, page: CleanPage) -> dict[str, list[NDArray[np.float64]]]:
    """Located regions by record and field code, as :class:`Drawn` has them, as polygons of source pixels."""
    regions: dict[str, list[NDArray[np.float64]]] = {}
    for record in done.records:
        for located in record.fields:
            polygons = [*located.lines, *(option.polygon for option in located.options)]
            code = slot_code(record.record, located.code)
            regions[code] = [_carried(page.to_source, polygon) for polygon in polygons]
    return regions


def _carried(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = np.hstack([points, np.ones((len(points), 1))]) @ np.asarray(matrix).T
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


def _cut(item: Drawn, regions: dict[str, list[NDArray[np.float64]]], dpi: int) -> Cut:
    """Compare regions with the page's true ink; tick boxes are left out, their ticks go over the edge by nature."""
    grey = cv2.cvtColor(item.picture, cv2.COLOR_BGR2GRAY)
    ticked = {code for code, place in item.places.items() if place.ink and place.regions and _square(place)}
    dark = (grey < _INK) & ~_ruled(grey, dpi)
    whose = np.zeros(grey.shape, np.int32)
    codes = sorted(code for code, place in item.places.items() if place.ink and code not in ticked)
    for number, code in enumerate(codes, start=1):
        for x, y, w, h in item.places[code].ink:
            part = (slice(max(0, y), y + h), slice(max(0, x), x + w))
            whose[part] = np.where(dark[part] & (whose[part] == 0), number, whose[part])
    cut = Cut()
    for number, code in enumerate(codes, start=1):
        mask = np.zeros(grey.shape, np.uint8)
        for polygon in regions.get(code, []):
            cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], 1)
        own, inside = np.count_nonzero(whose == number), whose[mask > 0]
        if own == 0:
            continue
        hit = np.count_nonzero(inside == number)
        cut.inside[code] = hit / own
        cut.foreign[code] = np.count_nonzero((inside > 0) & (inside != number)) / max(1, hit)
        blank = item.places[code].regions
        if blank and regions.get(code):
            first = regions[code][0]
            mm = dpi / 25.4
            cut.error_mm[code] = (
                float(first[:, 0].min() - blank[0][0]) / mm,
                float(first[:, 1].max() - (blank[0][1] + blank[0][3])) / mm,
            )
    return cut


def _ruled(grey: NDArray[np.uint8], dpi: int) -> NDArray[np.bool_]:
    """Long strokes across the page; a slanting one steps from row to row."""
    dark = cv2.dilate((grey < _INK).astype(np.uint8), np.ones((3, 1), np.uint8))
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, round(12 / 25.4 * dpi)), np.uint8))
    return np.asarray(across > 0, np.bool_)


def _square(place: Any) -> bool:
    """Whether a field's regions are tick boxes."""
    return all(0.7 < w / max(1, h) < 1.4 for _, _, w, h in place.regions)


@cache
def _reference(form: str, dpi: int) -> tuple[Any, Any, dict[str, list[tuple[int, int, int, int]]]]:
    """Features of one clean page of the form and its blanks, known exactly."""
    item = render(Job(form, 0.0, 10_007, dpi, False))
    keys, marks = _features(item.picture)
    return keys, marks, {code: list(place.regions) for code, place in item.places.items()}


def _features(image: NDArray[np.uint8]) -> tuple[Any, Any]:
    return cv2.ORB_create(4000).detectAndCompute(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), None)


def _orb(item: Drawn, job: Job) -> Cut | None:
    """The usual way (ORB: Rublee et al., 2011; ratio test; RANSAC); none where no homography is found."""
    keys, marks, blanks = _reference(job.form, job.dpi)
    own_keys, own_marks = _features(item.picture)
    if own_marks is None or marks is None:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(marks, own_marks, k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance]
    if len(good) < 12:
        return None
    there = np.float32([keys[match.queryIdx].pt for match in good])
    here = np.float32([own_keys[match.trainIdx].pt for match in good])
    matrix, mask = cv2.findHomography(there, here, cv2.RANSAC, 5.0)
    if matrix is None or int(mask.sum()) < 20:
        return None
    regions = {
        code: [
            _carried(matrix, np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float64))
            for x, y, w, h in boxes
        ]
        for code, boxes in blanks.items()
    }
    return _cut(item, regions, job.dpi)


def strangers(strengths: Sequence[float], each: int, dpi: int) -> dict[str, Any]:
    """Pages that hold no records: how many pass as a page of records."""
    forms, passed, seen = _forms(), [], 0
    known: dict[str, list[bool]] = defaultdict(list)
    for kind in KINDS:
        for strength in strengths:
            for seed in range(each):
                rng = Random(f"{kind}/{strength}/{seed}")
                setting = make_book(rng, "ks-2016", 3)
                device, paper = draw_device(rng, strength, camera=False), draw_paper(rng, strength)
                picture = make_distractor(kind, setting, paper=paper, device=device, dpi=dpi, rng=rng)
                page = clean_page(SourcePage("page.png", 1, picture, "0" * 64))
                text = read_page(page)
                match = identify(page, text, forms)
                role = find_form(forms, match.form).schema.role.value if match.form else ""
                seen += 1
                wanted = {"cover": "cover", "closing": "closing"}.get(kind, "")
                known[kind].append(role == wanted)
                if role == Role.RECORDS.value and register(page, text, find_form(forms, match.form)).registration.ok:
                    passed.append(f"{kind}/{strength}/{seed}")
    return {"pages": seen, "passed": passed, "known": {kind: float(np.mean(hits)) for kind, hits in known.items()}}


def steps(dpi: int = 300) -> dict[str, float]:
    """Seconds a step on one A4 page, one thread: processor time of this process, wall time for Tesseract's."""
    item = render(Job("kh-2016", 2.0, 1, dpi, False))
    source = SourcePage("page.png", 1, item.picture, "0" * 64)
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(3):
        start = time.perf_counter()
        page = clean_page(source)
        times["clean"].append(time.perf_counter() - start)
        start = time.perf_counter()
        text = read_page(page)
        times["words (Tesseract)"].append(time.perf_counter() - start)
        start = time.perf_counter()
        match = identify(page, text, _forms())
        times["identify"].append(time.perf_counter() - start)
        start = time.perf_counter()
        register(page, text, find_form(_forms(), str(match.form)))
        times["register and locate"].append(time.perf_counter() - start)
    return {name: min(values) for name, values in times.items()}


def upper(bad: int, count: int) -> float:
    """Exact upper bound (Clopper and Pearson, 1934) of a share with 95 % certainty."""
    return 1.0 if bad >= count else float(beta.ppf(0.95, bad + 1, count - bad))


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else float("nan")


def summarise(results: Sequence[PageResult]) -> dict[str, Any]:
    """Figures of some pages."""
    inside = [value for r in results for value in r.cut.inside.values()]
    foreign = [value for r in results for value in r.cut.foreign.values()]
    errors = [abs(e[0]) for r in results for e in r.cut.error_mm.values()]
    heights = [abs(e[1]) for r in results for e in r.cut.error_mm.values()]
    orb = [value for r in results if r.orb for value in r.orb.inside.values()]
    orb_foreign = [value for r in results if r.orb for value in r.orb.foreign.values()]
    strange = sum(r.left_out_accepted for r in results)
    return {
        "pages": len(results),
        "identified": _share(r.identified == r.form for r in results),
        "wrong": _share(r.identified not in (None, r.form) for r in results),
        "left_out_accepted": strange,
        "left_out_upper": upper(strange, len(results)),
        "registered": _share(r.registered for r in results),
        "ink_inside": float(np.mean(inside)) if inside else float("nan"),
        "fields_whole": _share(value >= _GOOD for value in inside),
        "foreign": float(np.mean(foreign)) if foreign else float("nan"),
        "left_mm": statistics.median(errors) if errors else float("nan"),
        "foot_mm": statistics.median(heights) if heights else float("nan"),
        "orb_registered": _share(r.orb is not None for r in results),
        "orb_inside": float(np.mean(orb)) if orb else float("nan"),
        "orb_whole": _share(value >= _GOOD for value in orb),
        "orb_foreign": float(np.mean(orb_foreign)) if orb_foreign else float("nan"),
    }


_HEAD = (
    f"{'':12s} {'pages':>5s} {'right':>7s} {'wrong':>6s} {'as other':>8s} {'regist.':>7s} {'ink in':>7s} {'whole':>7s} "
    f"{'foreign':>7s} {'left':>5s} {'foot':>5s} | {'ORB reg':>7s} {'ink in':>7s} {'whole':>7s} {'foreign':>7s}"
)


def _row(name: str, s: dict[str, Any]) -> str:
    return (
        f"{name:12s} {s['pages']:5d} {s['identified']:7.1%} {s['wrong']:6.1%} {s['left_out_accepted']:8d} "
        f"{s['registered']:7.1%} {s['ink_inside']:7.2%} {s['fields_whole']:7.1%} {s['foreign']:7.2%} "
        f"{s['left_mm']:5.1f} {s['foot_mm']:5.1f} | {s['orb_registered']:7.1%} {s['orb_inside']:7.2%} "
        f"{s['orb_whole']:7.1%} {s['orb_foreign']:7.2%}"
    )


def worst_fields(results: Sequence[PageResult], count: int = 12) -> list[tuple[str, float, int]]:
    """Fields of the forms with the least ink inside: name, mean share, pages."""
    found: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for code, value in result.cut.inside.items():
            found[f"{result.form}.{field_code(code)}"].append(value)
    ranked = sorted((float(np.mean(values)), name, len(values)) for name, values in found.items())
    return [(name, share, number) for share, name, number in ranked[:count]]


def _evidence(results: Sequence[PageResult]) -> dict[str, float]:
    """What the right forms reached and the likest others where these were left out; prints it."""
    scores, likest = [r.score for r in results], [r.left_out_score for r in results]
    evidence = {
        "right_least": min(scores),
        "right_median": statistics.median(scores),
        "left_out_median": statistics.median(likest),
        "left_out_most": max(likest),
        "coverage_least": min(r.coverage for r in results),
    }
    print("evidence: " + ", ".join(f"{name} {value:.2f}" for name, value in evidence.items()))
    strange = Counter(r.form for r in results if r.left_out_accepted)
    print(f"accepted as another form when their own is left out: {dict(strange) or 'none'}")
    return evidence


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forms", nargs="*", default=[], help="forms; all the renderer can draw where none is given")
    parser.add_argument("--strengths", nargs="*", type=float, default=[0, 1, 2, 3, 4, 5])
    parser.add_argument("--pages", type=int, default=4, help="pages for each form and strength")
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--photographs", action="store_true", help="photographed pages instead of scanned ones")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="first page's seed")
    parser.add_argument("--out", type=Path, default=Path("out/geometry_forms"))
    options = parser.parse_args()
    names = options.forms or [name for name in layout_names() if name in {form.name for form in _forms()}]
    seeds = range(options.seed, options.seed + options.pages)
    jobs = [
        Job(name, strength, seed, options.dpi, options.photographs)
        for strength in options.strengths
        for name in names
        for seed in seeds
    ]
    results: list[PageResult] = []
    started = time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        for result in pool.map(measure, jobs, chunksize=2):
            results.append(result)
            if len(results) % 20 == 0 or len(results) == len(jobs):
                rate = len(results) / (time.monotonic() - started)
                left = (len(jobs) - len(results)) / rate / 60
                print(f"  {len(results)} of {len(jobs)} pages, {left:.0f} minutes left", flush=True)
    report: dict[str, Any] = {"strengths": {}, "forms": {}, "results": [asdict(result) for result in results]}
    print(f"\n{'strength':12s}{_HEAD[12:]}")
    for strength in options.strengths:
        summary = summarise([r for r in results if r.strength == strength])
        report["strengths"][str(strength)] = summary
        print(_row(f"{strength:g}", summary))
    print(f"\n{'form':12s}{_HEAD[12:]}")
    for name in names:
        summary = summarise([r for r in results if r.form == name])
        report["forms"][name] = summary
        print(_row(name, summary))
    summary = report["all"] = summarise(results)
    print(_row("all", summary))
    report["evidence"] = _evidence(results)
    print("\nleast ink inside: " + ", ".join(f"{name} {share:.1%} of {n}" for name, share, n in worst_fields(results)))
    report["strangers"] = strangers(options.strengths, max(1, options.pages // 2), options.dpi)
    bad, count = len(report["strangers"]["passed"]), report["strangers"]["pages"]
    print(
        f"covers, closing pages, letters, blank sheets: {bad} of {count} pass as records "
        f"(at most {upper(bad, count):.1%})"
    )
    print("  known as what they are: " + ", ".join(f"{k} {v:.0%}" for k, v in report["strangers"]["known"].items()))
    report["seconds"] = steps()
    print("seconds at 300 dpi: " + ", ".join(f"{name} {value:.2f}" for name, value in report["seconds"].items()))
    report["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process: {report['peak_mb']:.0f} MB")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "geometry_forms.json").write_text(json.dumps(report, indent=1), "utf-8")
    _plot(report, options.out / "geometry_forms.png")
    print(f"written: {options.out / 'geometry_forms.json'}, {options.out / 'geometry_forms.png'}")


def _plot(report: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    strengths = list(report["strengths"])
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), width_ratios=[2, 3])
    series = {
        "registered": ("registered", "#0072B2", "o-"),
        "ink inside": ("ink_inside", "#009E73", "s-"),
        "ORB: ink inside": ("orb_inside", "#D55E00", "^--"),
    }
    for label, (key, colour, style) in series.items():
        left.plot(strengths, [report["strengths"][s][key] for s in strengths], style, color=colour, label=label)
    left.set_xlabel("strength of print variation, wear and scanner")
    left.set_ylabel("share")
    left.set_ylim(0, 1.02)
    left.legend(loc="lower left")
    names = list(report["forms"])
    place = np.arange(len(names))
    right.bar(
        place - 0.2, [report["forms"][n]["ink_inside"] for n in names], 0.38, color="#009E73", label="this engine"
    )
    right.bar(
        place + 0.2, [report["forms"][n]["orb_inside"] for n in names], 0.38, color="#D55E00", label="ORB + RANSAC"
    )
    right.set_xticks(place, names, rotation=60, ha="right", fontsize=8)
    right.set_ylabel("value ink inside its region")
    right.set_ylim(0, 1.02)
    right.legend(loc="lower left")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
