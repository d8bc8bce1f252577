import itertools
import shutil
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml

from extractor.errors import ExtractorError, SettingsError
from extractor.readers.handwriting import HandwritingReader
from extractor.readers.handwriting.alphabet import default_alphabet
from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig
from extractor.readers.handwriting.runtime import inspect_folder, torch_runner
from extractor.training.ctc import Alphabet
from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text, put_on_paper
from extractor.training.lines import Data, MixedLines
from extractor.training.recipe import load_recipe
from extractor.training.rendering import batches
from extractor.training.run import run_recipe

RECIPES = Path(str(resources.files("extractor.training"))) / "recipes"
SHIPPED = RECIPES / "two-cores.yaml"
TEXTS = ["Nam", "Kinh", "05.03.2009", "Ấp 3", "Đỗ Thị Ổi", "Hà Nội", "12/2008", "Ê Đê"]


@pytest.fixture
def toy(tmp_path):
    """A tiny recogniser with its first weights, a collection of eight blocks, and a recipe that joins them."""
    torch.manual_seed(1)
    LineRecogniser(LineRecogniserConfig(hidden=16, layers=1)).save_pretrained(tmp_path / "start")
    rng, font = np.random.default_rng(1), load_fonts("print", "train")[0]
    (tmp_path / "lines").mkdir()
    rows = []
    for number in range(32):
        text = TEXTS[number % len(TEXTS)]
        cv2.imwrite(str(tmp_path / "lines" / f"{number}_1.jpg"), put_on_paper(rng, draw_text(rng, text, font.path)))
        rows.append(f"{number}_1.jpg\t{text}")
    (tmp_path / "lines" / "labels.tsv").write_text("\n".join(rows), "utf-8")
    recipe = tmp_path / "toy.yaml"
    entries = {
        "seed": 3, "start": "start", "kalapa": "lines", "work": "work", "out": "model",
        "language_lines": 100, "watched": 3, "fitted": 6,
        "fine_tune": {"lines": 16, "batch": 8, "rate": 0.001, "encoder_rate": 0.0001},
        "mixture": {"kalapa": 0.5, "fonts": 0.4, "empty": 0.1},
    }  # fmt: skip
    recipe.write_text(yaml.safe_dump(entries), "utf-8")
    return recipe


@pytest.mark.slow
def test_a_recipe_makes_a_model_folder_that_reads(toy, monkeypatch):
    monkeypatch.chdir(toy.parent)
    reports = []
    run_recipe(load_recipe(toy), reports.append)
    folder = toy.parent / "model"
    assert inspect_folder(folder).language_weight > 0
    reader = HandwritingReader(folder, run=torch_runner(folder, 1))
    assert len(reader.read([np.full((40, 200), 250, np.uint8)])) == 1
    assert any("kalapa" in line for line in reports)
    # Run again, nothing is left to learn: only the end is done anew.
    before = (folder / "model.safetensors").read_bytes()
    run_recipe(load_recipe(toy))
    assert (folder / "model.safetensors").read_bytes() == before
    # And from the start, with the same seed, it becomes the same model.
    shutil.rmtree(toy.parent / "work")
    run_recipe(load_recipe(toy))
    assert (folder / "model.safetensors").read_bytes() == before


def test_lines_drawn_by_other_processes_are_the_same_as_by_this_one(toy, monkeypatch):
    monkeypatch.chdir(toy.parent)
    recipe = load_recipe(toy)
    data = Data.load(recipe)

    def first(processes):
        made = batches(MixedLines(data, recipe.sources, (1,)), Alphabet(default_alphabet()).writes, 4, processes)
        return [(lines.numpy().copy(), texts) for lines, texts in itertools.islice(made, 3)]

    here, there = first(0), first(1)
    assert [texts for _, texts in here] == [texts for _, texts in there]
    assert all(np.array_equal(one, other) for (one, _), (other, _) in zip(here, there, strict=True))


def test_a_run_from_other_weights_draws_other_lines(toy, monkeypatch):
    monkeypatch.chdir(toy.parent)
    drawn: list[MixedLines] = []
    monkeypatch.setattr("extractor.training.run.batches", lambda lines, *_: drawn.append(lines) or iter(()))
    monkeypatch.setattr("extractor.training.run.train.fine_tune", lambda *_, **__: None)
    monkeypatch.setattr("extractor.training.run.save_finished", lambda *_, **__: None)
    run_recipe(load_recipe(toy))
    run_recipe(load_recipe(toy))
    torch.manual_seed(2)
    LineRecogniser(LineRecogniserConfig(hidden=16, layers=1)).save_pretrained(toy.parent / "start")
    run_recipe(load_recipe(toy))
    assert drawn[0].seed == drawn[1].seed != drawn[2].seed


