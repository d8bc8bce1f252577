"""How good records are against the truth: error rates by field kind, and whether their confidence can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from extractor.errors import EvaluationError
from extractor.evaluation.figures import (
    Bin,
    Evaluation,
    FieldResult,
    Figures,
    Point,
    clopper_pearson_upper,
    compare,
    summarise,
)
from extractor.evaluation.pairing import pair_files
from extractor.evaluation.plots import write_plots
from extractor.evaluation.table import render_table
from extractor.evaluation.truth import RecordId, TruthField, TruthRecord, read_truth, twice
from extractor.records import FieldValue, read_records
from extractor.templates.form import FormSchema

__all__ = [
    "Bin",
    "Evaluation",
    "FieldResult",
    "Figures",
    "Point",
    "TruthField",
    "TruthRecord",
    "clopper_pearson_upper",
    "compare",
    "evaluate",
    "pair_files",
    "read_truth",
    "render_table",
    "summarise",
    "write_plots",
]


def evaluate(records_path: Path, truth_path: Path, *, forms: Mapping[str, FormSchema] | None = None) -> Evaluation:
    """Compare records with the truth.

    Records are paired by file, page and record number. A file is compared by its full name, or by the last part of its
    name where that is unique on both sides.

    Args:
        records_path: ``records.jsonl`` of a run.
        truth_path: truth, one record a line.
        forms: form schemas by name, for the kinds of fields; a field of an unknown form counts under its code.

    Raises:
        EvaluationError: a file cannot be read, or holds the same record twice; the message names file and line.
    """
    truth = read_truth(truth_path)
    found = _read_found(records_path)
    files = pair_files((key[0] for key in truth), (key[0] for key in found))
    results: list[FieldResult] = []
    missing: list[RecordId] = []
    paired: set[RecordId] = set()
    unknown_fields = 0
    for key, record in truth.items():
        found_key = (files.get(key[0], key[0]), *key[1:])
        fields = found.get(found_key)
        if fields is None:
            missing.append(key)
        else:
            paired.add(found_key)
            unknown_fields += len(fields.keys() - record.fields.keys())
        kinds = _kinds(record.form, forms or {})
        results.extend(
            compare(kinds.get(code, code), true, (fields or {}).get(code)) for code, true in record.fields.items()
        )
    common = {files.get(key[0], key[0]) for key in truth} & {key[0] for key in found}
    if not truth or (found and not common):
        raise EvaluationError(
            f"{records_path} and {truth_path} have no file in common.",
            mend="Records are paired by file name, page and record; compare the names in both.",
        )
    return summarise(
        results,
        truth_records=len(truth),
        missing_records=missing,
        unknown_records=sorted(found.keys() - paired),
        unknown_fields=unknown_fields,
    )


def _read_found(path: Path) -> dict[RecordId, dict[str, FieldValue]]:
    found: dict[RecordId, dict[str, FieldValue]] = {}
    try:
        for record in read_records(path):
            if record.key in found:
                raise twice(path, record.key)
            found[record.key] = record.fields
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: cannot be read.", mend="Name the 'records.jsonl' of a run.") from error
    return found


def _kinds(form: str, forms: Mapping[str, FormSchema]) -> dict[str, str]:
    schema = forms.get(form)
    return {spec.code: spec.kind.value for spec in schema.fields} if schema is not None else {}
