"""Handwriting is read with and without the form's dotted line, and what both say is weighed together."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from extractor import field_reading
from extractor.readers.protocol import Reading
from extractor.readers.script import ScriptJudgement
from extractor.records import Candidate
from extractor.scans.types import CleanPage, Image, SourcePage
from extractor.templates.form import FieldSpec, Kind
from extractor.templates.types import LocatedField
from extractor.vietnamese import Context

SPEC = FieldSpec(code="hoTen", label="Họ tên", kind=Kind.PERSON_NAME)
HAND = ScriptJudgement(printed=0.0, handwritten=1.0, blank=0.0)
REGION = np.array([[100, 200], [1100, 200], [1100, 290], [100, 290]], dtype=np.float64)


def page(*, leader: bool) -> CleanPage:
    """Strokes as of writing and, where asked for, a dotted line of the form under them."""
    grey = np.full((500, 1240), 255, np.uint8)
    for x in range(140, 900, 60):
        cv2.line(grey, (x, 225), (x + 24, 262), 20, 4)
        cv2.line(grey, (x + 24, 262), (x + 40, 228), 20, 4)
    if leader:
        for x in range(110, 1090, 12):
            cv2.circle(grey, (x, 276), 2, 40, -1)
    image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    return CleanPage(SourcePage("page.png", 1, image, "0"), image, grey, np.eye(3), 200.0)


class StubReader:
    """Says one text of pictures with dots in their lower part, and another of those without."""

    name, version = "handwriting", "1"

    def __init__(self, with_dots: Reading, without: Reading) -> None:
        self.answers = {True: with_dots, False: without}
        self.seen: list[bool] = []

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        dotted = [bool((line[70:82] < 128).any()) for line in lines]
        self.seen += dotted
        return [self.answers[item] for item in dotted]


def said(text: str, confidence: float, *others: tuple[str, float]) -> Reading:
    candidates = (Candidate(text, confidence), *(Candidate(*other) for other in others))
    return Reading(text, confidence, candidates, (confidence,) * len(text))


def read(reader: StubReader, *, leader: bool = True) -> field_reading._Task:
    located = LocatedField("hoTen", (REGION,))
    here = page(leader=leader)
    crop = field_reading.cut_line(here.grey, REGION)
    task = field_reading._Task(SPEC, located, [field_reading._Line(REGION, crop, HAND, {})], 0.0)
    field_reading._ask(here, {"handwriting": reader}, [task])
    field_reading._decode(task, Context())
    return task


def test_a_line_with_a_leader_is_read_twice_and_the_surer_sight_wins() -> None:
    reader = StubReader(said("Trần Thạnh Thái", 0.6, ("Trần Thanh Thái", 0.3)), said("Trần Thanh Thái", 0.95))
    task = read(reader)
    assert reader.seen == [True, False]
    first = task.merged[0]
    assert first.value == "Trần Thanh Thái"
    assert field_reading._second_agreement(task, first) == -1
    assert field_reading._best_reading(task, first)[1] is task.second
    assert field_reading._probability(Kind.PERSON_NAME, task.second_decoded, first) > first.probability


def test_two_sights_that_say_the_same_agree() -> None:
    task = read(StubReader(said("Trần Thanh Thái", 0.8), said("Trần Thanh Thái", 0.9)))
    first = task.merged[0]
    assert field_reading._second_agreement(task, first) == 1
    assert 0.8 <= first.probability <= 0.95


def test_where_there_is_nothing_to_take_away_one_sight_is_enough() -> None:
    reader = StubReader(said("Trần Thanh Thái", 0.8), said("Trần Thanh Thái", 0.8))
    task = read(reader, leader=False)
    assert len(reader.seen) == 1 and task.second is None
    assert field_reading._second_agreement(task, task.merged[0]) == 0


def test_writings_of_one_value_add_up_and_the_louder_is_shown() -> None:
    one = field_reading.Decoded("xã Tân Hoà", "xã Tân Hoà", 0.5, True)
    other = field_reading.Decoded("xã Tân Hòa", "xã Tân Hòa", 0.9, True)
    merged = field_reading._merge(Kind.PLACE, [(0.5, [one]), (0.5, [other])])
    assert len(merged) == 1 and merged[0].raw == "xã Tân Hòa"
    assert merged[0].probability == pytest.approx(0.7)
