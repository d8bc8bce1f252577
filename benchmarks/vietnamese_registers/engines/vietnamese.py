"""Line readers made for Vietnamese: AsterOCR, TrueOCR, VietOCR."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import cv2

from extractor.errors import SettingsError

from ..cutting import Picture
from . import Engine, Options, ReadLines


def _aster(options: Options) -> ReadLines:
    from asterocr import AsterOCR

    engine = AsterOCR(enable_telemetry=False)
    return lambda pictures: [engine.predict(_grey(picture)) for picture in pictures]


def _true(options: Options) -> ReadLines:
    import trueocr
    from trueocr.recognizer import Recognizer

    engine = Recognizer(Path(trueocr.__file__).parent / "models", threads=1)
    return lambda pictures: [item.text for item in engine.predict([_grey(picture) for picture in pictures])]


def _viet(options: Options) -> ReadLines:
    from PIL import Image
    from vietocr.tool.config import Cfg
    from vietocr.tool.predictor import Predictor

    if options.model is None:
        raise SettingsError("VietOCR needs weights.", mend="Name a folder with 'config.yml' and 'weights.pth'.")
    settings = Cfg.load_config_from_file(str(options.model / "config.yml"))
    settings["weights"], settings["device"] = str(options.model / "weights.pth"), "cpu"
    settings["cnn"]["pretrained"] = False
    engine = Predictor(settings)

    def read(pictures: Sequence[Picture]) -> list[str]:
        return [str(engine.predict(Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)))) for picture in pictures]

    return read


def _grey(picture: Picture) -> Picture:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)  # type: ignore[return-value]


ENGINES = {
    "asterocr": Engine(
        "AsterOCR", "MIT", "pip install asterocr", lambda options: version("asterocr"), lines=_aster
    ),
    "trueocr": Engine(
        "TrueOCR", "Apache-2.0", "pip install trueocr", lambda options: version("trueocr"), lines=_true
    ),
    "vietocr": Engine(
        "VietOCR", "Apache-2.0", "pip install vietocr; --model FOLDER with config.yml and weights.pth",
        lambda options: version("vietocr"), lines=_viet,
    ),
}  # fmt: skip
