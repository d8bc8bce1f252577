"""URLs of places elsewhere. They hold no password: credentials come from the environment, as the providers have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import SettingsError

_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_WINDOWS = 1
"""Letters of a drive: ``c://`` is a path."""


@dataclass(frozen=True, slots=True)
class Address:
    """A place elsewhere.

    Args:
        protocol: such as ``s3``.
        path: bucket and key, or whatever the protocol calls a place; without a slash at its end.
        folder: whether the user wrote a slash at the end: then it is no single object.
    """

    protocol: str
    path: str
    folder: bool = False

    def __str__(self) -> str:
        return f"{self.protocol}://{self.path}"

    def below(self, name: str) -> Address:
        """A place below this one."""
        return Address(self.protocol, f"{self.path}/{name}")


def is_url(text: str) -> bool:
    """Whether a text is a URL and no path."""
    found = _URL.match(text)
    return found is not None and len(found[1]) > _WINDOWS


def parse_address(text: str) -> Address:
    """A place by its URL.

    Raises:
        SettingsError: it is no URL, holds what may be a secret, or is a chain of several. Never told whole then.
    """
    found = _URL.match(text)
    if found is None or not is_url(text):
        raise SettingsError(f"{text}: this is no URL.", mend="Give it like s3://bucket/folder.")
    protocol, rest = found[1].lower(), text[found.end() :]
    shown = f"{protocol}://..."
    if "::" in text:
        raise SettingsError(f"{shown}: chains of URLs are not read.", mend="Give the URL of one place.")
    if "?" in rest:
        # What follows may be the signature of a link that opens the object for everybody.
        raise SettingsError(
            f"{shown}: the URL holds a question mark.",
            mend="Give no query strings; an object with such a name is reached by the folder it lies in.",
        )
    if _holds_user(rest):
        raise SettingsError(
            f"{shown}: the URL holds a user name or password.",
            mend="Take it out; credentials come from the environment, see docs/storage.md.",
        )
    path = rest.rstrip("/")
    if not path:
        raise SettingsError(f"{shown}: the URL names no place.", mend="Give it like s3://bucket/folder.")
    if protocol in ("file", "local"):
        path = Path(path).absolute().as_posix()
    return Address(protocol, path, rest.endswith("/"))


def _holds_user(rest: str) -> bool:
    """Whether a URL seems to hold a user or a password; a password may hold slashes itself, as Amazon's secrets do."""
    first, _, further = rest.partition("/")
    return "@" in first or ("@" in further and ":" in first and not first.startswith("arn:"))


def known_address(url: str) -> Address:
    """A place as :class:`Address` was written down."""
    protocol, _, path = url.partition("://")
    return Address(protocol, path)


def as_input(text: str) -> Path | Address:
    """What a user gave as an input: a path, or a place elsewhere.

    Raises:
        SettingsError: see :func:`parse_address`.
    """
    return parse_address(text) if is_url(text) else Path(text)
