"""What is wrong with a form, apart from any file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake.

    Args:
        kind: short name of what is wrong, for texts in other languages.
        about: the words those texts are filled with.
        message: what is wrong.
        mend: what to do about it.
        place: where in ``template.yaml``; empty where it is the form's as a whole.
        code: the field it is about, or empty.
        in_schema: whether it is in ``form.yaml``.
        serious: whether the form cannot be used as it is; else it is advice.
    """

    kind: str
    about: dict[str, str]
    message: str
    mend: str
    place: tuple[int | str, ...] = ()
    code: str = ""
    in_schema: bool = False
    serious: bool = True
