"""Name drafted fields: codes, kinds and columns from the nearest known form, else from the words of the label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import fuzz

from extractor.templates.drafting.word_lists import word_lists
from extractor.templates.form import FieldSpec, Kind, Role
from extractor.templates.label_template import Label, LabelTemplate, ValuePlace
from extractor.templates.letters import fold
from extractor.templates.load import Form
from extractor.templates.table_template import TableTemplate

_ALIKE = 82.0
"""Likeness of two labels, 0 to 100, from which they are taken for the same."""
_NEAR = 0.3
"""Share of labels in common from which a known form lends its codes."""
_CODE_WORDS = 6


@dataclass(frozen=True, slots=True)
class Guess:
    """What a label probably asks for."""

    kind: Kind
    value: ValuePlace = ValuePlace.RIGHT


@dataclass(frozen=True, slots=True)
class Twin:
    """The label of a known form that a drafted one is taken for, and the field that hangs on it."""

    label: Label
    spec: FieldSpec


@dataclass(frozen=True, slots=True)
class Nearest:
    """The known form that shares most labels with a draft.

    Args:
        form: the form, or none where no form shares enough.
        share: labels in common, as a share of both forms' labels.
        twins: for each drafted label its twin, or none.
    """

    form: Form | None
    share: float
    twins: tuple[Twin | None, ...]

    @property
    def register(self) -> str:
        """Register of that form, or empty."""
        return self.form.schema.register_code if self.form else ""


class Borrowing:
    """Fields that known forms hang on the same label, for labels the nearest form does not have.

    Args:
        forms: known forms.
        register: forms of this register are asked first, if given.
    """

    def __init__(self, forms: Sequence[Form], register: str = "") -> None:
        own = [form for form in forms if register and form.schema.register_code == register]
        self._forms = [*own, *forms]
        self._circles = [_by_wording(own), _by_wording(forms)]

    def field(self, text: str, section: str, taken: Collection[str], *, parts: tuple[str, ...] = ()) -> Twin | None:
        """The one field known forms agree on for a label; none where they do not agree or it is given away.

        Args:
            text: printed label.
            section: prefix of the person it stands with, such as ``cha``: fields of other persons do not count.
            taken: codes that are given away.
            parts: separate blanks of a date that the field must have.
        """
        for known in self._circles:
            twins = {
                twin.spec.code: twin
                for twin in known.get(fold(text), [])
                if twin.spec.code not in taken and twin.spec.parts == parts and twin.label.part in (None, *parts[:1])
            }
            own = [twin for code, twin in twins.items() if section and owner_of(code) == section]
            fitting = own or [twin for code, twin in twins.items() if not (section and owner_of(code))]
            if len(fitting) == 1:
                return fitting[0]
        return None

    def single(self, kind: Kind, taken: Collection[str]) -> Twin | None:
        """The field of a kind of which forms have but one; none where forms differ or it is given away."""
        if kind.value not in word_lists()["single"]:
            return None
        for known in self._circles:
            twins = {twin.spec.code: twin for own in known.values() for twin in own if twin.spec.kind is kind}
            if len(twins) == 1 and not set(twins) & set(taken):
                return next(iter(twins.values()))
        return None

    def name_of(self, person: str, taken: Collection[str]) -> FieldSpec | None:
        """The field of a person's name; none where no form has one or it is given away."""
        code = f"{person}HoTen"
        if not person or code in taken:
            return None
        return next((form.schema.field(code) for form in self._forms if code in form.schema.codes), None)


def _by_wording(forms: Sequence[Form]) -> dict[str, list[Twin]]:
    known: dict[str, list[Twin]] = {}
    for form in forms:
        if form.schema.role is not Role.RECORDS:
            continue
        for twin in _known_labels(form):
            if twin.spec.kind is not Kind.CHOICE:
                for wording in twin.label.wordings:
                    known.setdefault(fold(wording), []).append(twin)
    return known


def person_of(text: str) -> str:
    """Prefix of the codes of the person a label or heading speaks of, such as ``cha``; empty where it names none."""
    spaced = f" {_plain(text)} "
    hits = [
        (len(wording), prefix)
        for prefix, wordings in word_lists()["persons"].items()
        for wording in wordings
        if f" {_plain(wording)} " in spaced
    ]
    return max(hits)[1] if hits else ""


def owner_of(code: str) -> str:
    """The person of ``kinds.yaml`` a code belongs to, by its prefix; empty where it is nobody's."""
    return next((p for p in word_lists()["persons"] if re.match(rf"{p}[A-Z]", code)), "")


def is_silent(text: str) -> bool:
    """Whether print never asks for a value: mottoes, captions under signatures."""
    folded = fold(text)
    return any(fuzz.ratio(folded, fold(words_)) >= _ALIKE for words_ in word_lists()["silent"])


def guess(text: str) -> Guess:
    """What a label asks for, by its words."""
    folded, spaced = fold(text), f" {_plain(text)} "
    for entry in word_lists()["kinds"]:
        for wording in entry["words"]:
            hit = folded == fold(wording) if entry.get("whole") else f" {_plain(wording)} " in spaced
            if hit:
                return Guess(Kind(entry["kind"]), ValuePlace(entry.get("value", "right")))
    return Guess(Kind(word_lists()["other"]["kind"]))


