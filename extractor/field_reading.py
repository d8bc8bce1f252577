"""From located fields to proposed values with evidence: judge the crop, read it, decode it by kind."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.confidence.certificate import unproved_confidence
from extractor.confidence.evidence import FieldEvidence, source_of
from extractor.readers.crops import cut_line, edge_ink
from extractor.readers.furniture import find_furniture, without_furniture
from extractor.readers.joining import join_readings, with_lost_marks
from extractor.readers.protocol import Reader, Reading
from extractor.readers.script import ScriptJudgement, judge_script
from extractor.readers.ticks import read_tick
from extractor.records import Box, Candidate, FieldState, FieldValue
from extractor.scans.clean import PHOTOGRAPH
from extractor.scans.types import CleanPage, Image
from extractor.templates.form import FieldSpec, FormSchema, Kind
from extractor.templates.types import LocatedField, Polygon, RegisteredPage
from extractor.vietnamese import Context, Decoded, decode, reconcile_dates
from extractor.vietnamese.canonical import canonical_value

HANDWRITING = "handwriting"
PRINTED = "printed"

_SURE_PRINT = 0.85
_SURE_HAND = 0.15
_BLANK = 0.5
_KEPT = 5
_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class FieldReading:
    """A proposed value and what speaks for it; ``chars`` is one probability for each character of ``raw``, or empty."""

    value: FieldValue
    evidence: FieldEvidence
    chars: tuple[float, ...] = ()


@dataclass(slots=True)
class _Line:
    """A written line; ``second`` is what the reader of handwriting made of it without leaders and rulings."""

    polygon: Polygon
    crop: Image
    judgement: ScriptJudgement
    readings: dict[str, Reading]
    second: Reading | None = None


@dataclass(slots=True)
class _Task:
    """One field on its way: its lines with ink, and what each reader made of them, at second sight too."""

    spec: FieldSpec
    located: LocatedField
    lines: list[_Line]
    blank: float
    joined: dict[str, Reading] = field(default_factory=dict)
    decoded: dict[str, tuple[Decoded, ...]] = field(default_factory=dict)
    second: Reading | None = None
    second_decoded: tuple[Decoded, ...] = ()
    merged: list[Decoded] = field(default_factory=list)
    lent: bool = False
    """Whether the engine for print has marks of its text from the other reader, which then is no witness for it."""

    @property
    def printed(self) -> float:
        """Probability that the field is printed; lines count by width, a form's preference decides when unsure."""
        if not self.lines:
            return 0.0
        weights = [line.crop.shape[1] for line in self.lines]
        judgements = [line.judgement for line in self.lines]
        shares = [j.printed / max(j.printed + j.handwritten, 1e-6) for j in judgements]
        share = float(np.average(shares, weights=weights))
        if _SURE_HAND < share < _SURE_PRINT and self.spec.reader in {PRINTED, HANDWRITING}:
            share = (share + (1.0 if self.spec.reader == PRINTED else 0.0)) / 2
        return share

    def weight(self, reader: str) -> float:
        """How much a reader counts where two were asked; the one for handwriting has learnt print as well."""
        return self.printed if reader == PRINTED else 1.0 - self.printed / 2

    @property
    def reader_names(self) -> tuple[str, ...]:
        """Readers to ask: both, but for what is clearly handwriting; each is the other's witness on print."""
        return (HANDWRITING,) if self.printed <= _SURE_HAND else (HANDWRITING, PRINTED)


def read_fields(
    page: CleanPage,
    registered: RegisteredPage,
    schema: FormSchema,
    readers: dict[str, Reader],
    context: Context,
) -> list[dict[str, FieldReading]]:
    """Read all fields of all records of a page, one dictionary a record, in order.

    Every field of the schema is there; one that was not located has the state ``not_on_form``.

    Args:
        readers: readers by name; ``handwriting`` and ``printed`` are asked.
    """
    specs = {spec.code: spec for spec in schema.fields}
    tasks = [
        [_prepare(page, specs[located.code], located) for located in record.fields] for record in registered.records
    ]
    _ask(page, readers, itertools.chain.from_iterable(tasks))
    results = []
    for record in tasks:
        for task in record:
            _decode(task, context)
        _weigh_dates_together(record, context)
        done = {task.spec.code: _finish(page, task, registered, context) for task in record}
        results.append({code: done.get(code) or _absent(specs[code]) for code in specs})
    return results


