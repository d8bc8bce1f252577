"""What was looked at, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from extractor.errors import ExitCode


class Grade(StrEnum):
    """How something was found."""

    OK = "ok"
    NOTE = "note"
    """It works, but with less, or not for long."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        what: its name, always the same.
        told: how it was found; nothing of a register or a person, no password.
        mend: what to do about it; empty where it is in order.
        exit_code: what the command ends with where this is the first fault.
    """

    what: str
    grade: Grade
    told: str
    mend: str = ""
    exit_code: ExitCode = ExitCode.OK


def ok(what: str, told: str) -> Finding:
    """Something in order."""
    return Finding(what, Grade.OK, told)


def note(what: str, told: str, mend: str) -> Finding:
    """Something that works with less."""
    return Finding(what, Grade.NOTE, told, mend)


def fault(what: str, told: str, mend: str, exit_code: ExitCode = ExitCode.FAILURE) -> Finding:
    """Something that does not work."""
    return Finding(what, Grade.FAULT, told, mend, exit_code)
