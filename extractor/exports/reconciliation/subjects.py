"""The persons that records name, as far as they are settled, ready to be compared."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from extractor.exports.fields import Cells, Forms, Split, cells_of, default_split
from extractor.exports.findings import RecordId
from extractor.exports.reconciliation import deriving
from extractor.exports.reconciliation.engine import literal
from extractor.exports.reconciliation.roles import ATTRIBUTES, Attribute, Role, registers
from extractor.records import FieldState, Record
from extractor.templates.form import FormSchema
from extractor.vietnamese.ages import birth_years, parse_age
from extractor.vietnamese.dates import PartialDate, parse_date, parse_value
from extractor.vietnamese.identity import identity_digits
from extractor.vietnamese.papers import parse_paper
from extractor.vietnamese.text import list_key

REGISTRATION = "ngayDangKy"
"""Column of the day of registration, which tells what an age means."""
NUMBER = "so"
"""Column of the record's number."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One person as one record names them.

    Args:
        key: file, page and number of the record.
        values: texts by attribute, as the book has them; blank ones are left out.
        sources: field codes by attribute, for finding the place on the page.
        waiting: attributes whose fields nobody answers for yet.
        provisional: whether any of ``values`` is only a proposal.
        born: year, month, day; each none where unknown.
        slack: how many years the year of birth may be off (from an age), 0 for a date.
        family: identity number that the population database gives for this person as parent of another.
        number: number of the record in its book.
    """

    key: RecordId
    register: str
    form: str
    role: Role
    values: Mapping[Attribute, str]
    sources: Mapping[Attribute, str] = field(default_factory=dict)
    waiting: frozenset[Attribute] = frozenset()
    provisional: bool = False
    born: tuple[int | None, int | None, int | None] = (None, None, None)
    slack: int = 0
    family: str = ""
    number: str = ""

    @property
    def verifiable(self) -> bool:
        """Whether there is enough to look for the person: a name, and a year of birth or a number."""
        numbered = bool(self.values.get("identity") or self.values.get("old_identity") or self.family)
        return bool(self.values.get("name")) and (self.born[0] is not None or numbered)

    @property
    def name(self) -> tuple[str, int, int, str]:
        """Record and role: what identifies the subject from run to run."""
        return (*self.key, self.role.role)


def subjects_of(
    record: Record, forms: Forms, *, proposals: bool = False, book_year: str = "", split: Split = default_split
) -> list[Subject]:
    """The persons a record names, principals first; none for a register that names no persons.

    Args:
        proposals: whether values that await review count too; the subject is then provisional.
        book_year: year of the book, for ages where the day of registration is not known.

    Raises:
        ExportError: two fields of the form claim one column.
    """
    form = forms.get(record.form)
    if form is None:
        return []
    cells = cells_of(record, form, split)
    settled, proposed, pending = _with_codes(record, form, cells)
    if not proposals:
        proposed = {}
    year = _year(settled.get(REGISTRATION) or proposed.get(REGISTRATION) or "") or _year(book_year)
    sources = _sources(form)
    found = [
        _subject(record, form, role, settled=settled, proposed=proposed, pending=pending, sources=sources, year=year)
        for role in registers().get(form.register_code, ())
    ]
    return [
        subject
        for subject in found
        if subject.values.get("name") or "name" in subject.waiting or subject.role.principal
    ]


def compared_codes(form: FormSchema) -> tuple[str, ...]:
    """The fields of a form that its persons are found and compared by, in the order of their codes."""
    sources = _sources(form)
    columns = {column for role in registers().get(form.register_code, ()) for column in role.used}
    return tuple(sorted({sources[column] for column in (*columns, REGISTRATION) if column in sources}))


def _with_codes(
    record: Record, form: FormSchema, cells: Cells
) -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Cells by column, and by field code for fields that no column is known for."""
    settled, proposed, pending = dict(cells.settled), dict(cells.proposed), set(cells.pending)
    for spec in form.fields:
        value = record.fields.get(spec.code)
        if spec.columns or value is None or value.state is FieldState.NOT_ON_FORM:
            continue
        if value.decision.settled:
            settled[spec.code] = value.value or ""
        else:
            pending.add(spec.code)
            proposed[spec.code] = value.raw if value.value is None else value.value
    return settled, proposed, frozenset(pending)