def _absent(spec: FieldSpec) -> FieldReading:
    return FieldReading(FieldValue(state=FieldState.NOT_ON_FORM), FieldEvidence(spec.kind.value, blank=True))


def _prepare(page: CleanPage, spec: FieldSpec, located: LocatedField) -> _Task:
    if spec.kind is Kind.CHOICE:
        return _Task(spec, located, [], 0.0)
    lines, blank = [], 1.0
    for polygon in located.lines:
        crop = cut_line(page.grey, polygon)
        judgement = judge_script(crop)
        blank = min(blank, judgement.blank)
        if judgement.blank < _BLANK:
            lines.append(_Line(polygon, crop, judgement, {}))
    return _Task(spec, located, lines, blank)


def _ask(page: CleanPage, readers: dict[str, Reader], tasks: Iterable[_Task]) -> None:
    """One call to each reader for the whole page, so that it can batch; the one for handwriting looks twice.

    A dot of a dotted writing line under a letter looks like the mark for the low tone: ``Thanh`` on such a line is read
    as ``Thạnh``. Without the line a real mark may be gone. Where both sights agree, neither has happened.
    """
    wanted: dict[str, list[_Line]] = {}
    for task in tasks:
        for name in task.reader_names:
            wanted.setdefault(name, []).extend(task.lines)
    hand = wanted.get(HANDWRITING, [])  # all lines: the reader of handwriting is asked about print, too
    plain = dict(zip(map(id, hand), _plain_crops(page, hand), strict=True))
    for name, lines in wanted.items():
        crops = [
            plain[id(line)].crop if name == PRINTED else _up_to(line.crop, plain[id(line)].written) for line in lines
        ]
        for line, reading in zip(lines, readers[name].read(crops), strict=True):
            line.readings[name] = reading
    changed = [line for line in hand if plain[id(line)].changed]
    again = [_up_to(plain[id(line)].crop, plain[id(line)].written) for line in changed]
    seconds = readers[HANDWRITING].read(again) if again else []
    for line, reading in zip(changed, seconds, strict=True):
        line.second = reading


@dataclass(frozen=True, slots=True)
class _Plain:
    """A line without leaders and rulings.

    Args:
        crop: its picture.
        changed: whether there were any.
        written: share of the width, from the left, up to where there is ink, and some paper after it.
    """

    crop: Image
    changed: bool
    written: float


def _plain_crops(page: CleanPage, lines: Sequence[_Line]) -> list[_Plain]:
    """The lines without leaders and rulings, which the engine for print takes for rows of full stops."""
    if not lines:
        return []
    furniture = find_furniture(page)
    plain = without_furniture(furniture)
    no_marks, no_ink = (np.asarray(cv2.bitwise_not(mask), np.uint8) for mask in (furniture.marks, furniture.ink))
    found = []
    for polygon in (line.polygon * furniture.scale for line in lines):
        crop, ink = cut_line(plain, polygon), cut_line(no_ink, polygon) == 0
        changed = bool((cut_line(no_marks, polygon) == 0).any())
        found.append(_Plain(crop, changed, _written_share(ink)))
    return found


def _written_share(ink: NDArray[np.bool_]) -> float:
    """Up to which share of a line's width there is ink, with as much paper after it as the line is high.

    A region goes on to the end of its writing line, and most values are shorter: reading the rest costs time and tells
    nothing.

    Args:
        ink: ``(height, width)``, true where a dark stroke is that is neither leader nor ruling.
    """
    height, width = ink.shape
    inked = np.flatnonzero(ink.any(axis=0))
    if not len(inked):
        return 1.0
    return min(1.0, float(inked[-1] + 1 + height) / float(width))


def _up_to(crop: Image, share: float) -> Image:
    """The left part of a picture."""
    return crop[:, : max(1, math.ceil(crop.shape[1] * share))]


