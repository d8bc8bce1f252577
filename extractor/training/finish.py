"""From trained weights to a model folder: half precision, language model, confidences."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import LineRecogniser
from extractor.readers.handwriting.runtime import LANGUAGE_FILE, inspect_folder, torch_runner
from extractor.training.confidence import fit_calibration, logits_of, tune_guidance
from extractor.training.language import estimate, register_texts
from extractor.training.samples import Sample

Report = Callable[[str], None]


def save_finished(
    model: LineRecogniser, tuning: list[Sample], out: Path, *, seed: int, language_lines: int,
    language_of: Path | None = None, registers: list[Sample] | None = None, report: Report = lambda line: None,
) -> None:  # fmt: skip
    """Save a model folder and fit what stands beside the weights, as the saved weights give it.

    Args:
        model: trained; it is changed to half precision.
        tuning: lines that took no part in training.
        out: folder to write.
        seed: of the texts the language model is made from.
        language_lines: how many texts these are; 0 for a reader without a language model.
        language_of: model folder whose language model is taken as it is, with its weight, instead of a new one.
        registers: more lines that took no part in training, of what registers hold, for the confidences alone; their
            texts come from where the language model's do, and would make it look better than it is.
        report: receives progress.
    """
    model.cpu().half()
    config = model.config
    # A recogniser that was trained further still carries what was fitted to its former weights.
    config.language_weight = config.language_bonus = 0.0
    config.softmax_temperature, config.line_confidence = 1.0, [0.0, 1.0, 0.0]
    # The folder is made whole beside the old one, which stays until then.
    making = out.with_name(out.name + ".partial")
    shutil.rmtree(making, ignore_errors=True)
    model.save_pretrained(making)
    run = torch_runner(making, torch.get_num_threads())
    judged = logits_of(run, tuning)
    decoder = LineDecoder(inspect_folder(making).alphabet)
    if language_of is not None:
        kept = inspect_folder(language_of).decoder().guidance
        if kept is not None:
            shutil.copyfile(language_of / LANGUAGE_FILE, making / LANGUAGE_FILE)
            decoder = decoder.guided_by(kept)
            config.language_weight, config.language_bonus = kept.weight, kept.bonus
    elif language_lines:
        language = estimate(register_texts(np.random.default_rng([seed, 77]), language_lines), decoder.alphabet)
        language.save(making / LANGUAGE_FILE)
        # Lines of strokes hold unrelated words and copied news; how much the model may say is for texts of registers.
        worded = [item for item in judged if item.source != "strokes"]
        guidance = tune_guidance(worded, decoder.alphabet, language)
        decoder = decoder.guided_by(guidance)
        config.language_weight, config.language_bonus = guidance.weight, guidance.bonus
        report(f"language model of {len(language)} n-grams, weight {guidance.weight}, bonus {guidance.bonus}")
    fit = fit_calibration([*judged, *logits_of(run, registers or [])], decoder)
    config.softmax_temperature = fit.temperature
    config.line_confidence = [fit.intercept, fit.probability_slope, fit.share_slope]
    config.save_pretrained(making)
    inspect_folder(making).decoder()
    out.mkdir(parents=True, exist_ok=True)
    (out / LANGUAGE_FILE).unlink(missing_ok=True)
    for file in making.iterdir():
        file.replace(out / file.name)
    making.rmdir()
    report(f"saved in {out}")
