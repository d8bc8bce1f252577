"""Passwords: kept as argon2id hashes, and refused where somebody would guess them."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Collection
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

from extractor.errors import ExitCode, ExtractorError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 200
_STRONG_ENOUGH = 3
"""Of zxcvbn's scale from 0 to 4: more than a hundred million guesses."""

_JUDGED = 72
_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
"""None that are taken for another when read aloud or copied by hand."""
_GROUPS, _IN_GROUP = 4, 4
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each hash takes 64 MiB and a core for a moment; many who try at once wait instead of filling the memory."""


class Weakness(StrEnum):
    """Why a password is refused."""

    SHORT = "password_short"
    LONG = "password_long"
    GUESSABLE = "password_guessable"


_SAID = {
    Weakness.SHORT: f"The password is shorter than {SHORTEST} characters.",
    Weakness.LONG: f"The password is longer than {LONGEST} characters.",
    Weakness.GUESSABLE: "The password is easy to guess.",
}


class PasswordError(ExtractorError):
    """A password that is not taken.

    Args:
        weakness: why.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(_SAID[weakness], mend="Take several words that have nothing to do with each other.")
        self.weakness = weakness


def check_password(password: str, *, about: Collection[str] = ()) -> None:
    """Refuse a password that is too short, too long, or among the first that somebody would try.

    Args:
        password: as it was typed.
        about: what others know of the person, such as name and login; it makes no password better.

    Raises:
        PasswordError: says which of these it is.
    """
    from zxcvbn import zxcvbn

    text = _one_form(password)
    if len(text) < SHORTEST:
        raise PasswordError(Weakness.SHORT)
    if len(text) > LONGEST:
        raise PasswordError(Weakness.LONG)
    known = [*_guessable(), *(part for each in about for part in (each, "".join(each.split()), *each.split()) if part)]
    # Judged as it is, and without marks and blanks: known words do not become strange by either.
    forms = {text, "".join(_without_marks(text).split())}
    if min(zxcvbn(form[:_JUDGED], user_inputs=[*known, *map(_without_marks, known)])["score"] for form in forms) < (
        _STRONG_ENOUGH
    ):
        raise PasswordError(Weakness.GUESSABLE)


def hash_password(password: str) -> str:
    """The text that is kept of a password: argon2id with salt and parameters (RFC 9106, second recommended set)."""
    with _AT_ONCE:
        return _hasher().hash(_one_form(password))


def fits(password: str, kept: str) -> bool:
    """Whether a password is the one a hash was made of; takes as long for a hash of nobody (see :func:`nobody`)."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > 4 * LONGEST:
        return False
    with _AT_ONCE:
        try:
            return _hasher().verify(kept, _one_form(password))
        except (VerificationError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than are used now."""
    return _hasher().check_needs_rehash(kept)


def first_password() -> str:
    """A random password that can be read aloud, of 79 bits: for handing to a person who then chooses another."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))


@cache
def nobody() -> str:
    """A hash that no password fits, to be compared where there is no account, so that the time taken tells nothing."""
    return hash_password(secrets.token_urlsafe(32))


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher
    from argon2.profiles import RFC_9106_LOW_MEMORY

    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@cache
def _guessable() -> tuple[str, ...]:
    text = (resources.files("extractor.store") / "data" / "guessable.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text)["words"])


def _one_form(password: str) -> str:
    """The same for the same keys, however the keyboard composes letters."""
    return unicodedata.normalize("NFKC", password)


def _without_marks(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in plain if not unicodedata.combining(char))