@pytest.mark.parametrize("name", ["two-cores", "gpu"])
def test_the_shipped_recipes_are_valid(name):
    recipe = load_recipe(RECIPES / f"{name}.yaml")
    assert load_recipe(RECIPES / f"{name}.yaml", data="open").target.name == "handwriting-open"
    assert set(load_recipe(RECIPES / f"{name}.yaml", data="open").sources) == {"fonts", "capitals", "mixed", "empty"}
    assert recipe.head.schedule().lines == recipe.head.lines
    assert sum(recipe.mixture.values()) == pytest.approx(1.0)
    assert recipe.fine_tune.encoder_rate < recipe.fine_tune.rate


def test_wrong_entries_are_named(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text(SHIPPED.read_text("utf-8").replace("threads: 1", "threads: 0"), "utf-8")
    with pytest.raises(SettingsError, match="threads"):
        load_recipe(file)
    file.write_text("seed: [", "utf-8")
    with pytest.raises(SettingsError, match="YAML"):
        load_recipe(file)
    file.write_text(SHIPPED.read_text("utf-8").replace("encoder: PP", "start: x\nencoder: PP"), "utf-8")
    with pytest.raises(SettingsError, match="is wrong"):
        load_recipe(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_recipe(tmp_path / "none.yaml")


def test_the_rate_rises_then_falls():
    schedule = load_recipe(SHIPPED).head.schedule()
    factors = [schedule.factor(done / 20) for done in range(21)]
    assert factors[0] < 0.1
    assert max(factors) == factors[1] == pytest.approx(1.0)
    assert factors[1:] == sorted(factors[1:], reverse=True)
    assert factors[-1] == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mixture": {}}, "no source"), ({"mixture": {"fonts": 0.0}}, "no source"),
        ({"mixture": {"ink": 1.0}}, "'ink'"), ({"mixture": {"strokes": 1.0}}, "'strokes' is not given"),
        ({"mixture": {"fonts": float("inf")}}, "fonts"),
        ({"encoder": "x.onnx"}, "either 'start' or 'encoder'"), ({"seed": -1}, "seed"), ({"start": None}, "either"),
        ({"fine_tune": {"lines": 9, "batch": 8, "rate": float("inf")}}, "rate"),
    ],
)  # fmt: skip
def test_faults_are_named_before_anything_starts(toy, change, said):
    entries = yaml.safe_load(toy.read_text("utf-8"))
    toy.write_text(yaml.safe_dump({**entries, **change}), "utf-8")
    with pytest.raises(SettingsError, match=said):
        load_recipe(toy)


def test_a_model_of_open_data_starts_afresh(toy):
    with pytest.raises(SettingsError, match="must start from an 'encoder'"):
        load_recipe(toy, data="open")


def test_a_working_folder_belongs_to_its_recipe(toy, monkeypatch):
    monkeypatch.chdir(toy.parent)
    load_recipe(toy).claim_folder()
    load_recipe(toy).claim_folder()
    toy.write_text(toy.read_text("utf-8").replace("seed: 3", "seed: 4"), "utf-8")
    with pytest.raises(SettingsError, match="another seed"):
        load_recipe(toy).claim_folder()


def test_a_helper_needs_a_run_to_help(toy, monkeypatch):
    monkeypatch.chdir(toy.parent)
    with pytest.raises(SettingsError, match="exchange_every"):
        run_recipe(load_recipe(toy), helper="b")
    entries = yaml.safe_load(toy.read_text("utf-8"))
    entries = {**entries, "start": None, "encoder": "x.onnx", "exchange_every": 8, "head": entries["fine_tune"]}
    toy.write_text(yaml.safe_dump(entries), "utf-8")
    with pytest.raises(SettingsError, match="not done"):
        run_recipe(load_recipe(toy), helper="b")
    with pytest.raises(SettingsError, match="no name"):
        run_recipe(load_recipe(toy), helper="../b")


def broken(process):
    raise SettingsError("No ink.", mend="Buy some.")
    yield


@pytest.mark.parametrize("processes", [0, 1])
def test_an_error_of_a_drawing_process_is_told_plainly(processes):
    with pytest.raises(ExtractorError, match=r"^No ink\. Buy some\.$") as caught:
        next(batches(broken, str.isalpha, 4, processes))
    assert caught.value.exit_code == SettingsError.exit_code
