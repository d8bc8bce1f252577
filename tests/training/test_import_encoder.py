import os
from pathlib import Path

import numpy as np
import pytest
import torch

from extractor.errors import ModelError
from extractor.readers.handwriting.encoder import LineEncoder
from extractor.training.import_encoder import import_encoder

VARIABLE = "EXTRACTOR_ENCODER_ONNX"
"""Names PP-OCRv6_rec_small.onnx of the rapidocr wheel."""


def test_imported_weights_give_the_numbers_of_the_original():
    file = Path(os.environ.get(VARIABLE, "/nonexistent"))
    if not file.is_file():
        pytest.skip(f"{VARIABLE} names no file")
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    graph = onnx.load(str(file))
    name = "p2o.pd_op.transpose.8.0"
    graph.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    encoder = import_encoder(file)
    for width in (64, 328):
        lines = np.random.default_rng(width).uniform(-1, 1, (2, 1, 48, width)).astype(np.float32)
        theirs = session.run([name], {"x": np.repeat(lines, 3, axis=1)})[0]
        with torch.inference_mode():
            ours = encoder.neck_features(torch.from_numpy(lines)).numpy()
            whole = encoder(torch.from_numpy(lines)).numpy()
        assert ours.shape == theirs.shape == (2, width // 8, 120)
        assert np.abs(ours - theirs).max() < 5e-4
        assert np.abs(whole[..., :120] - ours).max() < 1e-4


def test_features_come_one_for_eight_pixels():
    encoder = LineEncoder().eval()
    with torch.inference_mode():
        assert encoder(torch.ones(1, 1, 48, 64)).shape == (1, 8, LineEncoder.features)


def test_another_file_is_refused(tmp_path):
    onnx = pytest.importorskip("onnx")
    with pytest.raises(ModelError, match="no such file"):
        import_encoder(tmp_path / "none.onnx")
    tensor = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    other = onnx.helper.make_model(onnx.helper.make_graph([node], "g", [tensor], [result]))
    onnx.save(other, str(tmp_path / "other.onnx"))
    with pytest.raises(ModelError, match=r"other\.onnx"):
        import_encoder(tmp_path / "other.onnx")
