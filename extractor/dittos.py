"""What ditto marks stand for: the value of the same column in the row above, down a book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from extractor.records import Decision, FieldState, FieldValue, Record
from extractor.templates.form import FormSchema

_SETTLED = {Decision.CONFIRMED, Decision.CORRECTED}


def resolve_dittos(records: Iterable[Record], schemas: Mapping[str, FormSchema]) -> Iterator[Record]:
    """The records with a value for each ditto mark whose row above has one; the mark itself stays as it is written.

    Only forms with one record a row are looked at; a page's first row refers to the last of the page before. Where
    the row above is blank, illegible, missing or not understood, the mark stands for nothing known. A field that a
    person settled stays as settled.

    Args:
        records: records of one book in the order of its pages.
        schemas: form schemas by name.
    """
    above: dict[tuple[str, str], FieldValue] = {}
    for record in records:
        if not schemas[record.form].rows:
            yield record
            continue
        fields = dict(record.fields)
        for code, value in record.fields.items():
            if value.state is FieldState.DITTO and value.decision not in _SETTLED:
                meant = _meaning(above.get((record.form, code)))
                if meant != value.value:
                    fields[code] = value.model_copy(update={"value": meant})
            above[record.form, code] = fields[code]
        yield record if fields == record.fields else record.model_copy(update={"fields": fields})


def meant_when_exported(records: Iterable[Record]) -> Iterator[Record]:
    """The records as they leave the house: each settled ditto mark stands for what stands above it now.

    What a settled mark stands for was noted when it was settled; the field above may have been corrected since. Above
    is the record before in the book, as it is shown to whoever settles the mark. Where the field there still waits for
    a person, so does the mark; where it is blank, illegible or missing, the mark stands for nothing known.

    Args:
        records: records of one book in the order of its pages.
    """
    above: Mapping[str, FieldValue] = {}
    for record in records:
        fields = {code: _settled_meaning(value, above.get(code)) for code, value in record.fields.items()}
        yield record if fields == record.fields else record.model_copy(update={"fields": fields})
        above = fields


def _settled_meaning(value: FieldValue, above: FieldValue | None) -> FieldValue:
    if value.state is not FieldState.DITTO or not value.decision.settled:
        return value
    waits = {} if above is None or above.decision.settled else {"decision": Decision.REVIEW}
    return value.model_copy(update={"value": _meaning(above), **waits})


def _meaning(above: FieldValue | None) -> str | None:
    if above is None or above.state not in {FieldState.READ, FieldState.DITTO}:
        return None
    return above.value
