"""Small model folders, sets of lines and readers, to try out what becomes of candidates."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np

from extractor.learning.line_set import LearningLine, Manifest, write_line_set
from extractor.learning.training_record import TRAINING_FILE, TrainingRecord, UsedSet
from extractor.readers import Reading
from extractor.settings import Settings

SHIPPED_CONFIG = Path(__file__).resolve().parents[2] / "models" / "handwriting" / "config.json"

NOTHING = TrainingRecord()


def model_folder(path: Path, name: str, record: TrainingRecord = NOTHING) -> Path:
    """A folder that looks like a model's: its weights are the bytes of its name, and are never loaded."""
    path.mkdir(parents=True)
    config = {**json.loads(SHIPPED_CONFIG.read_text("utf-8")), "language_weight": 0.0, "language_bonus": 0.0}
    (path / "config.json").write_text(json.dumps(config), "utf-8")
    (path / "model.safetensors").write_bytes(name.encode())
    (path / TRAINING_FILE).write_text(record.to_json(), "utf-8")
    return path


def settings_for(folder: Path, **changes) -> Settings:
    """Settings with a shipped model and a registry in a folder."""
    if not (folder / "models").exists():
        model_folder(folder / "models" / "handwriting", "shipped")
    return Settings(models_dir=folder / "models", registry_dir=folder / "registry", **changes)


def used(**changes) -> UsedSet:
    """What a model keeps of a set it learned from."""
    entries = {
        "version": "f" * 64, "purpose": "trial", "consent": "invented", "by": "test", "lines": {"train": 1},
        "kinds": {"person_name": 1}, "books": (), "hands": (), "pixels": (),
    }  # fmt: skip
    return UsedSet(**{**entries, **changes})


def manifest() -> Manifest:
    """A set of invented people."""
    return Manifest(made="2026-11-28T00:00:00Z", purpose="trial", consent="invented people", by="test")


def numbered_picture(number: int) -> bytes:
    """A grey PNG whose first pixels are a number."""
    grey = np.full((20, 60), 255, np.uint8)
    grey[0, :4] = [number // 256**place % 256 for place in range(4)]
    return cv2.imencode(".png", grey)[1].tobytes()


def write_numbered_set(folder: Path, rows: list[dict]):
    """A set of lines whose pictures only hold a number; ``rows`` give what is not the usual, each with its number."""
    lines, pictures = [], {}
    for row in rows:
        number = row.pop("number")
        picture = f"pictures/{number:05d}.png"
        pictures[picture] = numbered_picture(number)
        entries = {
            "picture": picture, "sha256": hashlib.sha256(pictures[picture]).hexdigest(), "text": f"so {number}",
            "kind": "person_name", "form": "ks-2016", "book": "book-1", "hand": row.get("book", "book-1"),
            "part": "held_out", **row,
        }  # fmt: skip
        lines.append(LearningLine(**entries))
    return write_line_set(folder, manifest(), lines, pictures)


class NumberReader:
    """Reads numbered pictures: rightly, but for the numbers it is to get wrong."""

    name = "handwriting"
    version = "number"

    def __init__(self, wrong=(), confidence=0.9) -> None:
        self.wrong, self.confidence = frozenset(wrong), confidence

    def read(self, lines):
        """Each number's text."""
        numbers = [sum(int(value) * 256**place for place, value in enumerate(line[0, :4])) for line in lines]
        return [Reading("sai" if number in self.wrong else f"so {number}", self.confidence) for number in numbers]
