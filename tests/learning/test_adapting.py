"""A reader that learns one hand: gains, the check before it, repeatability, and the file it is kept in."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from extractor.errors import ModelError
from extractor.learning.adapting import AdaptingSettings, HandLine, adapt
from extractor.learning.book_memory import MemorySettings, remember
from extractor.readers.handwriting.adapted import AdaptedReader, add_to, remembering
from extractor.readers.handwriting.decoding import Guidance
from extractor.readers.handwriting.hand_file import HandFile, read_hand_file, write_hand_file
from extractor.readers.handwriting.images import prepare
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import load_recogniser
from extractor.readers.handwriting.runtime import inspect_folder
from extractor.training.ctc import Alphabet, ctc_loss
from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text, put_on_paper
from extractor.training.language import estimate

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "handwriting"
QUICK = AdaptingSettings(parts=("head.",), copies=1, passes=6, fewest=4)
FIRST = ["Lò Thị Ổi", "Mường Ẳng", "Quàng Văn", "thôn Đoài", "Ấp Bảy", "Tòng Thị"]
THEN = ["Lò Văn Ẳng", "Mường Ổi", "Quàng Thị", "Tòng Bảy"]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model():
    return load_recogniser(SHIPPED)


def written(texts, *, wrong=False):
    """Lines of a strange hand: a font that leans far to the left and is squeezed."""
    font, rng = load_fonts("hand", "test")[0], np.random.default_rng(5)
    lines = []
    for text in texts:
        ink = draw_text(np.random.default_rng(3), text, font.path, font.scale)
        lean = np.stack([np.roll(row, round(0.45 * place)) for place, row in enumerate(ink)])
        lines.append(HandLine(put_on_paper(rng, np.repeat(lean, 2, axis=0)), text[::-1] if wrong else text))
    return lines


def loss_of(model, lines):
    alphabet = Alphabet(model.config.alphabet)
    with torch.inference_mode():
        seen = [model(torch.from_numpy(prepare(line.picture)[0])[None, None]) for line in lines]
    return np.mean([float(ctc_loss(logits, [line.text], alphabet)) for logits, line in zip(seen, lines, strict=True)])


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_lines_of_a_hand_lower_the_loss_of_its_other_lines_and_leave_the_model_as_it_was(model):
    before = state(model)
    adapted = adapt(model, written(FIRST), QUICK)
    assert adapted.helps
    assert adapted.loss_after < adapted.loss_before
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    other = load_recogniser(SHIPPED)
    add_to(other, adapted.difference)
    assert loss_of(other, written(THEN)) < 0.9 * loss_of(model, written(THEN))
    # The same lines and seed give the same weights, another seed others.
    short = replace(QUICK, parts=("head.out.",), passes=1, check=False)
    once, again, other = (adapt(model, written(FIRST), short, seed=seed).difference for seed in (1, 1, 2))
    assert all(np.array_equal(once[name], again[name]) for name in once)
    assert any(not np.array_equal(once[name], other[name]) for name in once)


def test_lines_that_tell_nothing_of_each_other_change_nothing(model):
    rash = AdaptingSettings(parts=("head.out.",), copies=1, passes=1, rate=0.05)
    adapted = adapt(model, written(FIRST, wrong=True), rash)
    assert (adapted.helps, adapted.loss_after > adapted.loss_before) == (False, True)
    assert not adapt(model, written(FIRST[:3]), QUICK).helps
    assert adapt(model, [HandLine(line.picture, "漢字") for line in written(FIRST)], QUICK).lines == 0


def test_a_book_remembers_its_words_and_forbids_no_other():
    folder = inspect_folder(SHIPPED)
    alphabet = folder.alphabet
    language = estimate(["Trần Văn Nam", "Lê Thị Nữ", "xã Tân Lập", "Nguyễn Ái"] * 3, alphabet)
    texts = ["UBND xã Chiềng Đông", "xã Chiềng Đông", "Chiềng Đông", "UBND xã Chiềng Đông, số 7"] * 2
    memory = remember(texts, language)
    assert memory is not None
    decoder = LineDecoder(alphabet, guidance=Guidance(language, 0.2, 0.0))
    knowing = remembering(decoder, HandFile("", alphabet, {}, memory))
    frames = np.full((2 * len("Chiềng Đông"), len(alphabet) + 1), -6.0, np.float32)
    for place, (letter, rival) in enumerate(zip("Chiềng Đông", "Chiêng Đâng", strict=True)):
        frames[2 * place + 1, 0] = 6
        frames[2 * place, alphabet.index(letter) + 1] = 4
        frames[2 * place, alphabet.index(rival) + 1] = 4.3 if rival != letter else 4
    assert decoder.texts(frames)[0].text == "Chiêng Đâng"
    assert knowing.texts(frames)[0].text == "Chiềng Đông"
    assert "Chiêng Đâng" in [item.text for item in knowing.texts(frames)]
    # Texts that tell less of each other than any register does are not remembered, and numbers never are.
    plain = ["Lò", "Trần Văn", "xã Xi", "Kinh"]
    assert remember(plain, estimate(plain * 5, alphabet)) is None
    assert remember(["12", "12", "12/2008", "12"], language) is None
    assert remember(texts[:2], language, MemorySettings(fewest=3)) is None


def test_the_file_is_the_owners_and_belongs_to_one_base(tmp_path):
    folder = inspect_folder(SHIPPED)
    change = {"head.out.bias": np.full(2 * (len(folder.alphabet) + 1), 0.5, np.float16)}
    hand = HandFile(folder.digest, folder.alphabet, change)
    name = write_hand_file(tmp_path / "adapted", hand)
    path = tmp_path / "adapted" / f"{name}.npz"
    assert write_hand_file(tmp_path / "adapted", hand) == name
    assert [stat.S_IMODE(item.stat().st_mode) for item in (path, path.parent)] == [0o600, 0o700]
    read = read_hand_file(tmp_path / "adapted", name, folder.digest)
    assert np.array_equal(read.difference["head.out.bias"], change["head.out.bias"])
    with pytest.raises(ModelError, match="other weights"):
        read_hand_file(tmp_path / "adapted", name, "0" * 16)
    with pytest.raises(ModelError, match="lacks"):
        AdaptedReader(SHIPPED, HandFile(folder.digest, folder.alphabet, {"head.none": np.zeros(1, np.float16)}), name)
    path.write_bytes(path.read_bytes()[:-9] + b"x" * 9)
    with pytest.raises(ModelError, match="damaged"):
        read_hand_file(tmp_path / "adapted", name, folder.digest)
    with pytest.raises(ModelError, match="missing"):
        read_hand_file(tmp_path, name, folder.digest)
