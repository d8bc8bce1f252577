"""Which share of the queue is handed out from the fields chosen for learning: what an office set for its folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.batch.storage import LEARNING_SHARE
from extractor.errors import SettingsError
from extractor.exports.files import part_of
from extractor.settings import get_settings

FILE = LEARNING_SHARE
"""Name of the office's own file in the output folder; without it the setting ``EXTRACTOR_LEARNING_SHARE`` counts."""

MOST = 0.5
"""Half of the queue at most: people's first work is to finish books."""


class _Own(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(ge=0, le=MOST)


def load_share(out: Path) -> float:
    """The share of an output folder, 0 to 0.5.

    Raises:
        SettingsError: the office's file cannot be used.
    """
    path = out / FILE
    if not path.exists():
        return get_settings().learning_share
    mend = f"Write 'share: 0.1' into it, from 0 to {MOST}, or take it away."
    try:
        return _Own.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).share
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path.name}: cannot be read.", mend=mend) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "content"
        raise SettingsError(f"{path.name}: {place}: {first['msg']}.", mend=mend) from None
    except (ValueError, RecursionError) as error:  # of a date there is not, of lists within lists
        raise SettingsError(f"{path.name}: cannot be read.", mend=mend) from error


def save_share(out: Path, share: float) -> None:
    """Set the share of an output folder; servers that run heed it from the next field on.

    Raises:
        SettingsError: it is not from 0 to 0.5.
    """
    if not 0 <= share <= MOST:
        raise SettingsError(f"--share {share:g}: this is no share from 0 to {MOST}.", mend="Give 0.1 for one in ten.")
    path = out / FILE
    part_of(path).write_text(f"share: {share:g}\n", encoding="utf-8")
    part_of(path).replace(path)


def share_or_zero(out: Path) -> float:
    """The share; 0 where the office's file cannot be used, for a queue that stops helps nobody."""
    try:
        found = (out / FILE).stat()
    except OSError:
        return get_settings().learning_share
    return _read(out, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _read(out: Path, _changed: int, _size: int) -> float:
    # Asked each time a field is handed out, so the file is read again only when it changed.
    try:
        return load_share(out)
    except SettingsError:
        return 0.0
