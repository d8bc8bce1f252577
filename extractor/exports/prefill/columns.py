"""What import columns are called, whom they are about, and what their codes mean; from data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from extractor.templates.form import FieldSpec


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column as people know it.

    Args:
        label: Vietnamese label, without the person.
        group: whom or what the column is about, or empty for what concerns the whole record.
        also: other labels under which a page may ask for it.
        group_also: other headings for the same person.
    """

    label: str
    group: str = ""
    also: tuple[str, ...] = ()
    group_also: tuple[str, ...] = ()


@cache
def load_data(name: str) -> dict[str, Any]:
    """A data file of this package."""
    text = resources.files("extractor.exports.prefill.data").joinpath(name).read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def group_of(code: str) -> tuple[str, str]:
    """Prefix and heading of whom a field or column is about; both empty where it concerns the whole record."""
    groups = load_data("columns.yaml")["groups"]
    for prefix in sorted(groups, key=len, reverse=True):
        rest = code.removeprefix(prefix)
        if rest != code and rest[:1].isupper():
            return prefix, str(groups[prefix]["label"])
    return "", ""


def column_name(column: str, spec: FieldSpec | None = None) -> ColumnName:
    """What a column is called; by the form's own label where its field fills this column alone.

    Args:
        spec: the field of the form that fills the column, or none.
    """
    data = load_data("columns.yaml")
    prefix, group = group_of(column)
    group_also = tuple(data["groups"][prefix]["also"]) if prefix else ()
    known = data["columns"].get(column) or data["endings"].get(column.removeprefix(prefix)) or {}
    own = spec.label if spec is not None and len(spec.columns) == 1 else ""
    label = own or known.get("label") or (spec.label if spec is not None else "") or column
    others = (known.get("label", ""), *known.get("also", ()))
    return ColumnName(label, group, tuple(dict.fromkeys(o for o in others if o and o != label)), group_also)


def holds_date(column: str) -> bool:
    """Whether a column holds a date in digits, by its code."""
    return bool(re.search(r"(?:^ngay|Ngay)(?=[A-Z]|$)", column)) and "BangChu" not in column


def meanings(column: str, register: str = "", spec: FieldSpec | None = None) -> Mapping[str, str]:
    """What the codes of a column mean; empty where the column holds no codes."""
    data = load_data("codes.yaml")
    own = {o.value: o.label for o in spec.options if o.value} if spec is not None else {}
    prefix, _ = group_of(column)
    known = (
        data["registers"].get(register, {}).get(column)
        or data["columns"].get(column)
        or data["endings"].get(column.removeprefix(prefix))
        or {}
    )
    return {**known, **own}
