"""How ``extractor`` and ``python -m extractor`` begin: ready to be stopped before anything else loads."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line.

    Whoever ends a process (a supervisor, a shutdown, Ctrl-C) is told that it stopped, and that its work is not lost.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    try:
        from extractor.cli import main as command_line
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
