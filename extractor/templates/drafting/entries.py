"""From printed runs to fields: what each label asks for, whose it is, what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.templates.drafting.naming import (
    Borrowing,
    Nearest,
    Twin,
    choose,
    code_for,
    guess,
    is_silent,
    person_of,
)
from extractor.templates.drafting.print_runs import PrintRun
from extractor.templates.drafting.word_lists import word_lists
from extractor.templates.form import FieldSpec, Kind, Option
from extractor.templates.label_template import ValuePlace
from extractor.templates.letters import fold


@dataclass(slots=True)
class Entry:
    """A printed run on its way to a label."""

    run: PrintRun
    block: str
    asks: bool
    value: ValuePlace = ValuePlace.RIGHT
    code: str = ""
    part: str = ""
    option: str = ""
    wraps: int = 0
    person: str = ""


def rows_of(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries by line, top to bottom, left to right."""
    rows: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda e: e.run.baseline):
        if rows and entry.run.baseline - rows[-1][0].run.baseline < 2.5:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return [sorted(row, key=lambda e: e.run.left) for row in rows]


class Fields:
    """The fields given to labels so far.

    Args:
        nearest: the known form that shares most labels.
        borrowing: all known forms.
    """

    def __init__(self, nearest: Nearest, borrowing: Borrowing) -> None:
        self.specs: dict[str, FieldSpec] = {}
        self.guessed: list[str] = []
        self._nearest, self._borrowing = nearest, borrowing

    def give(self, asking: Sequence[Entry]) -> None:
        """Give every asking entry its field."""
        dates = date_blanks(asking)
        choice = ""
        for number, (entry, twin) in enumerate(zip(asking, self._nearest.twins, strict=True)):
            if entry.run.boxed:
                choice = self._tick(entry, twin.spec if twin else None, choice)
                continue
            choice = ""
            if number in dates:
                first, entry.part = dates[number]
                entry.code = self._date(entry, twin) if first == number else asking[first].code
                continue
            chosen = choose(entry.run.text, entry.person, twin, self._borrowing, self.specs, asks=entry.run.asks)
            entry.code, entry.value = chosen.spec.code, chosen.value
            self._add(chosen.spec, guessed=chosen.guessed)

    def _add(self, spec: FieldSpec, *, guessed: bool) -> None:
        self.specs[spec.code] = spec
        if guessed:
            self.guessed.append(spec.code)

    def _tick(self, entry: Entry, spec: FieldSpec | None, choice: str) -> str:
        """Add a tick box to its field, that of the boxes above it or the known one; returns the field's code."""
        entry.value, entry.option = ValuePlace.BOX, entry.run.text
        known = spec if spec is not None and spec.kind is Kind.CHOICE else None
        values = {fold(option.label): option.value for option in known.options} if known else {}
        option = Option(label=entry.option, value=values.get(fold(entry.option)))
        entry.code = choice or (known.code if known else code_for("lựa chọn", self.specs))
        field = self.specs.get(entry.code)
        if field is None:
            label, columns = (known.label, known.columns) if known else ("Lựa chọn", ())
            field = FieldSpec(code=entry.code, label=label, kind=Kind.CHOICE, columns=columns, options=(option,))
            self._add(field, guessed=known is None)
        elif option.label not in [other.label for other in field.options]:
            self.specs[entry.code] = field.model_copy(update={"options": (*field.options, option)})
        return entry.code

    def _date(self, entry: Entry, twin: Twin | None) -> str:
        """Add a date in separate blanks; returns its code."""
        parts = tuple(word_lists()["parts"])
        if twin is None or twin.spec.parts != parts or twin.spec.code in self.specs:
            twin = self._borrowing.field(entry.run.text, entry.person, self.specs, parts=parts)
        if twin is not None:
            self._add(twin.spec, guessed=False)
            return twin.spec.code
        code = code_for(entry.run.text, self.specs, entry.person)
        self._add(FieldSpec(code=code, label=entry.run.text, kind=Kind.DATE, parts=parts), guessed=True)
        return code


def find_persons(entries: Sequence[Entry]) -> None:
    """Say of every entry whose it is: the person that the last heading or name above it speaks of, in its block."""
    person, block = "", ""
    for entry in entries:
        if entry.block != block:
            person, block = "", entry.block
        kind = guess(entry.run.text).kind
        if not is_silent(entry.run.text) and (not entry.asks or kind is Kind.PERSON_NAME):
            person = person_of(entry.run.text) or ("" if kind is Kind.PERSON_NAME else person)
        entry.person = person


def date_blanks(asking: Sequence[Entry]) -> dict[int, tuple[int, str]]:
    """Labels that are the blanks of a date in three parts: number -> number of the first blank, name of the part."""
    parts = word_lists()["parts"]
    folded = [fold(part) for part in parts]
    found: dict[int, tuple[int, str]] = {}
    for first in range(len(asking) - 2):
        three = asking[first : first + 3]
        level = max(e.run.baseline for e in three) - min(e.run.baseline for e in three) < 2.5
        ends = fold(three[0].run.text.split()[-1]) == folded[0]
        if level and ends and [fold(e.run.text) for e in three[1:]] == folded[1:]:
            found |= {first + k: (first, parts[k]) for k in range(3)}
    return found
