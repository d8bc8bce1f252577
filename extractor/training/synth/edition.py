"""How one printing of a form differs from its description: moved blocks, other type, other leaders, other wordings."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from extractor.training.fonts import FontSpec, Split, load_fonts

LEADERS = ("dots", "fine-dots", "rule", "dashes", "none")


@dataclass(frozen=True)
class Edition:
    """The printing of a form; the same for all pages of a book. Lengths in millimetres.

    Args:
        font: type the labels are set in.
        shift: how far everything is moved right and down.
        edges: how far each named edge is moved besides.
        gaps: additional room before each group, in their order.
        pitch: factor on the distance between lines.
        scale: factor on everything.
        leaders: style of the line to write on, one of :data:`LEADERS`.
        other_wording: share of labels that have another wording.
        ink: grey of the print, 0 black to 255 white.
        seed: for the choices of wordings.
    """

    font: FontSpec
    text_size: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    edges: dict[str, float] = field(default_factory=dict)
    gaps: tuple[float, ...] = ()
    pitch: float = 1.0
    scale: float = 1.0
    leaders: str = "dots"
    line_width: float = 0.3
    other_wording: float = 0.0
    ink: int = 30
    seed: int = 0


def plain_edition() -> Edition:
    """The form as described."""
    return Edition(font=load_fonts("print", Split.TRAIN)[0])


def draw_edition(rng: Random, strength: float, groups: int, split: Split | str = Split.TRAIN) -> Edition:
    """A printing that differs from the description the more, the greater ``strength`` (0 to 5) is.

    Blocks move by up to about 3 mm at strength 0 and 15 mm at strength 5, the scale by up to 2 %.
    """
    reach = strength / 5.0
    fonts = [spec for spec in load_fonts("print", split) if spec.bold and "serif" not in spec.package] or [
        spec for spec in load_fonts("print", split) if spec.bold
    ]
    weights = [6 if spec.package in ("tinos", "noto-serif") else 1 for spec in fonts]
    far = 2.5 + 6.5 * reach

    def move(limit: float) -> float:
        return rng.uniform(-limit, limit)

    edges = {name: move(0.4 + 2.6 * reach) for name in ("l", "m", "r")}
    edges |= {"top": move(1 + 3 * reach), "bottom": rng.uniform(-1 - 3 * reach, 0.5)}
    return Edition(
        font=rng.choices(fonts, weights)[0] if fonts else load_fonts("print")[0],
        text_size=1.0 + move(0.02 + 0.05 * reach),
        shift=(move(min(6.0, far)), rng.uniform(-min(3.0, far), min(9.0, far))),
        edges=edges,
        gaps=tuple(rng.uniform(-0.2, 0.4 + 1.6 * reach) for _ in range(groups)),
        pitch=1.0 + move(0.008 + 0.03 * reach),
        scale=1.0 + move(0.004 + 0.016 * reach),
        leaders=rng.choices(LEADERS, (40, 25, 18, 7, 10 * reach))[0],
        line_width=rng.uniform(0.2, 0.45),
        other_wording=0.5 * reach if strength > 0 else 0.0,
        ink=rng.randint(10, 30 + int(50 * reach)),
        seed=rng.randrange(2**31),
    )
