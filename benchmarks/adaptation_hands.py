"""Hands for ``adaptation.py``: lines of one hand at a time, for measuring what a reader gains from learning it.

A *trial* is one hand with the lines people verify first and the lines that are read afterwards. No piece of ink is in
both: written words, and digits that are lent from other hands, are divided before anything is set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.random import Generator

from extractor.learning.adapting import HandLine
from extractor.readers.handwriting.alphabet import canonical
from extractor.training.augment import augment
from extractor.training.collections import LabelledLine, number_in
from extractor.training.fonts.registry import FontSpec
from extractor.training.ink import Grey, Ink, draw_strokes, draw_text, put_on_paper
from extractor.training.rendered import can_write
from extractor.training.samples import read_picture
from extractor.training.strokes import InkWord, Scribe, Stroke, Writer
from extractor.training.texts import any_record, make_book

_FORM = "ks-2016"
_RECORDS = 12
_LONGEST = 9
"""Words of one line of a register at most."""
_FIELD = 5
"""Words of one line of copied text at most."""
AFTER = 60
"""Lines of a register after which those begin that are read, however many of the ones before are verified."""
_CHANGED = 0.5
"""Share of lines that scanner and paper changed, as in the figures of the reader's model card."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One hand.

    Args:
        hand: name of the hand in its source.
        source: ``copied``, ``book``, ``forms`` or ``fonts``.
        first: lines that people verify, in that order.
        then: lines that are read afterwards.
        insensitive: whether labels carry no case and punctuation.
    """

    hand: str
    source: str
    first: tuple[HandLine, ...]
    then: tuple[HandLine, ...]
    insensitive: bool = False


def copied_lines(writers: Sequence[Writer], draw: int, *, most: int, read: int) -> Iterator[Trial]:
    """Each writer's own lines of copied news text in parts of a few words, with one pen.

    Args:
        draw: another number gives other lines to be verified.
        most: lines to be verified at most.
        read: lines that are read afterwards.
    """
    for writer in writers:
        rows: dict[int, list[InkWord]] = defaultdict(list)
        for word in writer.words:
            rows[word.line].append(word)
        lines = [part for words in rows.values() for part in _short(words)]
        order = np.random.default_rng([draw, writer.number]).permutation(len(lines))
        scribe = Scribe([writer])
        written = [
            _drawn(scribe.in_a_row(np.random.default_rng([draw, writer.number, int(index)]), lines[index]),
                   writer, draw, int(index))
            for index in order[: most + read]
        ]  # fmt: skip
        yield Trial(str(writer.number), "copied", tuple(written[read:]), tuple(written[:read]))


def book_lines(writers: Sequence[Writer], draw: int, *, most: int, read: int) -> Iterator[Trial]:
    """A register of invented people as each writer would have written it: records in order, with one pen.

    Words that the writer did not write twice are replaced, the same word always by the same, so that the book repeats
    itself as registers do, and every word is the writer's own.
    """
    halves = [_halves(writer) for writer in writers]
    scribes = [Scribe([pair[part] for pair in halves]) for part in (0, 1)]
    for pair in halves:
        number = pair[0].number
        rng = Random(1000 * draw + number)
        texts = _book_texts(rng, pair)
        trial: list[list[HandLine]] = []
        for part, wanted in ((0, texts[: min(most, AFTER)]), (1, texts[AFTER : AFTER + read])):
            trial.append([
                _drawn(scribes[part].write(np.random.default_rng([draw, number, part, index]), pair[part], text,
                                           borrow=False), pair[part], draw, index)
                for index, text in enumerate(wanted)
            ])  # fmt: skip
        yield Trial(str(number), "book", tuple(trial[0]), tuple(trial[1]))


def form_lines(lines: Sequence[LabelledLine], draw: int, *, most: int, read: int) -> Iterator[Trial]:
    """Photographed forms, of which each is one hand; a form with too few lines gives fewer to be verified."""
    forms: dict[int, list[LabelledLine]] = defaultdict(list)
    for line in lines:
        forms[number_in(line.picture.name)].append(line)
    for form, members in sorted(forms.items()):
        order = np.random.default_rng([draw, form]).permutation(len(members))
        chosen = [HandLine(read_picture(members[index]), members[index].text) for index in order]
        read_here = min(read, len(chosen) // 2)
        yield Trial(str(form), "forms", tuple(chosen[read_here:][:most]), tuple(chosen[:read_here]), insensitive=True)


def font_hands(fonts: Sequence[FontSpec], draw: int, *, most: int, read: int) -> Iterator[Trial]:
    """The same with fonts for hands; all that can be had without a collection of handwriting."""
    for place, font in enumerate(fonts):
        texts = [text for text in _record_texts(Random(1000 * draw + place)) if can_write(font, text)]
        lines = []
        for index, text in enumerate(texts[: AFTER + read]):
            ink = draw_text(np.random.default_rng([draw, place]), text, font.path, font.scale)
            lines.append(HandLine(_on_paper(np.random.default_rng([draw, place, index]), ink), text))
        yield Trial(font.family, "fonts", tuple(lines[: min(most, AFTER)]), tuple(lines[AFTER:]))


def _short(words: list[InkWord]) -> list[list[InkWord]]:
    """A line of running text in parts as long as fields are, none of them a single word where that can be."""
    count = -(-len(words) // _FIELD)
    return [words[place * len(words) // count : (place + 1) * len(words) // count] for place in range(count)]


def _record_texts(rng: Random) -> list[str]:
    """What the lines of a book's records hold, record by record."""
    book = make_book(rng, _FORM, _RECORDS)
    found = []
    for number in range(1, _RECORDS + 1):
        for sample in any_record(rng, _FORM, book, number).fields.values():
            words = canonical(sample.raw).split()
            found += [" ".join(words[start : start + _LONGEST]) for start in range(0, len(words), _LONGEST)]
    return found


