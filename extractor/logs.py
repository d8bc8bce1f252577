"""The log on standard error: a line an event, as text or as JSON, and never the text of an error.

An error's own text may quote what stands in a register: only its kind and its places in the program are told.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TextIO

LogFormat = Literal["text", "json"]
VARIABLE = "EXTRACTOR_LOG_FORMAT"

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Number of the request that is worked on, as its answer's header tells it; empty outside of requests."""

_FRAMES = 5


class TextFormatter(logging.Formatter):
    """A line with the time in UTC, the level and the message."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = None

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """The event in one line, and an error's kind and places in another."""
        record.message, record.asctime = record.getMessage(), self.formatTime(record)
        line = self.formatMessage(record)
        return f"{line}\n{_places(record.exc_info[1])}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object: time, level, logger, message, and where there are such request_id and error."""

    def format(self, record: logging.LogRecord) -> str:
        """The event in one line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            "error": _places(record.exc_info[1]) if record.exc_info else "",
        }
        return json.dumps({key: value for key, value in told.items() if value}, ensure_ascii=False)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def set_up(log_format: LogFormat | None = None) -> None:
    """Send the log of this process, and of those it starts, to standard error.

    Args:
        log_format: by default what was chosen before, or that of the settings. JSON tells also when servers start and
            how runs end, and takes in the warnings of libraries, so that every line is an object.
    """
    from extractor.settings import get_settings

    chosen = log_format or ("json" if as_json() else get_settings().log_format)
    handler = _StandardError()
    handler.setFormatter(JsonFormatter() if chosen == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if not isinstance(kept, _StandardError)] + [handler]
    logging.getLogger("extractor").setLevel(logging.INFO if chosen == "json" else logging.NOTSET)
    logging.captureWarnings(chosen == "json")
    os.environ[VARIABLE] = chosen  # processes that are started from here take it over


def as_json() -> bool:
    """Whether standard error holds JSON alone."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)


def _places(error: BaseException | None) -> str:
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    return f"{type(error).__name__} at {' > '.join(places)}"
