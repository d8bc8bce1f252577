import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from extractor.errors import ImageError, ModelError
from extractor.readers import protocol
from extractor.readers.handwriting import AllowedCharacters, HandwritingReader, Lexicon, register_builtin_readers
from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig, load_recogniser
from extractor.readers.handwriting.runtime import LANGUAGE_FILE, best_runner, inspect_folder, torch_runner
from extractor.training.language import estimate


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("model")
    LineRecogniser(LineRecogniserConfig(hidden=32, layers=2)).half().save_pretrained(path)
    return path


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def lines():
    rng = np.random.default_rng(0)
    shapes = [(40, 90), (60, 300, 3), (1, 1), (25, 90), (90, 200)]
    return [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def test_every_line_gets_a_reading_in_order_whatever_its_batch(folder):
    reader = HandwritingReader(folder, run=torch_runner(folder, 1))
    assert isinstance(reader, protocol.Reader)
    together = reader.read(lines())
    for line, reading in zip(lines(), together, strict=True):
        alone = reader.read([line])[0]
        assert alone.text == reading.text
        assert alone.confidence == pytest.approx(reading.confidence, abs=1e-4)
    assert reader.read([]) == []
    again = reader.read(lines())
    assert again == together


def test_readings_are_consistent(folder):
    for reading in HandwritingReader(folder, candidates=3, run=torch_runner(folder, 1)).read(lines()):
        assert reading.candidates[0] == (reading.text, reading.confidence)
        probabilities = [candidate.probability for candidate in reading.candidates]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1 + 1e-6
        assert len(reading.candidates) <= 3
        assert len({candidate.text for candidate in reading.candidates}) == len(reading.candidates)
        assert len(reading.char_confidences) == len(reading.char_positions) == len(reading.text)
        assert list(reading.char_positions) == sorted(reading.char_positions)
        assert all(0 <= value <= 1 for value in (*reading.char_confidences, *reading.char_positions))
        assert reading.text == reading.text.strip()


def test_the_exported_graph_equals_the_model(folder):
    pytest.importorskip("onnx")
    exported = best_runner(inspect_folder(folder), 1)
    assert exported.__qualname__.startswith("onnx_runner")
    ours = torch_runner(folder, 1)
    for batch, width in ((1, 64), (3, 448)):
        pictures = np.random.default_rng(width).uniform(-1, 1, (batch, 1, 48, width)).astype(np.float32)
        assert np.abs(exported(pictures) - ours(pictures)).max() < 1e-4


def test_reading_goes_on_without_an_exporter(folder, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    monkeypatch.setattr("extractor.readers.handwriting.runtime.export_graph", fail)
    assert best_runner(inspect_folder(folder), 1).__qualname__.startswith("model_runner")


def test_the_version_follows_weights_and_configuration(folder, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert inspect_folder(tmp_path).digest == inspect_folder(folder).digest
    config = json.loads((tmp_path / "config.json").read_text())
    config["softmax_temperature"] = 1.5
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert inspect_folder(tmp_path).digest != inspect_folder(folder).digest


def test_damaged_or_unfit_models_are_refused(folder, tmp_path):
    with pytest.raises(ModelError, match=r"config\.json"):
        HandwritingReader(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    (tmp_path / "config.json").write_text(json.dumps({**config, "alphabet": config["alphabet"].replace("ỡ", "")}))
    with pytest.raises(ModelError, match="ỡ"):
        HandwritingReader(tmp_path)
    with pytest.raises(ModelError, match="ỡ"):
        LineRecogniser(LineRecogniserConfig(alphabet=config["alphabet"].replace("ỡ", "")))
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_recogniser(tmp_path)
    for use in (HandwritingReader.load, lambda reader: reader.read(lines())):
        with pytest.raises(ModelError, match="cannot be loaded"):
            use(HandwritingReader(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="configuration"):
        HandwritingReader(tmp_path)


def test_an_array_that_is_no_picture_is_an_error(folder):
    with pytest.raises(ImageError):
        HandwritingReader(folder, run=torch_runner(folder, 1)).read([np.zeros((0, 4), np.uint8)])


def test_readers_are_registered_by_name(folder, monkeypatch):
    monkeypatch.setattr(protocol, "_factories", {})
    monkeypatch.setattr(protocol, "_warm", {})
    (folder.parent / "models").mkdir(exist_ok=True)
    target = folder.parent / "models" / "handwriting"
    if not target.exists():
        target.symlink_to(folder)
    register_builtin_readers(folder.parent / "models")
    assert protocol.reader_names() == ["handwriting", "handwriting-open", "trocr"]
    assert protocol.get_reader("handwriting").version == inspect_folder(folder).digest
    with pytest.raises(ModelError, match="trocr"):
        protocol.get_reader("trocr")


@pytest.fixture(scope="module")
def with_language(folder, tmp_path_factory):
    """The same recogniser beside a language model that knows two words."""
    path = tmp_path_factory.mktemp("with-language")
    for name in ("config.json", "model.safetensors"):
        (path / name).write_bytes((folder / name).read_bytes())
    config = json.loads((path / "config.json").read_text())
    config.update(language_weight=5.0, language_bonus=0.5)
    (path / "config.json").write_text(json.dumps(config))
    estimate(["Nam", "Nữ"] * 20, config["alphabet"], order=4, least=(1, 1, 1, 1)).save(path / LANGUAGE_FILE)
    return path


def test_a_language_model_has_its_say_and_belongs_to_the_version(folder, with_language):
    run = torch_runner(folder, 1)
    with_, without = (
        HandwritingReader(with_language, run=run),
        HandwritingReader(with_language, run=run, language=False),
    )
    assert [reading.text for reading in without.read(lines())] == [
        reading.text for reading in HandwritingReader(folder, run=run).read(lines())
    ]
    assert [reading.text for reading in with_.read(lines())] != [reading.text for reading in without.read(lines())]
    before = inspect_folder(with_language).digest
    assert before != inspect_folder(folder).digest
    file = with_language / LANGUAGE_FILE
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    assert inspect_folder(with_language).digest != before
    with pytest.raises(ModelError, match="language"):
        HandwritingReader(with_language, run=run)
    file.unlink()
    with pytest.raises(ModelError, match=LANGUAGE_FILE):
        HandwritingReader(with_language, run=run)
    file.write_bytes(whole)


def test_a_guide_confines_what_is_read(with_language):
    reader = HandwritingReader(with_language, run=torch_runner(with_language, 1))
    digits = AllowedCharacters("0123456789", reader.alphabet)
    for reading in reader.read(lines(), guide=digits):
        assert set(reading.text) <= set("0123456789") or reading.confidence == 0.0
    nothing = Lexicon(["word that no picture shows"], reader.alphabet)
    unguided = reader.read(lines())
    for reading, free in zip(reader.read(lines(), guide=nothing), unguided, strict=True):
        assert reading.text == free.text
        assert reading.confidence == 0.0


def test_half_precision_reads_nearly_the_same(folder):
    pictures = np.random.default_rng(5).uniform(-1, 1, (2, 1, 48, 192)).astype(np.float32)
    exact, fast = torch_runner(folder, 1)(pictures), torch_runner(folder, 1, "bfloat16")(pictures)
    assert exact.shape == fast.shape
    assert 0 < np.abs(exact - fast).max() < 0.1
    reader = HandwritingReader(folder, precision="bfloat16")
    assert reader.version == inspect_folder(folder).digest + "-bfloat16"
    assert len(reader.read(lines())) == len(lines())


@pytest.mark.parametrize(
    "change",
    [
        {"line_confidence": [float("nan"), 1.0, 0.0]}, {"softmax_temperature": 0.0},
        {"softmax_temperature": float("inf")},
        {"language_weight": -1.0}, {"language_weight": 1e9}, {"layers": 10**9}, {"language_bonus": float("nan")},
        {"line_confidence": [0.0, -1.0, 0.0]},
        {"line_confidence": [0.0, 1.0]}, {"alphabet": None},
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(folder, tmp_path, change):
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(ModelError):
        inspect_folder(tmp_path)


def test_weights_of_another_model_are_refused(folder, tmp_path):
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    tensors = load_file(folder / "model.safetensors")
    missing = {name: value for name, value in tensors.items() if not name.startswith("head.out")}
    broken = {**tensors, "head.out.bias": torch.full_like(tensors["head.out.bias"], float("nan"))}
    foreign = {**tensors, "more": tensors["head.out.bias"].clone()}
    for content in (missing, foreign):
        save_file(content, tmp_path / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ModelError, match="not those"):
            load_recogniser(tmp_path)
    save_file(broken, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="no numbers"):
        load_recogniser(tmp_path)


def test_a_damaged_graph_is_made_anew(folder, tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    best_runner(inspect_folder(folder), 1)
    graph = next(tmp_path.glob("extractor/*.onnx"))
    size = graph.stat().st_size
    graph.write_bytes(graph.read_bytes()[:500])
    assert best_runner(inspect_folder(folder), 1).__qualname__.startswith("onnx_runner")
    assert graph.stat().st_size == size


def test_graphs_that_nobody_uses_any_more_are_removed(folder, tmp_path, monkeypatch):
    """Six stay, the last used ones; what else lies in the folder is left alone."""
    pytest.importorskip("onnx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = tmp_path / "extractor"
    cache.mkdir()
    for day in range(8):
        old = cache / f"handwriting-{day}.onnx"
        old.write_bytes(b"")
        os.utime(old, (86400 * day, 86400 * day))
    (cache / "other.onnx").write_bytes(b"")
    best_runner(inspect_folder(folder), 1)
    kept = {graph.name for graph in cache.glob("handwriting-*.onnx")}
    assert kept > {f"handwriting-{day}.onnx" for day in range(3, 8)}
    assert len(kept) == 6
    assert (cache / "other.onnx").exists()


def test_batches_in_the_network_at_once_are_read_as_one_after_the_other(folder):
    run, threads = torch_runner(folder, 1), set()

    def seen(pictures):
        threads.add(threading.get_ident())
        return run(pictures)

    several = [line for line in lines() for _ in range(20)]
    reader = HandwritingReader(folder, run=seen)
    one_by_one = reader.read(several)
    assert threads == {threading.get_ident()}
    reader.at_once = 3
    assert reader.read(several) == one_by_one
    assert len(threads) > 1


def test_a_network_that_fails_among_others_fails_the_reading(folder):
    run = torch_runner(folder, 1)

    def fails_on_wide_ones(pictures):
        if pictures.shape[-1] > 200:
            raise RuntimeError("no memory")
        return run(pictures)

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="no memory"):
        HandwritingReader(folder, run=fails_on_wide_ones, at_once=2).read(lines())
    assert threading.active_count() == before


def test_the_library_behind_the_network_writes_and_sends_nothing_of_its_own(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(tmp_path))
    code = "import extractor, onnxruntime"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment | places)
    assert not list(tmp_path.iterdir())
