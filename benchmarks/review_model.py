"""How long a skilled person takes for an answer: a keystroke-level model.

Operators are those of S. Card, T. Moran and A. Newell, "The keystroke-level model for user performance time with
interactive systems", Communications of the ACM 23(7), 1980: a key takes 0.28 s (their average non-secretary typist),
pointing with the mouse 1.1 s, moving a hand between keyboard and mouse 0.4 s, a mental preparation 1.35 s; the system's
response is measured, not modelled. Reading is counted as one fixation of 0.23 s a word, on the page and on the screen
(the typical eye movement of the same authors, "The Psychology of Human-Computer Interaction", 1983).

The model knows no errors, no pauses and no tiring: it compares two ways of working, it does not foretell a day's work.
Vietnamese letters count as the keys of the Telex input method: "ấ" is three, a capital one more.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

KEY, POINT, HAND, MENTAL, FIXATION = 0.28, 1.10, 0.40, 1.35, 0.23


@dataclass
class Effort:
    """What a person did; times in seconds."""

    keys: int = 0
    points: int = 0
    hands: int = 0
    mentals: int = 0
    fixations: int = 0
    waited: float = 0.0

    def __iadd__(self, other: Effort) -> Effort:
        """Add what was done on top."""
        for name in ("keys", "points", "hands", "mentals", "fixations", "waited"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def seconds(self) -> float:
        """Time by the model, with the waiting that was measured."""
        acts = KEY * self.keys + POINT * self.points + HAND * self.hands
        return acts + MENTAL * self.mentals + FIXATION * self.fixations + self.waited


@dataclass(frozen=True)
class Plan:
    """How to get from what stands in a box to what is written: keys to press by name, then a text to type, then keys.

    Args:
        strokes: how many keystrokes that is by Telex, without the one that goes on.
    """

    strokes: int
    keys: tuple[str, ...] = field(default=())
    text: str = ""


def look(written: str, shown: str) -> Effort:
    """Compare a text on the page with one on the screen and judge: a word a fixation, at least one on each."""
    words = max(1, len(written.split())) + max(1, len(shown.split()))
    return Effort(fixations=words, mentals=1)


def telex(text: str) -> int:
    """Keystrokes that type a text."""
    strokes = 0
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        strokes += len(parts) + (letter in "đĐ") + letter.isupper()
    return strokes


def plan(shown: str, written: str, choices: tuple[str, ...] = (), *, selected: bool = False) -> Plan:
    """The cheapest way, with the cursor behind the last letter, or with all of it ``selected``.

    Args:
        choices: further readings that the arrow keys put into the box, the first by one stroke.
    """
    if shown == written:
        return Plan(0)
    ways = [Plan(telex(written), text=written)] if selected else [Plan(2 + telex(written), ("Control+a",), written)]
    if written in choices:
        steps = choices.index(written) + 1
        ways.append(Plan(steps, ("ArrowDown",) * steps))
    before = ("End",) if selected else ()
    start, end = _common(shown, written)
    tail = len(shown) - end
    middle = written[start : len(written) - tail]
    keys = (*before, *("ArrowLeft",) * tail, *("Backspace",) * (end - start))
    ways.append(Plan(len(keys) + telex(middle), keys, middle))
    return min(ways, key=lambda way: way.strokes)


def _common(shown: str, written: str) -> tuple[int, int]:
    """Where the differing part of ``shown`` begins and ends."""
    start = 0
    while start < min(len(shown), len(written)) and shown[start] == written[start]:
        start += 1
    end = 0
    while end < min(len(shown), len(written)) - start and shown[-1 - end] == written[-1 - end]:
        end += 1
    return start, len(shown) - end


def in_room(written: str, shown: str, texts: tuple[str, ...]) -> tuple[Effort, Plan]:
    """Answer a field of the room: look, put what is written into the box, press Enter."""
    seen = shown or (texts[0] if texts else "")
    # The arrow goes on from the reading in the box; in an empty one it begins with the first.
    way = plan(shown, written, texts[1:] if shown and texts[:1] == (shown,) else texts)
    effort = look(written, seen)
    # To find the wrong letter, or the right reading, is a thought of its own.
    effort += Effort(keys=way.strokes + 1, mentals=int(seen != written))
    return effort, way


def in_form(written: str, shown: str) -> tuple[Effort, Plan]:
    """Answer a box of the plain form: find its place on the scan, look, mend, go on with Tab."""
    way = plan(shown, written, selected=True)
    effort = look(written, shown)
    effort += Effort(keys=way.strokes + 1, mentals=int(shown != written), fixations=1)
    return effort, way


SCROLLED_AND_SAVED = Effort(keys=3, points=1, hands=2)
"""Once a record: into its first box, hand to the mouse, point at the scan, turn the wheel, hand back, save."""
