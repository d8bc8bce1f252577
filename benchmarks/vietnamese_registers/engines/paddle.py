"""PaddleOCR's models: by PaddleOCR itself, and as the RapidOCR wheel brings them for ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from extractor.errors import SettingsError

from ..assigning import Piece
from ..cutting import Picture
from . import Engine, FindWords, Options, ReadLines


def _rapid_version(options: Options) -> str:
    return version("rapidocr")


def _rapid() -> object:
    from rapidocr import RapidOCR

    return RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "error"})


def _rapid_lines(options: Options) -> ReadLines:
    engine = _rapid()

    def read(pictures: Sequence[Picture]) -> list[str]:
        texts = []
        for picture in pictures:
            found = engine(picture, use_det=False, use_cls=False, use_rec=True)  # type: ignore[operator]
            texts.append(" ".join(found.txts or ()))
        return texts

    return read


def _rapid_words(options: Options) -> FindWords:
    engine = _rapid()

    def find(picture: Picture) -> list[Piece]:
        found = engine(picture, use_det=True, use_cls=False, use_rec=True)  # type: ignore[operator]
        if found.boxes is None or not found.txts:
            return []
        return [Piece(text, corners.tolist()) for text, corners in zip(found.txts, found.boxes, strict=True)]

    return find


def _paddle_version(options: Options) -> str:
    return version("paddleocr")


def _paddle_lines(options: Options) -> ReadLines:
    from paddleocr import TextRecognition

    if options.model is None:
        raise SettingsError("--model", "PaddleOCR needs the folder of a recogniser.", mend="Name it: --model FOLDER.")
    # The folder is named after its model, as the archives that PaddleOCR publishes are.
    engine = TextRecognition(model_name=options.model.name, model_dir=str(options.model), device="cpu")

    def read(pictures: Sequence[Picture]) -> list[str]:
        return [str(found["rec_text"]) for found in engine.predict(input=list(pictures), batch_size=1)]

    return read


ENGINES = {
    "rapidocr": Engine(
        "PP-OCRv6 small (RapidOCR)", "Apache-2.0", "pip install rapidocr", _rapid_version,
        lines=_rapid_lines, words=_rapid_words,
    ),
    "paddleocr": Engine(
        "PaddleOCR", "Apache-2.0", "pip install paddlepaddle paddleocr; --model FOLDER of a recogniser",
        _paddle_version, lines=_paddle_lines,
    ),
}  # fmt: skip
