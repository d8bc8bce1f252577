"""An evaluation as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.evaluation.figures import Evaluation, Figures

if TYPE_CHECKING:
    from rich.table import Table


def render_table(evaluation: Evaluation, title: str = "") -> Table:
    """The figures as a table for the terminal."""
    from rich.table import Table

    table = Table(title=title or "Records against the truth", caption=_caption(evaluation))
    table.add_column("Field kind")
    for heading in ("fields", "CER", "exact", "exact raw", "blank right", "accepted", "wrong accepted", "95 % bound"):
        table.add_column(heading, justify="right")
    for kind, of_kind in evaluation.kinds.items():
        table.add_row(kind, *_cells(of_kind))
    table.add_section()
    table.add_row("all", *_cells(evaluation.overall), style="bold")
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _cells(of_kind: Figures) -> list[str]:
    return [
        str(of_kind.fields),
        _percent(of_kind.character_error_rate),
        _percent(of_kind.exact),
        _percent(of_kind.exact_raw),
        f"{of_kind.blank_exact}/{of_kind.blank}",
        _percent(of_kind.accepted),
        f"{of_kind.accepted_errors}/{of_kind.accepted_fields}",
        _percent(of_kind.error_upper_95),
    ]


def _caption(evaluation: Evaluation) -> str:
    lines = [
        f"{evaluation.truth_records} records in the truth, {len(evaluation.missing_records)} of them not found; "
        f"{len(evaluation.unknown_records)} found that are not in the truth"
    ]
    if evaluation.calibration_error is not None:
        lines.append(f"expected calibration error of the confidence: {evaluation.calibration_error:.4f}")
    return "\n".join(lines)
