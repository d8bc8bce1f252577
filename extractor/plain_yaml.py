"""YAML from elsewhere, read within bounds: a crafted file ends the process that reads it otherwise.

The loader in C calls itself for each level of nesting, so that a few hundred kilobytes of brackets overrun its stack;
and aliases of aliases stand for more values than any memory holds. Both are told by the parser's events before anything
is built.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same loader in C, where PyYAML was built with it, is ten times as fast."""

_LONGEST = 4 * 1024 * 1024
_DEEPEST = 60
_MOST_VALUES = 500_000
_MAY_BE_DEEP = 300
"""So many levels do no harm; a text with fewer signs that open one has fewer."""
_OPENS = re.compile(r"[\[{]|[-?:] +(?=[-?] )|\t")


class UnsafeYamlError(yaml.YAMLError):
    """The text is longer, deeper or stands for more values than any file of ours."""

    problem_mark: Any = None

    def __init__(self, problem: str, mark: Any = None) -> None:
        super().__init__(problem)
        self.problem, self.problem_mark = problem, mark


def load_yaml(text: str, loader: Any = LOADER) -> Any:
    """Plain data from a text that may come from anywhere.

    Args:
        loader: a safe loader.

    Raises:
        yaml.YAMLError: it is no YAML, holds a value that cannot be, or is outside the bounds.
    """
    check_yaml(text)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - safe ones alone are handed in
    except yaml.YAMLError:
        raise
    except (ValueError, OverflowError, RecursionError, TypeError, AttributeError, LookupError) as error:
        # Such as the 31st of February, which the loader takes for a date. The error's own text may quote a value.
        raise UnsafeYamlError(f"a value cannot be read ({type(error).__name__})") from error


def check_yaml(text: str) -> None:
    """Check the bounds of a text without building anything of it.

    Raises:
        yaml.YAMLError: it is outside the bounds; where it has to be looked through for that, also where it is no YAML.
    """
    if len(text) > _LONGEST:
        raise UnsafeYamlError("longer than any file of this kind")
    aliases = "*" in text and "&" in text
    if aliases or sum(1 for _ in _OPENS.finditer(text)) > _MAY_BE_DEEP:
        _look_through(text)


def _look_through(text: str) -> None:
    anchors: dict[str, int] = {}
    open_ones: list[list[Any]] = [["", 0]]
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            open_ones[-1][1] += anchors.get(str(event.anchor), 1)
        elif isinstance(event, yaml.ScalarEvent):
            open_ones[-1][1] += 1
            if event.anchor:
                anchors[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            open_ones.append([event.anchor, 1])
            if len(open_ones) > _DEEPEST:
                raise UnsafeYamlError("nested too deeply", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, values = open_ones.pop()
            open_ones[-1][1] += values
            if anchor:
                anchors[anchor] = values
        if open_ones[-1][1] > _MOST_VALUES:
            raise UnsafeYamlError("stands for too many values", event.start_mark)
