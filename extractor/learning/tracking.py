"""Telling TensorBoard or MLflow of a training, where one of them is installed: errors by source, nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractor.errors import SettingsError
from extractor.training.metrics import LineErrors

Log = Callable[[int, Mapping[str, LineErrors]], None]

_MODULES = {"tensorboard": "torch.utils.tensorboard", "mlflow": "mlflow"}


@contextmanager
def tracking(target: str) -> Iterator[Log]:
    """A log of validations.

    Args:
        target: ``tensorboard:DIR`` or ``mlflow:DIR``; empty for none.

    Raises:
        SettingsError: it is neither, or the package is not installed.
    """
    if not target:
        yield lambda lines, errors: None
        return
    name, colon, folder = target.partition(":")
    if name not in _MODULES or not colon or not folder:
        raise SettingsError(f"--log-to {target}: this is no log.", mend="Give tensorboard:DIR or mlflow:DIR.")
    try:
        module = importlib.import_module(_MODULES[name])
    except ImportError as error:
        raise SettingsError(
            f"--log-to {target}: the package '{name}' is not installed.",
            mend=f"Install it with 'pip install {name}', or leave the option out.",
        ) from error
    with (_tensorboard if name == "tensorboard" else _mlflow)(module, Path(folder)) as write:
        yield lambda lines, errors: _write(write, lines, errors)


def _write(write: Callable[[str, float, int], None], lines: int, errors: Mapping[str, LineErrors]) -> None:
    for source, found in errors.items():
        for figure in ("cer", "wer", "exact"):
            write(f"{source}/{figure}", getattr(found, figure), lines)


@contextmanager
def _tensorboard(module: Any, folder: Path) -> Iterator[Callable[[str, float, int], None]]:
    writer = module.SummaryWriter(log_dir=str(folder))
    try:
        yield writer.add_scalar
    finally:
        writer.close()


@contextmanager
def _mlflow(module: Any, folder: Path) -> Iterator[Callable[[str, float, int], None]]:
    folder.mkdir(parents=True, exist_ok=True)
    module.set_tracking_uri(folder.resolve().as_uri())
    with module.start_run():
        yield lambda name, value, step: module.log_metric(name, value, step=step)
