"""How often a sample accepts a lot, and how often its interval holds the lot's true share of wrong records.

    python benchmarks/acceptance.py [--trials 2000] [--seed 1]

Lots of invented books are made with a known share of wrong records, half of which lie in one tenth of the books. In
each trial a sample is drawn by :mod:`extractor.exports.acceptance.drawing` and judged by the plan of ISO 2859-1. Side
by side:

- ``promised``: probability of acceptance by the operating characteristic (binomial); ``accepted``: how often it was;
- ``one book``: how often one book, fetched by chance and checked whole, has no larger share of wrong records than the
  plan allows in its sample;
- coverage of the exact interval (Clopper-Pearson), and of the usual one (share plus or minus 1.96 standard errors).
"""

from __future__ import annotations

import argparse
import random
from math import sqrt

from rich.console import Console
from rich.table import Table

from extractor.exports.acceptance.drawing import draw
from extractor.exports.acceptance.plans import SamplingPlan, plan_for
from extractor.exports.acceptance.risk import acceptance_probability, exact_interval
from extractor.store import DrawnRecord

LOT = [(book, page) for book in range(40) for page in range(30 + 3 * book)]


def make_lot(share: float, rng: random.Random) -> set[str]:
    """Names of the wrong records: half of them in one tenth of the books."""
    wrong = round(share * len(LOT))
    bad_books = set(rng.sample(range(40), 4))
    inside = [name(*at) for at in LOT if at[0] in bad_books]
    outside = [name(*at) for at in LOT if at[0] not in bad_books]
    half = min(wrong // 2, len(inside))
    return {*rng.sample(inside, half), *rng.sample(outside, wrong - half)}


def name(book: int, page: int) -> str:
    """Name of a record's PDF."""
    return f"KS.2017.{book:02d}.{page:04d}.pdf"


def main() -> None:
    """Run all trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    records = [
        DrawnRecord(("book.pdf", page + 1, 1), f"KS.2017.{book:02d}", name(book, page), ()) for book, page in LOT
    ]
    plan = plan_for(len(records), "II", "1.0")
    table = Table(
        title=f"Lot of {len(records)} records, n {plan.sample_size}, Ac {plan.acceptance}, {options.trials} trials"
    )
    for heading in ("wrong in the lot", "promised", "accepted", "one book", "exact 95 % holds", "usual 95 % holds"):
        table.add_column(heading, justify="right")
    for share in (0.002, 0.005, 0.01, 0.02, 0.03, 0.046, 0.06):
        table.add_row(*measure(records, plan, share, trials=options.trials, rng=rng))
    Console().print(table)


def measure(
    records: list[DrawnRecord], plan: SamplingPlan, share: float, *, trials: int, rng: random.Random
) -> list[str]:
    """One row of the table: lots with this share of wrong records."""
    size, acceptance = plan.sample_size, plan.acceptance
    by_book: dict[str, list[str]] = {}
    for record in records:
        by_book.setdefault(record.book, []).append(record.pdf_name)
    accepted = one_book = exact = usual = 0
    for trial in range(trials):
        wrong = make_lot(share, rng)
        true = len(wrong) / len(records)
        found = sum(record.pdf_name in wrong for record in draw(records, size, f"{trial}:{rng.random()}"))
        accepted += found <= acceptance
        book = rng.choice(list(by_book))
        others = [name for name in by_book[book] if name in wrong]
        one_book += len(others) * size / len(by_book[book]) <= acceptance
        interval = exact_interval(found, size)
        exact += interval.low <= true <= interval.high
        half = 1.96 * sqrt(interval.share * (1 - interval.share) / size)
        usual += interval.share - half <= true <= interval.share + half
    promised = acceptance_probability(size, acceptance, share)
    measured = (promised, accepted / trials, one_book / trials, exact / trials, usual / trials)
    return [f"{share:.1%}", *(f"{value:.1%}" for value in measured)]


if __name__ == "__main__":
    main()
