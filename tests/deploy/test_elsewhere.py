"""As far as Linux can show it: what the product needs of a system when it starts is there on Windows too."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "extractor").rglob("*.py")}
UNIX_ALONE = re.compile(
    r"^(?:import|from) (?:fcntl|resource|pwd|grp|termios|pty|tty|syslog|crypt|posix)\b", re.MULTILINE
)
LACKING = re.compile(
    r"\b(?:os|signal)\.(?:sched_getaffinity|killpg|SIGKILL|fork|getuid|geteuid|chown|statvfs|mkfifo|SIGHUP|SIGUSR1)\b"
)


def test_no_module_needs_a_unix_module_to_be_imported():
    assert {name for name, source in SOURCES.items() if UNIX_ALONE.search(source)} == set()


def test_what_windows_lacks_stands_only_where_there_is_another_way():
    found = {name for name, source in SOURCES.items() if LACKING.search(source)}
    processes = "extractor/jobs/runner.py", "extractor/scans/decoding/process.py"
    assert found == {"extractor/settings.py", *processes}
    assert 'hasattr(os, "sched_getaffinity")' in SOURCES["extractor/settings.py"]
    assert all('sys.platform == "win32"' in SOURCES[name] for name in processes)
