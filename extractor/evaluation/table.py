"""An evaluation as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.evaluation.figures import Evaluation, Figures

if TYPE_CHECKING:
    from rich.table import Table


def render_table(evaluation: Evaluation, title: str = "") -> Table:
    """The figures as a table for the terminal, 80 columns wide.

    ``exact`` and ``raw`` are shares of exact values and verbatim texts, ``blanks`` how many blank fields were read as
    blank, ``acc.`` the share the machine accepted, ``wrong`` how many of these are wrong, ``bound`` the upper 95 %
    bound of their share.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title or "Records against the truth", caption=_caption(evaluation), box=SIMPLE_HEAD, padding=0)
    table.add_column("field kind", no_wrap=True)
    for heading in ("fields", "CER %", "exact %", "raw %", "blanks", "acc. %", "wrong", "bound %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for kind, of_kind in evaluation.kinds.items():
        table.add_row(kind, *_cells(of_kind))
    table.add_section()
    table.add_row("all", *_cells(evaluation.overall), style="bold")
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}"


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
    lines.append("acc.: accepted by the machine; wrong: of these; bound: of their share, 95 %")
    if evaluation.calibration_error is not None:
        lines.append(f"expected calibration error of the confidence: {evaluation.calibration_error:.4f}")
    return "\n".join(lines)
