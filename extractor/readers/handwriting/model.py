"""The line recogniser: encoder, two bidirectional LSTM layers and a CTC output, as a transformers model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import logging

from extractor.errors import ModelError
from extractor.readers.handwriting.alphabet import check_alphabet, default_alphabet
from extractor.readers.handwriting.encoder import NECK_CHANNELS, LineEncoder

BLANK = 0
"""Class of the CTC blank; class ``i + 1`` is the alphabet's character ``i``."""


class LineRecogniserConfig(PretrainedConfig):  # type: ignore[misc]
    """Shape of the recogniser and the alphabet it writes.

    Args:
        alphabet: all characters the model can write, each once.
        hidden: units of each LSTM direction.
        layers: bidirectional LSTM layers.
        frames_per_step: CTC frames written for each encoder step of 8 pixels; two give narrow letters room.
        dropout: share of head features dropped in training, 0 to 1.
        softmax_temperature: divisor of the logits, fitted after training so that the probabilities of single characters
            mean what they say.
        line_confidence: intercept and two slopes that turn what the search believes of its best text into a calibrated
            line confidence, fitted after training (:class:`extractor.readers.handwriting.line_decoder.Calibration`).
        language_weight: factor on the logarithms of the language model that lies beside the weights.
        language_bonus: added for each character where the language model has a say.
    """

    model_type = "vietnamese_line_recogniser"

    def __init__(
        self,
        alphabet: str | None = None,
        *,
        hidden: int = 256,
        layers: int = 2,
        frames_per_step: int = 2,
        dropout: float = 0.2,
        softmax_temperature: float = 1.0,
        line_confidence: tuple[float, float, float] = (0.0, 1.0, 0.0),
        language_weight: float = 0.0,
        language_bonus: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alphabet = default_alphabet() if alphabet is None else alphabet
        self.hidden = hidden
        self.layers = layers
        self.frames_per_step = frames_per_step
        self.dropout = dropout
        self.softmax_temperature = softmax_temperature
        self.line_confidence = list(line_confidence)
        self.language_weight = language_weight
        self.language_bonus = language_bonus


class RecogniserHead(nn.Module):
    """Encoder features to CTC logits."""

    def __init__(self, config: LineRecogniserConfig) -> None:
        super().__init__()
        self.frames_per_step = config.frames_per_step
        # The neck's values and the columns below it differ in scale, so each group is normalised by itself.
        self.neck_norm = nn.LayerNorm(NECK_CHANNELS)
        self.column_norm = nn.LayerNorm(LineEncoder.features - NECK_CHANNELS)
        self.dropout = nn.Dropout(config.dropout)
        self.narrow = nn.Linear(LineEncoder.features, config.hidden)
        self.context = nn.LSTM(
            config.hidden, config.hidden, config.layers, batch_first=True, bidirectional=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )  # fmt: skip
        self.classes = len(config.alphabet) + 1
        self.out = nn.Linear(2 * config.hidden, config.frames_per_step * self.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, steps, 888) to logits (batch, steps * frames_per_step, classes)."""
        neck, columns = features[..., :NECK_CHANNELS], features[..., NECK_CHANNELS:]
        x = torch.cat([self.neck_norm(neck), self.column_norm(columns)], dim=-1)
        x = self.narrow(self.dropout(x))
        x, _ = self.context(x)
        logits: Tensor = self.out(self.dropout(x))
        batch, steps, _ = logits.shape
        return logits.reshape(batch, steps * self.frames_per_step, self.classes)


class LineRecogniser(PreTrainedModel):  # type: ignore[misc]
    """Reads grey text lines of 48 pixels' height."""

    config_class = LineRecogniserConfig
    main_input_name = "lines"

    def __init__(self, config: LineRecogniserConfig) -> None:
        check_alphabet(config.alphabet)
        super().__init__(config)
        self.encoder = LineEncoder()
        self.head = RecogniserHead(config)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Leave PyTorch's own initial values; the encoder's come from elsewhere."""

    def forward(self, lines: Tensor) -> Tensor:
        """Map (batch, 1, 48, width) to logits (batch, width / 8 * frames_per_step, classes).

        Args:
            lines: paper near +1, ink near -1, as :func:`extractor.readers.handwriting.images.prepare` makes them.
        """
        out: Tensor = self.head(self.encoder(lines))
        return out


def load_recogniser(folder: Path) -> LineRecogniser:
    """Load a recogniser from a local folder, in single precision and ready to read.

    Raises:
        ModelError: the folder is missing or damaged, or its alphabet lacks a Vietnamese letter.
    """
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise ModelError(f"{folder}: the model folder has no {name}.", mend="Point to a folder saved by training.")
    shows_bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    # Keys that do not fit are an error below, not a table on the terminal.
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        model, report = LineRecogniser.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
        )
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"{folder}: the model cannot be loaded ({type(error).__name__}).", mend="Copy it anew."
        ) from error
    finally:
        logging.set_verbosity(verbosity)
        if shows_bars:
            logging.enable_progress_bar()
    if any(report[part] for part in ("missing_keys", "unexpected_keys", "mismatched_keys")):
        raise ModelError(
            f"{folder / 'model.safetensors'}: the weights are not those of this configuration.", mend="Copy it anew."
        )
    if not all(bool(torch.isfinite(value).all()) for value in model.state_dict().values()):
        raise ModelError(f"{folder / 'model.safetensors'}: the weights hold no numbers.", mend="Copy it anew.")
    loaded: LineRecogniser = model.eval()
    return loaded
