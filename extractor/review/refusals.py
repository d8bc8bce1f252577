"""What is refused and what goes wrong, told to the log by kind and place: no names, nothing of what was sent.

The log is standard error (:mod:`extractor.logs`); whoever runs the server keeps it. Sign-ins and changes of accounts
stand in the audit chain.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from fastapi import Request

log = logging.getLogger("extractor.review")

_FRAMES = 5


def tell_refusal(what: str, *, account: int = 0, request: Request | None = None, address: str = "") -> None:
    """Note that something was refused.

    Args:
        what: in our words, always the same for the same kind.
        account: number of who is signed in; 0 where nobody is.
        request: gives method and the pattern of its address, which holds no numbers and nothing that was typed.
        address: of the machine, for what is counted by machine.
    """
    route = request.scope.get("route") if request else None
    told = [f"account {account}"] if account else []
    told += [f"{request.method} {getattr(route, 'path', 'elsewhere')}"] if request else []
    told += [f"from {address}"] if address else []
    log.warning("refused: %s", ", ".join([what, *told]))


def tell_mistake(error: Exception) -> None:
    """Note a mistake of the program; its own text may quote what stands in a register, so it is not told."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    log.error("%s at %s", type(error).__name__, " > ".join(places))
