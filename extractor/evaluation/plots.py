"""Pictures of an evaluation: risk by coverage, and a reliability diagram."""

from __future__ import annotations

from pathlib import Path

from extractor.errors import EvaluationError
from extractor.evaluation.figures import BINS, Evaluation


def write_plots(evaluation: Evaluation, folder: Path) -> tuple[Path, Path]:
    """Write ``risk_coverage.png`` and ``reliability.png`` to ``folder`` and return their paths.

    Raises:
        EvaluationError: nothing was found that could be drawn.
    """
    if not evaluation.curve:
        raise EvaluationError("There is no field to draw.", mend="Evaluate records that share files with the truth.")
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    curve, reliability = folder / "risk_coverage.png", folder / "reliability.png"

    figure = Figure(figsize=(6.4, 4.4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.step(
        [100 * point.coverage for point in evaluation.curve],
        [100 * point.risk for point in evaluation.curve],
        where="post",
        color="#1f5f8b",
    )
    axes.set_xlabel("fields accepted, most confident first (%)")
    axes.set_ylabel("wrong among the accepted (%)")
    axes.set_title("Risk by coverage")
    axes.set_xlim(0, 100)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    figure.savefig(curve, metadata={"Software": None})

    figure = Figure(figsize=(5.2, 5.2), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], linestyle="--", color="#888888", label="perfectly calibrated")
    axes.bar(
        [part.low for part in evaluation.bins],
        [part.exact for part in evaluation.bins],
        width=1 / BINS,
        align="edge",
        color="#9ec5e0",
        edgecolor="white",
        label="share right",
    )
    axes.plot(
        [part.confidence for part in evaluation.bins],
        [part.exact for part in evaluation.bins],
        marker="o",
        color="#1f5f8b",
        label="at mean confidence",
    )
    for part in evaluation.bins:
        axes.annotate(str(part.fields), (part.low + 0.5 / BINS, 0.015), ha="center", fontsize=7)
    axes.set_xlabel("confidence")
    axes.set_ylabel("share exactly right")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    error = evaluation.calibration_error or 0.0
    axes.set_title(f"Reliability (expected calibration error {error:.3f})")
    axes.legend(loc="upper left", fontsize=8)
    figure.savefig(reliability, metadata={"Software": None})
    return curve, reliability
