"""A registered event as found on a page, and the book it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from extractor.records.values import FieldValue


class Severity(StrEnum):
    """How much a warning matters: an error blocks export of the record, a warning never does."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class RuleWarning(BaseModel):
    """What a rule found; it never changes a value."""

    model_config = ConfigDict(frozen=True)

    rule: str
    fields: tuple[str, ...] = ()
    message: str
    message_en: str = ""
    severity: Severity = Severity.WARNING


BY_HAND = "by hand"
"""How the method of a registration begins that a person made."""


class Registration(BaseModel):
    """How well a template lies on a page.

    Args:
        residual_px: median distance between anchors and where the template puts them, in source pixels.
        coverage: share of the template's anchors that were found, 0 to 1.
        reason: why the registration is not good enough; empty when ``ok``.
    """

    model_config = ConfigDict(frozen=True)

    ok: bool
    residual_px: float = Field(ge=0.0)
    coverage: float = Field(ge=0.0, le=1.0)
    method: str
    reason: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether a person, not the machine, said where the form or its records lie; then people decide all fields."""
        return self.method.startswith(BY_HAND)


class Record(BaseModel):
    """One record with all its fields, as written to ``records.jsonl``.

    ``page`` and ``record`` count from 1. ``file`` is the source as the user named it, relative to the input folder,
    with ``/`` between parts; a member of an archive is ``archive.zip/member.pdf``.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    page: int = Field(ge=1)
    record: int = Field(default=1, ge=1)
    form: str
    form_version: str
    registration: Registration
    fields: dict[str, FieldValue]
    warnings: tuple[RuleWarning, ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        """File, page and record number: unique within a run."""
        return self.file, self.page, self.record


class PageProblemKind(StrEnum):
    """Why a page yields no records."""

    UNKNOWN_FORM = "unknown_form"
    BAD_REGISTRATION = "bad_registration"
    BLANK_PAGE = "blank_page"
    COVER = "cover"
    CLOSING = "closing"
    UNREADABLE = "unreadable"
    NOT_REGISTER = "not_register"
    """A person said that it is no page of the register."""


class PageProblem(BaseModel):
    """A page that a person must look at before it can yield records."""

    model_config = ConfigDict(frozen=True)

    file: str
    page: int = Field(ge=1)
    kind: PageProblemKind
    message: str
    form: str | None = None
    registration: Registration | None = None
    overlay: str | None = None


@dataclass(frozen=True, slots=True)
class BookKey:
    """What identifies a book; unknown parts stay empty, they are never guessed.

    Args:
        register: register code in upper case: KS, KH, KT, CN, CMC, HN, GH, CDGH, LH, TDCC.
        year: year the book was opened, four digits.
        number: number of the book (quyển), digits as written.
        agency: registering authority (nơi đăng ký), verbatim.
    """

    register: str = ""
    year: str = ""
    number: str = ""
    agency: str = ""
    commune: str = ""
    district: str = ""
    province: str = ""
