"""Unfinished work of the designer, kept on the server for each person and form."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from extractor.errors import TemplateError
from extractor.templates.designing import Design
from extractor.templates.form import FORM_NAME

_FOLDER = ".drafts"
_NAME = re.compile(FORM_NAME)


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """Work that is not in use yet.

    Args:
        account: number of the account of whose it is.
        based_on: version of the form it began with; empty for a new form.
        at: when it was kept, ISO 8601.
    """

    form: str
    account: int
    design: Design
    based_on: str
    at: str


class Drafts:
    """Drafts below a folder of forms; two folders down nothing looks for forms."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def keep(self, form: str, account: int, design: Design, based_on: str, at: datetime) -> None:
        """Keep a person's work on a form, in place of what was kept before.

        Raises:
            TemplateError: it cannot be written, or the form's name is none.
        """
        path = self._path(form, account)
        content = {
            "design": design.model_dump(mode="json"),
            "based_on": based_on,
            "at": at.isoformat(timespec="seconds"),
        }
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise TemplateError("The draft could not be kept.", mend="Check rights and free space.") from error

    def find(self, form: str, account: int) -> KeptDraft | None:
        """A person's draft of a form; none where there is none that can be read."""
        if not _is_name(form):
            return None
        path = self._path(form, account)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            design = Design.model_validate(content["design"])
            return KeptDraft(form, account, design, str(content["based_on"]), str(content["at"]))
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None

    def all(self) -> list[KeptDraft]:
        """All drafts, by form."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            form, _, account = path.stem.rpartition(".")
            draft = self.find(form, int(account)) if _NAME.fullmatch(form) and account.isdecimal() else None
            found += [draft] if draft else []
        return found

    def drop(self, form: str, account: int) -> None:
        """Forget a draft."""
        self._path(form, account).unlink(missing_ok=True)

    def _path(self, form: str, account: int) -> Path:
        if not _is_name(form):
            raise TemplateError("This is no name of a form.", mend="Use small letters, digits and hyphens.")
        return self._folder / f"{form}.{account}.json"


def _is_name(form: str) -> bool:
    return bool(_NAME.fullmatch(form)) and len(form) <= 80
