"""The other workbooks: matches with their reasons, new entries, and what a person has to decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from extractor.exports.findings import RecordId
from extractor.exports.reconciliation.fields import FieldComparison, Outcome
from extractor.exports.reconciliation.linking import Kind
from extractor.exports.reconciliation.outcome import Case, Option, Result
from extractor.exports.reconciliation.roles import Attribute
from extractor.exports.reconciliation.sheets import Sheet, texts, workbook
from extractor.exports.reconciliation.subjects import Subject
from extractor.exports.reconciliation.verdicts import Key, Verdict, code_of, fingerprint, plain

MATCHES, SUSPECTED, NEW_ENTRIES = "matches.xlsx", "suspected.xlsx", "new_entries"
_WIDTHS = {
    "STT": 6, "Tệp": 24, "Trang": 7, "Bản ghi": 8, "Người": 16, "Họ tên": 22, "Họ tên trong sổ": 22, "Loại": 22,
    "Giống nhau": 36, "Không mâu thuẫn": 24, "Không so được": 24, "Số định danh": 15, "Họ tên trong CSDL": 22,
    "Lý do và cách làm": 60, "Nơi cư trú trong CSDL": 32, "Khác ở": 28, "Kết luận": 20, "Ghi chú": 24,
}  # fmt: skip


def pick_columns() -> dict[str, str]:
    """Headings by part of a verdict on a candidate, for reading the workbook back."""
    headings = texts()["suspected"]["headings"]
    return dict(zip(("verdict", "by", "note", "code"), headings[-4:], strict=True))


def pick_words() -> dict[str, str]:
    """Code by the word an officer chooses, in lower case."""
    return {word.casefold(): code for code, word in texts()["picks"].items()}


def named(fields: Iterable[FieldComparison], outcome: Outcome) -> str:
    """The fields of that outcome as people call them; how far names are apart is told beside them."""
    found = []
    for field in fields:
        if field.outcome is outcome:
            far = "" if field.distance is None else f" ({field.distance:g})".replace(".", ",")
            found.append(texts()["attributes"][field.attribute] + far)
    return ", ".join(found)


def write_matches(path: Path, results: Iterable[Result], *, banner: str = "") -> int:
    """Write the matches with identity number and explanation; returns how many."""
    words = texts()["matches"]
    with workbook(path, words["sheet"], streamed=True) as book:
        sheet = book.sheet(words["sheet"], words["headings"], _WIDTHS, banner=banner)
        for result in results:
            subject = result.subject
            file, page, record = subject.key
            sheet.row([
                str(sheet.next_row), file, str(page), str(record), subject.number, subject.role.title,
                subject.values.get("name", ""), subject.values.get("birth", ""), result.identity,
                named(result.fields, Outcome.AGREES), named(result.fields, Outcome.FITS),
                named(result.fields, Outcome.UNKNOWN), named(result.fields, Outcome.DIFFERS), _bits(result.bits),
                _bits(result.margin),
                f"{result.runner_up} ({_bits(result.runner_up_bits)})" if result.runner_up else "",
                words["by_officer" if result.by_officer else "by_machine"],
            ], height=48)  # fmt: skip
        return sheet.next_row - 1


def _bits(bits: float) -> str:
    return f"{bits:.1f}".replace(".", ",")


def write_new_entries(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, banner: str = ""
) -> int:
    """Write records that are to be entered anew, in the columns of their register's sheet; returns how many."""
    with workbook(path, NEW_ENTRIES, streamed=True) as book:
        sheet = book.sheet("DL Import"[:31], columns, {}, banner=banner)
        for row in rows:
            sheet.row([row.get(column, "") for column in columns])
        return sheet.next_row - 1


def candidate_key(result: Result, option: Option | None) -> Key:
    """What a row of the suspected is about."""
    return (*result.subject.name, "", option.tag if option else "")


def book_fingerprint(subject: Subject) -> str:
    """Of the values of a record that a verdict on a candidate is given on."""
    shown: tuple[Attribute, ...] = ("name", "birth", "sex", "mother_name", "father_name", "identity", "old_identity")
    return fingerprint(*(subject.values.get(name, "") for name in shown))


