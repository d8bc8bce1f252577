"""Everything that is handed over of a reconciliation, written from what was compared."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import extractor
from extractor.exports import files
from extractor.exports.fields import Forms
from extractor.exports.findings import RecordId
from extractor.exports.profile import load_profiles, profiles_for
from extractor.exports.reconciliation import lists, tracking
from extractor.exports.reconciliation.outcome import Case, Result, record_cases
from extractor.exports.reconciliation.pictures import CropMaker
from extractor.exports.reconciliation.sheets import texts
from extractor.exports.reconciliation.verdicts import Key, Verdict
from extractor.exports.reconciliation.weights import Weights
from extractor.exports.supplements import FILE as SUPPLEMENTS
from extractor.exports.supplements import Supplement, write_supplements

FOLDER = "reconciliation"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it.

    Args:
        cases: number of records by case.
        persons: usable rows of the extracts.
        unusable: rows that could not be used, by reason.
        supplements: records that got values from the extract.
        odd_verdicts: rows of the workbooks with something that is no verdict.
        written: the files, in order.
    """

    cases: Mapping[str, int]
    persons: int
    unusable: Mapping[str, int]
    tracking: tracking.TrackingCounts
    supplements: int
    odd_verdicts: int
    written: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared and what came of it.

    Args:
        cells: texts by import column of each record.
        registers: register of each record.
        matched_on: the fields that each record's persons are compared by, and a fingerprint of what they say.
        unusable: file (as a number), row and reason.
        draft: whether values count that nobody answers for yet.
    """

    results: Sequence[Result]
    cells: Mapping[RecordId, Mapping[str, str]]
    registers: Mapping[RecordId, str]
    matched_on: Mapping[RecordId, tuple[tuple[str, ...], str]]
    population: Sequence[Path]
    profile: str
    persons: int
    unusable: Sequence[tuple[int, int, str]]
    verdicts: Mapping[Key, Verdict]
    odd_verdicts: int
    draft: bool
    weights: Weights

    def of(self, case: Case, *, principals: bool = False) -> list[Result]:
        """The results of a case, in the order of the records."""
        return [r for r in self.results if r.case is case and (r.subject.role.principal or not principals)]


def write_everything(out: Path, compared: Compared, forms: Forms, crops: CropMaker | None) -> Reconciled:
    """Write workbooks, lists, supplements and summary into ``out/reconciliation``."""
    folder = out / FOLDER
    banner = texts()["draft"] if compared.draft else ""
    cases = record_cases(compared.results)

    def named(name: str) -> Path:
        stem, _, suffix = name.rpartition(".")
        return folder / (f"{stem}.draft.{suffix}" if compared.draft else name)

    counts = tracking.write_tracking(
        named(tracking.NAME),
        compared.of(Case.DIFFERS),
        compared.verdicts,
        crops,
        banner=banner,
        everyone=compared.results,
    )
    written = [named(name) for name in (tracking.NAME, lists.MATCHES, lists.SUSPECTED)]
    lists.write_matches(written[1], compared.of(Case.MATCH), banner=banner)
    lists.write_suspected(
        written[2],
        compared.of(Case.SUSPECTED, principals=True),
        compared.of(Case.UNVERIFIABLE, principals=True),
        lists.twins_among(r for r in compared.results if r.subject.role.principal),
        compared.verdicts,
        others=lists.others_among(compared.results, cases),
        banner=banner,
    )
    for register in sorted(set(compared.registers.values())):
        written.append(named(f"{lists.NEW_ENTRIES}.{register}.xlsx"))
        keys = [k for k, case in cases.items() if case is Case.NOT_FOUND and compared.registers[k] == register]
        rows = (compared.cells[key] for key in keys)
        lists.write_new_entries(written[-1], _columns(register, forms), rows, banner=banner)
    written += [named("unusable_rows.csv"), named("results.jsonl")]
    _write_unusable(written[-2], compared)
    _write_results(written[-1], compared.results)
    filled = 0
    if not compared.draft:
        filled = write_supplements(out / SUPPLEMENTS, supplements(compared, cases))
        written.append(out / SUPPLEMENTS)
    reasons = Counter(reason for _, _, reason in compared.unusable)
    done = Reconciled(
        cases={case.value: sum(one is case for one in cases.values()) for case in Case},
        persons=compared.persons,
        unusable=dict(sorted(reasons.items())),
        tracking=counts,
        supplements=filled,
        odd_verdicts=compared.odd_verdicts,
        written=tuple(written),
    )
    _write_summary(named("summary.json"), named("summary.txt"), done, compared)
    return done


def _columns(register: str, forms: Forms) -> tuple[str, ...]:
    """Columns of the register's official sheet; without one, those its forms fill."""
    fitting = profiles_for(register, dict(load_profiles()))
    if fitting:
        return fitting[-1].columns
    filled = (
        column for form in forms.values() if form.register_code == register for f in form.fields for column in f.columns
    )
    return tuple(dict.fromkeys(filled))


