"""The words by which labels are understood, from ``kinds.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def word_lists() -> dict[str, Any]:
    """The lists by their names."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "kinds.yaml").read_text(encoding="utf-8"))
    return loaded
