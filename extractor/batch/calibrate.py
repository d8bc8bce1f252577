"""Make a certificate from books with known truth, by running the main job on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.batch.judging import examine_books
from extractor.batch.run import RunOptions, run
from extractor.batch.sources import load_sources
from extractor.batch.storage import open_store
from extractor.book_pass import FieldKey, acceptable
from extractor.confidence import Certificate, FieldEvidence, LabelledField, fit_certificate
from extractor.errors import EvaluationError
from extractor.evaluation.figures import compare
from extractor.evaluation.truth import TruthRecord, read_truth
from extractor.pipeline import Pipeline
from extractor.records import Record

TRUTH = "truth.jsonl"


@dataclass(frozen=True, slots=True)
class LabelledBooks:
    """Evidence of all fields with a truth, and the versions of forms and readers that it holds for."""

    fields: tuple[LabelledField, ...]
    forms: dict[str, str]
    readers: dict[str, str]


def calibrate(
    books: Sequence[Path],
    options: RunOptions,
    *,
    source: str,
    target_error: float,
    made: str = "",
    fitting: Collection[str] | None = None,
    on_book: Callable[[int, int], None] = lambda done, total: None,
) -> Certificate:
    """Run the books and fit a certificate to what came out.

    Args:
        books: folders with scans and ``truth.jsonl``.
        options: see :func:`label_books`.
        source: in words, where the books come from.
        made: date it is made on, ``yyyy-mm-dd``.
        fitting: names of the folders that fit, the others prove; without, every third fits.
        on_book: see :func:`label_books`.

    Raises:
        EvaluationError: a folder has no truth, or there are too few books.
    """
    found = label_books(books, options, on_book=on_book)
    return fit_certificate(
        found.fields, source=source, forms=found.forms, readers=found.readers, target_error=target_error, made=made,
        fitting=fitting,
    )  # fmt: skip


def label_books(
    books: Sequence[Path], options: RunOptions, *, on_book: Callable[[int, int], None] = lambda done, total: None
) -> LabelledBooks:
    """Run the books and hold every field against their truth.

    Args:
        books: folders with scans and ``truth.jsonl``.
        options: ``out`` is a working folder; each book gets a folder of its own below it and is read only once.
        on_book: receives how many books are done, and how many there are.

    Raises:
        EvaluationError: a folder has no truth, none of the records has, or two folders have one name.
    """
    for folder in books:
        if sum(other.resolve().name == folder.resolve().name for other in books) > 1:
            raise EvaluationError(
                f"Two of the folders have the name '{folder.resolve().name}', by which books are told apart.",
                mend="Name each folder once, and rename those of other books.",
            )
    labelled: list[LabelledField] = []
    pipeline = Pipeline(options.pipeline)
    forms = {form.schema.form: form for form in pipeline.forms}
    seen_forms: dict[str, str] = {}
    for number, folder in enumerate(books):
        truth = read_truth(folder / TRUTH)
        out = options.out / folder.resolve().name
        book_options = replace(
            options, inputs=(folder,), out=out, certificate=None, pipeline=replace(options.pipeline, out=out)
        )
        run(book_options, outputs=False)
        with open_store(out) as store:
            for judged in examine_books(store, out, forms, load_sources(out)):
                for record in judged.records:
                    seen_forms[record.form] = record.form_version
                    required = {spec.code for spec in forms[record.form].schema.fields if spec.required}
                    labelled.extend(
                        _label(record, judged.evidence, truth.get(record.key), folder.resolve().name, required)
                    )
        on_book(number + 1, len(books))
    if not labelled:
        raise EvaluationError("No record of these books has a truth.", mend=f"Give folders with scans and {TRUTH}.")
    return LabelledBooks(tuple(labelled), seen_forms, pipeline.reader_versions)


def _label(
    record: Record, evidence: Mapping[FieldKey, FieldEvidence], truth: TruthRecord | None, book: str,
    required: Container[str],
) -> Iterator[LabelledField]:  # fmt: skip
    """Evidence of the record's fields with whether each value is exactly right.

    Left out are fields without truth, and those that go to a person whatever a certificate says.
    """
    for code, value in record.fields.items():
        item = evidence.get((record.key, code))
        true_field = truth.fields.get(code) if truth else None
        if item is not None and true_field is not None and acceptable(value, required=code in required):
            yield LabelledField(item, compare(item.kind, true_field, value).exact, book)
