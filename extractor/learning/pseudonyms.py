"""Names that tell nothing of what they stand for, and are the same in every set that an office gives out.

A name is a keyed hash (HMAC-SHA256) of what it stands for. Without the key, which stays in the office's output folder,
nobody can find a book by trying all registers, years and numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from extractor.batch.storage import LEARNING
from extractor.errors import LineSetError

FOLDER = LEARNING
"""Folder in an output folder for what belongs to learning from it."""

KEY_FILE = "pseudonyms.key"

_SHOWN = 16
_LEAST_BYTES = 32


class Pseudonyms:
    """Gives names by a key.

    Args:
        key: secret, of any length.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def name(self, what: str, *parts: str) -> str:
        """A name for a thing of this sort: always the same for the same parts.

        Args:
            what: its sort (``book``, ``hand``, ``page``), which the name begins with.
            parts: what tells it from others of the sort.
        """
        return f"{what}-{self._code('name', what, *parts)[:_SHOWN]}"

    def lot(self, name: str) -> str:
        """What to order names by as if by chance: hexadecimal digits that belong to the name."""
        return self._code("lot", name)

    def _code(self, *parts: str) -> str:
        content = json.dumps(parts, ensure_ascii=False)
        return hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()


def load_or_make_key(out: Path, *, expected: bool = False) -> bytes:
    """The key of an output folder, readable by its owner alone; made at first use.

    Args:
        out: the output folder.
        expected: whether sets were made with a key before, so that a missing one must not be made anew.

    Raises:
        LineSetError: the file cannot be read, holds no key, or is missing although it is expected.
    """
    path = out / FOLDER / KEY_FILE
    mend = "Put the file back as it was when the first set was made from this folder."
    if not path.exists():
        if expected:
            raise LineSetError(f"{path}: the key of earlier sets is missing.", mend=mend)
        _make_key(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise LineSetError(f"{path}: the key of the names cannot be read.", mend=mend) from error
    if len(key) < _LEAST_BYTES:
        raise LineSetError(f"{path}: the file holds no key (64 hexadecimal digits).", mend=mend)
    return key


def _make_key(path: Path) -> None:
    """Write a new key so that ``path`` never is there without its whole content."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_LEAST_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
