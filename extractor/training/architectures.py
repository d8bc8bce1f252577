"""Architectures of line recognisers to compare, all under CTC: our encoder, a CRNN, a transformer."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from extractor.errors import SettingsError
from extractor.readers.handwriting.encoder import AttentionBlock, LineEncoder
from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig

ARCHITECTURES = ("scratch", "crnn", "transformer")
"""Names that :func:`build_recogniser` knows."""


class CrnnEncoder(nn.Module):
    """The seven convolutions of the CRNN for lines of 48 pixels' height; its recurrent layers are those of our head.

    After Shi, Bai and Yao, "An end-to-end trainable neural network for image-based sequence recognition" (TPAMI 2017).
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        plan: list[tuple[int, int, int | tuple[int, int]]]
        plan = [(1, 64, 2), (64, 128, 2), (128, 256, 1), (256, 256, (2, 1)), (256, 512, 1), (512, 512, (2, 1))]
        for inputs, outputs, pool in plan:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            if pool != 1:
                layers.append(nn.MaxPool2d(pool))
        layers += [nn.Conv2d(512, LineEncoder.features, (3, 2), stride=(1, 2)), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, lines: Tensor) -> Tensor:
        """Map (batch, 1, 48, width) to (batch, width / 8, 888)."""
        out: Tensor = self.layers(lines).squeeze(2)
        return out.transpose(1, 2)


class TransformerEncoder(nn.Module):
    """A convolutional stem and self-attention over the width with sinusoidal positions.

    After the CTC branch of Diaz et al., "Rethinking text line recognition models" (2021).

    Args:
        width: features of a step inside.
        blocks: self-attention blocks.
    """

    def __init__(self, width: int = 256, blocks: int = 6) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        plan: list[tuple[int, int, int | tuple[int, int]]]
        plan = [(1, 48, 2), (48, 96, 2), (96, 192, 2), (192, width, (2, 1))]
        for inputs, outputs, stride in plan:
            layers += [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(outputs), nn.GELU()]
        self.stem = nn.Sequential(*layers)
        self.flatten = nn.Linear(3 * width, width)
        self.blocks = nn.Sequential(*(AttentionBlock(width, heads=8) for _ in range(blocks)))
        self.out = nn.Linear(width, LineEncoder.features)
        self.width = width

    def forward(self, lines: Tensor) -> Tensor:
        """Map (batch, 1, 48, width) to (batch, width / 8, 888)."""
        x = self.stem(lines)
        x = self.flatten(x.flatten(1, 2).transpose(1, 2))
        steps = torch.arange(x.shape[1], dtype=torch.float32, device=x.device)[:, None]
        rates = torch.exp(torch.arange(0, self.width, 2, device=x.device) * (-math.log(10_000.0) / self.width))
        x = x + torch.stack([torch.sin(steps * rates), torch.cos(steps * rates)], dim=2).flatten(1)
        out: Tensor = self.out(self.blocks(x))
        return out


class LinearHead(nn.Module):
    """The transformer's output layer: no recurrence after self-attention."""

    def __init__(self, config: LineRecogniserConfig) -> None:
        super().__init__()
        self.frames, self.classes = config.frames_per_step, len(config.alphabet) + 1
        self.norm = nn.LayerNorm(LineEncoder.features)
        self.out = nn.Linear(LineEncoder.features, self.frames * self.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, steps, 888) to logits (batch, steps * frames_per_step, classes)."""
        logits: Tensor = self.out(self.norm(features))
        return logits.reshape(logits.shape[0], -1, self.classes)


def build_recogniser(name: str, seed: int) -> LineRecogniser:
    """A recogniser of an architecture with random weights; it trains, but cannot be saved for the reader.

    Args:
        name: ``scratch`` for the reader's own encoder, ``crnn`` or ``transformer``.
        seed: of the weights.

    Raises:
        SettingsError: there is no such architecture.
    """
    if name not in ARCHITECTURES:
        raise SettingsError(f"There is no architecture '{name}'.", mend=f"Use one of: {', '.join(ARCHITECTURES)}.")
    torch.manual_seed(seed)
    model = LineRecogniser(LineRecogniserConfig())
    parts: dict[str, nn.Module] = {}
    if name == "crnn":
        parts = {"encoder": CrnnEncoder()}
    elif name == "transformer":
        parts = {"encoder": TransformerEncoder(), "head": LinearHead(model.config)}
    for place, part in parts.items():
        setattr(model, place, part)
    return model
