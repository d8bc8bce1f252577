"""How far a page's print speaks for each of many forms, without looking where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.readers.page_text import PageText
from extractor.templates.label_template import LabelTemplate
from extractor.templates.letters import fold, pieces_of
from extractor.templates.placing import weight_of
from extractor.templates.wording import Found, find_wordings

_LABEL, _TELL = 0.8, 0.88
"""Likeness from which a label counts as printed on the page, and a word that tells forms apart."""
_DENIED = 0.6
"""What is left of the evidence where a word of another form is found; not nothing, for a note may quote one."""
_STRANGE = 0.5
"""What is left of the evidence where nothing of the known print on the page is the form's."""
_LONG = 6
"""Letters from which a wording is no chance find and says something about other forms."""


@dataclass(frozen=True, slots=True)
class _Print:
    """A known wording that stands on the page, and all wordings that might as well stand there."""

    weight: float
    readings: frozenset[str]


def label_evidence(text: PageText, templates: Sequence[LabelTemplate]) -> list[float]:
    """How far a page's print speaks for each of the forms, 0 to 1.

    Half is the share of the form's label wordings that occur on the page (as often as the form has them), half the
    share of the words that tell it from its sisters. Print that is known from the other forms and not from this one
    lowers it, and so does a word that the form says it never bears.

    Args:
        text: the page's OCR pass; may be empty.
        templates: forms to weigh against each other.
    """
    lines = pieces_of(text)
    if not lines:
        return [0.0] * len(templates)
    wordings = sorted({wording for template in templates for wording in _vocabulary(template)})
    found = find_wordings(lines, wordings)
    likeness: dict[str, list[float]] = {}
    for place in found:
        likeness.setdefault(wordings[place.wording], []).append(place.likeness)
    print_seen = _print_of(found, wordings)
    return [_weigh(template, likeness, print_seen) for template in templates]


def _weigh(template: LabelTemplate, likeness: dict[str, list[float]], print_seen: Sequence[_Print]) -> float:
    entries = [label for _, _, label in template.spread_out().labels() if not label.optional]
    seen = Counter({wording: sum(value >= _LABEL for value in values) for wording, values in likeness.items()})
    wanted, got = 0.0, 0.0
    for label in entries:
        wanted += weight_of(label)
        hits = [wording for wording in label.wordings if seen[wording] > 0]
        if hits:
            seen[hits[0]] -= 1
            got += weight_of(label)
    told = sum(len(fold(word)) for word in template.tells if _told(template, word, likeness))
    to_tell = sum(len(fold(word)) for word in template.tells)
    denied = any(_best(likeness, word) >= _TELL for word in template.denies)
    own = _own_print(template)
    known = sum(each.weight for each in print_seen)
    fitting = sum(each.weight for each in print_seen if own & each.readings)
    strange = 1.0 - fitting / known if known else 0.0
    # All labels may be optional, and what is to tell a form may be dots alone.
    evidence = 0.5 * (got / wanted if wanted else 0.0) + 0.5 * (told / to_tell if to_tell else 0.0)
    return evidence * (1.0 - (1.0 - _STRANGE) * strange) * (_DENIED if denied else 1.0)


def _told(template: LabelTemplate, word: str, likeness: dict[str, list[float]]) -> bool:
    """Whether a word that tells the form is there, in any wording of its label that says as much."""
    also = (
        wording
        for _, _, label in template.labels()
        if word in label.wordings
        for wording in label.wordings
        if len(fold(wording)) >= 0.7 * len(fold(word))
    )
    return any(_best(likeness, wording) >= _TELL for wording in (word, *also))


def _best(likeness: dict[str, list[float]], wording: str) -> float:
    return max(likeness.get(wording, [0.0]))


def _own_print(template: LabelTemplate) -> frozenset[str]:
    labels = (wording for _, _, label in template.labels() for wording in label.wordings)
    return frozenset((*labels, *template.tells))


def _vocabulary(template: LabelTemplate) -> frozenset[str]:
    return _own_print(template) | frozenset(template.denies)


def _print_of(found: Sequence[Found], wordings: Sequence[str]) -> list[_Print]:
    """The known print of a page: places that do not overlap, longest first, with all that may be read there."""
    long = [place for place in found if place.likeness >= _TELL and len(fold(wordings[place.wording])) >= _LONG]
    taken: list[tuple[int, int]] = []
    seen = []
    for place in sorted(long, key=lambda p: (-len(fold(wordings[p.wording])) * p.likeness, p.span, p.wording)):
        start, end = place.span
        if any(start < stop and begin < end for begin, stop in taken):
            continue
        taken.append(place.span)
        alike = frozenset(
            wordings[other.wording]
            for other in long
            if other.span == place.span and other.likeness >= place.likeness - 0.06
        )
        seen.append(_Print(min(len(fold(wordings[place.wording])), 14) / 7.0, alike))
    return seen
