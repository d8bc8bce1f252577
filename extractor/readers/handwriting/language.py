"""What the beam search may know besides the pixels: a character language model, a list of texts, an allowed alphabet.

A :class:`Guide` walks along a text symbol by symbol, symbols being the recogniser's classes (1 and up), and gives each
step a logarithm of probability; minus infinity forbids it.
"""

from __future__ import annotations

import math
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.readers.handwriting.alphabet import canonical

NEVER = -math.inf
END = 0
"""Stands for the border of a text, before its first character and behind its last one."""


class Guide(Protocol):
    """Scores texts from left to right."""

    @property
    def start(self) -> Any:
        """State before the first symbol."""
        ...

    def step(self, state: Any, symbol: int) -> tuple[float, Any]:
        """Logarithm of the probability of a symbol (a class, or ``END``) after a state, and the state behind it."""
        ...


@dataclass(frozen=True, slots=True)
class Automaton:
    """The arrays of a :class:`CharacterModel`.

    Args:
        first: (states + 1) where each state's arcs begin.
        symbols: (arcs) symbol of each arc.
        scores: (arcs) natural logarithms of probabilities.
        after: (arcs) state behind each arc.
        backoff: (states) natural logarithms of back-off weights.
        shorter: (states) state of the next shorter context.
    """

    first: NDArray[np.uint32]
    symbols: NDArray[np.uint8]
    scores: NDArray[np.float32]
    after: NDArray[np.uint32]
    backoff: NDArray[np.float32]
    shorter: NDArray[np.uint32]

    def check(self, symbols: int, start: int) -> None:
        """Make sure that a walk can neither leave the arrays nor go round for ever.

        Raises:
            ValueError: it could.
        """
        states, arcs = len(self.backoff), len(self.symbols)
        numbers = np.arange(1, states)
        fits = (
            states > 0
            and len(self.first) == states + 1
            and len(self.shorter) == states
            and len(self.scores) == len(self.after) == arcs
            and self.first[0] == 0
            and self.first[-1] == arcs
            and bool((np.diff(self.first.astype(np.int64)) >= 0).all())
            and bool((self.after < states).all())
            and 0 <= start < states
            and bool((self.shorter[1:] < numbers).all())
            # The empty context knows every symbol, so each search for one ends there at the latest.
            and np.array_equal(self.symbols[: self.first[1]], np.arange(symbols))
            and all(bool(((part <= 0.01) & np.isfinite(part)).all()) for part in (self.scores, self.backoff))
        )
        if not fits:
            raise ValueError("the arrays do not fit together")


