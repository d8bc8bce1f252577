"""From what a person typed or pressed to what is stored: verbatim text, value, state."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.records import FieldState, nfc
from extractor.review.labels import Labels
from extractor.store import FieldContext
from extractor.templates.form import Kind
from extractor.vietnamese import Context, is_ditto, normalise

EMPTY_BELOW = 0.5
"""Below this confidence the box starts empty: most such readings need more editing than typing afresh."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be stored."""

    raw: str
    value: str | None
    state: FieldState


def read_value(labels: Labels, context: FieldContext, raw: str) -> str | None:
    """Value of a text that a person confirmed or typed.

    What the machine proposed for exactly this text stays; any other text is normalised anew, and every text of a field
    that is re-keyed blind, so that the value does not tell whether the text is the machine's.
    """
    raw, shown = nfc(raw).strip(), context.field
    if not context.blind and raw == shown.raw.strip() and shown.state is FieldState.READ and shown.value is not None:
        return shown.value
    spec = labels.spec(context.form, context.code, context.kind)
    if spec.kind is Kind.CHOICE:
        return next((option.value for option in spec.options if nfc(option.label) == raw), None)
    return normalise(spec, raw, Context.of_book(context.book, language=labels.language(context.form))).value


def ditto_value(context: FieldContext) -> str | None:
    """What a ditto mark stands for: the value of the same field one record before, or none while that is unknown.

    A value above that must not be shown is unknown too: it would be read off this field once that is stored.
    """
    if context.previous is None or context.previous.hidden:
        return None
    above = context.previous.field
    return above.value if above.state in (FieldState.READ, FieldState.DITTO) else None


def make_answer(state: FieldState, raw: str, labels: Labels, context: FieldContext) -> Answer:
    """The answer to store.

    Args:
        raw: what stands in the box; for a ditto the mark as written, for an illegible field the part that can be read.
    """
    raw = nfc(raw).strip()
    if state is FieldState.READ:
        return Answer(raw, read_value(labels, context, raw), state)
    if state is FieldState.DITTO:
        return Answer(raw if is_ditto(raw) else "", ditto_value(context), state)
    return Answer(raw if state is FieldState.ILLEGIBLE else "", None, state)
