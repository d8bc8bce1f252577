"""Small invented extracts and the sample book's records as if people had settled every field."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import duckdb
import pytest

from extractor.exports.reconciliation.engine import Limits, working_database
from extractor.exports.reconciliation.linking import Link, Said, link
from extractor.exports.reconciliation.loading import load_population
from extractor.exports.reconciliation.profile import population_profile
from extractor.exports.reconciliation.roles import role_of
from extractor.exports.reconciliation.subjects import Subject, birth, load_subjects
from extractor.records import Decision, FieldState, FieldValue, Record, Registration
from extractor.settings import get_settings
from extractor.templates import load_forms

SAMPLE = Path(__file__).parents[3] / "sample_book"
HEADERS = {
    "identity": "Số định danh", "old_identity": "Số CMND", "name": "Họ tên", "birth": "Ngày sinh", "sex": "Giới tính",
    "origin": "Quê quán", "residence": "Nơi cư trú", "mother_name": "Họ tên mẹ", "father_name": "Họ tên cha",
    "mother_identity": "Số định danh mẹ", "spouse_name": "Họ tên vợ chồng",
    "group": "Dân tộc",
}  # fmt: skip
HUNG = {
    "identity": "079085000001", "name": "Nguyễn Văn Hùng", "birth": "03/02/1985", "sex": "Nam",
    "mother_name": "Trần Thị Lan", "father_name": "Nguyễn Văn Bình",
}  # fmt: skip


def write_extract(path: Path, people: Iterable[Mapping[str, str]], headers: Mapping[str, str] = HEADERS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(headers.values()))
        writer.writeheader()
        writer.writerows({headers[key]: value for key, value in person.items()} for person in people)
    return path


def crowd(number: int = 200) -> list[dict[str, str]]:
    """Other people, so that names have a frequency."""
    given = ("An", "Bảo", "Châu", "Dũng", "Giang", "Hà", "Khánh", "Liên", "Minh", "Nga")
    surnames = ("Nguyễn", "Trần", "Lê", "Phạm", "Bùi")
    return [
        {
            "identity": f"0010{70 + n % 20}{n:06d}",
            "name": f"{surnames[n % 5]} {given[n // 5 % 10]} {given[n // 50 % 10]}",
            "birth": f"{1 + n % 28:02d}/{1 + n % 12:02d}/{1970 + n % 20}",
            "sex": "Nam",
            "mother_name": f"{surnames[n // 3 % 5]} Thị {given[n // 7 % 10]}",
        }
        for n in range(number)
    ]


def subject(record: int = 1, role: str = "KS.nks", **values: str) -> Subject:
    register, name = role.split(".")
    born, slack = birth(values.get("birth", ""), 2020)
    return Subject(("so.pdf", record, 1), register, "ks-test", role_of(register, name), values, born=born, slack=slack)


Linked = Callable[..., tuple[dict[int, Link], dict[int, str]]]


@pytest.fixture
def linked(tmp_path: Path) -> Linked:
    """Links subjects to an extract; gives links and identity number by person."""

    def run(
        people: Iterable[Mapping[str, str]], subjects: Iterable[Subject], said: Said | None = None, others: bool = True
    ) -> tuple[dict[int, Link], dict[int, str]]:
        extract = write_extract(tmp_path / "extract.csv", [*people, *(crowd() if others else ())])
        folder = tmp_path / "work"
        numbered = dict(enumerate(subjects))
        with working_database(folder, Limits("500MB", 1)) as connection:
            load_population(connection, [extract], population_profile("plain"), folder)
            load_subjects(connection, numbered.items(), folder)
            once = {n: s.register for n, s in numbered.items() if s.role.once}
            links = link(connection, folder, once, said=said)
            numbers = dict(connection.execute("SELECT id, identity FROM person").fetchall())
        return links, numbers

    return run


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[Path, str], tuple[list[dict[str, object]], list[tuple[int, int, str]]]]:
    """Loads an extract; gives persons and unusable rows."""

    def run(path: Path, profile: str = "plain") -> tuple[list[dict[str, object]], list[tuple[int, int, str]]]:
        folder = tmp_path / "work"
        with working_database(folder, Limits("500MB", 1)) as connection:
            load_population(connection, [path], population_profile(profile), folder)
            return _rows(connection, "SELECT * FROM person ORDER BY id"), connection.execute(
                "SELECT * FROM unusable ORDER BY ALL"
            ).fetchall()

    return run


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    rows = connection.execute(query)
    names = [column[0] for column in rows.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


@cache
def forms():
    return {form.schema.form: form.schema for form in load_forms((get_settings().templates_dir,))}


def sample_records(decision: Decision = Decision.CONFIRMED) -> list[Record]:
    """The sample book, every field decided that way."""
    records = []
    for line in (SAMPLE / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        fields = {
            code: FieldValue(
                raw=field["raw"], value=field["value"], state=FieldState(field["state"]), decision=decision, box=None
            )
            for code, field in told["fields"].items()
        }
        records.append(
            Record(
                file=told["file"],
                page=told["page"],
                record=told["record"],
                form=told["form"],
                form_version="1",
                registration=Registration(ok=True, residual_px=0, coverage=1, method="test"),
                fields=fields,
            )
        )
    return records
