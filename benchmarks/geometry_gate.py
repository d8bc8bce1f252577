"""How often the gate lets a page pass as a form it is not.

    python benchmarks/geometry_gate.py [--pages 4] [--strengths 0 1.5 2.5 3.5 5] [--likeliest 5] [--processes 1]

Pages of every form are rendered, each another printing. Of each page

- the own form is taken out of the list: does it pass as one of the others (identified, then let pass by the gate)?
- the likeliest wrong forms, by the evidence of its words, are laid over it by force, as with ``--form``: does the gate
  let it pass? Sister forms of one register share most labels and their order, so these passes are counted apart: a
  field of the sister form may well lie where the page has it.

Prints the shares with their upper bounds (Clopper and Pearson, 1934, one-sided 95 %) and the pages that passed, and
writes ``geometry_gate.json`` to ``--out``. Pages come in random order, so that a run that is broken off is a smaller
sample of the same. Everything is seeded.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import cv2
from geometry_forms import Job, render
from rich.console import Console
from rich.progress import track
from scipy.stats import beta

from extractor.readers.printed import read_page
from extractor.scans import clean_page
from extractor.scans.types import SourcePage
from extractor.templates import Form, find_form, identify, load_forms, register
from extractor.templates.form import Role
from extractor.templates.layouts import layouts
from extractor.training.synth.layout import layout_names


@dataclass
class GatePage:
    """What was measured on one page.

    Args:
        form: its own form.
        passed_as: the form it passed as with its own taken out, or empty.
        forced: wrong forms laid over it by force, by name: whether the gate let it pass.
    """

    form: str
    strength: float
    seed: int
    passed_as: str = ""
    forced: dict[str, bool] = field(default_factory=dict)


@cache
def _forms() -> list[Form]:
    return load_forms()


def measure(job: Job, likeliest: int) -> GatePage:
    """Render a page and try to pass it as other forms."""
    cv2.setNumThreads(1)
    item = render(job)
    page = clean_page(SourcePage("page.png", 1, item.picture, "0" * 64))
    text = read_page(page)
    others = [form for form in _forms() if form.name != job.form]
    result = GatePage(job.form, job.strength, job.seed)
    match = identify(page, text, others)
    if match.form is not None:
        stranger = find_form(others, match.form)
        if stranger.schema.role is Role.RECORDS and register(page, text, stranger).registration.ok:
            result.passed_as = match.form
    wrong: list[tuple[float, str, Form]] = []
    for name, layout in layouts().items():
        own = [form for form in others if form.template.layout == name and form.schema.role is Role.RECORDS]
        scores = layout.evidence(page, text, [form.template for form in own])
        wrong += [(-score, form.name, form) for score, form in zip(scores, own, strict=True)]
    for _, _, form in sorted(wrong, key=lambda entry: entry[:2])[:likeliest]:
        result.forced[form.name] = register(page, text, form).registration.ok
    return result


def upper(errors: int, trials: int) -> float:
    """One-sided 95 % upper bound of a share (Clopper and Pearson, 1934)."""
    return 1.0 if errors >= trials else float(beta.ppf(0.95, errors + 1, trials - errors))


def report(results: list[GatePage], console: Console) -> dict[str, float]:
    """Print the shares; returns them."""
    register_of = {form.name: form.schema.register_code for form in _forms()}
    passed = [result for result in results if result.passed_as]
    sisters, strangers = _split(results, register_of)
    rows = {
        "own form taken out: passes as another": (len(passed), len(results)),
        "forced, form of another register: passes": (sum(strangers), len(strangers)),
        "forced, sister form of the same register: passes": (sum(sisters), len(sisters)),
    }
    for name, (errors, trials) in rows.items():
        console.print(
            f"{name}: {errors} of {trials} ({errors / max(1, trials):.2%}, at most {upper(errors, trials):.2%})"
        )
    for result in passed:
        console.print(f"  {result.form}, strength {result.strength}, seed {result.seed}: as {result.passed_as}")
    for result in results:
        for name, ok in result.forced.items():
            if ok and register_of[name] != register_of[result.form]:
                console.print(f"  {result.form}, strength {result.strength}, seed {result.seed}: forced as {name}")
    return {name: errors / max(1, trials) for name, (errors, trials) in rows.items()}


def _split(results: Iterable[GatePage], register_of: dict[str, str]) -> tuple[list[bool], list[bool]]:
    sisters: list[bool] = []
    strangers: list[bool] = []
    for result in results:
        for name, ok in result.forced.items():
            (sisters if register_of[name] == register_of[result.form] else strangers).append(ok)
    return sisters, strangers


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=4, help="of each form and strength")
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.0, 1.5, 2.5, 3.5, 5.0])
    parser.add_argument("--likeliest", type=int, default=5)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("geometry-gate"))
    options = parser.parse_args()
    records = {form.name for form in _forms() if form.schema.role is Role.RECORDS}
    jobs = [
        Job(form, strength, 50_000 + seed, 200, strength >= 2 and seed % 3 == 0)
        for form in sorted(set(layout_names()) & records)
        for strength in options.strengths
        for seed in range(options.pages)
    ]
    Random(1).shuffle(jobs)
    options.out.mkdir(parents=True, exist_ok=True)
    results: list[GatePage] = []
    with ProcessPoolExecutor(options.processes) as pool:
        done = pool.map(measure, jobs, [options.likeliest] * len(jobs))
        for result in track(done, "Pages", total=len(jobs), console=Console(stderr=True)):
            results.append(result)
            if len(results) % 20 == 0 or len(results) == len(jobs):
                data = json.dumps([asdict(each) for each in results], indent=1)
                (options.out / "geometry_gate.json").write_text(data, encoding="utf-8")
    report(results, Console(width=120))


if __name__ == "__main__":
    main()
