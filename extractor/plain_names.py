"""Signs in file names and other text from outside that terminals and browsers obey instead of showing."""

from __future__ import annotations

import re

_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed (Unicode category Cc), and those that turn the direction of writing."""


def without_commands(text: str) -> str:
    r"""The text with each such sign, and bytes that are no text, written by number as ``\u001b``; JSON stays JSON."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text.encode("utf-8", "backslashreplace").decode())


def plain_name(name: str) -> str:
    """A name with each such sign, and what would break its line, written as its number."""
    return without_commands(name).replace("\t", "\\u0009").replace("\n", "\\u000a")
