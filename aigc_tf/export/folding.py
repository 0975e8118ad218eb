"""Folds batch normalisation, and rescaling, into the adjacent linear layers.

At inference batch normalisation (Ioffe & Szegedy 2015, algorithm 2) multiplies each channel by `scale` and adds
`shift`. After a linear layer, both are folded into its kernel and bias. Before one, the scale is folded; so is the
shift, unless the layer pads with zeros: then outputs at the border see less of it, and it stays an Add.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from aigc_tf.export.graph import Block, Call, Graph, Value

layers = keras.layers
CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
LINEAR = (layers.Dense, *CONVOLUTIONS, *TRANSPOSED, *DEPTHWISE)
# Per-channel scale and shift commute with these layers: they only move values, and channels stay last.
CARRIERS = (layers.Reshape, layers.Flatten)


def fold_normalisation(graph: Graph, report: list[dict[str, str]]) -> None:
    """Fold normalisation where possible; adds a line to `report` for each one, folded or left, and why."""
    for block in list(graph.blocks()):
        if not block.is_a(layers.BatchNormalization, layers.Rescaling):
            continue
        for call in graph.uses(block):
            if call not in graph.calls:
                continue  # already folded together with another use
            outcome = _fold_backward(graph, call)
            if not outcome.startswith("folded"):
                forward = _fold_forward(graph, call)
                outcome = forward if forward.startswith("folded") else f"{outcome}; {forward}"
            action, _, reason = outcome.partition(": ")
            if action != "folded" and block.is_a(layers.Rescaling):
                continue  # as cheap as an activation: nothing is lost
            report.append({"layer": block.name, "action": action, "detail": reason})


def _affine(calls: list[Call], channels: int) -> tuple[np.ndarray, np.ndarray] | None:
    """`(scale, shift)`, each `[channels]` float64, for the calls of one normalisation; None if it has another form."""
    block = calls[0].block
    if not all(call.is_plain for call in calls) or not is_float32(block):
        return None
    if block.is_a(layers.Rescaling):
        scale, offset = np.asarray(block["scale"], "float64"), np.asarray(block["offset"], "float64")
        if scale.ndim or offset.ndim:
            return None
        return np.full(channels, scale), np.full(channels, offset)
    if any(block["axis"] not in (-1, len(call.outputs[0].shape) - 1) for call in calls):
        return None
    weights = [weight.astype("float64") for weight in block.weights]
    gamma = weights.pop(0) if block["scale"] else 1.0
    beta = weights.pop(0) if block["center"] else 0.0
    mean, variance = weights
    scale = gamma / np.sqrt(variance + block["epsilon"])
    return scale, beta - mean * scale


def _fold_backward(graph: Graph, call: Call) -> str:
    """Fold into the layer that produces the input of `call`."""
    producer = _walk_back(graph, call.arguments[0])
    if producer is None:
        return "left: the layer before it is not linear, or its output is needed elsewhere too"
    block = producer.block
    if not _foldable(producer) or block["activation"] != "linear":
        return f"left: {block.name} before it is not a plain linear layer in float32"
    partners = []
    for use in graph.uses(block):  # for a shared layer each use must be followed by the same normalisation
        partner = _walk_forward(graph, use.outputs[0], call.block)
        if partner is None or not _foldable(use):
            return f"left: {block.name} is also used without it"
        partners.append(partner)
    channels, own = _output_channels(block), call.outputs[0].shape[-1] or 0
    affine = _affine(partners, own) if own and channels % own == 0 else None
    if affine is None:
        return "left: it is not one scale and shift for each channel of float32"
    scale, shift = (np.tile(part, channels // own) for part in affine)
    kernel = block.weights[0].astype("float64")
    bias = block.weights[1].astype("float64") if block["use_bias"] else np.zeros(channels)
    if block.is_a(*TRANSPOSED):
        kernel = kernel * scale[:, None]
    elif block.is_a(*DEPTHWISE):
        kernel = kernel * scale.reshape(kernel.shape[-2:])
    else:
        kernel = kernel * scale
    _set_weights(block, kernel, bias * scale + shift)
    for partner in partners:
        graph.bypass(partner)
    return f"folded: into {block.name} before it"


def _fold_forward(graph: Graph, call: Call) -> str:
    """Fold into the layer that consumes the output of `call`."""
    consumer = _walk_forward(graph, call.outputs[0], None)
    if consumer is None:
        return "the layer after it is not linear, or several read its output"
    block = consumer.block
    if not _foldable(consumer) or (block.is_a(*CONVOLUTIONS) and block["groups"] != 1):
        return f"{block.name} after it is not a plain linear layer in float32"
    partners = []
    for use in graph.uses(block):
        partner = _walk_back(graph, use.arguments[0], call.block)
        if partner is None or not _foldable(use):
            return f"{block.name} after it is also used without it"
        partners.append(partner)
    channels, own = consumer.arguments[0].shape[-1] or 0, call.outputs[0].shape[-1] or 0
    affine = _affine(partners, own) if own and channels and channels % own == 0 else None
    if affine is None:
        return "it is not one scale and shift for each channel of float32"
    scale, shift = (np.tile(part, channels // own) for part in affine)
    kernel = block.weights[0].astype("float64")
    stays = bool(shift.any()) and any(_sees_padding(use) for use in graph.uses(block))
    if stays and not (np.abs(scale) > 1e-6 * np.maximum(1.0, np.abs(shift))).all():
        return f"a channel of scale 0 keeps its shift in front of {block.name}, which pads with zeros"
    if block.is_a(*DEPTHWISE):
        scaled = kernel * scale[:, None]
        moved = (kernel * shift[:, None]).sum(axis=tuple(range(kernel.ndim - 2))).reshape(-1)
    elif block.is_a(*TRANSPOSED):
        scaled = kernel * scale
        moved = (kernel * shift).sum(axis=(*range(kernel.ndim - 2), kernel.ndim - 1))
    else:
        scaled = kernel * scale[:, None]
        moved = (kernel * shift[:, None]).sum(axis=tuple(range(kernel.ndim - 1)))
    if stays:
        for use in graph.uses(block):
            rest = Block(f"{call.block.name}_shift", keras.ops.add)
            graph.prepend(use, rest, (shift / scale).astype("float32"))
    if stays or not shift.any():
        _set_weights(block, scaled, block.weights[1] if block["use_bias"] else None)
    else:
        _set_weights(block, scaled, moved + (block.weights[1] if block["use_bias"] else 0.0))
    for partner in partners:
        graph.bypass(partner)
    return f"folded: into {block.name} after it" + (", the shift stays an Add before its zero padding" if stays else "")


def _walk_back(graph: Graph, value: Value, wanted: Block | None = None) -> Call | None:
    """The linear layer (or the `wanted` block) that produces a value only for this reader, looking through carriers."""
    while (call := graph.producer(value)) is not None and graph.only_consumer(value) is not None:
        if (call.block is wanted) if wanted else call.block.is_a(*LINEAR):
            return call
        if not (call.is_plain and call.block.is_a(*CARRIERS) and _is_channels_last(call.block)):
            return None
        value = call.arguments[0]
    return None


def _walk_forward(graph: Graph, value: Value, wanted: Block | None) -> Call | None:
    """The linear layer (or the `wanted` block) that is a value's only reader, looking through carriers."""
    while (call := graph.only_consumer(value)) is not None:
        if (call.block is wanted) if wanted else call.block.is_a(*LINEAR):
            return call
        if not (call.is_plain and call.block.is_a(*CARRIERS) and _is_channels_last(call.block)):
            return None
        value = call.outputs[0]
    return None


