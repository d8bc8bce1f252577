"""bfloat16 only where it is not emulated."""

import pytest
import torch

from extractor.training.arithmetic import has_bfloat16, training_precision


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"amx_bf16": True, "avx512_bf16": False}, torch.bfloat16),
        ({"amx_bf16": False, "avx512_bf16": True}, torch.bfloat16),
        ({"avx2": True}, torch.float32),
    ],
)
def test_layers_run_in_bfloat16_only_on_processors_that_have_it(monkeypatch, found, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    layer = torch.nn.Linear(3, 2)
    with training_precision("cpu"):
        assert layer(torch.zeros(1, 3)).dtype == expected


def test_a_gpu_has_it_and_an_older_pytorch_cannot_tell(monkeypatch):
    assert has_bfloat16("cuda")
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not has_bfloat16("cpu")
