"""Reading with any encoder-decoder model of the TrOCR kind from a local folder.

The folder is one that transformers' ``save_pretrained`` wrote for a ``VisionEncoderDecoderModel`` with its image
processor and tokenizer. Such models bring no calibration: the confidence is the model's own probability of the text.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from extractor.errors import ModelError
from extractor.readers.handwriting.images import to_grey
from extractor.readers.protocol import Reading
from extractor.records import Candidate
from extractor.scans.types import Image


class TrocrReader:
    """Reads lines with a local ``VisionEncoderDecoderModel``.

    Args:
        folder: model, image processor and tokenizer.
        candidates: readings given for each line at most, and beams of the search.
        batch: lines read at once.
        longest: tokens written for a line at most.
        threads: processor threads for the arithmetic.

    Raises:
        ModelError: the folder holds no such model.
    """

    name = "trocr"

    def __init__(
        self, folder: Path, *, candidates: int = 4, batch: int = 8, longest: int = 96, threads: int = 1
    ) -> None:
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder}: no model lies there.", mend="Point to a folder written by save_pretrained.")
        import torch
        from transformers import AutoImageProcessor, AutoTokenizer, VisionEncoderDecoderModel

        self._torch = torch
        try:
            self._processor: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model: Any = VisionEncoderDecoderModel.from_pretrained(folder, local_files_only=True).eval()
        except Exception as error:
            raise ModelError(
                f"{folder}: not a usable VisionEncoderDecoderModel ({type(error).__name__}).",
                mend="Save model, image processor and tokenizer into one folder.",
            ) from error
        self._candidates, self._batch, self._longest, self._threads = candidates, batch, longest, threads
        digest = hashlib.sha256()
        for file in sorted(folder.iterdir()):
            if file.is_file():
                digest.update(file.name.encode() + file.read_bytes())
        self._version = digest.hexdigest()[:16]

    @property
    def version(self) -> str:
        """Hash of the folder's files."""
        return self._version

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        """Read the lines, one reading for each, in order.

        Raises:
            ImageError: an array is no picture.
        """
        pictures = [cv2.cvtColor(to_grey(line), cv2.COLOR_GRAY2RGB) for line in lines]
        readings: list[Reading] = []
        before = self._torch.get_num_threads()
        self._torch.set_num_threads(self._threads)
        try:
            for start in range(0, len(pictures), self._batch):
                readings += self._read_batch(pictures[start : start + self._batch])
        finally:
            self._torch.set_num_threads(before)
        return readings

    def _read_batch(self, pictures: Sequence[Any]) -> list[Reading]:
        pixels = self._processor(list(pictures), return_tensors="pt", input_data_format="channels_last").pixel_values
        with self._torch.inference_mode():
            out = self._model.generate(
                pixels, num_beams=self._candidates, num_return_sequences=self._candidates, do_sample=False,
                max_new_tokens=self._longest, return_dict_in_generate=True, output_scores=True,
            )  # fmt: skip
            steps = self._model.compute_transition_scores(
                out.sequences, out.scores, getattr(out, "beam_indices", None), normalize_logits=False
            )
        texts = self._tokenizer.batch_decode(out.sequences, skip_special_tokens=True)
        scores = self._torch.where(self._torch.isfinite(steps), steps, 0.0).sum(dim=1).exp().tolist()
        readings = []
        for line in range(len(pictures)):
            span = slice(line * self._candidates, (line + 1) * self._candidates)
            found: dict[str, float] = {}
            for text, score in zip(texts[span], scores[span], strict=True):
                clean = unicodedata.normalize("NFC", " ".join(text.split()))
                found[clean] = found.get(clean, 0.0) + float(np.clip(score, 0.0, 1.0))
            ranked = sorted(found.items(), key=lambda item: -item[1])
            candidates = tuple(Candidate(text, min(1.0, score)) for text, score in ranked)
            readings.append(Reading(candidates[0].text, candidates[0].probability, candidates))
        return readings
