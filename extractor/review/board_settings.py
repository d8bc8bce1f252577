"""What an office sets for its boards: shifts, teams, targets, the inventory of paper books, the order of registers."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractor.errors import SettingsError
from extractor.plain_yaml import load_yaml
from extractor.records import BookKey
from extractor.review.texts import load_data

FILE = "boards.yaml"
"""Name of the office's own file in the output folder; what it does not say stays as the application has it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Shift(_Part):
    """Hours of the day in which people work together: from the first, up to but without the last; 0 to 24."""

    name: str = Field(min_length=1, max_length=40)
    first: int = Field(alias="from", ge=0, le=23)
    last: int = Field(alias="to", ge=1, le=24)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last <= self.first:
            raise ValueError("ends before it begins")
        return self


class Team(_Part):
    """People who work together, by their logins, and how many fields they mean to answer in a shift."""

    name: str = Field(min_length=1, max_length=60)
    logins: tuple[str, ...] = Field(min_length=1)
    target: int | None = Field(default=None, ge=1)


class Inventoried(_Part):
    """Paper books of one register at one place, as they were counted before scanning."""

    register_code: str = Field(default="", alias="register")
    province: str = ""
    district: str = ""
    commune: str = ""
    books: int = Field(ge=0)

    @property
    def key(self) -> BookKey:
        """What is known of the identity of these books."""
        return BookKey(
            register=self.register_code, commune=self.commune, district=self.district, province=self.province
        )


class BoardSettings(_Part):
    """All that the boards go by.

    Args:
        target: fields that all together mean to answer in a shift, where there are no teams.
        priority: codes of registers, the most urgent first; those not named come after them.
    """

    shifts: tuple[Shift, ...] = Field(min_length=1)
    pause_seconds: int = Field(ge=10, le=3600)
    least_fields: int = Field(ge=1)
    least_people: int = Field(ge=1)
    forecast_days: int = Field(ge=7, le=90)
    forecast_worked_days: int = Field(ge=3, le=90)
    teams: tuple[Team, ...] = ()
    target: int | None = Field(default=None, ge=1)
    inventory: tuple[Inventoried, ...] = ()
    priority: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if any(one.last > other.first for one, other in pairwise(self.shifts)):
            raise ValueError("shifts overlap, or are not in the order of the day")
        logins = [login for team in self.teams for login in team.logins]
        if len(set(logins)) < len(logins):
            raise ValueError("a login is in two teams")
        if len({team.name for team in self.teams}) < len(self.teams):
            raise ValueError("two teams have the same name")
        return self


def load_settings(folder: Path) -> BoardSettings:
    """The settings of the office whose output folder this is.

    Raises:
        SettingsError: the office's file cannot be read, or a field of it is not usable.
    """
    path = folder / FILE
    content: dict[str, Any] = dict(load_data(FILE))
    if path.exists():
        try:
            own = load_yaml(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SettingsError(f"{path.name}: cannot be read.", mend="Correct it, or take it away.") from error
        if not isinstance(own, dict):
            raise SettingsError(f"{path.name}: holds no settings.", mend="Write names and values.")
        content |= own
    try:
        return BoardSettings.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        said = f"{path.name}: {place}: {first['msg']}" if place else f"{path.name}: {first['msg']}"
        raise SettingsError(f"{said}.", mend="Correct it; until then the application's own settings count.") from None


@cache
def default_settings() -> BoardSettings:
    """The settings of an office that set nothing."""
    return BoardSettings.model_validate(load_data(FILE))


def settings_or_default(folder: Path) -> tuple[BoardSettings, str]:
    """The office's settings; where its file cannot be used, the application's own, and what is wrong with the file."""
    path = folder / FILE
    try:
        found = path.stat()
    except OSError:
        return default_settings(), ""
    return _read(folder, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _read(folder: Path, _changed: int, _size: int) -> tuple[BoardSettings, str]:
    # Asked each time a field is handed out, so the file is read again only when it changed.
    try:
        return load_settings(folder), ""
    except SettingsError as error:
        return default_settings(), str(error)
