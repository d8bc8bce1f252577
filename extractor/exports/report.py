"""The supervisor's report: one page of HTML that stands alone and holds no value read from a register."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import yaml

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.books import RunExport
from extractor.exports.chart import Bar, stacked_bars
from extractor.exports.findings import HeldBack
from extractor.records import Decision, FieldState, PageProblem, Record
from extractor.templates.form import FormSchema
from extractor.whole_files import take_place

_THUMBNAIL = (150, 220)
"""Most pixels across and down; no handwriting can be read at this size."""

_LINES = 60
"""Longest list shown; the rest is counted and stands in full in the files beside the report."""


@dataclass(frozen=True, slots=True)
class KindCount:
    """Fields of one kind, by who answers for their values."""

    kind: str
    accepted: int
    by_person: int
    review: int

    @property
    def total(self) -> int:
        """All fields of the kind."""
        return self.accepted + self.by_person + self.review


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule spoke up; the title says what should hold."""

    rule: str
    severity: str
    count: int
    title: str = ""
    title_en: str = ""


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """What the records of a run amount to, without any of their values."""

    records: int
    kinds: tuple[KindCount, ...]
    rules: tuple[RuleCount, ...]

    @property
    def fields(self) -> int:
        """All fields of all records."""
        return sum(kind.total for kind in self.kinds)

    @property
    def accepted(self) -> int:
        """Fields the certified machine answers for."""
        return sum(kind.accepted for kind in self.kinds)

    @property
    def by_person(self) -> int:
        """Fields a person confirmed or corrected."""
        return sum(kind.by_person for kind in self.kinds)

    @property
    def review(self) -> int:
        """Fields that await review."""
        return sum(kind.review for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class BookLine:
    """One book: files are relative to the report; counts are of records unless named otherwise.

    ``findings`` are warnings about the book as a whole, in Vietnamese and English; ``approved`` says that a name stands
    under the book as it is.
    """

    register: str
    year: str
    number: str
    agency: str
    records: int
    rows: int
    pdfs: int
    held_back: int
    workbooks: tuple[str, ...] = ()
    package: str = ""
    findings: tuple[tuple[str, str], ...] = ()
    approved: bool = False


class SetAside(Protocol):
    """An input that cannot be used, as :class:`extractor.scans.SetAside`."""

    @property
    def file(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def mend(self) -> str: ...  # noqa: D102
    @property
    def page(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class OverlayPicture:
    """A picture of a page with its located fields; ``path`` is relative to the report."""

    path: str
    label: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """All that the report shows.

    Args:
        pages: pages that came in, without inputs set aside.
        pages_registered: pages on which a form was found and laid well enough.
        counts: see :class:`RecordTally`.
        books: see :func:`book_lines`.
        held_back: records that were not exported.
        problems: pages a person must look at; their overlays are paths relative to the report.
        set_aside: inputs that could not be used.
        overlays: pictures to show small, a few of them.
        seconds_per_page: mean time a page took, or none where nothing was timed.
        versions: name and version of what took part: the program, forms, readers.
        certificate: in words, which certificate the machine's acceptance rests on; empty where there is none.
        suspended: groups of fields for which the certificate does not count: a sentence in Vietnamese and in English.
        without_profile: records of forms that are not exported.
        held_back_list: path of the full list, relative to the report; empty where there is none.
        only_approved: exports take only books that are approved as they stand.
    """

    pages: int
    pages_registered: int
    counts: RecordCounts
    books: Sequence[BookLine] = ()
    held_back: Sequence[HeldBack] = ()
    problems: Sequence[PageProblem] = ()
    set_aside: Sequence[SetAside] = ()
    overlays: Sequence[OverlayPicture] = ()
    seconds_per_page: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    certificate: str = ""
    suspended: Sequence[tuple[str, str]] = ()
    without_profile: int = 0
    held_back_list: str = ""
    only_approved: bool = False


class RecordTally:
    """Counts fields by kind and warnings by rule, record by record; fields that are not on the form are left out.

    Args:
        forms: form schemas by name; fields of an unknown form count under their codes.
        rule_titles: Vietnamese and English titles of rules by name.
    """

    def __init__(
        self, forms: Mapping[str, FormSchema], rule_titles: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self._kinds: dict[str, Counter[str]] = {}
        self._rules: Counter[tuple[str, str]] = Counter()
        self._known = {name: {spec.code: spec.kind.value for spec in form.fields} for name, form in forms.items()}
        self._titles = rule_titles or {}
        self._records = 0

    def add(self, record: Record) -> None:
        """Count one more record."""
        self._records += 1
        of_form = self._known.get(record.form, {})
        for code, value in record.fields.items():
            if value.state is not FieldState.NOT_ON_FORM:
                self._kinds.setdefault(of_form.get(code, code), Counter())[_answers_for(value.decision)] += 1
        self._rules.update((warning.rule, warning.severity.value) for warning in record.warnings)

    def counts(self) -> RecordCounts:
        """What was counted so far, the most frequent first."""
        return RecordCounts(
            records=self._records,
            kinds=tuple(
                KindCount(kind, one["accepted"], one["by_person"], one["review"])
                for kind, one in sorted(self._kinds.items(), key=lambda pair: (-pair[1].total(), pair[0]))
            ),
            rules=tuple(
                RuleCount(rule, severity, number, *self._titles.get(rule, ("", "")))
                for (rule, severity), number in sorted(self._rules.items(), key=lambda pair: (-pair[1], pair[0]))
            ),
        )


def book_lines(exported: RunExport, folder: Path) -> tuple[BookLine, ...]:
    """The books of an export; their files relative to ``folder``, where the report will be."""
    return tuple(
        BookLine(
            register=book.book.register,
            year=book.book.year,
            number=book.book.number,
            agency=book.book.agency,
            records=book.records,
            rows=book.rows,
            pdfs=len(book.package.pdfs) if book.package else 0,
            held_back=len(book.held_back),
            workbooks=tuple(workbook.path.relative_to(folder).as_posix() for workbook in book.workbooks),
            package=book.package.path.relative_to(folder).as_posix() if book.package else "",
            findings=tuple((finding.message, finding.message_en) for finding in book.findings),
            approved=book.approved,
        )
        for book in exported.books
    )


def write_report(path: Path, report: RunReport) -> None:
    """Write the report; the same report always gives the same bytes, and an unchanged file is left alone.

    Args:
        path: where it goes; relative paths in ``report`` start from its folder.

    Raises:
        ExportError: it cannot be written.
    """
    html = render_report(report, path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = files.part_of(path)
        part.write_text(html, encoding="utf-8", newline="\n")
        take_place(part, path)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error


def render_report(report: RunReport, folder: Path) -> str:
    """The report as HTML; pictures of overlays are taken from ``folder``."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(number=_number, percent=_percent, decimal=_decimal, href=quote)
    template = resources.files("extractor.exports").joinpath("report.html").read_text(encoding="utf-8")
    words = _words()
    counts = report.counts
    bars = [
        Bar(*_pair(words["kinds"], kind.kind), (kind.accepted, kind.by_person, kind.review)) for kind in counts.kinds
    ]
    reasons = Counter(reason.code for held in report.held_back for reason in held.reasons)
    return environment.from_string(template).render(
        report=report,
        counts=counts,
        words=words,
        word=_pair,
        chart=stacked_bars(bars),
        reasons=sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])),
        pictures=[(picture, _thumbnail(folder / picture.path)) for picture in report.overlays],
        lines=_LINES,
    )


def _answers_for(decision: Decision) -> str:
    if decision is Decision.ACCEPTED:
        return "accepted"
    return "review" if decision is Decision.REVIEW else "by_person"


def _pair(words: Mapping[str, Sequence[str]], code: str) -> tuple[str, str]:
    """Vietnamese and English words for a code; the code itself where there are none."""
    vietnamese, english = words.get(code, (code, code))
    return vietnamese, english


@cache
def _words() -> dict[str, Any]:
    text = resources.files("extractor.exports").joinpath("report_texts.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _thumbnail(path: Path) -> str:
    """A small picture as a data address, or empty text where there is no picture to be had."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (_THUMBNAIL[0] * 2, _THUMBNAIL[1] * 2))
            small = picture.convert("RGB")
            small.thumbnail(_THUMBNAIL, Image.Resampling.BOX)
            written = io.BytesIO()
            small.save(written, "JPEG", quality=80)
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(written.getvalue()).decode("ascii")


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def _decimal(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def _percent(part: int, whole: int) -> str:
    return f"{_decimal(100 * part / whole, 1)} %" if whole else "–"
