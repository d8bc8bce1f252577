"""Fine-tuning from a set, at toy size: what it may read, what it leaves, and how it goes on when it was stopped."""

import hashlib
import json
import shutil

import cv2
import numpy as np
import pytest
import torch
import yaml
from support.models import manifest

from extractor.errors import LineSetError, ModelError, SettingsError
from extractor.learning import fine_tuning
from extractor.learning.learnable import read_learnable
from extractor.learning.line_set import LearningLine, write_line_set
from extractor.learning.training_record import TRAINING_FILE, TrainingRecord, pixel_digest, read_training_record
from extractor.readers.handwriting.decoding import Guidance
from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig
from extractor.readers.handwriting.runtime import LANGUAGE_FILE, inspect_folder
from extractor.training.finish import save_finished
from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text, put_on_paper
from extractor.training.language import estimate
from extractor.training.lines import Data
from extractor.training.recipe import load_recipe
from extractor.training.train import lines_seen

PARTS = {"book-a": "train", "book-b": "train", "book-c": "tuning", "book-d": "held_out"}
TEXTS = ["Nam", "Kinh", "05.03.2009", "Hà Nội"]


pytestmark = pytest.mark.usefixtures("one_thread")


def lines_of(parts):
    """Rendered lines, four of each book, with the pictures' bytes."""
    rng, font = np.random.default_rng(1), load_fonts("print", "train")[0]
    for book, part in parts.items():
        for number, text in enumerate(TEXTS):
            picture = cv2.imencode(".png", put_on_paper(rng, draw_text(rng, text, font.path)))[1].tobytes()
            yield (
                LearningLine(
                    picture=f"pictures/{book}-{number}.png", sha256=hashlib.sha256(picture).hexdigest(), text=text,
                    kind="person_name", form="ks-2016", book=book, hand=f"hand-{book}", part=part,
                ),
                picture,
            )  # fmt: skip


def make_set(folder, parts=PARTS):
    both = list(lines_of(parts))
    return write_line_set(folder, manifest(), [line for line, _ in both], {row.picture: data for row, data in both})


@pytest.fixture
def toy(tmp_path):
    """A set, a tiny recogniser to go on from, and a recipe of 8 lines that joins them into a candidate."""
    torch.manual_seed(1)
    LineRecogniser(LineRecogniserConfig(hidden=16, layers=1)).save_pretrained(tmp_path / "start")
    (tmp_path / "start" / TRAINING_FILE).write_text(TrainingRecord(collections=("kalapa",)).to_json(), "utf-8")
    make_set(tmp_path / "set")
    entries = {
        "seed": 3, "watched": 1, "fitted": 4, "validate_every": 4, "start_counts": True, "keep_language": True,
        "between": [0.5],
        "fine_tune": {"lines": 8, "batch": 4, "rate": 0.001, "encoder_rate": 0.0001, "save_every": 4},
        "mixture": {"decided": 0.9, "empty": 0.1},
    }  # fmt: skip
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(entries), "utf-8")
    return tmp_path


def recipe_of(toy, **changes):
    given = {"decided": toy / "set", "out": toy / "candidate", "file": toy / "toy.yaml", "start": toy / "start"}
    return fine_tuning.recipe_from_set(**{**given, **changes})


def test_a_collection_is_not_parted_anew(toy):
    """With another seed the lines that measured the model would be among those it learns from."""
    (toy / "start" / TRAINING_FILE).write_text(
        TrainingRecord(collections=("kalapa", "strokes"), split_seed=1).to_json(), "utf-8"
    )
    entries = yaml.safe_load((toy / "toy.yaml").read_text("utf-8"))
    entries.update(mixture={"decided": 0.5, "kalapa": 0.5}, kalapa=str(toy / "kalapa"))
    (toy / "toy.yaml").write_text(yaml.safe_dump(entries), "utf-8")
    with pytest.raises(SettingsError, match=r"lines of kalapa that were kept apart.*seed 1"):
        fine_tuning.train(recipe_of(toy))
    assert not (toy / "candidate").exists()