def _sources(form: FormSchema) -> dict[str, str]:
    """The field that fills each column."""
    found = {spec.code: spec.code for spec in form.fields}
    found.update({column: spec.code for spec in form.fields for column in spec.columns})
    return found


def _subject(
    record: Record,
    form: FormSchema,
    role: Role,
    *,
    settled: Mapping[str, str],
    proposed: Mapping[str, str],
    pending: frozenset[str],
    sources: Mapping[str, str],
    year: int | None,
) -> Subject:
    values: dict[Attribute, str] = {}
    places: dict[Attribute, str] = {}
    waiting: set[Attribute] = set()
    provisional = False
    for attribute, column in role.columns.items():
        text = settled.get(column, "")
        if column in pending:
            text = proposed.get(column, "")
            waiting.add("identity" if attribute == "paper" else attribute)
            provisional |= bool(text)
        if not text:
            continue
        target: Attribute = attribute if attribute != "paper" else "old_identity"
        if attribute in ("paper", "identity"):
            text = unicodedata.normalize("NFKC", text)
        if attribute == "paper":
            text = identity_digits(text) or parse_paper(text).number
            target = "identity" if len(text) == 12 else "old_identity"
        elif attribute == "identity":
            text = identity_digits(text) or ""
        if text:
            values[target] = text
            places[target] = sources.get(column, "")
    if role.told_by and "spouse_name" not in values:
        name, relation = role.told_by.name, role.told_by.relation
        said = {column: settled.get(column) or proposed.get(column, "") for column in (name, relation)}
        if said[name] and list_key(said[relation]) in {list_key(word) for word in role.told_by.spouse}:
            values["spouse_name"], places["spouse_name"] = said[name], sources.get(name, "")
            provisional |= not (settled.get(name) and settled.get(relation))
    if role.sex:
        values.setdefault("sex", role.sex)
    born, slack = birth(values.get("birth", ""), year)
    return Subject(
        key=record.key,
        register=form.register_code,
        form=form.form,
        role=role,
        values=values,
        sources=places,
        waiting=frozenset(waiting),
        provisional=provisional,
        born=born,
        slack=slack,
        number=settled.get(NUMBER) or proposed.get(NUMBER, ""),
    )


def birth(text: str, registered: int | None) -> tuple[tuple[int | None, int | None, int | None], int]:
    """Year, month and day of birth with the years it may be off; an age counts back from the year of registration."""
    text = unicodedata.normalize("NFKC", text)
    date = parse_value(text) or parse_date(text, registered)
    if isinstance(date, PartialDate):
        return (date.year, date.month, date.day), 0
    age = parse_age(text)
    if age is None or registered is None:
        return (None, None, None), 0
    first, last = birth_years(age, registered)
    return ((first + last) // 2, None, None), (last - first) // 2


def _year(text: str) -> int | None:
    match = re.search(r"(\d{4})\s*$", text)
    return int(match[1]) if match else None


def with_family(subject: Subject, identity: str) -> Subject:
    """The subject with the number that the database gives for it as somebody's parent."""
    return replace(subject, family=identity)


def load_subjects(
    connection: duckdb.DuckDBPyConnection, subjects: Iterable[tuple[int, Subject]], folder: Path, table: str = "subject"
) -> None:
    """Make the table of subjects under the given numbers; those that cannot be looked for are left out."""
    path = folder / f"{table}.csv"
    names = ("id", "group_name", "family", "slack", "year", "month", "day", *ATTRIBUTES)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number, subject in subjects:
            if subject.verifiable:
                head = (number, f"{subject.register}.{subject.role.role}", subject.family, subject.slack, *subject.born)
                writer.writerow([*head, *(subject.values.get(name, "") for name in ATTRIBUTES)])
    whole = {"id", "slack", "year", "month", "day"}
    layout = ", ".join(f"'{name}': '{'INTEGER' if name in whole else 'VARCHAR'}'" for name in names)
    cleaned = ", ".join(f"{deriving.clean(name)} AS {name}" for name in ("group_name", "family", *ATTRIBUTES))
    connection.execute(
        f"""
        CREATE TABLE {table}_plain AS SELECT * REPLACE ({cleaned})
        FROM read_csv(?, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"',
            columns = {{{layout}}});
        """,  # noqa: S608 - our own names
        [literal(path)],
    )
    connection.execute(f"{deriving.derive(f'{table}_plain', table)}; DROP TABLE {table}_plain")
    path.unlink()
