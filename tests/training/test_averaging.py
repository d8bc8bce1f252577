import math

import pytest
import torch

from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig
from extractor.training.averaging import between, copied_weights, take_best_between


def recogniser(seed):
    torch.manual_seed(seed)
    return LineRecogniser(LineRecogniserConfig(hidden=16, layers=1))


def same(first, second):
    return all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def test_the_ends_of_the_line_are_the_two_models_and_its_middle_is_their_mean():
    start, end = copied_weights(recogniser(1)), copied_weights(recogniser(2))
    assert same(between(start, end, 1.0), end)
    assert all(torch.allclose(tensor.float(), start[name].float()) for name, tensor in between(start, end, 0.0).items()
               if tensor.is_floating_point())  # fmt: skip
    name = next(name for name, tensor in end.items() if tensor.is_floating_point() and tensor.numel() > 100)
    assert torch.allclose(between(start, end, 0.5)[name], (start[name] + end[name]) / 2, atol=1e-6)
    assert all(torch.equal(tensor, end[n]) for n, tensor in between(start, end, 0.3).items()
               if not tensor.is_floating_point())  # fmt: skip


@pytest.mark.parametrize(("errors", "chosen"), [([0.3, 0.1, 0.2], 0.5), ([0.6, 0.7, 0.5], 1.0), ([math.nan] * 3, 1.0)])
def test_the_share_with_the_fewest_errors_is_taken_and_the_end_stays_where_none_is_better(errors, chosen):
    start, model = copied_weights(recogniser(1)), recogniser(2)
    end, answers, seen = copied_weights(model), iter(errors), []

    def validate(looked_at):
        seen.append(copied_weights(looked_at))
        return next(answers)

    take_best_between(model, start, (0.25, 0.5, 0.75), 0.5, validate=validate)
    assert all(
        same(weights, between(start, end, share)) for weights, share in zip(seen, (0.25, 0.5, 0.75), strict=True)
    )
    assert same(copied_weights(model), between(start, end, chosen))
