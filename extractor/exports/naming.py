"""Names of files that leave the house: a record's PDF, a book's workbook and package."""

from __future__ import annotations

import unicodedata

from extractor.exports.profile import ExportProfile
from extractor.records import BookKey

_UNKNOWN = "chuaro"


def fold(text: str) -> str:
    """Lower-case letters and digits without marks; everything else becomes a space (``Bến Tre`` -> ``ben tre``)."""
    text = text.lower().replace("đ", "d")
    bare = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return "".join(c if c.isascii() and c.isalnum() else " " for c in bare).strip()


def slug(text: str) -> str:
    """Letters and digits only (``Xã Lộc Thuận`` -> ``xalocthuan``)."""
    return "".join(fold(text).split())


def initials(text: str) -> str:
    """First letters of the words (``Huyện Bình Đại`` -> ``hbd``)."""
    return "".join(word[0] for word in fold(text).split())


def book_stem(profile: ExportProfile, book: BookKey) -> str:
    """Stem of a book's files; with the place only where commune, district and province are all known.

    An unknown year or number becomes ``chuaro`` ("not known"), which only drafts ever show.
    """
    naming = profile.naming
    parts = {
        "register": profile.register_code,
        "year": slug(book.year) or _UNKNOWN,
        "book": pad(slug(book.number), naming.book_digits) or _UNKNOWN,
        "commune": slug(book.commune),
        "district": initials(book.district),
        "province": initials(book.province),
    }
    known = all(parts[name] for name in ("commune", "district", "province"))
    return (naming.book_file if known else naming.book_file_without_place).format(**parts)


def pad(digits: str, width: int) -> str:
    """Digits filled with zeros from the left; longer ones stay as they are."""
    return digits.zfill(width) if digits else digits
