"""In which precision the trainer computes."""

from __future__ import annotations

import torch


def has_bfloat16(device_type: str) -> bool:
    """Whether a device has instructions for bfloat16; processors without them emulate it, many times slower.

    Args:
        device_type: ``cpu``, ``cuda`` or another name of PyTorch's.
    """
    if device_type != "cpu":
        return True
    # Older versions of PyTorch cannot tell: single precision is never far slower.
    found: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(found.get("amx_bf16") or found.get("avx512_bf16"))


def training_precision(device_type: str) -> torch.autocast:
    """Context in which layers run in bfloat16 where the device has it, and in single precision elsewhere.

    Args:
        device_type: ``cpu``, ``cuda`` or another name of PyTorch's.
    """
    return torch.autocast(device_type, torch.bfloat16, enabled=has_bfloat16(device_type))
