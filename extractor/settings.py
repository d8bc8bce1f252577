"""Settings of an installation, from the environment (``EXTRACTOR_...``) or a ``.env`` file; options override them."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from extractor.errors import SettingsError

_ROOT = Path(__file__).resolve().parent.parent
SECRETS_VARIABLE = "EXTRACTOR_SECRETS_DIR"
"""Names a folder of files, each named like a setting (``extractor_database``), with its value: for containers."""


def shipped(name: str) -> Path:
    """A folder that ships with the software: beside the package, or where an installation puts it."""
    beside = _ROOT / name
    return beside if beside.is_dir() else Path(sys.prefix) / "share" / "extractor" / name


def _own_data() -> Path:
    """Where an office's own models lie: beside the package in a checkout, else in the user's folder of data.

    An installation is made anew by each upgrade, so that they must not lie in it.
    """
    if (_ROOT / "models").is_dir():
        return _ROOT
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "extractor"


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
        learning_share: share of the fields handed out one by one that come from those chosen for learning, where an
            office set none of its own; 0 leaves the queue as it is.
        render_dpi: resolution at which PDF pages that are no plain scan are rendered.
        scan_cache_mebibytes: room for scans brought from elsewhere, in MiB; those in use stay even above it.
        database: URL of the database for commands that are given none; it may hold a password.
        log_format: of the log on standard error: ``text`` or ``json``.
        metrics_token: that readers of a server's figures have to send.
    """

    model_config = SettingsConfigDict(env_prefix="EXTRACTOR_", env_file=".env", extra="ignore", frozen=True)

    models_dir: Path = Field(default_factory=lambda: shipped("models"))
    templates_dir: Path = Field(default_factory=lambda: shipped("page_templates"))
    handwriting_model: str = Field(default="handwriting", pattern=r"^[\w.-]+$")
    registry_dir: Path = Field(default_factory=lambda: _own_data() / "registry")
    precision: Literal["float32", "bfloat16"] = "float32"
    workers: int = Field(default=0, ge=0, le=256)
    learning_share: float = Field(default=0.0, ge=0, le=0.5)
    render_dpi: int = Field(default=300, ge=72, le=1200)
    scan_cache_mebibytes: int = Field(default=4096, ge=1)
    export_policy: Literal["", "settled", "approved"] = ""

    database: SecretStr = SecretStr("")
    log_format: Literal["text", "json"] = "text"
    metrics_token: SecretStr = SecretStr("")

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
        return self.workers or _processors()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # the processors that this process may use
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings, read once.

    Raises:
        SettingsError: a setting is out of range, or there is no folder of secrets; the message names it.
    """
    secrets = os.environ.get(SECRETS_VARIABLE, "")
    if secrets and not Path(secrets).is_dir():
        raise SettingsError(f"{SECRETS_VARIABLE}: {secrets} is no folder.", mend="Name the folder with the secrets.")
    try:
        return Settings(_secrets_dir=secrets or None)
    except ValidationError as error:
        first = error.errors()[0]
        name = "EXTRACTOR_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(
            f"Setting {name}: {first['msg']}.", mend="Correct it in the environment or in .env."
        ) from None
