"""The convolutional encoder: a grey line of 48 pixels' height in, one feature vector for every 8 pixels out.

The layout is that of the PP-OCRv6 small recogniser (PaddleOCR, Apache-2.0): a stem that divides both sides by four, a
stack of depthwise blocks that divides the height twice more, and a narrow neck of two attention blocks over the width.
It is written here for one grey channel and with batch normalisation folded into the convolutions, so its numbers equal
those of the original for grey pictures. ``extractor.training.import_encoder`` brings the original's weights in.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

NECK_CHANNELS = 120
TOP_CHANNELS = 384
STEP_PIXELS = 8
"""Width in pixels of one feature vector at a line height of 48."""


class SqueezeExcite(nn.Module):
    """Scales channels by a gate computed from their means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // 4, 1)
        self.expand = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Gate ``x`` of shape (batch, channels, height, width)."""
        gate: Tensor = self.expand(F.relu(self.reduce(x.mean((2, 3), keepdim=True))))
        return x * (gate * (1 / 6) + 0.5).clamp(0, 1)


class Block(nn.Module):
    """Depthwise 3x3 convolution, optional gate, then two pointwise layers with a residual where shapes allow."""

    def __init__(self, inputs: int, outputs: int, *, gate: bool = False, halve_height: bool = False) -> None:
        super().__init__()
        stride = (2, 1) if halve_height else (1, 1)
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride=stride, padding=1, groups=inputs)
        self.gate = SqueezeExcite(inputs) if gate else nn.Identity()
        self.widen = nn.Conv2d(inputs, 2 * inputs, 1)
        self.narrow = nn.Conv2d(2 * inputs, outputs, 1)
        self.residual = inputs == outputs and not halve_height

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, height, width) to (batch, outputs, height or half of it, width)."""
        x = self.gate(self.depthwise(x))
        y: Tensor = self.narrow(F.gelu(self.widen(x)))
        return x + y if self.residual else y


class Stem(nn.Module):
    """Two strided convolutions with a small two-branch detail path between them."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 48, 3, stride=2, padding=1)
        self.detail_in = nn.Conv2d(48, 24, 2)
        self.detail_out = nn.Conv2d(24, 48, 2)
        self.join = nn.Conv2d(96, 48, 3, stride=2, padding=1)
        self.out = nn.Conv2d(48, 96, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, 1, height, width) to (batch, 96, height / 4, width / 4)."""
        x = F.relu(self.first(x))
        # The 2x2 windows reach one pixel past the right and lower border; all values are at least zero here, so
        # padding with zeros leaves the maximum as it is.
        padded = F.pad(x, (0, 1, 0, 1))
        detail = F.relu(self.detail_in(padded))
        detail = F.relu(self.detail_out(F.pad(detail, (0, 1, 0, 1))))
        x = F.relu(self.join(torch.cat([F.max_pool2d(padded, 2, stride=1), detail], dim=1)))
        return F.relu(self.out(x))


class AttentionBlock(nn.Module):
    """Pre-normalised self-attention over the width, then a two-layer perceptron."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = nn.Linear(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, steps, channels) to the same shape."""
        batch, steps, channels = x.shape
        size = channels // self.heads
        qkv = self.qkv(self.attention_norm(x)).reshape(batch, steps, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        weights = ((query * size**-0.5) @ key.transpose(2, 3)).softmax(dim=-1)
        mixed = (weights @ value).transpose(1, 2).reshape(batch, steps, channels)
        x = x + self.project(mixed)
        out: Tensor = x + self.narrow(F.silu(self.widen(self.mlp_norm(x))))
        return out


class Neck(nn.Module):
    """Narrows the channels and lets every step see the whole line."""

    def __init__(self) -> None:
        super().__init__()
        self.shortcut = nn.Conv2d(TOP_CHANNELS, NECK_CHANNELS, 1)
        self.narrow = nn.Conv2d(TOP_CHANNELS, NECK_CHANNELS, 1)
        self.local = nn.Conv2d(NECK_CHANNELS, NECK_CHANNELS, (1, 7), padding=(0, 3), groups=NECK_CHANNELS)
        self.blocks = nn.ModuleList(AttentionBlock(NECK_CHANNELS, heads=8) for _ in range(2))
        self.norm = nn.LayerNorm(NECK_CHANNELS, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, 384, 1, steps) to (batch, steps, 120)."""
        shortcut = F.silu(self.shortcut(x)).squeeze(2).transpose(1, 2)
        x = F.silu(self.narrow(x))
        x = (x + F.silu(self.local(x))).squeeze(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.norm(x) + shortcut
        return out


class LineEncoder(nn.Module):
    """Grey lines to feature vectors: the neck's 120 values, and the two columns of 384 below them."""

    features = NECK_CHANNELS + 2 * TOP_CHANNELS

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem()
        self.blocks = nn.ModuleList(
            [
                Block(96, 96, gate=True), Block(96, 96), Block(96, 96), Block(96, 192, halve_height=True),
                Block(192, 192, gate=True), Block(192, 192), Block(192, 192, gate=True), Block(192, 192),
                Block(192, 192, gate=True), Block(192, 192), Block(192, 384, halve_height=True),
                Block(384, 384, gate=True), Block(384, 384),
            ]
        )  # fmt: skip
        self.neck = Neck()

    def columns(self, lines: Tensor) -> Tensor:
        """Convolutional part alone.

        Args:
            lines: (batch, 1, 48, width) with paper near +1 and ink near -1; the width a multiple of 8.

        Returns:
            (batch, 384, 3, width / 4).
        """
        return self.upper_blocks(self.lower_blocks(lines, 0), 0)

    def lower_blocks(self, lines: Tensor, count: int) -> Tensor:
        """The stem and so many of the first blocks."""
        x: Tensor = self.stem(lines)
        for block in self.blocks[:count]:
            x = block(x)
        return x

    def upper_blocks(self, x: Tensor, count: int) -> Tensor:
        """The blocks above :meth:`lower_blocks` of the same count; the two in turn are :meth:`columns`."""
        for block in self.blocks[count:]:
            x = block(x)
        return x

    def neck_features(self, lines: Tensor) -> Tensor:
        """What the original recogniser hands to its own head: (batch, width / 8, 120)."""
        out: Tensor = self.neck(F.avg_pool2d(self.columns(lines), (3, 2)))
        return out

    def forward(self, lines: Tensor) -> Tensor:
        """Map (batch, 1, 48, width) to (batch, width / 8, 888).

        The columns from before the neck come along because the neck was trained to tell apart letters of an alphabet
        that lacks most Vietnamese marks, and because they keep the two halves of a step apart.
        """
        return self.gather(self.columns(lines))

    def gather(self, columns: Tensor) -> Tensor:
        """What is above :meth:`columns`: (batch, 384, 3, width / 4) to (batch, width / 8, 888)."""
        halves = columns.mean(2)
        batch, channels, count = halves.shape
        steps = F.avg_pool1d(halves, 2).unsqueeze(2)
        pairs = halves.transpose(1, 2).reshape(batch, count // 2, 2 * channels)
        return torch.cat([self.neck(steps), pairs], dim=2)
