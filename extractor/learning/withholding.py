"""Which kinds of fields are left out of a set, since they would tell of persons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import yaml

from extractor.errors import SettingsError
from extractor.templates.form import Kind

_ALWAYS = "always"


@cache
def _words() -> Mapping[str, frozenset[str]]:
    content = yaml.safe_load((files(__package__) / "withholding.yaml").read_text(encoding="utf-8"))
    return {word: frozenset(Kind(kind).value for kind in kinds) for word, kinds in content.items()}


def always_withheld() -> frozenset[str]:
    """Kinds of fields that name the record or the book itself."""
    return _words()[_ALWAYS]


def withheld_kinds(asked: Iterable[str]) -> frozenset[str]:
    """Kinds of fields for words (``names``, ``numbers``, ``addresses``) and for kinds by their own names.

    Raises:
        SettingsError: a word is neither.
    """
    words = {word: kinds for word, kinds in _words().items() if word != _ALWAYS}
    found: set[str] = set()
    for text in asked:
        if text in words:
            found |= words[text]
        elif text in set(Kind):
            found.add(text)
        else:
            raise SettingsError(
                f"--withhold {text}: neither a word for several kinds of fields nor a kind.",
                mend=f"Choose among: {', '.join([*words, *Kind])}.",
            )
    return frozenset(found)
