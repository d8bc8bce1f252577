"""The card of a candidate: which model it went on from, what it learned from, with whose leave, and how."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from string import Template

from extractor.learning.learnable import Learnable
from extractor.learning.training_record import CARD_FILE, TrainingRecord, UsedSet
from extractor.readers.handwriting.runtime import inspect_folder


def write_card(folder: Path, record: TrainingRecord, learnable: Learnable) -> None:
    """Write ``README.md`` into a candidate's folder.

    Args:
        folder: of the candidate.
        record: what it learned from.
        learnable: the set it was trained on now.
    """
    text = (resources.files("extractor.learning") / "candidate_card.txt").read_text("utf-8")
    recipe = record.recipe
    card = Template(text).substitute(
        digest=inspect_folder(folder).digest,
        start=record.start,
        sets="\n\n".join(_of_set(used) for used in record.sets),
        withheld=", ".join(learnable.manifest.withheld) or "none",
        collections=", ".join(record.collections) or "none",
        mixture=", ".join(f"{name} {weight:g}" for name, weight in recipe["mixture"].items()),
        recipe=json.dumps(recipe, ensure_ascii=False, sort_keys=True),
        seed=recipe["seed"],
        lines_seen=record.lines_seen,
        figures=_table(record),
    )
    (folder / CARD_FILE).write_text(card, "utf-8")


def _of_set(used: UsedSet) -> str:
    counts = ", ".join(f"{count} lines of the part `{part}`" for part, count in used.lines.items())
    kinds = ", ".join(f"{kind} {count}" for kind, count in used.kinds.items())
    return (
        f"- **Set `{used.version[:16]}`**, made by {used.by}: {counts}, from {len(used.books)} books and "
        f"{len(used.hands)} hands.\n  - Purpose: {used.purpose}\n  - Consent: {used.consent}\n"
        f"  - Kinds of fields: {kinds}"
    )


def _table(record: TrainingRecord) -> str:
    rows = ["| Lines | Count | CER before | CER | Exact before | Exact |", "|---|---|---|---|---|---|"]
    before, chosen = record.figures.get("before", {}), record.figures.get("chosen", {})
    for name, found in chosen.items():
        former = before.get(name)
        cells = [
            f"{100 * former['cer']:.2f} %" if former else "-",
            f"{100 * found['cer']:.2f} %",
            f"{100 * former['exact']:.1f} %" if former else "-",
            f"{100 * found['exact']:.1f} %",
        ]
        rows.append(f"| {name} | {found['lines']:.0f} | {' | '.join(cells)} |")
    return "\n".join(rows)
