"""Whether a template lies well enough on a page for its fields to be trusted."""

from __future__ import annotations

from extractor.records import Registration

LEAST_COVERAGE = 0.62
MOST_RESIDUAL_MM = 5.0


def judge(*, coverage: float, residual_px: float, mm: float, missing: tuple[str, ...], method: str) -> Registration:
    """Registration with its verdict.

    Args:
        coverage: share of the labels found, 0 to 1.
        residual_px: median distance between labels and where their neighbours put them, source pixels.
        mm: source pixels in a millimetre.
        missing: labels not found whose fields the form cannot do without.
        method: how the template was laid over the page.
    """
    reasons = []
    if coverage < LEAST_COVERAGE:
        reasons.append(f"only {coverage:.0%} of the printed labels were found ({LEAST_COVERAGE:.0%} needed)")
    if residual_px > MOST_RESIDUAL_MM * mm:
        reasons.append(
            f"labels lie {residual_px / mm:.1f} mm from where the form has them (at most {MOST_RESIDUAL_MM:.1f} mm)"
        )
    if len(missing) > 2:
        reasons.append(f"labels of required fields were not found: {', '.join(missing)}")
    return Registration(
        ok=not reasons, residual_px=residual_px, coverage=coverage, method=method, reason="; ".join(reasons)
    )
