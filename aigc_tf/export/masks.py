"""Attention masks in quantized files, whose number formats cannot represent the lowest float32 that Keras adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from aigc_tf.export.flatbuffer import packed
from aigc_tf.nn.heads import MASKED

# How far masked scores lie below all others: exp(-12) is zero in the 256 levels of 8-bit softmax, and a thousand of
# them add less than a hundredth to its sum. A share of the scores' range, a few of its levels, is added to that.
MARGIN, MARGIN_SHARE = 12.0, 1 / 64
_LOWEST_IN_16 = np.finfo(np.float16).min
_ADD = schema.BuiltinOperator.ADD

Examples = Iterable[tuple[str, Mapping[str, np.ndarray]]]
"""A signature's name and its inputs."""


def bound_masks(model: schema.ModelT, examples: Examples) -> None:
    """Shrink the masks of a calibrated model to the size that the scores they are added to need.

    With 256 levels from `MASKED` to 0, all scores would be the same. In 8-bit arithmetic scores never leave their
    calibrated range, so a mask of its width plus a margin is exact, whatever the inputs and weights are.

    Args:
        model: in float, with the minimum and maximum of every tensor.
        examples: the calibration data, by signature.
    """
    masked = [sums for index, graph in enumerate(model.subgraphs) for sums in _masked_scores(model, index, graph)]
    if not masked:
        return
    ranges = _ranges(model, masked, examples)
    widths = ranges[:, 1] - ranges[:, 0]
    margins = MARGIN + MARGIN_SHARE * widths
    mask = -(widths + margins).max()
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            if _reaches_mask(tensor):
                _set_range(tensor, mask, 0.0)
            if tensor.type == schema.TensorType.FLOAT32:
                _replace(model.buffers[tensor.buffer], np.float32(MASKED), np.float32(mask))
    for sums, (lowest, highest), margin in zip(masked, ranges, margins, strict=True):
        tensors = model.subgraphs[sums.graph].tensors
        _set_range(tensors[sums.scores], lowest, highest)
        _set_range(tensors[sums.output], lowest - margin, highest)


def masks_in_float16(converted: bytes) -> bytes:
    """Replace the masks of a file with float16 weights by minus infinity.

    The converter has clipped them to the lowest float16, -65504, which scores can exceed.
    """
    model = schema.ModelT.InitFromPackedBuf(converted, 0)
    replaced = [
        _replace(model.buffers[tensor.buffer], _LOWEST_IN_16, np.float16(-np.inf))
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.type == schema.TensorType.FLOAT16
    ]
    return packed(model) if any(replaced) else converted


class _Sum(NamedTuple):
    """An addition of scores and a mask: indices of the subgraph and of its tensors."""

    graph: int
    scores: int
    output: int


def _masked_scores(model: schema.ModelT, index: int, graph: schema.SubGraphT) -> Iterator[_Sum]:
    maker = {output: operator for operator in graph.operators for output in operator.outputs}

    def is_mask(tensor: int) -> bool:
        """Whether it is a constant with `MASKED`, or selected from one."""
        sources = maker[tensor].inputs if tensor in maker else [tensor]
        return any(_holds(model.buffers[graph.tensors[source].buffer], np.float32(MASKED)) for source in sources)

    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) == _ADD:
            scores = [int(tensor) for tensor in operator.inputs if not is_mask(tensor)]
            if len(scores) < len(operator.inputs):
                yield _Sum(index, scores[0], int(operator.outputs[0]))


def _ranges(model: schema.ModelT, masked: Sequence[_Sum], examples: Examples) -> np.ndarray:
    """The minimum and maximum score at each addition, and 0, which all 8-bit ranges include: `[sums, 2]`.

    The converter's calibrator reads an operator's inputs after it has run, and additions work in place: it would take
    the masked scores for the scores.
    """
    interpreter = Interpreter(
        model_content=packed(model),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    graphs = {definition.signatureKey.decode(): definition.subgraphIndex for definition in model.signatureDefs}
    runners = {name: interpreter.get_signature_runner(name) for name in graphs}
    ranges = np.zeros((len(masked), 2))
    for name, inputs in examples:
        if graphs[name] not in {sums.graph for sums in masked}:
            continue
        runners[name](**inputs)
        for row, sums in zip(ranges, masked, strict=True):
            if sums.graph == graphs[name]:
                scores = interpreter.get_tensor(sums.scores, sums.graph)
                row[:] = min(row[0], scores.min()), max(row[1], scores.max())
    return ranges


def _has_range(tensor: schema.TensorT) -> bool:
    return tensor.quantization is not None and tensor.quantization.min is not None


def _reaches_mask(tensor: schema.TensorT) -> bool:
    return _has_range(tensor) and float(tensor.quantization.min[0]) <= MASKED / 2


def _set_range(tensor: schema.TensorT, lowest: float, highest: float) -> None:
    tensor.quantization.min = np.array([lowest], np.float32)
    tensor.quantization.max = np.array([highest], np.float32)


def _holds(buffer: schema.BufferT, number: np.floating) -> bool:
    """Whether a buffer is a constant with this number and 0 only."""
    if buffer.data is None or len(buffer.data) % number.itemsize:
        return False
    values = np.frombuffer(buffer.data, number.dtype)
    equal = values == number
    return bool(equal.any() and (equal | (values == 0)).all())


def _replace(buffer: schema.BufferT, old: np.floating, new: np.floating) -> bool:
    """Replace a number in a constant that has `old` and 0 only; returns whether it is one."""
    if not _holds(buffer, old):
        return False
    values = np.frombuffer(buffer.data, old.dtype)
    buffer.data = np.frombuffer(np.where(values == old, new, values).tobytes(), np.uint8)
    return True
