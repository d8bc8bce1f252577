"""The log as JSON: each line an object, with the request's number, and nothing of a register."""

import json
import logging
import re
import sys
import warnings

import pytest
from fastapi.testclient import TestClient

from extractor import logs
from extractor.cli import main
from extractor.errors import ExitCode
from extractor.review.app import create_app
from extractor.store import Store

SECRET = "Giàng Thị Kín"


@pytest.fixture
def as_json(monkeypatch):
    """JSON for one test."""
    monkeypatch.setenv(logs.VARIABLE, "text")  # put back afterwards
    levels = {}
    for name in ("uvicorn", "uvicorn.error"):  # a server of another test may have kept its events to itself
        logger = logging.getLogger(name)
        monkeypatch.setattr(logger, "propagate", True)
        monkeypatch.setattr(logger, "handlers", [])
        levels[logger] = logger.level
        logger.setLevel(logging.NOTSET)  # as in a process of its own; it also forgets what it knew of levels
    root, own = logging.getLogger(), logging.getLogger("extractor")
    before = root.handlers[:], own.level
    logs.set_up("json")
    yield
    logging.captureWarnings(False)
    root.handlers, own.level = before
    for logger, level in levels.items():
        logger.setLevel(level)


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.usefixtures("as_json")
def test_an_event_is_one_object_however_its_text_looks(capsys):
    logging.getLogger("extractor.jobs.runner").warning('two\nlines "and" %s', "ơ")
    logging.getLogger("uvicorn.error").warning("of a library")
    logging.getLogger("uvicorn.error").info("not worth it")
    logging.getLogger("extractor.api.serving").info("serving on port %d", 8700)
    warnings.warn("of Python", stacklevel=1)
    told = lines(capsys)
    assert [event["logger"] for event in told] == [
        "extractor.jobs.runner", "uvicorn.error", "extractor.api.serving", "py.warnings",
    ]  # fmt: skip
    assert told[0]["message"] == 'two\nlines "and" ơ'
    assert told[0]["level"] == "warning"
    assert set(told[0]) == {"time", "level", "logger", "message"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["time"]) for event in told)


@pytest.mark.usefixtures("as_json")
def test_the_text_of_an_error_is_told_nowhere(capsys):
    try:
        raise KeyError(SECRET)
    except KeyError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    printed = capsys.readouterr().err
    told = json.loads(printed)
    assert told["error"].startswith("KeyError at test_logs.py:")
    assert SECRET not in printed


def test_text_has_time_and_level_and_no_text_of_errors_either(capsys, monkeypatch):
    monkeypatch.setenv(logs.VARIABLE, "text")
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers[:])
    logs.set_up("text")
    try:
        raise KeyError(SECRET)
    except KeyError:
        logging.getLogger("extractor.jobs").exception("it failed")
    printed = capsys.readouterr().err
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ERROR it failed\nKeyError at ", printed)
    assert SECRET not in printed


@pytest.mark.usefixtures("as_json")
def test_the_number_in_an_answer_is_that_in_the_log_and_a_visitors_is_not_believed(tmp_path, capsys):
    with Store.open(f"sqlite:///{tmp_path / 'extractor.sqlite'}", audit_key_file=tmp_path / "audit.key") as store:
        app = create_app(store, tmp_path, announce=lambda _: None, hosts={"testserver"})
        client = TestClient(app)
        sent = {"X-Request-Id": f"0\r\n{SECRET}".encode()}
        answers = [client.post("/sign-in", data={"login": "bi.mat", "password": SECRET}, headers=sent) for _ in "ab"]
        answers.append(client.get("/sign-in", headers={"host": "elsewhere.example"}))
    numbers = [answer.headers["x-request-id"] for answer in answers]
    assert len({*numbers}) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", number) for number in numbers)
    told = lines(capsys)
    assert [event["request_id"] for event in told if event["logger"] == "extractor.review"] == numbers[:2]
    assert SECRET not in json.dumps(told, ensure_ascii=False)
    assert logs.request_id.get() == ""


def call(monkeypatch, *words):
    """The command as a shell calls it; gives its exit code."""
    monkeypatch.setattr(sys, "argv", ["extractor", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.usefixtures("as_json")
def test_a_run_as_json_writes_nothing_else_to_standard_error(tmp_path, monkeypatch, capsys):
    (tmp_path / "no-scan.pdf").write_bytes(b"this is no PDF")
    options = ("--out", tmp_path / "out", "--log-format", "json", "--certificate", "none", "--workers", "1")
    assert call(monkeypatch, "run", tmp_path / "no-scan.pdf", *options) == ExitCode.SET_ASIDE
    told = [event["message"].partition(":")[0] for event in lines(capsys)]
    assert {"Set aside", "run done"} <= set(told)


@pytest.mark.usefixtures("as_json")
def test_an_error_of_a_command_is_an_event_too_and_an_unknown_format_an_error(tmp_path, monkeypatch, capsys):
    asked = ("review", "serve", tmp_path / "nothing", "--log-format")
    assert call(monkeypatch, *asked, "json") == ExitCode.STORE
    [event] = lines(capsys)
    assert event["message"].startswith("Error: ")
    assert call(monkeypatch, *asked, "text") == ExitCode.STORE
    assert capsys.readouterr().err.startswith("Error: ")
    assert call(monkeypatch, *asked, "xml") == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("Error: --log-format xml")
