import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from extractor.readers.handwriting.decoding import Guidance
from extractor.readers.handwriting.encoder import LineEncoder
from extractor.readers.handwriting.images import prepare
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig, load_recogniser
from extractor.readers.handwriting.runtime import torch_runner
from extractor.training.confidence import (
    Judged,
    calibration_error_by_chance,
    confidences,
    expected_calibration_error,
    fit_calibration,
    logits_of,
    tune_guidance,
)
from extractor.training.ctc import Alphabet, ctc_loss
from extractor.training.exchange import WeightExchange
from extractor.training.features import FeatureCache, batches_by_width, cache_features, stack
from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text
from extractor.training.metrics import line_errors, plain_words
from extractor.training.samples import Sample
from extractor.training.train import (
    BestWeights,
    Schedule,
    fine_tune,
    lines_seen,
    new_recogniser,
    read_samples,
    train_head,
)

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "handwriting"
TEXTS = [
    "Nam",
    "Nữ",
    "Kinh",
    "05.03.2009",
    "Đỗ Thị Ổi",
    "27-10",
    "Ê Đê",
    "1985",
    "Ấp 3",
    "Hà Nội",
    "Huế",
    "12/2008",
    "Lê Văn Bảy",
    "Mường",
    "số 7",
    "xã Tân Lập",
    "18/6/94",
    "Không",
    "HỒ ANH",
    "Ya Xiêr",
    "Việt Nam",
    "Cần Thơ",
    "K'Brốt",
    "ngày 3",
    "tháng 9",
    "2015",
    "Trần Ngọc Ẩn",
    "thôn Đoài",
    "271483950",
    "con",
    "Nùng",
    "Thủy",
]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def samples():
    font = load_fonts("print", "train")[0]
    pictures = [draw_text(np.random.default_rng(number), text, font.path) for number, text in enumerate(TEXTS)]
    prepared = [prepare((255 - 230 * ink[:, :190]).astype(np.uint8))[0] for ink in pictures]
    return [Sample(picture, text, "toy") for picture, text in zip(prepared, TEXTS, strict=True)]


def toy(encoder=None):
    torch.manual_seed(0)
    return new_recogniser(encoder or LineEncoder(), 0, hidden=96, layers=1, dropout=0.0)


def shipped_encoder():
    if not (SHIPPED / "model.safetensors").is_file():
        pytest.skip("the shipped weights are absent")
    return load_recogniser(SHIPPED).encoder


def toy_batches(samples):
    """Endless batches of the same lines."""
    while True:
        for group in batches_by_width(samples, 4):
            yield stack(group), [sample.text for sample in group]


@pytest.mark.slow
def test_a_toy_run_learns_its_lines_by_heart_and_resumes(samples, tmp_path):
    model, few = toy(shipped_encoder()), samples[:16]
    cache_features(model.encoder, few, tmp_path / "features")
    cache = FeatureCache([tmp_path / "features"])
    assert len(cache) == len(few)
    checkpoint = tmp_path / "head.pt"
    train_head(model, cache, Schedule(lines=640, batch=8, rate=4e-3, save_every=100), checkpoint, seed=1)
    resumed = toy(shipped_encoder())
    reports = []
    train_head(
        resumed, cache, Schedule(lines=3600, batch=8, rate=4e-3, save_every=10**6), checkpoint, seed=1,
        report=reports.append,
    )  # fmt: skip
    assert 640 < int(reports[0].split()[0]) <= 640 + 2 * len(few)
    errors = read_samples(resumed, few, Alphabet(resumed.config.alphabet))["toy"]
    assert errors.exact >= 0.9
    fine_tune(
        resumed, toy_batches(few), Schedule(lines=48, batch=4, rate=1e-3, encoder_rate=1e-5),
        tmp_path / "whole.pt", frozen_blocks=4,
    )  # fmt: skip
    assert read_samples(resumed, few, Alphabet(resumed.config.alphabet))["toy"].cer < 0.3
    untouched = shipped_encoder().state_dict()
    for name, value in resumed.encoder.state_dict().items():
        if name.startswith(("stem", "blocks.0.", "blocks.3.")):
            assert torch.equal(value, untouched[name])
    assert not torch.equal(resumed.encoder.neck.narrow.weight, untouched["neck.narrow.weight"])


