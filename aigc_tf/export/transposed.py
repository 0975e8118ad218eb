"""Rewrites Conv2DTranspose as Conv2D followed by depth_to_space, exactly.

A transposed convolution of kernel k and stride s adds `input[i] * kernel[t]` to `output[i * s + t - crop]`. The outputs
of one phase, `o = q * s + r`, are an ordinary convolution over `i` with the t that fit; the s * s phases become
channels of one convolution, and depth_to_space rearranges them. Stride 1 is an ordinary convolution with the kernel
flipped.

Why: of 80 layers of stride 2 to 4 that were timed (LiteRT 2.3, XNNPACK, one thread, 1 to 256 channels), the rewritten
    one was faster in 79 with float weights, median 3.3 times, and in 78 with 8-bit ones, median 2.8 times; where the
    kernel is smaller than the stride, XNNPACK leaves 8-bit transposed convolutions to a reference kernel that is over
    100 times slower. At stride 1 both take the same time, except with very few channels, where the transposed one is
    kept; other delegates support the ordinary one best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import numpy as np

from aigc_tf.export.folding import is_float32
from aigc_tf.export.graph import Block, Graph

# Elementwise operations, which may run before depth_to_space.
ELEMENTWISE = frozenset({"elu", "gelu", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "silu", "tanh"})


@dataclass(frozen=True)
class Plan:
    """One axis: `output[q * stride + phase - start]` is the sum over `input[q + offset] * kernel[tap]`."""

    taps: tuple[tuple[int, int, int], ...]
    """`(phase, offset, tap)`."""
    first: int
    """The smallest offset."""
    size: int
    """Width of the ordinary kernel."""
    steps: int
    """How many more values than the input q runs over."""
    start: int
    """Number of first outputs to drop."""
    extra: int
    """How much longer the output is than the input times the stride."""

    @property
    def padding(self) -> tuple[int, int]:
        """Zero padding before and after the input."""
        return -self.first, self.steps + self.first + self.size - 1


def plan_axis(kernel: int, stride: int, padding: str) -> Plan:
    """The cheapest plan for one axis.

    With padding `same`, phases may be counted from the first output that is kept, or from the first one that the kernel
    reaches; the latter needs a slice afterwards and sometimes a smaller kernel.
    """
    overlap = max(kernel - stride, 0)
    crop = overlap // 2 if padding == "same" else 0  # as in TensorFlow: an odd one is cut at the end
    extra = 0 if padding == "same" else overlap  # output length is input * stride + extra

    def plan(start: int) -> Plan:
        lead = crop - start
        taps = tuple(
            (phase, (phase + lead) // stride - turn, (phase + lead) % stride + turn * stride)
            for phase in range(stride)
            for turn in range(math.ceil((kernel - (phase + lead) % stride) / stride))
        )
        offsets = [offset for _, offset, _ in taps]
        return Plan(
            taps, min(offsets), max(offsets) - min(offsets) + 1, math.ceil((extra + start) / stride), start, extra
        )

    direct, aligned = plan(0), plan(crop)
    return direct if direct.size <= aligned.size else aligned


def rewrite_kernel(kernel: np.ndarray, stride: int, rows: Plan, columns: Plan) -> np.ndarray:
    """Rearrange a transposed kernel `[height, width, out, in]` into `[rows, columns, in, stride * stride * out]`."""
    _, _, filters, channels = kernel.shape
    result = np.zeros((rows.size, columns.size, channels, stride, stride, filters), kernel.dtype)
    for row_phase, row_offset, row_tap in rows.taps:
        for column_phase, column_offset, column_tap in columns.taps:
            result[row_offset - rows.first, column_offset - columns.first, :, row_phase, column_phase, :] = kernel[
                row_tap, column_tap
            ].T
    return result.reshape(rows.size, columns.size, channels, stride * stride * filters)


def rewrite_transposed(graph: Graph, report: list[dict[str, str]]) -> None:
    """Rewrite every Conv2DTranspose where possible and faster; `report` lists each, or why not."""
    for block in list(graph.blocks()):
        if not block.is_a(keras.layers.Conv2DTranspose):
            continue
        obstacle = _obstacle(graph, block)
        if obstacle:
            report.append({"layer": block.name, "action": "left", "detail": obstacle})
            continue
        behind = " and depth_to_space" if block["strides"][0] > 1 else ""
        _rewrite(graph, block)
        report.append({"layer": block.name, "action": "rewritten", "detail": f"as Conv2D{behind}"})


def _obstacle(graph: Graph, block: Block) -> str:
    """Why a block cannot be rewritten; empty if it can."""
    height, width = block["strides"]
    if block["data_format"] != "channels_last" or not is_float32(block):
        return "not channels_last in float32"
    if height != width:
        return "depth_to_space needs the same stride in both directions"
    if tuple(block["dilation_rate"]) != (1, 1) or block["output_padding"] is not None:
        return "dilation or output_padding"
    if (block.config or {}).get("groups", 1) != 1:
        return "several groups"
    if len(block.weights) != 1 + block["use_bias"] or not all(call.is_plain for call in graph.uses(block)):
        return "not a plain layer"
    filters, channels = block.weights[0].shape[-2:]
    if height == 1 and filters * channels < 16:
        return "of stride 1 with few channels: measured slower as Conv2D"
    return ""


def _rewrite(graph: Graph, block: Block) -> None:
    stride = block["strides"][0]
    kernel, *biases = block.weights
    filters = kernel.shape[2]
    rows, columns = (plan_axis(size, stride, block["padding"]) for size in kernel.shape[:2])
    weights = [rewrite_kernel(kernel, stride, rows, columns)] + [np.tile(bias, stride**2) for bias in biases]
    # XNNPACK fuses padding "same" into a convolution; any other padding is a separate Pad.
    is_same = all(plan.padding == ((plan.size - 1) // 2, plan.size // 2) for plan in (rows, columns))
    activation = block["activation"]
    fused = activation if isinstance(activation, str) and activation in ELEMENTWISE else "linear"
    convolution = keras.layers.Conv2D(
        stride * stride * filters,
        (rows.size, columns.size),
        padding="same" if is_same else "valid",
        use_bias=bool(biases),
        activation=fused,
        dtype="float32",
    )
    cuts = [plan.steps * stride - plan.start - plan.extra for plan in (rows, columns)]
    block.kind, block.config, block.weights = keras.layers.Conv2D, convolution.get_config(), weights
    for call in graph.uses(block):
        if not is_same:
            zeros = keras.layers.ZeroPadding2D((rows.padding, columns.padding), dtype="float32").get_config()
            graph.prepend(call, Block(f"{block.name}_padding", keras.layers.ZeroPadding2D, zeros))
        last = call
        if stride > 1:
            last = graph.append(last, Block(f"{block.name}_phases", keras.ops.depth_to_space), stride)
        if rows.start or columns.start or any(cuts):
            last = graph.append(last, Block(f"{block.name}_crop", _crop), (rows.start, columns.start), tuple(cuts))
        if fused != activation:
            config = keras.layers.Activation(keras.activations.get(activation), dtype="float32").get_config()
            graph.append(last, Block(f"{block.name}_activation", keras.layers.Activation, config))


def _crop(image: keras.KerasTensor, before: tuple[int, int], after: tuple[int, int]) -> keras.KerasTensor:
    """Crop rows and columns with one Slice, where Cropping2D makes a strided one."""
    batch, height, width, channels = image.shape
    size = (batch, height - before[0] - after[0], width - before[1] - after[1], channels)
    return keras.ops.slice(image, (0, *before, 0), size)