def _book_texts(rng: Random, halves: tuple[Writer, Writer]) -> list[str]:
    """A book's lines in words that stand in both halves of a writer's."""
    common = sorted({word.text for word in halves[0].words} & {word.text for word in halves[1].words})
    free = [text for text in common if text.isalpha()]
    rng.shuffle(free)
    every, taken = tuple(free), {}

    def own(token: str) -> str:
        if any(character.isdigit() for character in token):
            return token if all(character.isdigit() or character in ".,/-:" for character in token) else ""
        core = token.strip(",.;:()")
        if not core.isalpha():
            return ""
        end = token[-1] if token[-1] in ",." else ""
        if core not in taken:
            # Each word its own word while there are any, and its own self where the writer has it.
            taken[core] = core if core in free else free[-1] if free else rng.choice(every)
            if taken[core] in free:
                free.remove(taken[core])
        core = taken[core]
        return core + end

    texts = [" ".join(filter(None, map(own, text.split()))) for text in _record_texts(rng)]
    return [text for text in texts if text]


def _halves(writer: Writer) -> tuple[Writer, Writer]:
    """Two writers of the same hand that share no ink: each text's pieces of ink by turns."""
    parts = Writer(writer.number), Writer(writer.number)
    for words in writer.by_text.values():
        same: dict[str, list[InkWord]] = defaultdict(list)
        for word in words:
            same[word.text].append(word)
        for pieces in same.values():
            for place, word in enumerate(pieces):
                parts[place % 2].words.append(word)
                parts[place % 2].by_text[word.text.lower()].append(word)
    for digit, pieces in writer.digits.items():
        for place, word in enumerate(pieces):
            parts[place % 2].digits[digit].append(word)
    return parts


def _drawn(written: tuple[str, list[Stroke]], writer: Writer, draw: int, index: int) -> HandLine:
    """A line with the writer's pen: its breadth and slant are the hand's, only the paper differs."""
    text, strokes = written
    ink = draw_strokes(np.random.default_rng([draw, writer.number]), strokes)
    return HandLine(_on_paper(np.random.default_rng([draw, writer.number, index, 1]), ink), canonical(text))


def _on_paper(rng: Generator, ink: Ink) -> Grey:
    grey = put_on_paper(rng, ink)
    return augment(rng, grey) if rng.random() < _CHANGED else grey