def test_a_saved_model_reads_the_same(samples, tmp_path):
    model = toy().eval()
    model.save_pretrained(tmp_path)
    lines = np.stack([samples[0].prepared, samples[1].prepared])[:, None]
    with torch.inference_mode():
        before = model(torch.from_numpy(lines)).numpy()
    assert np.allclose(torch_runner(tmp_path, 1)(lines), before, atol=1e-5)
    assert load_recogniser(tmp_path).config.alphabet == model.config.alphabet


def test_loss_takes_empty_texts_and_texts_too_long():
    alphabet = Alphabet("abc")
    logits = torch.zeros(2, 3, 4, requires_grad=True)
    loss = ctc_loss(logits, ["", "abcabc"], alphabet)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_greedy_reading_drops_blanks_and_repeats():
    alphabet = Alphabet("ab ")
    rows = torch.nn.functional.one_hot(torch.tensor([[0, 1, 1, 0, 1, 2, 3]]), 4).float()
    assert alphabet.greedy(rows) == ["aab"]
    assert alphabet.writes("ab") and not alphabet.writes("x")


def test_batches_hold_one_width_and_lose_nothing():
    widths = [64, 128, 64, 192, 128, 64]
    made = [Sample(np.zeros((48, width), np.float32), str(i), "x") for i, width in enumerate(widths)]
    groups = list(batches_by_width(made, 2, window=3))
    assert sorted(sample.text for group in groups for sample in group) == list("012345")
    assert all(len({sample.prepared.shape[1] for sample in group}) == 1 and len(group) <= 2 for group in groups)


def test_errors_are_counted():
    errors = line_errors(["Nam", "Kính"], ["Nam", "Kinh"])
    assert (errors.lines, errors.exact, errors.wer) == (2, 0.5, 0.5)
    assert errors.cer == pytest.approx(1 / 7)
    assert line_errors(["thôn 3 xã An"], ["Thôn 3, Xã An."], insensitive=True).exact == 1.0
    assert plain_words("TP. Huế - Ấp 2") == "tp huế ấp 2"


def test_confidences_are_fitted_and_judged():
    rng = np.random.default_rng(0)
    alphabet = "ab"
    judged = []
    for _ in range(400):
        # The model is far too sure: it gives 0.98 where it is right in three of four cases.
        logits = np.zeros((1, 3), np.float32)
        logits[0, 1] = 4.6
        judged.append(Judged(logits, "a" if rng.random() < 0.75 else "b", "toy"))
    decoder = LineDecoder(alphabet)
    fit = fit_calibration(judged, decoder)
    read = confidences(judged, replace(decoder, calibration=fit))
    assert {text for text, _ in read} == {"a"}
    right = [text == item.text for (text, _), item in zip(read, judged, strict=True)]
    given = [confidence for _, confidence in read]
    assert given[0] == pytest.approx(np.mean(right), abs=0.03)
    assert expected_calibration_error([0.98] * 400, right, bins=1) > 0.15
    assert expected_calibration_error(given, right, bins=1) < 0.03


def test_few_lines_look_badly_calibrated_by_chance():
    """Two hundred lines in ten bins show an error though every confidence is true; more lines show less."""
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.3, 1.0, 3200)
    few, many = calibration_error_by_chance(sure[:200].tolist()), calibration_error_by_chance(sure.tolist())
    assert 0.04 < few < 0.1
    assert many == pytest.approx(few / 4, rel=0.25)


def test_labels_without_case_and_commas_do_not_make_a_reading_wrong():
    def judged(source):
        rows = [np.array([[0.0, 3.0, 0.0, 0.0]], np.float32)] * 100
        return [Judged(row, "A" if number < 80 else "b", source) for number, row in enumerate(rows)]

    decoder = LineDecoder("aAb")
    assert fit_calibration(judged("kalapa"), decoder).intercept > fit_calibration(judged("cinnamon"), decoder).intercept


