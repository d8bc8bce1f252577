import math

import numpy as np
import pytest

from extractor.errors import ModelError
from extractor.readers.handwriting.alphabet import default_alphabet
from extractor.readers.handwriting.language import CharacterModel
from extractor.training.language import estimate, register_texts

TEXTS = ["abc", "abd", "abd ab", "b", "bad cab", ""]


@pytest.mark.parametrize("least", [(1, 1, 1, 1), (1, 1, 2, 2)])
def test_probabilities_add_up_to_one_after_any_context(least):
    model = estimate(TEXTS, "abcd ", order=4, least=least)
    for before in ("", "a", "ab", "abd", "c", "abd a", "dddd", "bad cab"):
        state = model.start
        for character in before:
            _, state = model.step(state, "abcd ".index(character) + 1)
        assert sum(math.exp(model.step(state, symbol)[0]) for symbol in range(6)) == pytest.approx(1.0, abs=1e-5)


def test_scores_follow_witten_and_bell():
    model = estimate(["ab", "ab", "ac"], "abcd", order=2, least=(1, 1))
    # Five symbols and the end: nine events of four kinds; d was never seen.
    uniform = 1 / 5
    one = {symbol: (count + 4 * uniform) / (9 + 4) for symbol, count in {"a": 3, "b": 2, "c": 1, "d": 0, "": 3}.items()}
    _, after_a = model.step(model.start, 1)
    assert math.exp(model.step(after_a, 2)[0]) == pytest.approx((2 + 2 * one["b"]) / (3 + 2), abs=1e-5)
    assert math.exp(model.step(after_a, 4)[0]) == pytest.approx(2 / 5 * one["d"], abs=1e-5)


def test_what_registers_hold_is_likelier_than_what_they_do_not():
    texts = register_texts(np.random.default_rng(1), 8000)
    model = estimate(texts, default_alphabet())
    assert model.score("Nguyễn Văn Nam") > model.score("Nguyễn Vắn Năm")
    assert model.score("huyện Cao Lộc, tỉnh Lạng Sơn") > model.score("huyện Cao Lộc, tỉnh Lạng Sôn")
    assert math.isfinite(model.score("ƀ°[Ŏñ"))


def test_a_saved_model_scores_the_same(tmp_path):
    model = estimate(TEXTS, "abcd ", order=4, least=(1, 1, 1, 2))
    model.save(tmp_path / "language.npz")
    loaded = CharacterModel.load(tmp_path / "language.npz", "abcd ")
    assert len(loaded) == len(model)
    for text in ("abd", "dab", ""):
        assert loaded.score(text) == pytest.approx(model.score(text), abs=0.02)


def test_damaged_or_foreign_models_are_refused(tmp_path):
    file = tmp_path / "language.npz"
    estimate(TEXTS, "abcd ", order=3, least=(1, 1, 1)).save(file)
    with pytest.raises(ModelError, match="alphabet"):
        CharacterModel.load(file, "abcde")
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no archive"):
        file.write_bytes(content)
        with pytest.raises(ModelError, match="language"):
            CharacterModel.load(file, "abcd ")
    with pytest.raises(ModelError, match="language"):
        CharacterModel.load(tmp_path / "none.npz", "abcd ")


def test_the_same_seed_gives_the_same_texts_and_bad_limits_are_refused():
    first, second = (list(register_texts(np.random.default_rng(4), 50)) for _ in range(2))
    assert first == second
    with pytest.raises(ValueError, match="order"):
        estimate(TEXTS, "abcd ", order=9)
    with pytest.raises(ValueError, match="rise"):
        estimate(TEXTS, "abcd ", order=3, least=(2, 1, 1))


@pytest.mark.parametrize(
    "change",
    [
        {"shorter": lambda a: np.arange(len(a), dtype=np.uint32)}, {"first": np.zeros_like},
        {"after": lambda a: a + 9999},
        {"scores": lambda a: a * np.float16("nan")}, {"backoff": lambda a: a[:-1]}, {"start": lambda a: a + 9999},
    ],
)  # fmt: skip
def test_arrays_that_would_lead_astray_are_refused(tmp_path, change):
    file = tmp_path / "language.npz"
    estimate(TEXTS, "abcd ", order=3, least=(1, 1, 1)).save(file)
    with np.load(file) as data:
        arrays = {name: data[name] for name in data.files}
    for name, made in change.items():
        arrays[name] = made(arrays[name])
    np.savez(file, **arrays)
    with pytest.raises(ModelError, match="language"):
        CharacterModel.load(file, "abcd ")


@pytest.mark.parametrize("texts", [["a"], ["ab"], ["", "a", ""], ["aaaa", "b"]])
def test_very_few_texts_are_enough(texts):
    model = estimate(texts, "abcd ")
    assert sum(math.exp(model.step(model.start, symbol)[0]) for symbol in range(6)) == pytest.approx(1.0, abs=1e-5)


def test_no_text_at_all_is_an_error():
    with pytest.raises(ValueError, match="no text"):
        estimate(["xyz"], "abcd ")
