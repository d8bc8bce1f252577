"""Which weights the handwriting reader takes: those that came with the product, or a version of the office's registry.

The registry is a folder. ``versions/`` holds one folder a model, named by its digest and never changed;
``current.json`` says which of them is in use, and is only ever replaced as a whole. Without it, the model of the
settings is in use. That one is version 0, and can always be gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import ModelError
from extractor.readers.handwriting.runtime import inspect_folder
from extractor.settings import Settings

CURRENT_FILE, VERSIONS = "current.json", "versions"

SHIPPED = "0"
"""Version of the model that the settings name."""


class Switch(BaseModel):
    """One change of the model in use.

    Args:
        version: which one came into use.
        replaced: which one it took the place of.
        how: whether it was promoted, or gone back to.
        at: when.
        by: who did it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(pattern="^(0|[0-9a-f]{16})$")
    replaced: str = Field(pattern="^(0|[0-9a-f]{16})$")
    how: Literal["promoted", "rolled_back"]
    at: datetime
    by: str


class Current(BaseModel):
    """What is in use, and all changes that led there.

    Args:
        version: digest of the version in use, or ``0``.
        base: name of the model folder that the settings named at the time; where they name another one now, that one
            is in use.
        switches: all changes, the oldest first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    version: str = Field(default=SHIPPED, pattern="^(0|[0-9a-f]{16})$")
    base: str
    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """The model that is in use.

    Args:
        folder: where it lies.
        version: its version in the registry; ``0`` for the model of the settings.
    """

    folder: Path
    version: str

    def checked(self) -> Path:
        """The folder, which must hold the very model it is named after.

        Raises:
            ModelError: it is missing, damaged, or was changed.
        """
        if self.version != SHIPPED and inspect_folder(self.folder).digest != self.version:
            raise ModelError(
                f"{self.folder}: the model is not the one that was promoted.",
                mend="Go back with 'extractor model rollback 0', then copy the version anew.",
            )
        return self.folder


def read_current(registry: Path) -> Current | None:
    """What a registry says is in use; none where nothing was ever promoted.

    Raises:
        ModelError: the file is damaged.
    """
    file = registry / CURRENT_FILE
    try:
        return Current.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ModelError(
            f"{file}: it cannot be told which model is in use.",
            mend="Put the file back from a backup; without it the model that came with the product is in use.",
        ) from error


def version_folder(registry: Path, version: str) -> Path:
    """Where a version of the registry lies."""
    return registry / VERSIONS / version


def model_in_use(settings: Settings) -> ModelInUse:
    """The model that ``handwriting`` reads with.

    Raises:
        ModelError: the registry is damaged.
    """
    shipped = ModelInUse(settings.models_dir / settings.handwriting_model, SHIPPED)
    current = read_current(settings.registry_dir)
    # Who sets another model for a run means that one, whatever was promoted over the usual one.
    if current is None or current.version == SHIPPED or current.base != settings.handwriting_model:
        return shipped
    return ModelInUse(version_folder(settings.registry_dir, current.version), current.version)