def test_logits_come_in_any_order_with_their_texts(samples, tmp_path):
    model = toy()
    model.save_pretrained(tmp_path)
    judged = logits_of(torch_runner(tmp_path, 1), samples)
    assert sorted(item.text for item in judged) == sorted(TEXTS)


def test_processes_meet_in_the_middle(tmp_path):
    models = [LineRecogniser(LineRecogniserConfig(hidden=8, layers=1)) for _ in range(2)]
    with torch.no_grad():
        models[0].head.out.bias.fill_(1.0)
        models[1].head.out.bias.fill_(3.0)
    sides = [WeightExchange(tmp_path, name, 10) for name in "ab"]
    for side, model in zip(sides, models, strict=True):
        side(model, 0)
    sides[0](models[0], 10)
    assert models[0].head.out.bias[0] == 1.0
    sides[1](models[1], 10)
    assert models[1].head.out.bias[0] == 2.0
    sides[0](models[0], 15)
    assert models[0].head.out.bias[0] == 1.0
    sides[0](models[0], 20)
    assert models[0].head.out.bias[0] == 2.0


def test_characters_become_as_sure_as_they_are_right():
    """Two letters a line, each given 0.98 and right in three of four cases: the temperature must rise."""
    rng = np.random.default_rng(1)
    logits = np.zeros((3, 4), np.float32)
    logits[0, 1] = logits[1, 2] = logits[2, 0] = 5.0
    judged = [
        Judged(logits, "".join(rng.choice([right, "c"], p=[0.75, 0.25]) for right in "ab"), "toy") for _ in range(300)
    ]
    fit = fit_calibration(judged, LineDecoder("abc"))
    assert fit.temperature >= 1.7


def test_a_language_model_counts_as_much_as_it_helps():
    class Prefers:
        """Finds one symbol a hundred times likelier than any other."""

        start = 0

        def __init__(self, symbol):
            self.symbol = symbol

        def step(self, state, symbol):
            return (0.0 if symbol in (0, self.symbol) else -4.6), state

    logits = np.zeros((1, 3), np.float32)
    logits[0, 1], logits[0, 2] = 6.0, 5.2
    judged = [Judged(logits, "b", "toy")] * 20
    helpful, harmful = (tune_guidance(judged, "ab", Prefers(symbol)) for symbol in (2, 1))
    assert LineDecoder("ab", guidance=helpful).texts(logits)[0].text == "b"
    assert isinstance(helpful, Guidance)
    assert helpful.weight > harmful.weight


def test_the_best_weights_come_back(tmp_path):
    model = LineRecogniser(LineRecogniserConfig(hidden=8, layers=1))
    best = BestWeights(tmp_path / "w.best.pt", fresh=True)
    for value, errors in ((1.0, 0.5), (2.0, 0.2), (3.0, 0.4)):
        torch.nn.init.constant_(model.head.out.bias, value)
        best.consider(model, errors)
    BestWeights(tmp_path / "w.best.pt", fresh=False).restore(model)
    assert model.head.out.bias[0] == 2.0
    BestWeights(tmp_path / "w.best.pt", fresh=False).consider(model, 0.3)
    assert BestWeights(tmp_path / "w.best.pt", fresh=False).errors == 0.2
    BestWeights(tmp_path / "w.best.pt", fresh=True).restore(model)
    assert not (tmp_path / "w.best.pt").exists()


def test_a_stopped_training_goes_on_where_it_was(samples, tmp_path):
    def stopping():
        yield from itertools.islice(toy_batches(samples), 3)
        raise KeyboardInterrupt

    model, reports = toy(), []
    schedule = Schedule(lines=32, batch=4, rate=1e-3, encoder_rate=1e-4)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(model, stopping(), schedule, tmp_path / "whole.pt", report=reports.append)
    assert "the same command goes on" in reports[-1]
    seen = lines_seen(tmp_path / "whole.pt")
    assert 0 < seen < 32
    again = toy()
    fine_tune(again, toy_batches(samples), schedule, tmp_path / "whole.pt", report=reports.append)
    assert lines_seen(tmp_path / "whole.pt") >= 32
    assert not torch.equal(again.head.out.weight, model.head.out.weight)