def _decode(task: _Task, context: Context) -> None:
    """Turn the readings of a task's lines into candidates by kind, and merge those of several readers."""
    if not task.lines:
        return
    task.joined = {name: join_readings([line.readings[name] for line in task.lines]) for name in task.reader_names}
    hand = task.joined[HANDWRITING]
    if PRINTED in task.joined:
        alone = task.joined[PRINTED]
        task.joined[PRINTED] = with_lost_marks(alone, hand)
        task.lent = task.joined[PRINTED].text != alone.text
    task.decoded = {name: decode(task.spec, reading.candidates, context) for name, reading in task.joined.items()}
    weighted = [(task.weight(name), task.decoded[name]) for name in task.joined]
    if any(line.second for line in task.lines):
        task.second = join_readings([line.second or line.readings[HANDWRITING] for line in task.lines])
        task.second_decoded = decode(task.spec, task.second.candidates, context)
        half = task.weight(HANDWRITING) / 2
        weighted = [(half if name == HANDWRITING else task.weight(name), task.decoded[name]) for name in task.joined]
        weighted.append((half, task.second_decoded))
    task.merged = _merge(task.spec.kind, weighted)


def _weigh_dates_together(record: Sequence[_Task], context: Context) -> None:
    """Let a date in digits and the same date in words decide each other's doubts."""
    by_code = {task.spec.code: task for task in record}
    for words in record:
        digits = by_code.get(words.spec.words_of)
        if digits and digits.merged and words.merged:
            weighed = reconcile_dates(digits.merged, words.merged, context)
            digits.merged, words.merged = list(weighed[0]), list(weighed[1])


def _finish(page: CleanPage, task: _Task, registered: RegisteredPage, context: Context) -> FieldReading:
    box = _source_box(page, task.located)
    base = FieldEvidence(
        task.spec.kind.value,
        printed=task.printed,
        lines=len(task.lines),
        residual_mm=_residual_mm(page, registered),
        coverage=registered.registration.coverage,
        source=source_of(page.dpi, photograph=PHOTOGRAPH in page.notes),
    )
    if task.spec.kind is Kind.CHOICE:
        return _finish_choice(page, task, base, box)
    if not task.lines:
        return _finish_blank(base, task.blank, box)
    if not task.merged or not task.merged[0].raw:
        return _finish_blank(base, 0.5, box)
    first = task.merged[0]
    best, reading = _best_reading(task, first)
    merged = task.merged
    evidence = replace(
        base,
        reader=reading.confidence,
        min_char=min(reading.char_confidences, default=reading.confidence),
        decoded=first.probability,
        margin=first.probability - max((d.probability for d in merged[1:] if d.value != first.value), default=0.0),
        known=first.known,
        agreement=_agreement(task, first),
        second=_second_agreement(task, first),
        second_decoded=_probability(task.spec.kind, task.second_decoded, first) if task.second else first.probability,
        length=len(first.raw),
        edge_ink=max(edge_ink(line.crop) for line in task.lines),
        proposed=first.proposed,
    )
    value = FieldValue(
        raw=first.raw,
        value=first.value,
        state=FieldState.DITTO if first.ditto else FieldState.READ,
        confidence=unproved_confidence(evidence),
        reader=best,
        box=box,
        candidates=tuple(Candidate(d.raw, round(d.probability, 4)) for d in merged[:_KEPT]),
    )
    fits = reading.text == first.raw and len(reading.char_confidences) == len(first.raw)
    return FieldReading(value, evidence, reading.char_confidences if fits else ())


def _finish_blank(base: FieldEvidence, blank: float, box: Box | None) -> FieldReading:
    evidence = replace(base, blank=True, reader=blank, min_char=blank, decoded=blank, margin=blank)
    value = FieldValue(state=FieldState.BLANK, confidence=unproved_confidence(evidence), reader="ink", box=box)
    return FieldReading(value, evidence)


def _finish_choice(page: CleanPage, task: _Task, base: FieldEvidence, box: Box | None) -> FieldReading:
    ticks = [(option, read_tick(cut_line(page.grey, option.polygon))) for option in task.located.options]
    ticked = [option for option, tick in ticks if tick.ticked]
    sure = math.prod(tick.confidence for _, tick in ticks)
    evidence = replace(
        base, reader=sure, min_char=min((t.confidence for _, t in ticks), default=0.0), decoded=sure, margin=sure
    )
    if not ticked:
        state = FieldState.BLANK if ticks else FieldState.NOT_ON_FORM
        evidence = replace(evidence, blank=True)
        return FieldReading(
            FieldValue(state=state, confidence=unproved_confidence(evidence), reader="tick", box=box), evidence
        )
    raw = "; ".join(option.label for option in ticked)
    # Two ticks in one group contradict each other: both are kept verbatim, and no code is chosen between them.
    value = ticked[0].value if len(ticked) == 1 else None
    return FieldReading(
        FieldValue(
            raw=raw,
            value=value,
            confidence=unproved_confidence(evidence),
            reader="tick",
            box=box,
            candidates=(Candidate(raw, round(sure, 4)),),
        ),
        evidence,
    )


