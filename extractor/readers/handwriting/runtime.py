"""Running the recogniser: by ONNX Runtime where it can be exported, else by PyTorch.

The exported graph is kept in the user's cache folder under the hash of the weights, so PyTorch need not be imported at
all on later runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.readers.handwriting.alphabet import check_alphabet
from extractor.readers.handwriting.decoding import Guidance
from extractor.readers.handwriting.language import CharacterModel
from extractor.readers.handwriting.line_decoder import Calibration, LineDecoder

if TYPE_CHECKING:
    from extractor.readers.handwriting.model import LineRecogniser

LANGUAGE_FILE = "language.npz"

_KEPT_GRAPHS = 6
"""Exported graphs that stay in the cache folder, the last used ones; a graph that is missed is exported anew."""

_log = logging.getLogger(__name__)

Precision = Literal["float32", "bfloat16"]
Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(batch, 1, 48, width) to logits (batch, frames, classes)."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model folder that has been looked at but not loaded.

    Args:
        path: the folder.
        alphabet: characters in class order, the blank left out.
        calibration: of characters and lines.
        language_weight: factor on the language model, 0 where there is none.
        language_bonus: for each character where there is one.
        digest: hash of weights, language model and configuration.
    """

    path: Path
    alphabet: str
    calibration: Calibration
    language_weight: float
    language_bonus: float
    digest: str

    def decoder(self, *, beam: int = 10, language: bool = True) -> LineDecoder:
        """What reads texts off the recogniser's logits, with the folder's language model where it has one.

        The calibration holds with the language model only.

        Raises:
            ModelError: the language model is damaged or of another alphabet.
        """
        guidance = None
        if language and self.language_weight:
            model = CharacterModel.load(self.path / LANGUAGE_FILE, self.alphabet)
            guidance = Guidance(model, self.language_weight, self.language_bonus)
        return LineDecoder(self.alphabet, self.calibration, guidance, beam)


def inspect_folder(path: Path) -> ModelFolder:
    """Read a model folder's configuration and hash its files.

    Raises:
        ModelError: a file is missing or damaged, or the alphabet lacks a Vietnamese letter.
    """
    files = [path / "config.json", path / "model.safetensors"]
    for file in files:
        if not file.is_file():
            raise ModelError(
                f"{path}: the model folder has no {file.name}.", mend="Point to a folder saved by training."
            )
    try:
        config: dict[str, Any] = json.loads(files[0].read_text("utf-8"))
        alphabet = str(config["alphabet"])
        temperature = float(config["softmax_temperature"])
        intercept, probability_slope, share_slope = (float(value) for value in config["line_confidence"])
        weight, bonus = float(config["language_weight"]), float(config["language_bonus"])
        calibration = Calibration(temperature, intercept, probability_slope, share_slope)
        if not all(map(math.isfinite, (temperature, intercept, probability_slope, share_slope, weight, bonus))):
            raise ValueError("a number is not finite")
        sizes = [int(config[name]) for name in ("hidden", "layers", "frames_per_step")]
        if not (
            0.05 <= temperature <= 20
            and min(probability_slope, share_slope) >= 0
            and 0 <= weight <= 10
            and abs(bonus) <= 10
            and all(1 <= size <= most for size, most in zip(sizes, (4096, 16, 8), strict=True))
        ):
            raise ValueError("a number is out of range")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{files[0]}: not a recogniser's configuration.", mend="Copy the model anew.") from error
    check_alphabet(alphabet)
    if weight:
        files.append(path / LANGUAGE_FILE)
        if not files[-1].is_file():
            raise ModelError(
                f"{path}: the model folder has no {LANGUAGE_FILE}.", mend="Copy the whole folder, or train anew."
            )
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return ModelFolder(path, alphabet, calibration, weight, bonus, digest.hexdigest()[:16])


def cache_folder() -> Path:
    """The user's cache folder for exported graphs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "extractor"


_threads_of_torch = Lock()
"""PyTorch has one number of threads for the whole process: two that set it at once would leave each other's behind."""


