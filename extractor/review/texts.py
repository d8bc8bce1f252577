"""The texts people see, in Vietnamese and English, from data files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("vi", "en")
_FILES = (
    "texts.yaml",
    "account_texts.yaml",
    "approval_texts.yaml",
    "board_texts.yaml",
    "mend_texts.yaml",
    "record_texts.yaml",
    "scan_texts.yaml",
)
HIDDEN = "hidden"
"""Stands where a field's state would, while what the machine read there must not be shown."""


def load_data(name: str) -> Any:
    """Content of one of the room's data files."""
    return yaml.safe_load((resources.files("extractor.review") / "data" / name).read_text(encoding="utf-8"))


@cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of a language; one that is missing is an error of the program and raises ``KeyError``."""
    return {key: entry[language] for name in _FILES for key, entry in load_data(name).items()}


def text(language: str, key: str, **filled: object) -> str:
    """One text with its words in braces filled in."""
    return texts(language)[key].format(**filled) if filled else texts(language)[key]
