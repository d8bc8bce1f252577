"""Population profiles: how an extract is laid out, as data checked on load."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractor.errors import ExportError
from extractor.exports.reconciliation.roles import Attribute
from extractor.plain_yaml import load_yaml
from extractor.vietnamese.text import fold_marks


def header_key(header: str) -> str:
    """A header as it is compared: without case, marks, spaces and signs, letters of any width."""
    return re.sub(r"[^a-z0-9]", "", fold_marks(unicodedata.normalize("NFKC", header)).casefold())


class PopulationProfile(BaseModel):
    """Layout of an extract of the population database.

    Args:
        name: name on the command line.
        encoding: of text files, as Python names it.
        delimiter: of text files.
        sheet: name of the worksheet; the first one where empty.
        date_order: how dates of three numbers are to be taken; the separator does not matter.
        columns: headers by attribute, any of which may stand in the file.
        ignored: headers that are known and not needed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    title_en: str
    source: str
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    sheet: str = ""
    date_order: Literal["dmy", "ymd", "mdy"] = "dmy"
    columns: dict[Attribute, tuple[str, ...]]
    ignored: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> PopulationProfile:
        if missing := sorted({"name", "birth"} - set(self.columns)):
            raise ValueError(f"no column for {', '.join(missing)}")
        owners: dict[str, str] = {}
        for attribute, headers in self.columns.items():
            for header in headers:
                if owners.setdefault(header_key(header), attribute) != attribute:
                    raise ValueError(f"header '{header}' stands for two attributes")
        return self

    def knows(self, header: str) -> bool:
        """Whether a header stands for an attribute or is known and not needed."""
        named = (name for names in (*self.columns.values(), self.ignored) for name in names)
        return bool(header) and header_key(header) in {header_key(name) for name in named}

    def match(self, headers: Sequence[str]) -> dict[Attribute, int]:
        """Which column of a file holds which attribute.

        Raises:
            ValueError: a header is unknown or doubled, or the name, birth date or identity number has no column.
        """
        known = {header_key(header): attribute for attribute, names in self.columns.items() for header in names}
        ignored = {header_key(header) for header in self.ignored}
        unknown = [
            header
            for header in headers
            if header and header_key(header) not in known and header_key(header) not in ignored
        ]
        if unknown:
            raise ValueError(f"unknown columns: {', '.join(repr(header) for header in unknown)}")
        found: dict[Attribute, int] = {}
        for index, header in enumerate(headers):
            attribute = known.get(header_key(header)) if header else None
            if attribute is None:
                continue
            if attribute in found:
                raise ValueError(f"two columns for '{attribute}': {headers[found[attribute]]!r} and {header!r}")
            found[attribute] = index
        if missing := [attribute for attribute in ("identity", "name", "birth") if attribute not in found]:
            raise ValueError(f"no column for: {', '.join(missing)}")
        return found


def load_population_profile(path: Path) -> PopulationProfile:
    """Load one profile.

    Raises:
        ExportError: the file cannot be read or is not a profile; the message names file and place.
    """
    mend = "Correct the profile; see the bundled ones in extractor/exports/reconciliation/profiles."
    try:
        return PopulationProfile.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ExportError(f"{path}: cannot be read as YAML ({type(error).__name__}).", mend=mend) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ExportError(f"{path}: {place or 'profile'}: {first['msg']}.", mend=mend) from error


def population_profiles() -> dict[str, PopulationProfile]:
    """The bundled profiles by name, in alphabetical order."""
    folder = Path(str(resources.files("extractor.exports.reconciliation.profiles")))
    profiles = [load_population_profile(path) for path in sorted(folder.glob("*.yaml"))]
    return {profile.name: profile for profile in profiles}


def population_profile(name: str) -> PopulationProfile:
    """The bundled profile of that name, or the one in a file where the name ends with ``.yaml``.

    Raises:
        ExportError: there is none.
    """
    if name.endswith((".yaml", ".yml")):
        return load_population_profile(Path(name))
    profiles = population_profiles()
    if name not in profiles:
        raise ExportError(
            f"There is no population profile '{name}'.",
            mend=f"Choose one of: {', '.join(profiles)}, or give the path of a .yaml file.",
        )
    return profiles[name]
