"""Conditions that are looked up for each row by itself, whatever a planner thinks would be quicker."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column

_ZERO: ColumnElement[int] = literal_column("0")
_ONE: ColumnElement[int] = literal_column("1")


def there_is_none(found: Select[Any]) -> ColumnElement[bool]:
    """Condition that holds where ``found``, which speaks of a column of the row asked for, gives nothing.

    Means what ``NOT EXISTS`` means. PostgreSQL makes a join of that, or a list of all that could exist, and where it
    takes the one table for smaller than it is, compares each row with each: with 5,000 fields under inspection a count
    of what waits among ten million took minutes. A value it looks up for every row, by the index meant for it. Of a
    comparison by ``!=`` it expects that nearly all rows pass, as here they do; of ``IS NULL``, that hardly any does,
    and then it would rather sort the whole queue than begin at its head.
    """
    one = found.with_only_columns(_ONE, maintain_column_froms=True).limit(_ONE).scalar_subquery()
    return func.coalesce(one, _ZERO) != _ONE