def _foldable(call: Call) -> bool:
    block = call.block
    return (
        call.is_plain
        and is_float32(block)
        and _is_channels_last(block)
        and len(block.weights) == 1 + block["use_bias"]  # neither LoRA nor quantized weights
    )


def is_float32(block: Block) -> bool:
    """Whether a layer keeps its weights and computes in float32."""
    policy = keras.dtype_policies.get(block["dtype"])
    return policy.compute_dtype == policy.variable_dtype == "float32"


def _is_channels_last(block: Block) -> bool:
    return (block.config or {}).get("data_format") in (None, "channels_last")


def _output_channels(block: Block) -> int:
    kernel = block.weights[0]
    if block.is_a(*DEPTHWISE):
        return math.prod(kernel.shape[-2:])
    return kernel.shape[-2 if block.is_a(*TRANSPOSED) else -1]


def _sees_padding(call: Call) -> bool:
    """Whether padding makes some outputs of a linear layer sum over fewer kernel values than others."""
    block = call.block
    if block.is_a(layers.Dense):
        return False
    sizes = block.weights[0].shape[:-2]
    if block.is_a(*TRANSPOSED):
        return any(size != 1 for size in sizes) or any(stride != 1 for stride in block["strides"])
    if block["padding"] == "valid":
        return False
    lengths = call.arguments[0].shape[1:-1]
    for length, size, stride, dilation in zip(lengths, sizes, block["strides"], block["dilation_rate"], strict=True):
        reach = (size - 1) * dilation + 1
        if length is None or block["padding"] != "same" or (math.ceil(length / stride) - 1) * stride + reach > length:
            return reach > 1
    return False


def _set_weights(block: Block, kernel: np.ndarray, bias: Any) -> None:
    block.weights = [kernel.astype("float32")]
    if bias is not None:
        block.weights.append(np.asarray(bias, "float32"))
    block.config = {**(block.config or {}), "use_bias": bias is not None}
