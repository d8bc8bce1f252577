"""Weights between those a training began with and those it found.

What lies on the straight line between a model and what fine-tuning made of it often reads the new lines nearly as well
as the latter and forgets less of the old ones (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from extractor.readers.handwriting.model import LineRecogniser

Report = Callable[[str], None]


def copied_weights(model: LineRecogniser) -> dict[str, Tensor]:
    """A model's weights, which do not change with it."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def between(start: Mapping[str, Tensor], end: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights on the line from ``start`` (share 0) to ``end`` (share 1); whole numbers are those of ``end``."""
    return {
        name: torch.lerp(start[name].to(tensor), tensor, share) if tensor.is_floating_point() else tensor
        for name, tensor in end.items()
    }


def take_best_between(
    model: LineRecogniser, start: Mapping[str, Tensor], shares: Iterable[float], errors: float, *,
    validate: Callable[[LineRecogniser], float], report: Report = lambda line: None,
) -> None:  # fmt: skip
    """Give a model the weights with the fewest errors among its own and those between a start and them.

    Args:
        model: trained; it is changed in place.
        start: weights that its training began with.
        shares: how far from the start to look, each above 0 and below 1.
        errors: what ``validate`` gave for the model's own weights.
        validate: gives the errors, as it did during training.
        report: receives a line for each share.
    """
    best = end = copied_weights(model)
    for share in shares:
        report(f"weights at {share:.0%} of the way from the start")
        weights = between(start, end, share)
        model.load_state_dict(weights)
        if (found := validate(model)) < errors:
            best, errors = weights, found
    model.load_state_dict(best)
