"""An extract as one CSV text in UTF-8 that begins with its header, whatever file it came in."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from extractor.errors import EmptyInputError, ExportError, MissingInputError, UnsupportedTypeError
from extractor.exports.reconciliation.extract_header import HIGHEST, Header, find_header
from extractor.exports.reconciliation.extract_sheet import write_sheet
from extractor.exports.reconciliation.profile import PopulationProfile, population_profiles
from extractor.exports.reconciliation.roles import Attribute

_WORKBOOKS = (".xlsx", ".xlsm")
_TEXTS = (".csv", ".txt", ".tsv")
_UTF8 = frozenset({"utf-8", "utf_8", "utf8", "utf-8-sig", "ascii"})


@dataclass(frozen=True, slots=True)
class ExtractText:
    """An extract ready to be read.

    Args:
        path: of the text; the file itself where it needs no change.
        width: number of columns.
        columns: which column holds which attribute.
        above: rows of the file above the header.
        hidden: hidden sheets with persons that were passed over.
    """

    path: Path
    delimiter: str
    width: int
    columns: dict[Attribute, int]
    above: int = 0
    hidden: int = 0


def extract_text(path: Path, profile: PopulationProfile, folder: Path, number: int) -> ExtractText:
    """Look at an extract, and write a copy of it where it cannot be read as it is.

    Args:
        folder: for copies, which hold personal data.
        number: of the extract, for the names of copies.

    Raises:
        InputError: the file is missing, empty, unreadable, or of no known type.
        ExportError: its columns do not fit the profile, it cannot be decoded, or something in it would be lost.
    """
    if not path.is_file():
        raise MissingInputError(path, "there is no such file.", mend="Check the path given with --population.")
    if not path.stat().st_size:
        raise EmptyInputError(path, "the file is empty.", mend="Ask for the extract again.")
    suffix = path.suffix.lower()
    delimiter, encoding, text, above, hidden = profile.delimiter, profile.encoding.lower(), path, 0, 0
    if suffix in _WORKBOOKS:
        text, delimiter = folder / f"sheet-{number}.csv", ","
        sheet = write_sheet(path, text, profile)
        above, hidden = sheet.above, sheet.hidden
    elif suffix not in _TEXTS:
        raise UnsupportedTypeError(
            path, "this is no CSV file and no workbook.", mend="Save it as .csv or .xlsx and try again."
        )
    elif encoding not in _UTF8:
        text = folder / f"text-{number}.csv"
        _recode(path, text, encoding)
    delimiter, lines, header = _header(path, text, delimiter, profile)
    header.check(path)
    rows, headers = header.above, header.titles
    if rows:
        text = _without_first(text, folder / f"table-{number}.csv", lines)
        above += rows
    try:
        found = profile.match(headers)
    except ValueError as error:
        wrong = str(error)
        if not any(profile.knows(header) for header in headers):
            # The first row may be of a person: nothing of it is told.
            wrong = f"none of the first {HIGHEST} rows names columns that profile '{profile.name}' knows"
        raise ExportError(f"{path}: {wrong}.", mend=_mend(headers, profile)) from None
    _check_rows(path, text, delimiter, headers, above)
    return ExtractText(text, delimiter, len(headers), found, above, hidden)


def _mend(headers: Sequence[str], profile: PopulationProfile) -> str:
    for other in population_profiles().values():
        try:
            other.match(headers)
        except ValueError:
            continue
        return f"Profile '{other.name}' fits this file: --profile {other.name}."
    return (
        f"Profile '{profile.name}' lists the known columns; name others under 'ignored' in a profile of your own "
        "(--profile FILE.yaml)."
    )


def _header(path: Path, text: Path, delimiter: str, profile: PopulationProfile) -> tuple[str, int, Header]:
    """The delimiter under which most headers are known, lines above the last row of the header, and the header."""
    best: tuple[int, str, int, Header] | None = None
    for sign in dict.fromkeys((delimiter, ";", "\t", ",")):
        rows, lines = [], [0]
        try:
            with text.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter=sign)
                for row in islice(reader, HIGHEST + 1):
                    rows.append([" ".join(cell.split()) for cell in row])
                    lines.append(reader.line_num)
        except UnicodeDecodeError:
            raise undecodable(path) from None
        except csv.Error:
            continue
        header = find_header(rows, profile)
        known = sum(map(profile.knows, header.titles))
        if best is None or known > best[0]:
            best = known, sign, lines[header.above], header
    if best is None or not any(best[3].titles):
        raise EmptyInputError(path, "there is no header row.", mend="One of the first rows must name the columns.")
    return best[1:]


def _without_first(source: Path, target: Path, lines: int) -> Path:
    """A copy without the lines above the header."""
    with source.open(encoding="utf-8-sig", newline="") as old, target.open("w", encoding="utf-8", newline="") as new:
        for _ in range(lines):
            old.readline()
        while chunk := old.read(1 << 20):
            new.write(chunk)
    return target


def _check_rows(path: Path, text: Path, delimiter: str, headers: Sequence[str], above: int) -> None:
    """Refuse what would make persons disappear unseen: lines inside a quotation, values under no header."""
    nameless = [index for index, header in enumerate(headers) if not header]
    csv.field_size_limit(1 << 24)
    number = 0
    try:
        with text.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter)
            before = 0
            for number, cells in enumerate(reader, start=1):
                lines, before = reader.line_num - before, reader.line_num
                if lines > 1 and number > 1:
                    inside = max(cell.count(delimiter) for cell in cells if "\n" in cell or "\r" in cell)
                    if inside >= max(1, len(headers) - 1):
                        raise _unclosed(path, above + number, lines)
                if number > 1 and any(index < len(cells) and cells[index].strip() for index in nameless):
                    raise ExportError(
                        f"{path}: row {above + number} has a value in a column without a header.",
                        mend="Name the column; a name that is not needed goes under 'ignored' in a profile.",
                    )
    except UnicodeDecodeError:
        raise undecodable(path) from None
    except csv.Error:
        raise _unclosed(path, above + number + 1, 0) from None


def _unclosed(path: Path, row: int, lines: int) -> ExportError:
    inside = f" and hides {lines - 1} lines" if lines else ""
    return ExportError(
        f"{path}: row {row}: a quotation mark is not closed{inside}.",
        mend="Take the single quotation mark out of that row, or save the extract as a workbook.",
    )


def undecodable(path: Path) -> ExportError:
    """The error for a text in another encoding."""
    return ExportError(
        f"{path}: the text is not in the encoding of the profile.",
        mend="Save the extract as CSV UTF-8, or name its encoding in a profile of your own.",
    )


def _recode(source: Path, target: Path, encoding: str) -> None:
    try:
        codecs.lookup(encoding)
        with source.open(encoding=encoding, newline="") as old, target.open("w", encoding="utf-8", newline="") as new:
            while chunk := old.read(1 << 20):
                new.write(chunk)
    except LookupError:
        raise ExportError(f"Encoding '{encoding}' is not known.", mend="Name it as Python does, like cp1258.") from None
    except UnicodeDecodeError:
        raise undecodable(source) from None
