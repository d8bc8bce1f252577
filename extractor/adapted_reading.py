"""Some fields of a page read anew by a reader that was adapted to the book's hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from extractor.field_reading import HANDWRITING, FieldReading, read_fields
from extractor.readers.protocol import Reader
from extractor.records import Candidate
from extractor.scans.types import CleanPage
from extractor.templates.form import FormSchema
from extractor.templates.types import LocatedRecord, RegisteredPage
from extractor.vietnamese import Context

ADAPTED = "handwriting-adapted"
"""Name under which fields carry the version of the adapted reader that read them."""

_LEAST = 0.0001


def with_hand(
    readings: Sequence[Mapping[str, FieldReading]], chosen: Collection[tuple[int, str]], *, page: CleanPage,
    registered: RegisteredPage, schema: FormSchema, readers: Mapping[str, Reader], context: Context,
) -> list[dict[str, FieldReading]]:  # fmt: skip
    """The fields of a page, the chosen ones as an adapted reader reads them.

    Only handwriting is read anew. Where both readers propose the same, the usual reader's word stands, which a
    certificate may vouch for; where they differ, its text stays among the candidates.

    Args:
        readings: what :func:`extractor.field_reading.read_fields` made of them with the usual readers.
        chosen: record numbers on this page and field codes.
        readers: the same readers, with the adapted one for handwriting.
    """
    asked = {
        record.record: {code for number, code in chosen if number == record.record} for record in registered.records
    }
    narrowed = tuple(_narrowed(record, _with_partners(schema, asked[record.record])) for record in registered.records)
    anew = read_fields(page, replace(registered, records=narrowed), schema, dict(readers), context)
    merged = []
    for record, usual, own in zip(registered.records, readings, anew, strict=True):
        fields = dict(usual)
        for code in asked[record.record] & own.keys() & usual.keys():
            fields[code] = _chosen(usual[code], own[code])
        merged.append(fields)
    return merged


def _with_partners(schema: FormSchema, codes: Collection[str]) -> set[str]:
    """The fields, and the other writing of dates that stand twice: each decides the other's doubts."""
    pairs = [(spec.code, spec.words_of) for spec in schema.fields if spec.words_of]
    return {*codes, *(code for pair in pairs if set(pair) & set(codes) for code in pair)}


def _narrowed(record: LocatedRecord, codes: Collection[str]) -> LocatedRecord:
    return replace(record, fields=tuple(located for located in record.fields if located.code in codes))


def _chosen(usual: FieldReading, own: FieldReading) -> FieldReading:
    if {usual.value.reader, own.value.reader} != {HANDWRITING} or own.value.raw == usual.value.raw:
        return usual
    candidates = own.value.candidates
    if usual.value.raw not in [candidate.text for candidate in candidates]:
        candidates = (*candidates[:4], Candidate(usual.value.raw, _LEAST))
    value = own.value.model_copy(update={"reader": ADAPTED, "candidates": candidates})
    return replace(own, value=value, evidence=replace(own.evidence, adapted=True))
