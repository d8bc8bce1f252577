"""What the room says about exports: whether they ask for an approval."""

from __future__ import annotations

from extractor.batch.policy import demanded
from extractor.errors import SettingsError
from extractor.exports.policy import Policy
from extractor.review.room import Room


def only_approved(room: Room) -> tuple[bool, str]:
    """Whether only approved books are exported; and what is wrong with the office's file, where it cannot be told."""
    try:
        return demanded(room.store, room.out) is Policy.APPROVED, ""
    except SettingsError as error:
        return False, str(error)