def test_a_candidate_is_made_of_what_may_be_learned_from_however_often_it_is_stopped(toy, monkeypatch):
    held_out = [line for line, _ in lines_of(PARTS) if line.part == "held_out"]
    digests = {pixel_digest(toy / "set" / line.picture) for line in held_out}
    for line in held_out:
        (toy / "set" / line.picture).unlink()  # whoever reads them fails
    # Stopped while it learns.
    told = []

    def stop(lines, errors):
        told.append((lines, set(errors)))
        if lines:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fine_tuning.train(recipe_of(toy), on_errors=stop)
    seen = lines_seen(toy / "candidate.work" / "whole.pt")
    assert told[0] == (0, {"decided", "fonts"}) and 4 <= seen < 8 and not (toy / "candidate").exists()
    # Killed before it takes its place.
    with monkeypatch.context() as patch:
        patch.setattr(fine_tuning, "write_card", lambda *given: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            fine_tuning.train(recipe_of(toy), on_errors=lambda lines, errors: told.append((lines, set(errors))))
    assert told[2][0] >= 8 and not (toy / "candidate").exists()
    # Its checkpoints are no start for what other lines say.
    make_set(toy / "other", {**PARTS, "book-e": "train"})
    with pytest.raises(SettingsError, match="another decided"):
        fine_tuning.train(recipe_of(toy, decided=toy / "other"))
    # The same command goes on to the end.
    folder = fine_tuning.train(recipe_of(toy))
    assert folder == toy / "candidate" and not (toy / "candidate.work").exists()
    record = read_training_record(folder)
    assert record.books == {"book-a", "book-b", "book-c"} and record.hands == {f"hand-{b}" for b in record.books}
    assert len(record.pixels) == 12 and not record.pixels & digests
    assert record.sets[0].lines == {"train": 8, "tuning": 4}
    assert record.start == inspect_folder(toy / "start").digest and record.collections == ("kalapa",)
    assert record.lines_seen >= 8 and "decided" not in record.recipe
    assert set(record.figures) == {"before", "chosen"} and record.figures["chosen"]["decided"]["lines"] == 4
    card = (folder / "README.md").read_text("utf-8")
    for said in (record.start, inspect_folder(folder).digest, "invented people", "trial", "8 lines of the part `train`",
                 "Seed 3", record.sets[0].version[:16]):  # fmt: skip
        assert said in card
    assert not any(text in card for text in TEXTS)
    # The same again changes nothing; another training does not write over it.
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert fine_tuning.train(recipe_of(toy)) == folder
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(SettingsError, match="something is there already"):
        fine_tuning.train(recipe_of(toy, minutes=7))
    # What a candidate learned from, its own candidates have learned from.
    make_set(toy / "second", {"book-x": "train", "book-y": "tuning"})
    fine_tuning._keep_record(
        recipe_of(toy, start=folder, decided=toy / "second", out=toy / "x"), folder, record,
        read_learnable(toy / "second"),
    )  # fmt: skip
    assert read_training_record(folder).books == {"book-a", "book-b", "book-c", "book-x", "book-y"}


@pytest.mark.parametrize("part", ["train", "tuning"])
def test_a_set_needs_lines_of_both_parts(toy, part):
    make_set(toy / "few", {book: its for book, its in PARTS.items() if its != part})
    with pytest.raises(LineSetError, match=f"no line of the part '{part}'"):
        read_learnable(toy / "few")


def test_training_gets_no_kept_line_and_no_changed_picture(toy):
    learnable = read_learnable(toy / "set")
    assert set(learnable.decided.lines) == {"train", "tuning"}
    pictures = {line.picture.name for lines in learnable.decided.lines.values() for line in lines}
    assert not any(name.startswith("book-d") for name in pictures) and len(pictures) == 12
    shutil.copyfile(toy / "set/pictures/book-a-0.png", toy / "set/pictures/book-a-1.png")
    with pytest.raises(LineSetError, match="not the one of the set"):
        read_learnable(toy / "set")


def test_faults_are_told_before_training(toy):
    with pytest.raises(SettingsError, match="none were handed over"):
        Data.load(recipe_of(toy))
    (toy / "start" / TRAINING_FILE).unlink()
    with pytest.raises(ModelError, match="does not say what the model learned"):
        fine_tuning.train(recipe_of(toy))
    with pytest.raises(SettingsError, match="need a 'start'"):
        load_recipe(toy / "toy.yaml", encoder="x.onnx", head={"lines": 1, "batch": 1, "rate": 1}, work="w", out="o")


def test_the_shipped_recipe_takes_what_the_command_gives(toy):
    recipe = recipe_of(toy, file=None, minutes=2.5)
    assert recipe.decided == toy / "set" and recipe.fine_tune.minutes == 2.5
    assert recipe.folder == toy / "candidate.work" and recipe.fine_tune.schedule().save_every == 320
    assert set(recipe.sources) >= {"decided", "fonts"}


def test_the_language_model_stays_as_it_is(toy):
    start, alphabet = toy / "start", json.loads((toy / "start" / "config.json").read_text("utf-8"))["alphabet"]
    estimate(["Nam", "Nữ"] * 20, alphabet, order=4, least=(1, 1, 1, 1)).save(start / LANGUAGE_FILE)
    config = json.loads((start / "config.json").read_text("utf-8"))
    (start / "config.json").write_text(json.dumps({**config, "language_weight": 0.3, "language_bonus": 0.2}), "utf-8")
    samples = Data.load(recipe_of(toy), read_learnable(toy / "set").decided).checked("tuning", 1)
    model = LineRecogniser(LineRecogniserConfig(hidden=16, layers=1))
    save_finished(model, samples, toy / "made", seed=1, language_lines=100, language_of=start)
    made = inspect_folder(toy / "made")
    assert (made.language_weight, made.language_bonus) == (0.3, 0.2)
    assert isinstance(made.decoder().guidance, Guidance)
    assert (toy / "made" / LANGUAGE_FILE).read_bytes() == (start / LANGUAGE_FILE).read_bytes()
