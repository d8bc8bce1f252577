"""As far as Linux can show it: what the product needs of a system when it starts is there on Windows too."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIX_ALONE = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog", "crypt", "posix"}


def imported_at_the_top(path):
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def test_no_module_needs_a_unix_module_to_be_imported():
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "extractor").rglob("*.py")
        for name in imported_at_the_top(path)
        if name in UNIX_ALONE
    }
    assert found == set()


def test_calls_of_unix_alone_are_behind_a_question():
    """Names of ``os`` and ``signal`` that Windows lacks stand only in the files known here, each with another way."""
    lacking = {"sched_getaffinity", "killpg", "SIGKILL", "fork", "getuid", "geteuid", "chown", "statvfs", "mkfifo"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "extractor").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in lacking
    }
    assert found == {"extractor/settings.py", "extractor/jobs/runner.py"}
