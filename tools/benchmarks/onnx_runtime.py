"""The same network in ONNX Runtime, if installed: `pip install aigc-tf[onnx]`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.export.latency import Contender, Figures
from aigc_tf.export.runner import time_calls


def installed() -> bool:
    """Whether all requirements are installed: Keras writes ONNX files with tf2onnx."""
    return all(importlib.util.find_spec(package) for package in ("onnxruntime", "tf2onnx"))


def write(network: keras.Model, inputs: Mapping[str, np.ndarray], path: Path) -> None:
    """Write a network as a float32 ONNX file for the fixed shapes of these inputs.

    Args:
        network: functional model.
        inputs: one batch of each, in the order of the network's inputs; names are kept.
        path: output file.
    """
    specs = [tf.TensorSpec(values.shape, values.dtype, name) for name, values in inputs.items()]
    signature = specs if len(specs) == 1 else [specs]
    network.export(str(path), format="onnx", verbose=False, input_signature=signature)


def answer(path: Path, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs, in the order of the network."""
    return session(path, threads=1).run(None, dict(inputs))


def contender(path: Path, inputs: Mapping[str, np.ndarray]) -> Contender:
    """A call of the file with inputs and outputs already bound, as timed for LiteRT."""

    def prepare(threads: int) -> Callable[[], Figures]:
        opened = session(path, threads)
        binding = opened.io_binding()
        for name, values in inputs.items():
            binding.bind_cpu_input(name, values)
        for output in opened.get_outputs():
            binding.bind_output(output.name)
        return partial(time_calls, partial(opened.run_with_iobinding, binding))

    return prepare


def session(path: Path, threads: int) -> Any:
    """A session of the file with `threads` threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
