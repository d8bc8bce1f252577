"""Switching between normal and tightened inspection from lot to lot, as ISO 2859-1 asks for.

Normal becomes tightened when two of five or fewer consecutive lots were not accepted. Tightened becomes normal when
five consecutive lots were accepted. Inspection is discontinued when five lots were not accepted on tightened
inspection; then the work has to be mended before anything more is submitted. A lot that is drawn all the same begins
tightened inspection anew: somebody chose that after the work was mended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.exports.acceptance.plans import Severity

_WINDOW, _NOT_ACCEPTED = 5, 2
_BACK_AFTER = 5
_STOP_AFTER = 5


@dataclass(frozen=True, slots=True)
class NextLot:
    """How the next lot is to be inspected.

    Args:
        discontinued: no further lot is to be taken until the work was mended.
    """

    severity: Severity
    discontinued: bool = False


def next_lot(accepted: Sequence[bool]) -> NextLot:
    """How the lot after these is to be inspected.

    Args:
        accepted: whether each lot was accepted on its first inspection, oldest first; the first was inspected normally.
    """
    severity, run, refused = Severity.NORMAL, list[bool](), 0
    ended = False
    for good in accepted:
        if ended:
            run, refused, ended = [], 0, False
        run.append(good)
        if severity is Severity.NORMAL:
            if run[-_WINDOW:].count(False) >= _NOT_ACCEPTED:
                severity, run, refused = Severity.TIGHTENED, [], 0
            continue
        refused += not good
        if refused >= _STOP_AFTER:
            ended = True
        elif len(run) >= _BACK_AFTER and all(run[-_BACK_AFTER:]):
            severity, run = Severity.NORMAL, []
    return NextLot(severity, discontinued=ended)
