"""What may be asked: names and sizes of files, options of a run. Checked strictly, whoever asks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from extractor.scans import REGISTERS, Limits

UNSEEN = r"\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Control characters and signs that nobody sees, or that turn what is shown around; for a class in a pattern."""

PLAIN = rf"^[^\x00-\x1f{UNSEEN}]*$"
"""Text in one line without such signs."""

LONGEST_PART = 60
"""Characters of one part of a path, which fit into any file system."""
MOST_FOLDERS = 3

_PART = rf"[^\x00-\x20./\\{UNSEEN}]([^\x00-\x1f/\\{UNSEEN}]{{0,{LONGEST_PART - 2}}}[^\x00-\x20/\\{UNSEEN}])?"
"""Not hidden, no blanks at its ends."""

HEX32 = r"^[0-9a-f]{32}$"


def whole(value: object) -> object:
    """Take 3.0 for 3, as JSON Schema does; nothing else is turned into a number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Size = Annotated[int, Strict(), Field(ge=1, le=Limits().zip_total_bytes, description="Bytes"), BeforeValidator(whole)]
Id = Annotated[str, Field(pattern=HEX32)]


class Asked(BaseModel):
    """A request: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class UploadAsked(Asked):
    """A file that is to be sent."""

    name: str = Field(
        min_length=1,
        max_length=243,
        pattern=rf"^{_PART}(/{_PART}){{0,{MOST_FOLDERS}}}$",
        description="Name, or path below up to three folders. Records are known by it. Official names and folders "
        "(KS.2017.01) tell register, year and number of the book.",
    )
    size: Size
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$", description="Checked when the file is whole")


class BookFacts(Asked):
    """What is known of the book all the scans belong to; what file names say need not be given."""

    register_code: Literal["", *REGISTERS] = Field(default="", alias="register")  # type: ignore[valid-type]
    year: str = Field(default="", pattern=r"^([0-9]{4})?$")
    number: str = Field(default="", max_length=20, pattern=PLAIN)
    agency: str = Field(default="", max_length=200, pattern=PLAIN)
    commune: str = Field(default="", max_length=200, pattern=PLAIN)
    district: str = Field(default="", max_length=200, pattern=PLAIN)
    province: str = Field(default="", max_length=200, pattern=PLAIN)


class RunAsked(Asked):
    """Scans to read."""

    uploads: list[Id] = Field(min_length=1, max_length=500, json_schema_extra={"uniqueItems": True})
    book: BookFacts = BookFacts()
    form: str = Field(default="", max_length=80, description="All pages are of this form; empty: each is identified")
    certificate: Literal["shipped", "none"] = Field(
        default="shipped", description="'none' sends every field to a person"
    )
    recheck: float = Field(
        default=0.05, ge=0.0, le=1.0, strict=True, allow_inf_nan=False,
        description="Share of the accepted fields that people key again blindly",
    )  # fmt: skip
    redo: Annotated[bool, Strict()] = Field(default=False, description="Read again what was read before")
