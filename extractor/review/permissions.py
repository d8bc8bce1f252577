"""What each role opens in the room, from one data file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from extractor.review.texts import load_data
from extractor.store import Role


class Permission(StrEnum):
    """One thing that a person may or may not do."""

    SEE = "see"
    """Look at books, records and pages."""
    VERIFY = "verify"
    SCAN = "scan"
    """Bring scans in and have them read."""
    SOLVE = "solve"
    """Say what a page without records is."""
    MEND = "mend"
    """Say how a page is to be read and have it read anew; report missing pages."""
    ADJUDICATE = "adjudicate"
    """Settle fields that two persons, or a person and the machine, read differently."""
    APPROVE = "approve"
    """Put one's name under books that others verified."""
    INSPECT = "inspect"
    JUDGE = "judge"
    PEOPLE = "people"
    """See how much, how fast and how well others work."""
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class RoleText:
    """What a role is called and what it is for, in one language."""

    role: Role
    name: str
    about: str


def permissions(roles: Collection[Role]) -> frozenset[Permission]:
    """All that the roles open together."""
    return frozenset(permission for role in roles for permission in _by_role()[role])


def role_texts(language: str) -> tuple[RoleText, ...]:
    """All roles as people read of them, in their order."""
    data = load_data("roles.yaml")
    return tuple(RoleText(role, data[role]["name"][language], data[role]["about"][language]) for role in Role)


@cache
def _by_role() -> Mapping[Role, frozenset[Permission]]:
    data = load_data("roles.yaml")
    return {role: frozenset(Permission(name) for name in data[role]["may"]) for role in Role}
