"""A text as somebody would write it, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from random import Random
from typing import Any, NamedTuple, TypeVar

import yaml

from extractor.records import FieldState

_Item = TypeVar("_Item")


class Sample(NamedTuple):
    """Verbatim text, its normalised value (``None`` where nothing is written), and the state of the field."""

    raw: str
    value: str | None
    state: FieldState = FieldState.READ

    def with_value(self, value: str) -> Sample:
        """The same writing with another value."""
        return Sample(self.raw, value, self.state)


BLANK = Sample("", None, FieldState.BLANK)


def plain(text: str) -> Sample:
    """A text whose value is the text itself with single spaces; an empty one is blank."""
    text = " ".join(text.split())
    return Sample(text, text) if text else BLANK


@cache
def data(name: str) -> dict[str, Any]:
    """The data file ``name``.yaml of this package."""
    text = (resources.files("extractor.training.texts") / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def weighted(rng: Random, weights: Mapping[_Item, float]) -> _Item:
    """One of the keys, by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
