"""Whether a candidate may become the reader in use: what the rule asks, and what the evaluation shows."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import SettingsError
from extractor.learning.comparison import Comparison, Figure, Slice

_SIGNS = {"exact": 1, "cer": -1}
"""Whether more is better."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Overall(_Strict):
    """What all lines together must show.

    Args:
        figure: which figure counts.
        better_by: points that the worse end of its interval must be above.
    """

    figure: Literal["exact", "cer"] = "exact"
    better_by: float = Field(default=0.0, ge=0)


class OfKind(_Strict):
    """What a kind of field must show.

    Args:
        may_fall: points by which the worse end of the interval of exact lines may lie below no change.
        needed: so many lines of the kind there must be; 0 where there need be none.
    """

    may_fall: float = Field(ge=0)
    needed: int = Field(default=0, ge=0)


class Rule(_Strict):
    """What a candidate must show; see ``promotion.yaml``."""

    least_groups: int = Field(ge=2)
    overall: Overall
    kinds: dict[str, OfKind]
    other_kinds: OfKind


def shipped_rule() -> Path:
    """The rule that comes with the product."""
    return Path(str(resources.files("extractor.learning"))) / "promotion.yaml"


def load_rule(file: Path) -> Rule:
    """Read a rule.

    Raises:
        SettingsError: the file is missing, or an entry is missing, unknown or out of range.
    """
    mend = f"Compare it with {shipped_rule().name} of the product."
    try:
        return Rule.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: the rule cannot be read.", mend="Name a YAML file in UTF-8.") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{file}: entry '{place}' is wrong: {first['msg']}.", mend=mend) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # the last: of a date there is not
        raise SettingsError(f"{file}: this is no YAML.", mend=mend) from error


def objections(comparison: Comparison, rule: Rule) -> list[str]:
    """What speaks against a promotion, a sentence each; nothing where the candidate may take over."""
    found = []
    if comparison.on.groups < rule.least_groups:
        found.append(
            f"The lines are of {comparison.on.groups} groups of books and hands; the rule asks for {rule.least_groups}."
        )
    found += _overall(comparison.whole, rule.overall)
    kinds = comparison.kinds
    for name, asked in rule.kinds.items():
        lines = kinds[name].lines if name in kinds else 0
        if lines < asked.needed:
            found.append(f"{name}: {lines} lines were read; the rule asks for {asked.needed}.")
    for name, of_kind in kinds.items():
        found += _of_kind(of_kind, rule.kinds.get(name, rule.other_kinds))
    return found


def _overall(whole: Slice, asked: Overall) -> list[str]:
    figure: Figure = getattr(whole, asked.figure)
    least = _worse_end(figure, _SIGNS[asked.figure])
    if least is None:
        return ["All lines: they are of one group, so it cannot be told whether the candidate is better."]
    if least > asked.better_by:
        return []
    return [
        f"All lines: the candidate is better by {_SIGNS[asked.figure] * 100 * figure.difference:.2f} points of "
        f"{asked.figure}, and perhaps only by {least:.2f}; it must be surely above {asked.better_by:.2f}."
    ]


def _of_kind(of_kind: Slice, asked: OfKind) -> list[str]:
    figure = of_kind.exact
    least = _worse_end(figure, 1)
    if least is None:
        # One book alone cannot say how much books differ: what it shows counts as it stands.
        least = 100 * figure.difference
    if least >= -asked.may_fall:
        return []
    return [
        f"{of_kind.name}: exact lines change by {100 * figure.difference:+.2f} points, and perhaps by {least:+.2f}; "
        f"{-asked.may_fall:+.2f} is the least."
    ]


def _worse_end(figure: Figure, sign: int) -> float | None:
    """The end of the interval that is worse for the candidate, in points; more is better."""
    if figure.low is None or figure.high is None:
        return None
    return 100 * min(sign * figure.low, sign * figure.high)
