"""What officers decided, kept from run to run.

Officers write in the workbooks. Each run first reads the workbooks it is about to replace, adds what it finds to
``verdicts.jsonl``, and writes the new workbooks with it. A row that stands in a workbook without a verdict has none; a
verdict whose row is no longer there stays in the file. Values are kept as fingerprints: a verdict given on other values
than today's is shown, marked, and does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import ExportError
from extractor.exports.office_files import check_workbook, rows_of
from extractor.whole_files import take_place

FILE = "verdicts.jsonl"
SEPARATOR = "¦"
TAG = "#"
DENIES = frozenset({"other", "other_person"})
"""Verdicts that part a record and a person; ``AFFIRMS``: those that only make sense if they belong together."""
AFFIRMS = frozenset({"same", "book", "extract", "third"})

Key = tuple[str, int, int, str, str, str]
"""File, page, record, role, attribute (empty for a whole person), identity number."""


class Verdict(BaseModel):
    """One officer's decision about one field of one link, or about a candidate (``attribute`` empty)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    page: int
    record: int
    role: str
    attribute: str = ""
    identity: str
    fingerprint: str
    verdict: str
    right: str = ""
    by: str = ""
    on: str = ""
    note: str = ""

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.file, self.page, self.record, self.role, self.attribute, self.identity


def fingerprint(*texts: str) -> str:
    """A short hash of values, so that a change is seen without keeping them twice."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def row_tag(person: Mapping[str, object]) -> str:
    """What names one row of an extract: its number, which may stand twice or lack, and a hash of whom it is about."""
    told = (str(person[name] or "") for name in ("identity", "name", "birth", "sex", "mother_name", "father_name"))
    return f"{person['identity']}{TAG}{fingerprint(*told)[:12]}"


def plain(known_as: str) -> str:
    """The number of a tag; a number is its own."""
    return known_as.partition(TAG)[0]


def settle_contradictions(
    former: Mapping[Key, Verdict], verdicts: Mapping[Key, Verdict], replaced: str
) -> dict[Key, Verdict]:
    """The verdicts with older ones set aside where a later one on the same record and person says the contrary.

    Where neither is later, both stay: the record is then suspected.

    Args:
        former: what was known before the workbooks were read.
        replaced: said in the note of a verdict that was set aside.
    """
    found = dict(verdicts)

    def later(verdict: Verdict) -> bool:
        known = former.get(verdict.key)
        return known is None or known.verdict != verdict.verdict

    for key, verdict in verdicts.items():
        if verdict.verdict not in DENIES:
            continue
        for other_key, other in verdicts.items():
            if other.verdict in AFFIRMS and contrary(verdict, other) and later(verdict) != later(other):
                old_key, old = (other_key, other) if later(verdict) else (key, verdict)
                note = old.note if replaced in old.note else "; ".join(part for part in (replaced, old.note) if part)
                found[old_key] = old.model_copy(update={"verdict": "", "note": note})
    return found


def contrary(denies: Verdict, affirms: Verdict) -> bool:
    """Whether one verdict denies and the other affirms that one record and one person belong together."""
    if denies.key[:4] != affirms.key[:4] or plain(denies.identity) != plain(affirms.identity):
        return False
    both = TAG in denies.identity and TAG in affirms.identity
    return denies.identity == affirms.identity if both else bool(plain(denies.identity))


def code_of(key: Key, values: str) -> str:
    """The text in the hidden column that ties a row to what it is about; ``values`` is a fingerprint."""
    return SEPARATOR.join([*(str(part) for part in key), values])


def read_code(text: str) -> tuple[Key, str] | None:
    """What a hidden text stands for; none where it was damaged."""
    parts = text.split(SEPARATOR)
    if len(parts) != 7 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return None
    return (parts[0], int(parts[1]), int(parts[2]), parts[3], parts[4], parts[5]), parts[6]


def load_verdicts(folder: Path) -> dict[Key, Verdict]:
    """The verdicts kept so far.

    Raises:
        ExportError: the file is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {verdict.key: verdict for verdict in (Verdict.model_validate_json(line) for line in lines)}
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ExportError(f"{path} is damaged ({type(error).__name__}).", mend="Take it from a backup.") from None