def write_suspected(
    path: Path,
    suspected: Iterable[Result],
    unverifiable: Iterable[Result],
    twins: Sequence[Sequence[Result]],
    verdicts: Mapping[Key, Verdict],
    *,
    others: Sequence[Result] = (),
    banner: str = "",
) -> None:
    """Write what a person has to decide: candidates one a row, twins in the books, and what cannot be compared yet."""
    words = texts()["suspected"]
    shown: set[Key] = set()
    with workbook(path, words["sheet"]) as book:
        sheet = book.sheet(words["sheet"], words["headings"], _WIDTHS, hidden=words["headings"][-1], banner=banner)
        for result in suspected:
            for option in result.options or (None,):
                shown.add(candidate_key(result, option))
                _suspected_row(sheet, result, option, verdicts)
        sheet.choices(words["headings"].index(pick_columns()["verdict"]), list(texts()["picks"].values()))
        given = [verdict for key, verdict in sorted(verdicts.items()) if not verdict.attribute and key not in shown]
        if given:
            # Only what stands somewhere can be taken back.
            former = book.sheet(words["given"], words["headings"], _WIDTHS, hidden=words["headings"][-1], banner=banner)
            for verdict in given:
                former.row(_given_row(former.next_row, verdict, len(words["headings"])))
            former.choices(words["headings"].index(pick_columns()["verdict"]), list(texts()["picks"].values()))
        pairs = book.sheet(words["twins"], words["twin_headings"], _WIDTHS, banner=banner)
        for number, group in enumerate(twins, start=1):
            for result in group:
                pairs.row(_twin_row(number, result))
        still = book.sheet(words["open"], words["open_headings"], _WIDTHS, banner=banner)
        for result in unverifiable:
            file, page, record = result.subject.key
            reason = open_reason(result.subject)
            still.row([str(still.next_row), file, str(page), str(record), result.subject.role.title, reason])
        beside = book.sheet(words["others"], words["other_headings"], _WIDTHS, banner=banner)
        for result in others:
            file, page, record = result.subject.key
            values, answer = result.subject.values, texts()["cases"][result.case]["vi"]
            head = [str(beside.next_row), file, str(page), str(record), result.subject.role.title]
            beside.row([*head, values.get("name", ""), values.get("birth", ""), answer])


def others_among(results: Sequence[Result], cases: Mapping[RecordId, Case]) -> list[Result]:
    """Persons whose record is on another list than their own answer would put it, and who so stand on none."""
    listed = {Case.MATCH, Case.DIFFERS}
    return [
        result
        for result in results
        if result.case not in listed
        and (
            not result.subject.role.principal
            or (result.case is Case.NOT_FOUND and cases[result.subject.key] is not Case.NOT_FOUND)
        )
    ]


def _suspected_row(sheet: Sheet, result: Result, option: Option | None, verdicts: Mapping[Key, Verdict]) -> None:
    subject = result.subject
    file, page, record = subject.key
    person = option.person if option else {}
    identity = option.identity if option else ""
    key = candidate_key(result, option)
    verdict = verdicts.get(key)
    seen = book_fingerprint(subject)
    stale = verdict is not None and bool(verdict.verdict) and verdict.fingerprint != seen
    values = subject.values
    rivals = "; ".join(f"{f}, trang {p}, bản ghi {r}" for f, p, r in (rival.key for rival in result.rivals))
    sheet.row(
        [
            str(sheet.next_row), texts()["kinds"][result.kind or Kind.DOUBTFUL], file, str(page), str(record),
            subject.number, subject.role.title, values.get("name", ""), values.get("birth", ""),
            values.get("mother_name", ""), values.get("father_name", ""), identity,
            *(str(person.get(name) or "") for name in ("name", "birth", "mother_name", "father_name", "residence")),
            named(option.fields, Outcome.DIFFERS) if option else "", _bits(option.bits) if option else "", rivals,
            texts()["picks"].get(verdict.verdict, "") if verdict else "", verdict.by if verdict else "",
            verdict.note if verdict else "", code_of(key, seen),
        ],
        marked=dict.fromkeys(range(20, 23), "changed" if stale else "open"),
        height=48,
    )  # fmt: skip


def _given_row(number: int, verdict: Verdict, width: int) -> list[str]:
    head = [str(number), "", verdict.file, str(verdict.page), str(verdict.record)]
    said = [texts()["picks"].get(verdict.verdict, ""), verdict.by, verdict.note]
    cells = [*head, *[""] * (width - len(head) - len(said) - 1), *said, code_of(verdict.key, verdict.fingerprint)]
    cells[11] = plain(verdict.identity)
    return cells


def _twin_row(number: int, result: Result) -> list[str]:
    values = result.subject.values
    file, page, record = result.subject.key
    return [
        str(number), file, str(page), str(record), values.get("name", ""), values.get("birth", ""),
        values.get("mother_name", ""), values.get("father_name", ""), texts()["cases"][result.case]["vi"],
        result.identity,
    ]  # fmt: skip


def open_reason(subject: Subject) -> str:
    """Why a subject cannot be looked for, and what to do."""
    labels = texts()["attributes"]
    waiting = [labels[name] for name in ("name", "birth") if name in subject.waiting]
    if waiting:
        return str(texts()["unverifiable"]["waiting"]).format(fields=", ".join(waiting))
    missing = [labels["name"]] if not subject.values.get("name") else [labels["birth"]]
    return str(texts()["unverifiable"]["missing"]).format(fields=", ".join(missing))


def twins_among(results: Iterable[Result]) -> list[list[Result]]:
    """Principals born the same day of the same parents under different names, in the order of the records."""
    from extractor.exports.reconciliation.names import name_key, name_sound

    groups: dict[tuple[object, ...], list[Result]] = defaultdict(list)
    for result in results:
        subject = result.subject
        mother, father = subject.values.get("mother_name", ""), subject.values.get("father_name", "")
        if subject.role.principal and mother and None not in subject.born and result.case is not Case.UNVERIFIABLE:
            groups[(subject.register, *subject.born, name_sound(mother), name_sound(father))].append(result)
    return [
        group
        for group in groups.values()
        if len({name_key(result.subject.values.get("name", "")) for result in group}) > 1
    ]
