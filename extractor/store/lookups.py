"""Conditions that are looked up for each row by itself, whatever a planner thinks would be quicker."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select


def there_is(found: Select[Any]) -> ColumnElement[bool]:
    """Condition that holds where ``found``, which speaks of a column of the row asked for, gives anything.

    Means what ``EXISTS`` means. PostgreSQL makes a join of that, or a list of all that could exist, and where it takes
    the one table for smaller than it is, compares each row with each: with 5,000 fields under inspection a count of
    what waits among ten million took minutes. A value it looks up for every row, by the index meant for it.
    """
    return found.limit(1).scalar_subquery().is_not(None)