def export_graph(path: Path, target: Path) -> None:
    """Export a model folder's recogniser as an ONNX graph with free batch size and width.

    Raises:
        ModelError: the weights cannot be loaded.
        Exception: whatever the exporter or the file system raises.
    """
    import warnings

    import torch

    from extractor.readers.handwriting.model import load_recogniser

    model = load_recogniser(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, suffix=".partial")
    os.close(handle)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The newer exporter fails on LSTM layers with a free width.
            torch.onnx.export(
                model, (torch.zeros(2, 1, 48, 128),), partial, dynamo=False, opset_version=17,
                input_names=["lines"], output_names=["logits"],
                dynamic_axes={"lines": {0: "batch", 3: "width"}, "logits": {0: "batch", 1: "frames"}},
            )  # fmt: skip
        Path(partial).replace(target)
    finally:
        Path(partial).unlink(missing_ok=True)
    _forget_old_graphs(target.parent)


def _forget_old_graphs(folder: Path) -> None:
    """Remove the graphs of models that were not used for longest; each new training would leave one for ever."""

    def used(graph: Path) -> float:
        try:
            return graph.stat().st_mtime
        except OSError:  # another process removed it
            return 0.0

    for graph in sorted(folder.glob("handwriting-*.onnx"), key=used, reverse=True)[_KEPT_GRAPHS:]:
        graph.unlink(missing_ok=True)


def onnx_runner(graph: Path, threads: int) -> Run:
    """Run an exported graph."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Widths vary from batch to batch; an arena that grows to fit each would never shrink again.
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

    def run(lines: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(["logits"], {"lines": lines})[0], dtype=np.float32)

    return run


def torch_runner(path: Path, threads: int, precision: Precision = "float32") -> Run:
    """Run the model itself.

    Args:
        path: model folder.
        threads: processor threads.
        precision: bfloat16 halves the time on processors that have matrix units for it, and changes some readings
            (the shipped weights': 13 of 416 real lines).

    Raises:
        ModelError: the weights cannot be loaded.
    """
    from extractor.readers.handwriting.model import load_recogniser

    return model_runner(load_recogniser(path), threads, precision)


def model_runner(model: LineRecogniser, threads: int, precision: Precision = "float32") -> Run:
    """The same for a recogniser that is loaded already."""
    import torch

    model.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(lines: NDArray[np.float32]) -> NDArray[np.float32]:
        with _threads_of_torch:
            before = torch.get_num_threads()
            torch.set_num_threads(threads)
            try:
                pictures = torch.from_numpy(lines).contiguous(memory_format=torch.channels_last)
                with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                    return np.asarray(model(pictures).float().numpy(), dtype=np.float32)
            finally:
                torch.set_num_threads(before)

    return run


def best_runner(folder: ModelFolder, threads: int, precision: Precision = "float32") -> Run:
    """ONNX Runtime from the cached graph, exported now where there is none; PyTorch where that is not possible.

    In bfloat16 it is PyTorch always, for ONNX Runtime has no such arithmetic on most processors.

    Raises:
        ModelError: the weights cannot be loaded.
    """
    if precision == "bfloat16":
        return torch_runner(folder.path, threads, precision)
    graph = cache_folder() / f"handwriting-{folder.digest}.onnx"
    try:
        if graph.is_file():
            try:
                runner = onnx_runner(graph, threads)
                with contextlib.suppress(OSError):  # a cache that cannot be written serves as it is
                    os.utime(graph)
                return runner
            except Exception:
                _log.warning("The exported recogniser in %s is damaged and is made anew.", graph.parent)
        export_graph(folder.path, graph)
        return onnx_runner(graph, threads)
    except ModelError:
        raise
    except Exception as error:
        _log.warning("The recogniser runs on PyTorch, because exporting it failed (%s).", type(error).__name__)
        return torch_runner(folder.path, threads)
