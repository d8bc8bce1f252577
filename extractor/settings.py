"""Settings of an installation, from the environment (``EXTRACTOR_...``) or a ``.env`` file; options override them."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from extractor.errors import SettingsError

_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Validated settings.

    Args:
        models_dir: folder of the shipped weights and certificates.
        templates_dir: folder with one folder a form.
        workers: worker processes of a run; 0 means one for each processor.
        handwriting_model: folder in ``models_dir`` with the handwriting reader's weights; ``handwriting-open``
            carries no terms of collections of handwriting, but reads real hands worse.
        registry_dir: folder of the office's own readers and of the one in use; see
            :mod:`extractor.readers.handwriting.in_use`.
        precision: of the handwriting reader's arithmetic; ``bfloat16`` is faster where there are matrix units for it.
        admin_login: login of the first account of a review application, made when it starts and has none.
        admin_person: name of its person.
        admin_password: its password, to be changed at the first sign-in.
        export_policy: what exports of every output folder take at least: ``settled`` or ``approved``; see
            :mod:`extractor.batch.policy`.
        render_dpi: resolution at which PDF pages that are no plain scan are rendered.
    """

    model_config = SettingsConfigDict(env_prefix="EXTRACTOR_", env_file=".env", extra="ignore", frozen=True)

    models_dir: Path = _ROOT / "models"
    templates_dir: Path = _ROOT / "page_templates"
    handwriting_model: str = Field(default="handwriting", pattern=r"^[\w.-]+$")
    registry_dir: Path = _ROOT / "registry"
    precision: Literal["float32", "bfloat16"] = "float32"
    workers: int = Field(default=0, ge=0, le=256)
    render_dpi: int = Field(default=300, ge=72, le=1200)
    export_policy: Literal["", "settled", "approved"] = ""

    admin_login: str = ""
    admin_person: str = ""
    admin_password: SecretStr = SecretStr("")

    @property
    def certificate(self) -> Path:
        """The shipped certificate."""
        return self.models_dir / "confidence" / "certificate.json"

    @property
    def worker_count(self) -> int:
        """Number of worker processes, at least one."""
        return self.workers or max(1, len(os.sched_getaffinity(0)))


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings, read once.

    Raises:
        SettingsError: a setting is out of range; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "EXTRACTOR_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(
            f"Setting {name}: {first['msg']}.", mend="Correct it in the environment or in .env."
        ) from None
