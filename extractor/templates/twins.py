"""Forms that hide each other: whatever page of one of them comes, the other looks like it as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.readers.page_text import PageText, Word
from extractor.records import Box
from extractor.templates.identify import LEAST_MARGIN
from extractor.templates.label_template import LabelTemplate
from extractor.templates.letters import fold
from extractor.templates.table_template import TableTemplate

if TYPE_CHECKING:
    from extractor.templates.load import Form

_SAME_EDGE = 0.01
"""Rulings of two tables that differ by less, in table widths, are the same."""
_WORTH_WEIGHING = 0.4
"""Evidence on the form's own print from which another form is weighed the other way round as well."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A form that another one looks like.

    Args:
        name: the other form.
        here: whether pages of the form in question look like the other one as well.
        there: whether pages of the other one look like the form in question as well.
    """

    name: str
    here: bool
    there: bool

    @property
    def hide_each_other(self) -> bool:
        """Whether pages of neither are ever recognised."""
        return self.here and self.there


def find_twins(form: Form, others: Sequence[Form]) -> list[Twin]:
    """Forms from which this one cannot be told.

    Of forms of printed labels each is weighed on the print of the other, as a page is that is read without fault (see
    :mod:`extractor.templates.label_evidence`): a form that is not ahead there by what a run asks for is not told from
    the other by its words. Tables are the same where their rulings and headings are.

    Args:
        others: forms in use; one of the same name is an earlier version and no twin.
    """
    rest = [other for other in others if other.name != form.name]
    if isinstance(form.template, TableTemplate):
        tables = [(other.name, other.template) for other in rest if isinstance(other.template, TableTemplate)]
        return [Twin(name, here=True, there=True) for name, other in tables if _same_table(form.template, other)]
    labels = [(other.name, other.template) for other in rest if isinstance(other.template, LabelTemplate)]
    return _label_twins(form.template, labels)


def _label_twins(template: LabelTemplate, others: Sequence[tuple[str, LabelTemplate]]) -> list[Twin]:
    from extractor.templates.label_evidence import label_evidence

    scores = label_evidence(_print_of(template), [template, *(other for _, other in others)])
    twins = []
    for (name, other), score in zip(others, scores[1:], strict=True):
        here, there = scores[0] - score < LEAST_MARGIN, False
        if score >= _WORTH_WEIGHING or _tells_are_in(template, other):
            its_own, this = label_evidence(_print_of(other), [other, template])
            there = its_own - this < LEAST_MARGIN
        if here or there:
            twins.append(Twin(name, here, there))
    return sorted(twins, key=lambda twin: (not twin.hide_each_other, twin.name))


def _tells_are_in(template: LabelTemplate, other: LabelTemplate) -> bool:
    """Whether all that is to tell a form is printed on the other one too."""
    known = " ".join(fold(line) for line in _lines_of(other))
    return all(fold(word) in known for word in template.tells)


def _lines_of(template: LabelTemplate) -> list[str]:
    return [*(label.text for _, _, label in template.spread_out().labels()), *template.tells]


def _print_of(template: LabelTemplate) -> PageText:
    """The words that a page of the form bears, each wording on a line of its own."""
    words = [
        Word(word, 1.0, Box(100 * place, 40 * number, 90, 30), number)
        for number, line in enumerate(_lines_of(template))
        for place, word in enumerate(line.split())
    ]
    return PageText(tuple(words))


def _table_print(template: TableTemplate) -> list[tuple[str, ...]]:
    return [tuple(fold(word) for word in column.headings) for column in template.columns]


def _same_table(template: TableTemplate, other: TableTemplate) -> bool:
    edges, theirs = [edge.at for edge in template.edges], [edge.at for edge in other.edges]
    return (
        len(edges) == len(theirs)
        and all(abs(a - b) < _SAME_EDGE for a, b in zip(edges, theirs, strict=True))
        and _table_print(template) == _table_print(other)
    )
