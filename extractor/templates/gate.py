"""Whether a template lies well enough on a page for its fields to be trusted."""

from __future__ import annotations

from extractor.records import Registration

LEAST_COVERAGE = 0.7
"""On rendered pages of the right form, faint and crooked ones too, at least 0.85 of the labels were found; on pages of
sister registers, covers and letters at most 0.33."""
MOST_RESIDUAL_MM = 4.0
"""On pages of the right form labels lay at most 2.1 mm from where their neighbours put them, chance finds 3 to 8 mm."""
MOST_MISSING = 2
"""Labels of required fields that may be missing: their fields are placed by their neighbours."""


def judge(*, coverage: float, residual_px: float, mm: float, missing: tuple[str, ...], method: str) -> Registration:
    """Registration with its verdict; the reason is for the people who verify, in Vietnamese.

    Args:
        coverage: share of the labels found, 0 to 1.
        residual_px: median distance between labels and where their neighbours put them, source pixels.
        mm: source pixels in a millimetre.
        missing: labels not found whose fields the form cannot do without.
        method: how the template was laid over the page.
    """
    reasons = []
    if coverage < LEAST_COVERAGE:
        reasons.append(f"Chỉ thấy {coverage:.0%} nhãn in của biểu mẫu (cần {LEAST_COVERAGE:.0%}).")
    if residual_px > MOST_RESIDUAL_MM * mm:
        reasons.append(
            f"Các nhãn in lệch {residual_px / mm:.1f} mm so với biểu mẫu (tối đa {MOST_RESIDUAL_MM:.1f} mm)."
        )
    if len(missing) > MOST_MISSING:
        reasons.append(f"Không thấy nhãn của các mục bắt buộc: {', '.join(missing)}.")
    return Registration(
        ok=not reasons, residual_px=residual_px, coverage=coverage, method=method, reason=" ".join(reasons)
    )
