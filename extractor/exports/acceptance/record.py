"""Everything a report of acceptance states, gathered before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.exports.acceptance.counts import HandedOverCount
from extractor.exports.acceptance.handed_over import HandedOverBook
from extractor.exports.acceptance.outcome import Outcome, Rate, Verdict
from extractor.exports.acceptance.risk import CONSUMER_RISK, acceptance_probability, quality_at
from extractor.exports.acceptance.words import count, day, kind_name, percent, texts
from extractor.exports.fields import Forms
from extractor.store import InspectedField, Inspection


@dataclass(frozen=True, slots=True)
class AcceptanceRecord:
    """What is reported.

    Args:
        pages: scanned pages of these books.
        problems: those of them without records that nobody looked at.
        inspection: none where no sample was drawn.
        outcome: of the inspection.
        fields: of the inspection.
        earlier: former inspections of the same books with their results.
    """

    books: tuple[HandedOverBook, ...]
    counted: HandedOverCount
    pages: int
    problems: int
    forms: Forms
    inspection: Inspection | None = None
    outcome: Outcome | None = None
    fields: tuple[InspectedField, ...] = ()
    earlier: tuple[tuple[Inspection, Outcome], ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the files add up and the sample was accepted."""
        return self.counted.ok and self.outcome is not None and self.outcome.verdict is Verdict.ACCEPTED

    @property
    def plan_lines(self) -> list[tuple[str, str]]:
        """The sampling plan, a line each: name and content."""
        found, outcome = self.inspection, self.outcome
        if found is None or outcome is None:
            return []
        words = texts()["report"]["plan_rows"]
        everything = found.sample_size >= found.lot_size
        share = float(found.aql) / 100
        size, most = found.sample_size, found.acceptance
        fields = count(sum(found.fields.values()))
        sample_text = "everything_text" if everything else "sample_text"
        lines = [
            ("number", str(found.id)),
            ("drawn", f"{day(found.created_at)}; {found.person}"),
            ("standard", words["standard_text"].format(severity=texts()["severity"][found.severity])),
            ("lot", words["lot_text"].format(lot=count(found.lot_size), books=len(found.lot))),
            ("level", words["level_text"].format(level=found.level, letter=found.code_letter)),
            ("aql", words["aql_text"].format(aql=found.aql.replace(".", ","))),
            ("sample", words[sample_text].format(sample=count(size), fields=fields)),
            ("numbers", words["numbers_text"].format(acceptance=most, rejection=found.rejection)),
        ]
        if not everything and share < 1:
            at_aql = percent(acceptance_probability(size, most, share), 1)
            ltpd = percent(quality_at(size, most, CONSUMER_RISK), 1)
            lines.append(("risk", words["risk_text"].format(at_aql=at_aql, ltpd=ltpd)))
        lines.append(("seed", words["seed_text"].format(seed=found.seed)))
        if outcome.inspectors:
            lines.append(("inspectors", "; ".join(outcome.inspectors)))
        if outcome.judges:
            lines.append(("judges", "; ".join(outcome.judges)))
        return [(words[name], content) for name, content in lines]

    @property
    def rates(self) -> list[tuple[str, Rate]]:
        """Error rates with what they are of."""
        if self.outcome is None:
            return []
        words = texts()["report"]
        kinds = [(kind_name(rate.kind), rate) for rate in self.outcome.by_kind]
        return [(words["records"], self.outcome.records), (words["fields"], self.outcome.fields), *kinds]

    @property
    def notes(self) -> list[str]:
        """Sentences below the result."""
        if self.outcome is None:
            return []
        words, outcome = texts()["report"], self.outcome
        notes = [words["method"]]
        if outcome.pending:
            notes.append(words["empty_cells"].format(count=outcome.pending))
        if outcome.inspector_errors:
            notes.append(words["inspector_errors"].format(count=outcome.inspector_errors))
        if outcome.waiting or outcome.disputed:
            notes.append(words["left"].format(waiting=outcome.waiting, disputed=outcome.disputed))
        if outcome.gone:
            notes.append(words["gone"].format(count=outcome.gone))
        return notes

    @property
    def conclusion(self) -> list[str]:
        """What follows, in sentences."""
        words = texts()["report"]
        if self.outcome is None:
            found = [words["no_sample"]]
        else:
            found = [words["conclusion_text"].format(verdict=texts()["verdicts"][self.outcome.verdict.value])]
        return found if self.counted.ok else [*found, words["conclusion_counts"]]

    def label(self, field: InspectedField) -> str:
        """A field as its form prints it, with its code."""
        form = self.forms.get(field.form)
        specs = [spec for spec in form.fields if spec.code == field.code] if form else []
        return f"{specs[0].label} ({field.code})" if specs else field.code

    @property
    def wrong_rows(self) -> list[Sequence[str]]:
        """The wrong fields: number, book, PDF, place, field. No value stands here: the pages are where to look."""
        if self.outcome is None:
            return []
        page = "{file}, trang {page}"
        return [
            [str(at), f.book, f.pdf_name, page.format(file=f.record[0], page=f.record[1]), self.label(f)]
            for at, f in enumerate(self.outcome.wrong, start=1)
        ]

    @property
    def earlier_rows(self) -> list[Sequence[str]]:
        """Former inspections of the same books: number, day, books, inspected and wrong records, result."""
        return [
            [
                str(one.id),
                day(one.created_at),
                ", ".join(str(book["stem"]) for book in one.lot),
                f"{count(found.records.inspected)} / {count(one.sample_size)}",
                count(found.records.errors),
                texts()["verdicts"][found.verdict.value],
            ]
            for one, found in self.earlier
        ]

    @property
    def sample_rows(self) -> list[Sequence[str]]:
        """The records of the sample by their place in it: which PDF and page each is. Inspectors are not told."""
        first = {field.position: field for field in reversed(self.fields)}
        return [[str(at), f.book, f.pdf_name, f.record[0], *map(str, f.record[1:])] for at, f in sorted(first.items())]

    @property
    def hashes(self) -> list[tuple[str, str]]:
        """File and SHA-256 of everything handed over, as the manifests have it."""
        found = []
        for book in self.books:
            found.append((book.manifest.package.file, book.manifest.package.sha256))
            found += [(workbook.file, workbook.sha256) for workbook in book.manifest.workbooks]
        return found

    @property
    def book_rows(self) -> list[Sequence[str]]:
        """Counts of each book, and their sum."""
        words = texts()["report"]
        rows: list[Sequence[str]] = []
        for at, (book, counted) in enumerate(zip(self.books, self.counted.books, strict=True), start=1):
            in_sheets = sorted({number for _, number in counted.rows})
            rows.append(
                [
                    str(at),
                    counted.stem,
                    book.key.agency,
                    count(counted.in_book),
                    count(counted.held_back),
                    " / ".join(count(number) for number in in_sheets) or "–",
                    count(counted.pdfs),
                    words["no_match"] if counted.faults else words["match"],
                ]
            )
        books = self.counted.books
        total = [
            sum(book.in_book for book in books),
            sum(book.held_back for book in books),
            sum(max(book.rows[0][1], 0) for book in books if book.rows),
            sum(max(book.pdfs, 0) for book in books),
        ]
        return [*rows, ["", words["total"], "", *map(count, total), ""]]
