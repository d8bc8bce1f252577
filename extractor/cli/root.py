"""The root of the command line: its groups of commands, and how it ends."""

from __future__ import annotations

import atexit
import io
import os
import signal
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer
from typer.main import get_command

from extractor import __version__
from extractor.cli.common import say, warn
from extractor.errors import ExitCode, ExtractorError
from extractor.worker_processes import collect_rarely

app = typer.Typer(
    name="extractor",
    help="Turns scanned Vietnamese civil-status registers (sổ hộ tịch) into certified records.",
    epilog="Example: extractor run KS.2017.01.pdf --book agency='UBND xã Minh Tân' --out ket-qua",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
template_app = typer.Typer(help="Draft, list, check and preview page templates.", no_args_is_help=True)
queue_app = typer.Typer(help="Look at the verification queue.", no_args_is_help=True)
review_app = typer.Typer(help="The review application.", no_args_is_help=True)
audit_app = typer.Typer(help="The log of who decided what.", no_args_is_help=True)
app.add_typer(template_app, name="template")
app.add_typer(queue_app, name="queue")
app.add_typer(review_app, name="review")
app.add_typer(audit_app, name="audit")


def main() -> None:
    """Run the command line and end with a documented exit code."""
    collect_rarely()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Vietnamese must come out whole whatever the terminal's settings say.
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        code = _command()(standalone_mode=False) or int(ExitCode.OK)
    except ExtractorError as error:
        warn(f"Error: {error}")
        sys.exit(int(error.exit_code))
    except OSError as error:
        if error.filename:
            warn(f"Error: {error.filename}: {error.strerror}. Check the path, its rights and the free space.")
        else:  # such as a connection that broke; its own text may quote anything
            cause = os.strerror(error.errno) if error.errno else type(error).__name__
            warn(f"Error: a connection or file failed ({cause}). The same command goes on where it was.")
        sys.exit(int(ExitCode.FAILURE))
    except (typer.Abort, KeyboardInterrupt):
        code = int(ExitCode.INTERRUPTED)
    except Exception as error:
        _usage_error(error)
    if code == ExitCode.INTERRUPTED:  # Typer turns Ctrl-C into this code, without a word
        _ignore_signals()  # an impatient second one changes nothing any more
        warn("Stopped. The same command goes on where it was.")
    # All is done and said: a signal while Python takes itself down must not turn that into a death by signal.
    atexit.register(_ignore_signals)
    sys.exit(code)


@cache
def _command() -> Callable[..., int | None]:
    """All commands; making them from their functions takes a tenth of a second and more."""
    return get_command(app)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _usage_error(error: Exception) -> None:
    if type(error).__module__.startswith("sqlalchemy."):  # not imported here: the command line has to start fast
        # Its text may quote what was to be stored.
        warn(
            f"Error: the database failed ({type(error).__name__}). Check that it runs and its disk has free space; "
            "the same command goes on where it was."
        )
        sys.exit(int(ExitCode.STORE))
    # click's own errors: shown as click shows them; anything else is a defect and keeps its traceback
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if show is None or code is None:
        raise error
    show()
    sys.exit(int(code))


def _version(wanted: bool) -> None:
    if wanted:
        say(f"extractor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass
