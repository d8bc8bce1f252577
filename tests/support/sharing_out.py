"""How tests are shared out among worker processes: dear fixtures are made once, and no worker idles at the end."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

TOGETHER = {
    f"tests/run/test_{name}.py": "finished run"
    for name in ("main_job", "adapting_books", "certifying", "answering", "command_line")
} | {f"tests/pages/test_{name}.py": "laid page" for name in ("laying", "rereading")}
"""Files that share a dear fixture of the session: one worker gets them all."""

DEAR_FIRST = ("tests/run/", "tests/notebooks/", "tests/benchmarks/", "tests/training/", "tests/templates/")
"""Rooms with dear tests, the dearest first: what is left for the end is then small."""


class SharingOut(LoadFileScheduling):
    """By file, but for those that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return TOGETHER.get(file, file)


def dearness(nodeid: str) -> int:
    """Place of a test in the order in which tests are handed out."""
    return next((place for place, room in enumerate(DEAR_FIRST) if nodeid.startswith(room)), len(DEAR_FIRST))