def nearest_form(
    labels: Sequence[str],
    forms: Sequence[Form],
    register: str = "",
    evidence: Mapping[str, float] | None = None,
    persons: Sequence[str] | None = None,
) -> Nearest:
    """The known form whose labels agree best, in their order, with the drafted ones.

    Args:
        labels: drafted labels that ask for a value, in reading order.
        forms: known forms.
        register: look only at forms of this register, if given.
        evidence: how far the page's print speaks for each form, by its name, 0 to 1; words that belong to a register
            then outweigh labels that all of them have.
        persons: for each label the prefix of the person it stands with, or empty: a label of the mother's is never
            taken for one of the father's.
    """
    worth = -1.0
    best = Nearest(None, 0.0, (None,) * len(labels))
    for form in forms:
        if form.schema.role is not Role.RECORDS or (register and form.schema.register_code != register):
            continue
        known = _known_labels(form)
        pairs = _in_order(labels, known, persons or [""] * len(labels))
        share = 2 * len(pairs) / max(1, len(labels) + len(known))
        speaks = share if evidence is None else share * (0.3 + evidence.get(form.name, 0.0))
        if speaks > worth:
            worth = speaks
            twins: list[Twin | None] = [None] * len(labels)
            for mine, theirs in pairs:
                twins[mine] = known[theirs]
            best = Nearest(form, share, tuple(twins))
    return best if best.share >= _NEAR else replace(best, form=None, twins=(None,) * len(labels))


def _known_labels(form: Form) -> list[Twin]:
    specs = {spec.code: spec for spec in form.schema.fields}
    if isinstance(form.template, LabelTemplate):
        return [Twin(label, specs[label.field]) for _, _, label in form.template.labels() if label.field in specs]
    return [Twin(Label(text=specs[code].label, x=0), specs[code]) for code in _columns(form.template) if code in specs]


def _columns(template: TableTemplate) -> list[str]:
    return [column.field for column in template.columns if column.field]


def _in_order(labels: Sequence[str], known: Sequence[Twin], persons: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of like labels that stand in the same order in both, as many as there can be; sums of likeness decide."""
    likeness = np.zeros((len(labels), len(known)))
    for i, text in enumerate(labels):
        for k, twin in enumerate(known):
            owner = owner_of(twin.spec.code)
            if owner and persons[i] and owner != persons[i]:
                continue
            likeness[i, k] = max(_likeness(text, wording) for wording in (*twin.label.wordings, twin.spec.label))
    likeness[likeness < _ALIKE] = 0.0
    total = np.zeros((len(labels) + 1, len(known) + 1))
    for i in range(len(labels)):
        for k in range(len(known)):
            total[i + 1, k + 1] = max(total[i, k + 1], total[i + 1, k], total[i, k] + likeness[i, k])
    pairs: list[tuple[int, int]] = []
    i, k = len(labels), len(known)
    while i and k:
        if total[i, k] == total[i - 1, k]:
            i -= 1
        elif total[i, k] == total[i, k - 1]:
            k -= 1
        else:
            i, k = i - 1, k - 1
            pairs.append((i, k))
    return pairs[::-1]


def _likeness(one: str, other: str) -> float:
    a, b = fold(one), fold(other)
    if min(len(a), len(b)) <= 3:
        return 100.0 if a == b else 0.0
    return float(fuzz.ratio(a, b))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The field a label gets, where its value is written, and whether it was only guessed from the label's words."""

    spec: FieldSpec
    value: ValuePlace
    guessed: bool = False


def choose(
    text: str, person: str, twin: Twin | None, borrowing: Borrowing, taken: Collection[str], *, asks: bool = True
) -> Chosen:
    """The field of a label: the nearest form's, else one that other forms have for it, else a new one.

    Args:
        text: printed label.
        person: prefix of the person it stands with, or empty.
        twin: its twin in the nearest form.
        borrowing: the known forms.
        taken: codes that are given away.
        asks: a writing line or a colon follows, so the value stands on the label's line.
    """
    known = guess(text)
    lent = borrowing.single(known.kind, taken)
    if lent is None and twin is not None and twin.spec.code not in taken and _may_be(twin.spec, known.kind):
        lent = twin
    if lent is None:
        lent = borrowing.field(text, person, taken)
    if lent is not None:
        spec = lent.spec.model_copy(update={"label": text, "words_of": "", "parts": ()})
        return Chosen(spec, ValuePlace.RIGHT if asks else lent.label.value)
    value = ValuePlace.RIGHT if asks else known.value
    if known.kind is Kind.PERSON_NAME and value is ValuePlace.RIGHT:
        named = borrowing.name_of(person_of(text), taken)
        if named is not None:
            return Chosen(named.model_copy(update={"label": text}), value)
    code = code_for(text, taken, person)
    required = known.kind.value in word_lists()["required"]
    return Chosen(FieldSpec(code=code, label=text, kind=known.kind, required=required), value, guessed=True)


def _may_be(spec: FieldSpec, guessed: Kind) -> bool:
    """Whether a twin's field is one a single label can fill; a label that asks for a title too is no name's."""
    return spec.kind is not Kind.CHOICE and not spec.parts and (guessed is not Kind.SIGNER or spec.kind is Kind.SIGNER)


def code_for(label: str, taken: Collection[str], section: str = "") -> str:
    """A field code for a label without a twin: its words in camel case, after the section's prefix.

    Args:
        label: printed label.
        taken: codes that are given away.
        section: prefix of the person the field belongs to, such as ``cha``.
    """
    parts = [re.sub(r"[^a-z0-9]", "", word) for word in _plain(label).split()][:_CODE_WORDS]
    parts = [part for part in parts if part]
    code = (parts[0] if parts else "truong") + "".join(part.capitalize() for part in parts[1:])
    if section and not code.startswith(section):
        code = section + code[0].upper() + code[1:]
    if not code[0].isalpha():
        code = "f" + code
    plain, number = code, 2
    while code in taken:
        code, number = f"{plain}{number}", number + 1
    return code


def _plain(text: str) -> str:
    """Lower-case words without marks and signs, single spaces between them."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(sign if sign.isalnum() else " " for sign in bare if not unicodedata.combining(sign))
    return " ".join(bare.split())
