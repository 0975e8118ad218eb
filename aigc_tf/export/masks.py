"""The masks of attention in files whose numbers have no room for the lowest float32, which Keras networks add."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aigc_tf.export.flatbuffer import packed
from aigc_tf.nn.attention import MASKED

# How far below all scores those lie that are masked: exp(-12) of 8-bit softmax's 256 levels is none, and a thousand of
# them add less than a hundredth to its sum.
MARGIN = 12.0
_LOWEST_IN_16 = np.finfo(np.float16).min
_ADD = schema.BuiltinOperator.ADD


def bound_masks(model: schema.ModelT) -> None:
    """Make the masks of a calibrated model as large as the scores that they are added to need, and no larger.

    256 levels from `MASKED` to 0 would leave nothing of the scores. In 8-bit arithmetic these never leave their
    calibrated range, so its width and a margin are enough for a true mask, whatever the inputs and the weights are.
    """
    masked = [sums for graph in model.subgraphs for sums in _masked_scores(model, graph)]
    if not masked:
        return
    mask = -max(highest - lowest for _, lowest, highest in masked) - MARGIN
    for output, lowest, highest in masked:
        _set_range(output, lowest - MARGIN, highest)
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            if _reaches_mask(tensor):
                _set_range(tensor, mask, 0.0)
            if tensor.type == schema.TensorType.FLOAT32:
                _replace(model.buffers[tensor.buffer], np.float32(MASKED), np.float32(mask))


def masks_in_float16(converted: bytes) -> bytes:
    """A file with weights in float16, whose masks are minus infinity.

    The converter has cut them to the lowest float16, -65504, which scores can exceed.
    """
    model = schema.ModelT.InitFromPackedBuf(converted, 0)
    replaced = [
        _replace(model.buffers[tensor.buffer], _LOWEST_IN_16, np.float16(-np.inf))
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.type == schema.TensorType.FLOAT16
    ]
    return packed(model) if any(replaced) else converted


def _masked_scores(model: schema.ModelT, graph: schema.SubGraphT) -> Iterator[tuple[schema.TensorT, float, float]]:
    """The sums of scores and a mask, with the range of the scores; it holds 0, as all 8-bit ranges do."""
    for operator in graph.operators:
        code, output = model.operatorCodes[operator.opcodeIndex], graph.tensors[operator.outputs[0]]
        if max(code.builtinCode, code.deprecatedBuiltinCode) != _ADD or not _reaches_mask(output):
            continue
        for tensor in (graph.tensors[index] for index in operator.inputs):
            if _has_range(tensor) and not _reaches_mask(tensor):
                statistics = tensor.quantization
                yield output, min(0.0, float(statistics.min[0])), max(0.0, float(statistics.max[0]))


def _has_range(tensor: schema.TensorT) -> bool:
    return tensor.quantization is not None and tensor.quantization.min is not None


def _reaches_mask(tensor: schema.TensorT) -> bool:
    return _has_range(tensor) and float(tensor.quantization.min[0]) <= MASKED / 2


def _set_range(tensor: schema.TensorT, lowest: float, highest: float) -> None:
    tensor.quantization.min = np.array([lowest], np.float32)
    tensor.quantization.max = np.array([highest], np.float32)


def _replace(buffer: schema.BufferT, old: np.floating, new: np.floating) -> bool:
    """Put another number into a constant that holds nothing but `old` and 0; whether it is such a one."""
    if buffer.data is None:
        return False
    values = np.frombuffer(buffer.data, old.dtype)
    if not np.isin(values, (old, 0)).all() or not (values == old).any():
        return False
    buffer.data = np.frombuffer(np.where(values == old, new, values).tobytes(), np.uint8)
    return True
