"""How ``extractor`` and ``python -m extractor`` begin: ready to be stopped before anything else loads."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line.

    Whoever ends a process (a supervisor, a shutdown, Ctrl-C) is told that it stopped, and that its work is not lost.
    """
    signal.signal(signal.SIGTERM, _end)
    try:
        from extractor.cli import main as command_line
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
    command_line()


def _end(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does, and in peace: a supervisor that will not wait has another signal for that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
