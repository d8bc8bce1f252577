"""Logs of a training for TensorBoard and MLflow, with stand-ins for both."""

import sys
from contextlib import contextmanager
from types import ModuleType

import pytest

from extractor.errors import SettingsError
from extractor.learning.tracking import tracking
from extractor.training.metrics import LineErrors

ERRORS = {"decided": LineErrors(lines=10, cer=0.2, wer=0.4, exact=0.5)}


def test_tensorboard_is_told(monkeypatch, tmp_path):
    told = []

    class SummaryWriter:
        def __init__(self, log_dir):
            told.append(log_dir)

        def add_scalar(self, name, value, step):
            told.append((name, value, step))

        def close(self):
            told.append("closed")

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    with tracking(f"tensorboard:{tmp_path / 'log'}") as log:
        log(320, ERRORS)
    assert told == [
        str(tmp_path / "log"), ("decided/cer", 0.2, 320), ("decided/wer", 0.4, 320), ("decided/exact", 0.5, 320),
        "closed",
    ]  # fmt: skip


def test_mlflow_is_told_and_stays_on_this_machine(monkeypatch, tmp_path):
    told = []

    @contextmanager
    def start_run():
        yield

    module = ModuleType("mlflow")
    module.set_tracking_uri, module.start_run = told.append, start_run
    module.log_metric = lambda name, value, step: told.append((name, value, step))
    monkeypatch.setitem(sys.modules, "mlflow", module)
    with tracking(f"mlflow:{tmp_path / 'log'}") as log:
        log(0, ERRORS)
    assert told[0] == (tmp_path / "log").as_uri() and told[0].startswith("file:")
    assert ("decided/exact", 0.5, 0) in told


@pytest.mark.parametrize("target", ["tensorboard", "mlflow:", "wandb:x"])
def test_what_is_no_log_is_refused(target):
    with pytest.raises(SettingsError, match="no log"), tracking(target):
        pass


def test_a_package_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(SettingsError, match="pip install mlflow"), tracking(f"mlflow:{tmp_path}"):
        pass
    with tracking("") as log:
        log(1, ERRORS)
