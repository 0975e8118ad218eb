"""Time of a DCGAN training step: ours and the tutorials', alternately."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from tqdm import tqdm

import aigc_tf
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.gans import R1Settings
from tools.benchmarks.rival import Rival
from tools.benchmarks.tutorials import keras_io_step, tutorial_loop

WARMING = 3  # warm-up steps
# Convolutions, the fastest of which gives the peak: rows, columns, channels, filters, kernel.
PEAK_CONVOLUTIONS = ((7, 7, 256, 128, 5), (28, 28, 128, 128, 3), (14, 14, 256, 256, 3), (56, 56, 64, 64, 3))


def step_speed(batch_size: int, rounds: int, torch: Path | None) -> dict[str, Any]:
    """Median milliseconds per step of each variant, and its speed-up over keras.io's step.

    Args:
        batch_size: batch size of all variants.
        rounds: steps of each variant, timed alternately, so that load on the machine affects all equally.
        torch: Python interpreter with PyTorch, for two more variants.
    """
    # Without R1, which the others do not have; the recipe applies it every `r1.every` steps.
    recipe = dataclasses.replace(DCGAN(), batch_size=batch_size, r1=R1Settings())
    with_r1 = dataclasses.replace(recipe, r1=R1Settings(weight=1.0, every=1))
    images = tf.random.uniform((batch_size, *recipe.images.shape), -1, 1, seed=0)
    steps = {
        "keras.io custom step": keras_io_step(recipe),
        "TensorFlow tutorial": tutorial_loop(recipe).step,
        "aigc_tf": of_images(aigc_tf.create(recipe).train_step),
        "aigc_tf, no moving average": of_images(
            aigc_tf.create(dataclasses.replace(recipe, average_images=None)).train_step
        ),
        "aigc_tf, a step with R1": of_images(aigc_tf.create(with_r1).train_step),
    }
    compiled = {name: tf.function(step).get_concrete_function(images) for name, step in steps.items()}
    operations = {name: floating_point_operations(step.graph) for name, step in compiled.items()}
    variants: dict[str, Callable[[], float]] = {name: _timed(step, images) for name, step in compiled.items()}
    rivals: dict[str, Rival] = {}
    if torch:
        rivals = {
            f"PyTorch eager, {layout}": Rival(torch, "torch_dcgan.py", batch=batch_size, channels_last=last)
            for layout, last in (("channels first", False), ("channels last", True))
        }
    variants |= {name: lambda rival=rival: rival.ask(steps=1)["seconds"][0] for name, rival in rivals.items()}  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    peak = 0.0
    try:
        for round_ in tqdm(range(WARMING + rounds), unit="round"):
            for name, variant in variants.items():
                seconds[name].append(variant())
            if round_ >= WARMING:
                peak = max(peak, peak_of_convolutions(batch_size))
    finally:
        for rival in rivals.values():
            rival.close()
    medians = {name: statistics.median(values[WARMING:]) for name, values in seconds.items()}
    return {
        "batch_size": batch_size,
        "rounds": rounds,
        "torch": [rival.version for rival in rivals.values()][:1],
        "milliseconds": {name: 1000 * median for name, median in medians.items()},
        "times_slower_than_aigc_tf": {name: median / medians["aigc_tf"] for name, median in medians.items()},
        "operations_in_a_step": operations,
        "peak_operations_per_second": peak,
        "share_of_peak": {name: count / medians[name] / peak for name, count in operations.items()},
    }


def of_images(step: Callable[[dict[str, tf.Tensor]], Any]) -> Callable[[tf.Tensor], Any]:
    """Wrap a training step on named tensors as one on images."""
    return lambda images: step({"image": images})


def _timed(step: Callable[[tf.Tensor], Any], images: tf.Tensor) -> Callable[[], float]:
    def run() -> float:
        start = time.perf_counter()
        tf.nest.map_structure(lambda value: value.numpy(), step(images))
        return time.perf_counter() - start

    return run


def floating_point_operations(graph: tf.Graph) -> int:
    """Multiplications and additions of the convolutions and matrix products that a graph of known shapes executes.

    Gradients are built for all inputs of an operation; unused nodes are skipped, as TensorFlow prunes them.
    """
    needed: set[str] = set()
    waiting = [
        operation for operation in graph.get_operations() if operation.type.startswith(("Assign", "ResourceApply"))
    ]
    while waiting:
        operation = waiting.pop()
        if operation.name not in needed:
            needed.add(operation.name)
            waiting += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
    return sum(_operations(operation) for operation in graph.get_operations() if operation.name in needed)


def _operations(operation: tf.Operation) -> int:
    """Operations of one node, 0 if it is of another type."""
    outputs: Any = operation.outputs[0].shape if operation.outputs else None
    shapes = [tensor.shape for tensor in operation.inputs]
    match operation.type:
        case "Conv2D":
            return 2 * outputs.num_elements() * shapes[1][:3].num_elements()
        case "Conv2DBackpropInput":
            return 2 * shapes[2].num_elements() * shapes[1][:3].num_elements()
        case "Conv2DBackpropFilter":
            return 2 * shapes[2].num_elements() * outputs[:3].num_elements()
        case "MatMul":
            return 2 * outputs.num_elements() * shapes[0][0 if operation.get_attr("transpose_a") else 1]
        case "BatchMatMulV2":
            return 2 * outputs.num_elements() * shapes[0][-2 if operation.get_attr("adj_x") else -1]
    return 0


def peak_of_convolutions(batch_size: int) -> float:
    """Operations per second of the fastest of some convolutions, timed once each."""
    best = 0.0
    for height, width, channels, filters, kernel in PEAK_CONVOLUTIONS:
        inputs, weights = tf.ones((batch_size, height, width, channels)), tf.ones((kernel, kernel, channels, filters))
        for _ in range(2):  # the first warms caches
            start = time.perf_counter()
            outputs = tf.nn.conv2d(inputs, weights, 1, "SAME")
            outputs[0, 0, 0, 0].numpy()
            elapsed = time.perf_counter() - start
            best = max(best, 2 * outputs.shape.num_elements() * kernel * kernel * channels / elapsed)
    return best