def supplements(compared: Compared, cases: Mapping[RecordId, Case]) -> list[Supplement]:
    """What the extract adds to records of case 1 of which nothing that is compared still waits for a person.

    Where two persons' entries would fill one column with different texts, it is left out.
    """
    source = ", ".join(path.name for path in compared.population)
    waiting = {result.subject.key for result in compared.results if result.subject.waiting}
    filled: dict[RecordId, dict[str, set[str]]] = {}
    for result in compared.results:
        key = result.subject.key
        if result.case is not Case.MATCH or cases.get(key) is not Case.MATCH or key in waiting:
            continue
        columns = filled.setdefault(key, {})
        for column, text in (result.supplies or {}).items():
            columns.setdefault(column, set()).add(text)
    found = []
    for (file, page, record), columns in filled.items():
        agreed = {column: next(iter(values)) for column, values in sorted(columns.items()) if len(values) == 1}
        if agreed:
            codes, fingerprint = compared.matched_on[file, page, record]
            found.append(
                Supplement(
                    file=file,
                    page=page,
                    record=record,
                    columns=agreed,
                    source=source,
                    codes=codes,
                    fingerprint=fingerprint,
                )
            )
    return found


def _write_unusable(path: Path, compared: Compared) -> None:
    part = files.part_of(path)
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(texts()["rows_headings"])
        for number, row, reason in compared.unusable:
            writer.writerow([compared.population[number].name, row, reason, texts()["rows"][reason]])
    part.replace(path)


def _write_results(path: Path, results: Iterable[Result]) -> None:
    """One line a person: case and reasons, for programs. It holds numbers, but no other values."""
    part = files.part_of(path)
    with part.open("w", encoding="utf-8") as file:
        for result in results:
            file_name, page, record, role = result.subject.name
            line = {
                "file": file_name, "page": page, "record": record, "role": role, "case": result.case.value,
                "kind": result.kind.value if result.kind else "", "identity": result.identity,
                "provisional": result.subject.provisional, "bits": result.bits, "margin": result.margin,
                "runner_up": result.runner_up,
                "fields": {f.attribute: f.outcome.value for f in result.fields},
                "candidates": [{"identity": o.identity, "bits": o.bits} for o in result.options],
            }  # fmt: skip
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    part.replace(path)


def _write_summary(path: Path, text: Path, done: Reconciled, compared: Compared) -> None:
    kinds = Counter(r.kind.value for r in compared.results if r.kind and r.subject.role.principal)
    roles: dict[str, Counter[str]] = {}
    for result in compared.results:
        roles.setdefault(f"{result.subject.register}.{result.subject.role.role}", Counter())[result.case.value] += 1
    content: dict[str, Any] = {
        "draft": compared.draft,
        "records": dict(done.cases),
        "suspected": dict(sorted(kinds.items())),
        "persons_of_records": {role: dict(sorted(count.items())) for role, count in sorted(roles.items())},
        "extract": {
            "files": [{"name": p.name, "sha256": files.sha256_of(p)} for p in compared.population],
            "profile": compared.profile,
            "persons": done.persons,
            "unusable_rows": dict(done.unusable),
        },
        "tracking": {"rows": done.tracking.rows, "decided": done.tracking.decided, "settled": done.tracking.settled},
        "supplemented_records": done.supplements,
        "odd_verdicts": done.odd_verdicts,
        "weights": compared.weights.model_dump(),
        "extractor": extractor.__version__,
    }
    lines = [texts()["draft"]] if compared.draft else []
    lines += [f"{words['vi']} ({words['en']}): {done.cases[case]}" for case, words in texts()["cases"].items()]
    lines += [f"  {texts()['kinds'][kind]}: {number}" for kind, number in sorted(kinds.items())]
    lines.append(f"CSDL dân cư: {done.persons} người; dòng không dùng được hoặc cần xem: {sum(done.unusable.values())}")
    lines.append(f"Danh sách theo dõi: {done.tracking.rows} dòng, {done.tracking.decided} đã có kết luận")
    for target, body in ((path, json.dumps(content, ensure_ascii=False, indent=1)), (text, "\n".join(lines))):
        files.part_of(target).write_text(body + "\n", encoding="utf-8")
        files.part_of(target).replace(target)
