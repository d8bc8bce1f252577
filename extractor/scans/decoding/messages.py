"""What the asking process and its child tell each other: JSON with its length before it, then perhaps bare bytes.

Nothing here can make the asking process run code: a child that a crafted file has taken over can only lie.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

SCRATCH = "extractor-decoding-"
"""How the names of the children's folders for temporary files begin."""

_LENGTH = struct.Struct(">I")
_LONGEST = 1024 * 1024


def send(stream: BinaryIO, message: dict[str, Any], content: memoryview | None = None) -> None:
    """Write a message, and bytes that go with it."""
    text = json.dumps(message).encode("ascii")
    stream.write(_LENGTH.pack(len(text)) + text)
    if content is not None:
        stream.write(content)
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read a message; none where the other side is gone.

    Raises:
        ValueError: what came is no message.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST:
        raise ValueError("longer than any message")
    text = stream.read(length)
    if len(text) < length:
        return None
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("no message")
    return message


def receive_into(stream: BinaryIO, room: memoryview) -> bool:
    """Fill ``room`` with the bytes that follow a message; false where the other side went before it was full."""
    done = 0
    while done < len(room):
        count = stream.readinto(room[done:])  # type: ignore[attr-defined]
        if not count:
            return False
        done += count
    return True
