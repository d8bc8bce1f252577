"""Whether a form and the import sheets of its register go together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from extractor.templates.form import FormSchema, Role
from extractor.templates.mistakes import Mistake


def column_mistakes(schema: FormSchema) -> Iterator[Mistake]:
    """Register, profile and import columns that do not fit.

    A column given twice keeps every book of the form from being exported, see
    :func:`extractor.exports.fields.column_owners`. That no bundled sheet has a column is advice: an office may have
    sheets of its own.
    """
    from extractor.exports.profile import column_lists
    from extractor.scans.names import REGISTERS

    register = schema.register_code
    if register and register not in REGISTERS:
        message, mend = f"there is no register '{register}'.", f"Use one of: {', '.join(REGISTERS)}."
        yield Mistake("register_unknown", {"register": register}, message, mend, in_schema=True)
    if schema.profile and schema.profile not in column_lists():
        message = f"there is no list of import columns '{schema.profile}'."
        mend = f"Use one of: {', '.join(sorted(column_lists()))}."
        yield Mistake("profile_unknown", {"profile": schema.profile}, message, mend, in_schema=True)
    yield from _doubled(schema)
    known, numbers = _sheets_of(register)
    if not known:
        return
    yield from _unknown(schema, known)
    filled = {column for spec in schema.fields for column in spec.columns}
    for number in sorted(numbers - filled):
        if schema.role is Role.RECORDS:
            message = f"no field fills '{number}', the record's number, which the register's import sheets need."
            mend = f"Give the field of the number 'columns: [{number}]'."
            yield Mistake("no_number", {"column": number}, message, mend, in_schema=True, serious=False)


def _doubled(schema: FormSchema) -> Iterator[Mistake]:
    counts = Counter(column for spec in schema.fields for column in spec.columns)
    for spec in schema.fields:
        for column in dict.fromkeys(spec.columns):
            if counts[column] > 1:
                message = f"field '{spec.code}': the import column '{column}' is given {counts[column]} times."
                about = {"column": column, "code": spec.code}
                mend = "Give the column to one field only."
                yield Mistake("column_twice", about, message, mend, code=spec.code, in_schema=True)


@cache
def _sheets_of(register: str) -> tuple[frozenset[str], frozenset[str]]:
    """All columns of a register's import sheets, and those of the record's number."""
    from extractor.exports.profile import load_profiles

    sheets = [profile for profile in load_profiles().values() if profile.register_code == register]
    columns = frozenset(column for sheet in sheets for column in sheet.columns)
    return columns, frozenset(sheet.keys.number for sheet in sheets)


def _unknown(schema: FormSchema, known: frozenset[str]) -> Iterator[Mistake]:
    for spec in schema.fields:
        for column in spec.columns:
            if column not in known:
                register = schema.register_code
                message = f"field '{spec.code}': no import sheet of register {register} has a column '{column}'."
                about = {"column": column, "code": spec.code, "register": register}
                mend = "Correct the column, or take it out: what is read stays in the record and reaches no sheet."
                yield Mistake("column_unknown", about, message, mend, code=spec.code, in_schema=True, serious=False)