def _best_reading(task: _Task, chosen: Decoded) -> tuple[str, Reading]:
    """The reader that speaks loudest, and its reading; of two sights, the one that shows the chosen text."""
    best = max(task.joined, key=lambda name: task.weight(name) * _top(task.decoded[name]).probability)
    reading = task.joined[best]
    if best == HANDWRITING and task.second and reading.text != chosen.raw and task.second.text == chosen.raw:
        return best, task.second
    return best, reading


def _merge(kind: Kind, weighted: Sequence[tuple[float, Sequence[Decoded]]]) -> list[Decoded]:
    """Decoded candidates of several readings as one list, best first; the same value adds up, to at most 1."""
    merged: dict[tuple[bool, str], Decoded] = {}
    loudest: dict[tuple[bool, str], float] = {}
    total = sum(weight for weight, _ in weighted)
    for weight, decoded in weighted:
        for item in decoded:
            key, part = _same(kind, item), item.probability * weight / total
            known = merged.get(key)
            probability = min(1.0, part + (known.probability if known else 0.0))
            shown = item if known is None or part > loudest[key] else known
            loudest[key] = max(part, loudest.get(key, 0.0))
            merged[key] = replace(shown, probability=probability)
    return sorted(merged.values(), key=lambda item: -item.probability)


def _same(kind: Kind, item: Decoded) -> tuple[bool, str]:
    """A key under which two candidates say the same."""
    return (False, item.raw) if item.value is None else (True, canonical_value(kind.value, item.value))


def _top(decoded: Sequence[Decoded]) -> Decoded:
    return decoded[0] if decoded else Decoded(raw="", value=None, probability=0.0, known=False)


def _agreement(task: _Task, chosen: Decoded) -> int:
    """Whether a second reader says the same; 0 where there is none, or it says so with the first one's marks."""
    others = [_top(items) for items in task.decoded.values()]
    if len(others) < 2:
        return 0
    if any(_same(task.spec.kind, other) != _same(task.spec.kind, chosen) for other in others):
        return -1
    return 0 if task.lent else 1


def _second_agreement(task: _Task, chosen: Decoded) -> int:
    """Whether both sights of the reader of handwriting say the same; 0 where it had but one."""
    if task.second is None:
        return 0
    sights = (_top(task.decoded[HANDWRITING]), _top(task.second_decoded))
    return 1 if all(_same(task.spec.kind, sight) == _same(task.spec.kind, chosen) for sight in sights) else -1


def _probability(kind: Kind, decoded: Sequence[Decoded], chosen: Decoded) -> float:
    """What these candidates give the chosen value."""
    return min(1.0, sum(item.probability for item in decoded if _same(kind, item) == _same(kind, chosen)))


def _residual_mm(page: CleanPage, registered: RegisteredPage) -> float:
    return registered.registration.residual_px / page.dpi * _MM_PER_INCH


def source_polygon(page: CleanPage, polygon: Polygon) -> Polygon:
    """A polygon ``(n, 2)`` of clean pixels in source pixels."""
    points = np.asarray(polygon, dtype=np.float64).reshape(-1, 1, 2)
    return np.asarray(cv2.perspectiveTransform(points, page.to_source).reshape(-1, 2), dtype=np.float64)


def _source_box(page: CleanPage, located: LocatedField) -> Box | None:
    polygons = [*located.lines, *(option.polygon for option in located.options)]
    if not polygons:
        return None  # an empty cell of a table has no place of its own
    points = source_polygon(page, np.concatenate(polygons))
    height, width = page.source.image.shape[:2]
    points = np.clip(points, 0, (width, height))
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    return Box(int(left), int(top), int(right - left), int(bottom - top))
