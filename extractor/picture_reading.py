"""What was read of one picture: all records of its one or two pages, numbered through, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from extractor.confidence.evidence import FieldEvidence
from extractor.field_reading import FieldReading
from extractor.laying import LaidPage
from extractor.page_file import regions_of
from extractor.page_problems import other_book, problem_of
from extractor.record_areas import Shares, record_areas
from extractor.records import FieldValue, PageProblem, Record
from extractor.templates.form import Role
from extractor.templates.types import Polygon

FieldKey = tuple[int, str]
"""Record number and field code."""

_NO_RECORD = 0
"""Record number under which places on a cover or closing page are kept beside a page of records."""


@dataclass(slots=True)
class PictureReading:
    """What was read of a picture; places are in pixels of the whole clean picture.

    Args:
        records: records of all pages, left page first, numbered through.
        problems: why pages without records have none.
        kinds: field code to kind of field.
        chars: probability of each character of ``raw``.
        stated: what covers and closing pages say, by field code.
        located: number of records that forms located on the pages so far, empty ones included.
        register: code of the register that the records belong to, or empty.
        areas: which part of the picture is a record's own, by its number; none where it is the whole.
    """

    records: list[Record] = field(default_factory=list)
    problems: list[PageProblem] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    chars: dict[FieldKey, tuple[float, ...]] = field(default_factory=dict)
    evidence: dict[FieldKey, FieldEvidence] = field(default_factory=dict)
    readings: dict[FieldKey, FieldValue] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    regions: dict[FieldKey, list[Polygon]] = field(default_factory=dict)
    anchors: list[list[float]] = field(default_factory=list)
    guides: list[Polygon] = field(default_factory=list)
    located: int = 0
    register: str = ""
    areas: dict[int, Shares] = field(default_factory=dict)

    def fits(self, laid: LaidPage) -> bool:
        """Whether a page's records can stand beside those read so far: one picture belongs to one register."""
        if laid.form is None or not self.records:
            return True
        schema = laid.form.schema
        alike = all(self.kinds.get(spec.code, spec.kind.value) == spec.kind.value for spec in schema.fields)
        return alike and schema.register_code == self.register

    def add_records(self, laid: LaidPage, readings: Sequence[Mapping[str, FieldReading]]) -> None:
        """Add a page's records: one mapping of field readings for each record located on it, in order.

        A page of several places of which none is written on counts as a page without records.
        """
        if laid.form is None or laid.registered is None:
            raise ValueError("a page without a form has no records")
        before = len(self.records)
        self.areas.update({self.located + number: area for number, area in record_areas(laid).items()})
        for located, fields in zip(laid.registered.records, readings, strict=True):
            if len(laid.registered.records) > 1 and not any(reading.value.raw for reading in fields.values()):
                continue  # the last page of a book seldom fills all its places
            self._add_record(laid, self.located + located.record, fields)
        if len(self.records) > before or not self.records:
            self.register = laid.form.schema.register_code
        if len(self.records) > before:
            self._keep_places(laid)
        else:
            self.add_problem(laid)

    def add_problem(self, laid: LaidPage, stated: Mapping[str, str] | None = None) -> None:
        """Add a page without records; ``stated`` is what it says as a cover or closing page."""
        self.stated.update(stated or {})
        self.problems.append(problem_of(laid, stated or {}))
        self._keep_places(laid)
        self._keep_anchors(laid)

    def add_other_book(self, laid: LaidPage) -> None:
        """Add a page whose records cannot stand beside those read so far, see :meth:`fits`."""
        self.problems.append(other_book(laid))

    def _add_record(self, laid: LaidPage, number: int, fields: Mapping[str, FieldReading]) -> None:
        assert laid.form is not None and laid.registered is not None
        source = laid.page.source
        values = {code: reading.value for code, reading in fields.items()}
        self.records.append(
            Record(
                file=source.file,
                page=source.page,
                record=number,
                form=laid.form.schema.form,
                form_version=laid.form.version,
                registration=laid.registered.registration,
                fields=values,
            )
        )
        self.evidence.update({(number, code): reading.evidence for code, reading in fields.items()})
        self.readings.update({(number, code): value for code, value in values.items()})
        self.chars.update({(number, code): reading.chars for code, reading in fields.items() if reading.chars})

    def _keep_places(self, laid: LaidPage) -> None:
        """Keep where fields lie, and count on; the anchors of a picture of one page as well."""
        if laid.form is None or laid.registered is None:
            return
        aside = laid.side is not None and laid.form.schema.role is not Role.RECORDS
        for (number, code), polygons in regions_of(laid.registered).items():
            key = (_NO_RECORD if aside else self.located + number, code)
            self.regions.setdefault(key, []).extend(laid.in_picture(polygon) for polygon in polygons)
        self.guides += [laid.in_picture(guide) for guide in laid.registered.guides]
        if not aside:
            self.kinds.update({spec.code: spec.kind.value for spec in laid.form.schema.fields})
            self.located += len(laid.registered.records)
        if laid.side is None and not self.problems:
            self._keep_anchors(laid)

    def _keep_anchors(self, laid: LaidPage) -> None:
        if laid.registered is None or not len(laid.registered.anchors):
            return
        found, home = laid.registered.anchors[:, :2], laid.registered.anchors[:, 2:]
        self.anchors += [
            [*map(float, here), *map(float, there)]
            for here, there in zip(laid.in_picture(found), laid.in_picture(home), strict=True)
        ]
