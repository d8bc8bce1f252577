"""The random draw: the same seed and the same packages give the same sample, and anybody can draw it again.

Each record gets the SHA-256 of ``seed`` + line feed + name of its PDF, as UTF-8; records are taken in the ascending
order of the hexadecimal text. Books are the strata: each gives its proportional share of the sample, by largest
remainders (equal ones in the order of the books), as ISO 2859-1 asks for where a lot has parts.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from extractor.errors import SettingsError
from extractor.store import DrawnRecord

_LONGEST_SEED = 64


def new_seed() -> str:
    """A seed nobody chose."""
    return str(secrets.randbelow(10**9))


def draw(lot: Sequence[DrawnRecord], sample_size: int, seed: str) -> list[DrawnRecord]:
    """Draw ``sample_size`` records; they come in the order of the lot, so that inspectors work along the books.

    Raises:
        SettingsError: the seed is empty or longer than 64 signs.
    """
    if not 0 < len(seed) <= _LONGEST_SEED:
        raise SettingsError(f"--seed: give 1 to {_LONGEST_SEED} signs.", mend="A number will do.")
    books: dict[str, list[DrawnRecord]] = {}
    for record in lot:
        books.setdefault(record.book, []).append(record)
    shares = proportional([len(members) for members in books.values()], sample_size)
    chosen: set[str] = set()
    for members, number in zip(books.values(), shares, strict=True):
        ranked = sorted(members, key=lambda record: rank(seed, record.pdf_name))
        chosen.update(record.pdf_name for record in ranked[:number])
    return [record for record in lot if record.pdf_name in chosen]


def rank(seed: str, pdf_name: str) -> str:
    """What a record is drawn by."""
    return hashlib.sha256(f"{seed}\n{pdf_name}".encode()).hexdigest()


def proportional(sizes: Sequence[int], total: int) -> list[int]:
    """Split ``total`` in proportion to ``sizes`` by largest remainders; no part is above its size.

    Args:
        total: at most the sum of the sizes.
    """
    whole = sum(sizes)
    quotas = [divmod(size * total, whole) for size in sizes]
    shares = [quotient for quotient, _ in quotas]
    by_remainder = sorted(range(len(sizes)), key=lambda at: (-quotas[at][1], at))
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return shares
