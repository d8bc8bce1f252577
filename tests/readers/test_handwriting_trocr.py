import numpy as np
import pytest
import torch

from extractor.errors import ModelError
from extractor.readers.handwriting import TrocrReader
from extractor.readers.protocol import Reader


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny TrOCR-style model with random weights and a tokenizer of single letters."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        PreTrainedTokenizerFast,
        TrOCRConfig,
        TrOCRForCausalLM,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessor,
        ViTModel,
    )

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("trocr")
    letters = ["<pad>", "<s>", "</s>", "<unk>", *"abcdđeghiklmnopqrstuvxy ăâêôơư"]
    tokenizer = Tokenizer(models.WordLevel({letter: i for i, letter in enumerate(letters)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    encoder = ViTModel(
        ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32,
                  patch_size=16)
    )  # fmt: skip
    decoder = TrOCRForCausalLM(
        TrOCRConfig(vocab_size=len(letters), d_model=16, decoder_layers=1, decoder_attention_heads=2,
                    decoder_ffn_dim=32, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2,
                    decoder_start_token_id=1, cross_attention_hidden_size=16)
    )  # fmt: skip
    model = VisionEncoderDecoderModel(encoder=encoder, decoder=decoder)
    for config in (model.config, model.generation_config):
        config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 1, 0, 2
    model.save_pretrained(path)
    fast.save_pretrained(path)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(path)
    return path


def test_a_local_model_reads_any_picture(folder):
    reader = TrocrReader(folder, candidates=3, batch=2, longest=6)
    assert isinstance(reader, Reader)
    rng = np.random.default_rng(0)
    lines = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((30, 200), (48, 90, 3), (1, 1))]
    readings = reader.read(lines)
    assert len(readings) == 3
    for reading in readings:
        assert reading.candidates[0] == (reading.text, reading.confidence)
        probabilities = [candidate.probability for candidate in reading.candidates]
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(0 <= value <= 1 for value in probabilities)
        assert sum(probabilities) <= 1 + 1e-5
    assert any(reading.text for reading in readings)
    assert reader.read(lines) == readings
    assert reader.version == TrocrReader(folder).version


def test_a_folder_without_such_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no model"):
        TrocrReader(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="VisionEncoderDecoderModel"):
        TrocrReader(tmp_path)