class CharacterModel:
    """A back-off n-gram model over characters, kept as an automaton.

    States are contexts of up to ``order - 1`` characters. A state's arcs lie side by side, ordered by symbol; a symbol
    without an arc is looked up in the state of the next shorter context, at the price of the state's back-off weight.

    Args:
        alphabet: characters in class order, the blank left out.
        start: state before the first character.
        automaton: states and arcs.
    """

    def __init__(self, alphabet: str, start: int, automaton: Automaton) -> None:
        self.alphabet = alphabet
        self.start = start
        # Plain arrays: reading single numbers out of numpy arrays costs several times as much.
        self._first = array("I", automaton.first.astype(np.uint32).tobytes())
        self._symbols = automaton.symbols.astype(np.uint8).tobytes()
        self._scores = array("f", automaton.scores.astype(np.float32).tobytes())
        self._after = array("I", automaton.after.astype(np.uint32).tobytes())
        self._backoff = array("f", automaton.backoff.astype(np.float32).tobytes())
        self._shorter = array("I", automaton.shorter.astype(np.uint32).tobytes())

    def __len__(self) -> int:
        """How many n-grams it holds."""
        return len(self._symbols)

    def step(self, state: int, symbol: int) -> tuple[float, int]:
        """See :class:`Guide`; every symbol of the alphabet has a probability above 0 everywhere."""
        score = 0.0
        while True:
            stop = self._first[state + 1]
            arc = bisect_left(self._symbols, symbol, self._first[state], stop)
            if arc < stop and self._symbols[arc] == symbol:
                return score + self._scores[arc], self._after[arc]
            score += self._backoff[state]
            state = self._shorter[state]

    def score(self, text: str) -> float:
        """Natural logarithm of a whole text's probability, both borders included.

        Raises:
            ValueError: a character is not in the alphabet.
        """
        state, total = self.start, 0.0
        for symbol in [*(self.alphabet.index(character) + 1 for character in text), END]:
            gain, state = self.step(state, symbol)
            total += gain
        return total

    @property
    def automaton(self) -> Automaton:
        """States and arcs."""
        return Automaton(
            np.frombuffer(self._first, np.uint32), np.frombuffer(self._symbols, np.uint8),
            np.frombuffer(self._scores, np.float32), np.frombuffer(self._after, np.uint32),
            np.frombuffer(self._backoff, np.float32), np.frombuffer(self._shorter, np.uint32),
        )  # fmt: skip

    def save(self, file: Path) -> None:
        """Write the model; scores keep three digits."""
        with file.open("wb") as stream:
            np.savez_compressed(
                stream, alphabet=np.array(self.alphabet), start=np.array(self.start),
                first=np.frombuffer(self._first, np.uint32), symbols=np.frombuffer(self._symbols, np.uint8),
                scores=np.frombuffer(self._scores, np.float32).astype(np.float16),
                after=np.frombuffer(self._after, np.uint32),
                backoff=np.frombuffer(self._backoff, np.float32).astype(np.float16),
                shorter=np.frombuffer(self._shorter, np.uint32),
            )  # fmt: skip

    @classmethod
    def load(cls, file: Path, alphabet: str) -> CharacterModel:
        """Read a model that was made for an alphabet.

        Raises:
            ModelError: the file is damaged, or of another alphabet.
        """
        try:
            with np.load(file, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            automaton = Automaton(*(arrays[field.name] for field in fields(Automaton)))
            automaton.check(len(str(arrays["alphabet"])) + 1, int(arrays["start"]))
            model = cls(str(arrays["alphabet"]), int(arrays["start"]), automaton)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ModelError(f"{file}: not a language model.", mend="Copy the model anew.") from error
        except Exception as error:  # a damaged archive raises what its compression happens to raise
            raise ModelError(
                f"{file}: the language model is damaged ({type(error).__name__}).", mend="Copy the model anew."
            ) from error
        if model.alphabet != alphabet:
            raise ModelError(
                f"{file}: the language model knows another alphabet than the recogniser.",
                mend="Build it anew with the recogniser's alphabet.",
            )
        return model


class Lexicon:
    """Allows the texts of a list and nothing else, all equally probable.

    Args:
        texts: whole texts, in any normal form; those with characters outside the alphabet are left out.
        alphabet: characters in class order.

    Raises:
        ValueError: no text is left.
    """

    start = 0

    def __init__(self, texts: Iterable[str], alphabet: str) -> None:
        classes = {character: number for number, character in enumerate(alphabet, start=1)}
        self._next: dict[tuple[int, int], int] = {}
        states = 1
        for text in map(canonical, texts):
            if any(character not in classes for character in text):
                continue
            state = 0
            for symbol in [*(classes[character] for character in text), END]:
                known = self._next.get((state, symbol))
                if known is None:
                    known = self._next[state, symbol] = states
                    states += 1
                state = known
        if not self._next:
            raise ValueError("No text of the list can be written with the alphabet.")

    def step(self, state: int, symbol: int) -> tuple[float, int]:
        """See :class:`Guide`."""
        found = self._next.get((state, symbol))
        return (NEVER, state) if found is None else (0.0, found)


class AllowedCharacters:
    """Allows texts of some characters only, such as digits and separators.

    Args:
        characters: those allowed.
        alphabet: characters in class order.

    Raises:
        ValueError: none of the characters is in the alphabet.
    """

    start = 0

    def __init__(self, characters: str, alphabet: str) -> None:
        composed = unicodedata.normalize("NFC", characters)
        self._allowed = {END, *(number for number, letter in enumerate(alphabet, start=1) if letter in composed)}
        if self._allowed == {END}:
            raise ValueError("None of the allowed characters is in the alphabet.")

    def step(self, state: int, symbol: int) -> tuple[float, int]:
        """See :class:`Guide`."""
        return (0.0 if symbol in self._allowed else NEVER), state


class Together:
    """Several guides at once: their logarithms add up, and what one forbids is forbidden.

    Args:
        guides: the guides, each with the factor on its logarithms.
    """

    def __init__(self, *guides: tuple[Guide, float]) -> None:
        self._guides = guides
        self.start = tuple(guide.start for guide, _ in guides)

    def step(self, state: tuple[Any, ...], symbol: int) -> tuple[float, tuple[Any, ...]]:
        """See :class:`Guide`."""
        total, states = 0.0, []
        for (guide, weight), before in zip(self._guides, state, strict=True):
            gain, after = guide.step(before, symbol)
            # A factor of zero must not let pass what is forbidden.
            total += NEVER if gain == NEVER else weight * gain
            states.append(after)
        return total, tuple(states)
