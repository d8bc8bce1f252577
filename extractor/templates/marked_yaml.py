"""YAML with the place of every value, so that a message can name the line to mend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from extractor.errors import TemplateError
from extractor.plain_yaml import LOADER, load_yaml

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class MarkedYaml:
    """A YAML file's data and its node tree.

    Args:
        path: the file.
        data: plain Python data.
        root: node tree with line numbers.
    """

    path: Path
    data: Any
    root: yaml.Node

    def line(self, place: Sequence[int | str]) -> int:
        """Line, from 1, of the value at ``place``; of the innermost value above it where there is none."""
        node = self.root
        for step in place:
            inner = _child(node, step)
            if inner is None:
                break
            node = inner
        return int(node.start_mark.line) + 1


def read_yaml(path: Path) -> MarkedYaml:
    """Read one YAML file.

    Raises:
        TemplateError: it is missing, empty or no YAML; the message names file and line.
    """
    return parse_yaml(path, read_file(path))


def read_file(path: Path) -> bytes:
    """The bytes of a file of a form.

    Raises:
        TemplateError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read.", mend="Write the file or correct the folder's name.") from error


def parse_yaml(path: Path, content: bytes) -> MarkedYaml:
    """Parse what a YAML file holds.

    Raises:
        TemplateError: it is empty or no YAML; the message names file and line.
    """
    try:
        source = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: is not UTF-8.", mend="Save the file as UTF-8.") from error
    try:
        data = load_yaml(source)
        root = yaml.compose(source, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "no YAML"
        raise TemplateError(f"{path}{line}: {problem}.", mend="Correct the YAML there.") from error
    if (doubled := doubled_key(root)) is not None:
        raise TemplateError(
            f"{path}, line {doubled.start_mark.line + 1}: '{doubled.value}' stands there twice.",
            mend="Keep one of the two.",
        )
    if root is None or not isinstance(data, dict):
        raise TemplateError(f"{path}, line 1: holds no mapping.", mend="Begin with lines such as 'form: ks-2016'.")
    return MarkedYaml(path, data, root)


def doubled_key(root: yaml.Node | None) -> yaml.ScalarNode | None:
    """A key that stands a second time in one mapping, which YAML forbids and its loaders let pass; none if all is well.

    YAML 1.2.2, section 3.2.1.1: the keys of a mapping are unique.
    """
    waiting, seen = [root] if root is not None else [], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # aliases lead to one node again
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        return key
                    keys.add(key.value)
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
    return None


def validate(file: MarkedYaml, model: type[Model]) -> Model:
    """Check the data against a model.

    Raises:
        TemplateError: for the first mistake; the message names file, line, place and what is wrong.
    """
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        messages = [explain(file, item["loc"], item["type"], item["msg"]) for item in error.errors()]
        more = f" ({len(messages) - 1} more mistakes in this file.)" if len(messages) > 1 else ""
        message, mend = messages[0]
        raise TemplateError(message, mend=mend + more) from error


def explain(file: MarkedYaml, place: Sequence[int | str], kind: str, problem: str) -> tuple[str, str]:
    """A pydantic error as a message with its place, and how to mend it."""
    where = ".".join(str(step) for step in place) or "the file"
    name = str(place[-1]) if place else ""
    problem = problem.removeprefix("Value error, ")
    mends = {
        "missing": f"Add '{name}'.",
        "extra_forbidden": f"Remove '{name}' or correct its spelling.",
        "value_error": "Correct it there.",
    }
    mend = mends.get(kind, f"Correct '{name}' there.")
    return f"{file.path}, line {file.line(place)}: {where}: {problem}.", mend


def _child(node: yaml.Node, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                inner: yaml.Node = value
                return inner
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None