def save_verdicts(folder: Path, verdicts: Mapping[Key, Verdict]) -> None:
    """Keep them, in order; nothing is written where there are none and were none."""
    path = folder / FILE
    if not verdicts and not path.exists():
        return
    part = path.with_name(FILE + ".part")
    part.write_text("".join(verdicts[key].model_dump_json() + "\n" for key in sorted(verdicts)), encoding="utf-8")
    take_place(part, path)


def with_workbook(
    verdicts: Mapping[Key, Verdict], path: Path, columns: Mapping[str, str], words: Mapping[str, str]
) -> tuple[dict[Key, Verdict], int]:
    """The verdicts with those an officer wrote into a workbook.

    Args:
        columns: heading by part: ``code``, ``verdict``, and any of ``right``, ``by``, ``on``, ``note``.
        words: code by the word an officer chooses.

    Returns:
        All verdicts, and how many rows hold something that is no verdict; what they hold is kept as a note.

    Raises:
        ExportError: the workbook cannot be read; it is left alone.
    """
    found, odd = dict(verdicts), 0
    if not path.exists():
        return found, odd
    for row in _rows(path, columns):
        code = read_code(row["code"])
        if code is None:
            odd += any(row[part] for part in row if part != "code")
            continue
        key, values = code
        chosen = words.get(row["verdict"].casefold(), "")
        note = row.get("note", "")
        if row["verdict"] and not chosen:
            odd += 1
            note = SEPARATOR.join(part for part in (row["verdict"], note) if part)
        rest = {part: row.get(part, "") for part in ("right", "by", "on")}
        if not (chosen or note or any(rest.values())):
            found.pop(key, None)
            continue
        former = found.get(key)
        same = former is not None and (former.verdict, former.right) == (chosen, rest["right"])
        # What is merely carried along keeps the values it was given on.
        seen = former.fingerprint if same and former is not None else values
        file, page, record, role, attribute, identity = key
        found[key] = Verdict(
            file=file, page=page, record=record, role=role, attribute=attribute, identity=identity,
            fingerprint=seen, verdict=chosen, note=note, **rest,
        )  # fmt: skip
    return found, odd


def _rows(path: Path, columns: Mapping[str, str]) -> Iterator[dict[str, str]]:
    import openpyxl

    mend = "Close it in other programs or take it from a backup; nothing was changed."
    try:
        check_workbook(path)
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheets = [list(rows_of(path, sheet)) for sheet in workbook.worksheets]
        finally:
            workbook.close()
    except ExportError:
        raise
    except Exception as error:  # what a damaged workbook raises is as various as the damage
        raise ExportError(f"{path}: cannot be read ({type(error).__name__}).", mend=mend) from None
    headed = 0
    for sheet in sheets:
        places: dict[str, int] = {}
        for row in sheet:
            cells = ["" if cell is None else _text(cell) for cell in row]
            if not places:
                places = {part: cells.index(name) for part, name in columns.items() if name in cells}
                missing = [name for part, name in columns.items() if part not in places]
                # One heading alone may stand on any sheet; more are a list whose columns were renamed or deleted.
                if missing and len(places) > 1:
                    raise _changed(path, missing)
                places = {} if missing else places
                headed += bool(places)
                continue
            yield {part: cells[place] if place < len(cells) else "" for part, place in places.items()}
    if not headed:
        raise _changed(path, list(columns.values()))


def _changed(path: Path, missing: list[str]) -> ExportError:
    return ExportError(
        f"{path}: without the columns {', '.join(repr(name) for name in missing)} the verdicts cannot be told.",
        mend="Undo the change, or take the columns from the dated list beside it; nothing was changed.",
    )


def _text(cell: object) -> str:
    from datetime import date, datetime

    if isinstance(cell, datetime | date):
        return cell.strftime("%d/%m/%Y")
    return str(cell).strip()
