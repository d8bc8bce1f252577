"""The collections of a recipe, split into parts, and endless streams of training lines drawn from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from extractor.errors import SettingsError
from extractor.training import collections
from extractor.training.fonts.registry import load_fonts
from extractor.training.line_texts import capital_name, figures
from extractor.training.recipe import STROKE_SOURCES, Recipe
from extractor.training.rendered import empty_lines, font_lines, mixed_lines, stroke_lines
from extractor.training.samples import Sample, interleave, plain, shuffled_forever
from extractor.training.strokes import Scribe, Writer, load_writers, split_writers

_STRUCK = 0.04
"""Share of written lines for training in which a word is struck out."""

_FEW_WORDS = 3
"""Words at most in a line of the source ``words``: short lines cost little time, and cursive words need many looks."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Lines that people decided, as training gets them.

    Args:
        version: of the set they are from; empty where there are none.
        lines: lines of ``train`` and of ``tuning``.
    """

    version: str = ""
    lines: dict[str, list[collections.LabelledLine]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Data:
    """All collections, split."""

    kalapa: dict[str, list[collections.LabelledLine]]
    cinnamon: dict[str, list[collections.LabelledLine]]
    writers: dict[str, list[Writer]]
    decided: dict[str, list[collections.LabelledLine]] = field(default_factory=dict)

    @classmethod
    def load(cls, recipe: Recipe, decided: Decided | None = None) -> Data:
        """Read and split the collections of a recipe.

        Args:
            decided: lines of the set that the recipe names; who calls has read them, and only what may be learnt from.

        Raises:
            SettingsError: the recipe asks for decided lines, and none are handed over.
        """
        every = recipe.data == "all"
        if recipe.sources.get("decided") and decided is None:
            raise SettingsError(
                "The mixture asks for 'decided' lines, and none were handed over.",
                mend="Train with 'extractor train', which reads the set.",
            )
        return cls(
            collections.split(collections.read_kalapa(recipe.kalapa) if every and recipe.kalapa else [], recipe.seed),
            collections.split(
                collections.read_cinnamon(recipe.cinnamon) if every and recipe.cinnamon else [], recipe.seed
            ),
            split_writers(load_writers(recipe.strokes) if every and recipe.strokes else [], recipe.seed),
            decided.lines if every and decided else {},
        )

    def stream(self, name: str, rng: Generator, part: str = "train") -> Iterator[Sample]:
        """Endless lines of one source."""
        fonts_part = "train" if part == "train" else "calibration"
        if name in ("kalapa", "cinnamon"):
            if not getattr(self, name)[part]:
                raise SettingsError(
                    f"The collection '{name}' has no line left for the part '{part}'.",
                    mend="It needs at least three forms, or three blocks of fifty numbers.",
                )
            return shuffled_forever(rng, getattr(self, name)[part], name, plain_share=0.15)
        if name == "decided":
            return shuffled_forever(rng, self.decided[part], name, plain_share=0.3)
        if name == "fonts":
            return font_lines(rng, load_fonts(None, fonts_part))
        if name == "capitals":
            return font_lines(rng, load_fonts("hand", fonts_part), capital_name, source=name)
        struck = _STRUCK if part == "train" else 0.0
        scribe = Scribe(self.writers[part], struck=struck) if self.writers[part] else None
        if name in STROKE_SOURCES:
            if scribe is None:
                raise SettingsError(f"The mixture asks for '{name}'; it needs pen strokes.", mend="Name their file.")
            if name == "words":
                return stroke_lines(rng, scribe, copied=1.0, most_words=_FEW_WORDS, source=name)
            if name == "figures":
                return stroke_lines(rng, scribe, figures, copied=0.0, borrowed=1.0, source=name)
            return stroke_lines(rng, scribe)
        if name == "empty":
            return empty_lines(rng, scribe)
        if name == "mixed":
            return mixed_lines(rng, scribe, load_fonts("print", fonts_part), load_fonts("hand", fonts_part))
        raise SettingsError(f"There is no source of lines named '{name}'.", mend="See recipes/two-cores.yaml.")

    def checked(self, part: str, rendered: int) -> list[Sample]:
        """The same lines each time: real ones as they are, and rendered ones."""
        names = ("strokes", "fonts") if self.writers[part] else ("fonts",)
        streams = [self.stream(name, np.random.default_rng(number), part) for number, name in enumerate(names)]
        real = [
            *plain(self.kalapa[part], "kalapa"),
            *plain(self.cinnamon[part], "cinnamon"),
            *plain(self.decided.get(part, []), "decided"),
        ]
        return [*real, *(sample for stream in streams for sample in itertools.islice(stream, rendered))]


@dataclass(frozen=True, slots=True)
class MixedLines:
    """Endless lines of several sources, each drawn with its weight; a different stream for each process that draws.

    Args:
        data: where they come from.
        mixture: weight of each source.
        seed: the same seed gives the same streams.
    """

    data: Data
    mixture: dict[str, float]
    seed: tuple[int, ...]

    def __call__(self, process: int) -> Iterator[Sample]:
        """The stream of one process."""
        first, *others = np.random.SeedSequence([*self.seed, process]).spawn(len(self.mixture) + 1)
        streams = [
            (weight, self.data.stream(name, np.random.default_rng(child)))
            for (name, weight), child in zip(self.mixture.items(), others, strict=True)
        ]
        return interleave(np.random.default_rng(first), streams)
