"""Brings the published weights of the PP-OCRv6 small recogniser into our encoder.

The ONNX file lies in the ``rapidocr`` wheel (Apache-2.0) as ``models/PP-OCRv6_rec_small.onnx``. The graph is walked in
order: its 43 convolutions and the linear and normalisation layers of its neck come in the order of our modules. The
three colour channels are summed into one, which changes nothing for grey pictures, and the three batch normalisations
are folded into their convolutions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.readers.handwriting.encoder import AttentionBlock, Block, LineEncoder, SqueezeExcite

Array = NDArray[np.float32]
Layer = torch.nn.Conv2d | torch.nn.Linear | torch.nn.LayerNorm


def _named_arrays(graph: Any) -> dict[str, Array]:
    from onnx import numpy_helper

    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            arrays[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return arrays


def _convolutions(graph: Any, arrays: dict[str, Array]) -> list[tuple[Array, Array]]:
    """Weights and biases of all convolutions in graph order, batch normalisation folded in."""
    consumers = {name: node for node in graph.node for name in node.input}
    found = []
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        weight = arrays[node.input[1]].astype(np.float32)
        after = consumers[node.output[0]]
        if after.op_type == "BatchNormalization":
            scale, shift, mean, variance = (arrays[name] for name in after.input[1:5])
            epsilon = next(item.f for item in after.attribute if item.name == "epsilon")
            factor = scale / np.sqrt(variance + epsilon)
            found.append((weight * factor[:, None, None, None], shift - mean * factor))
        else:
            name = next(name for name in after.input if name != node.output[0])
            found.append((weight, arrays[name].reshape(-1)))
    return found


def _our_convolutions(encoder: LineEncoder) -> list[torch.nn.Conv2d]:
    """Our convolutions in the graph's order."""
    stem, neck = encoder.stem, encoder.neck
    order = [stem.first, stem.detail_in, stem.detail_out, stem.join, stem.out]
    for block in encoder.blocks:
        assert isinstance(block, Block)
        order.append(block.depthwise)
        if isinstance(block.gate, SqueezeExcite):
            order += [block.gate.reduce, block.gate.expand]
        order += [block.widen, block.narrow]
    return [*order, neck.shortcut, neck.narrow, neck.local]


def _neck_vectors(graph: Any, arrays: dict[str, Array]) -> tuple[list[tuple[Array, Array]], list[tuple[Array, Array]]]:
    """Linear layers and layer normalisations of the neck as (weight, bias) in graph order."""
    makers = {node.output[0]: node for node in graph.node}
    linears, norms = [], []
    for node in graph.node:
        constants = [name for name in node.input if name in arrays]
        if node.op_type != "Add" or len(constants) != 1 or arrays[constants[0]].ndim != 1:
            continue
        before = makers[next(name for name in node.input if name not in arrays)]
        weights = [name for name in before.input if name in arrays]
        if not weights:
            continue
        pair = (arrays[weights[0]], arrays[constants[0]])
        if before.op_type == "MatMul" and arrays[weights[0]].shape[1] <= 1000:
            linears.append(pair)
        elif before.op_type == "Mul" and arrays[weights[0]].shape == (120,):
            norms.append(pair)
    return linears, norms


def import_encoder(onnx_file: Path) -> LineEncoder:
    """An encoder holding the weights of the published recogniser.

    Raises:
        ModelError: the file is not the recogniser this encoder was written after.
    """
    import onnx

    if not onnx_file.is_file():
        raise ModelError(
            f"{onnx_file}: there is no such file.", mend="Name PP-OCRv6_rec_small.onnx of the rapidocr wheel."
        )
    try:
        graph = onnx.load(str(onnx_file)).graph
    except Exception as error:  # whatever protobuf raises for what is no graph
        raise ModelError(f"{onnx_file}: this is no ONNX file.", mend="Name PP-OCRv6_rec_small.onnx.") from error
    arrays = _named_arrays(graph)
    encoder = LineEncoder().eval()
    ours, theirs = _our_convolutions(encoder), _convolutions(graph, arrays)
    linears, norms = _neck_vectors(graph, arrays)
    blocks = [block for block in encoder.neck.blocks if isinstance(block, AttentionBlock)]
    our_linears = [layer for b in blocks for layer in (b.qkv, b.project, b.widen, b.narrow)]
    our_norms = [layer for b in blocks for layer in (b.attention_norm, b.mlp_norm)] + [encoder.neck.norm]
    if (len(ours), len(our_linears), len(our_norms)) != (len(theirs), len(linears), len(norms)):
        raise ModelError(f"{onnx_file}: the graph is not the PP-OCRv6 small recogniser.", mend="Take that file.")
    first_weight, first_bias = theirs[0]
    theirs[0] = (first_weight.sum(axis=1, keepdims=True), first_bias)
    pairs: list[tuple[Layer, tuple[Array, Array]]] = list(zip([*ours, *our_norms], [*theirs, *norms], strict=False))
    pairs += [(layer, (weight.T, bias)) for layer, (weight, bias) in zip(our_linears, linears, strict=False)]
    with torch.no_grad():
        for layer, (weight, bias) in pairs:
            if tuple(layer.weight.shape) != weight.shape:
                raise ModelError(f"{onnx_file}: a layer has an unexpected shape.", mend="Take PP-OCRv6_rec_small.onnx.")
            layer.weight.copy_(torch.from_numpy(np.array(weight, dtype=np.float32)))
            assert layer.bias is not None
            layer.bias.copy_(torch.from_numpy(np.array(bias, dtype=np.float32)))
    return encoder
